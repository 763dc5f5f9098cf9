"""The command that looks at everything a project rests on."""

from __future__ import annotations

from dataclasses import asdict

import typer

from countenance.cli.console import Call, command, table


def register(app: typer.Typer) -> None:
    command(app, "doctor")(doctor)


def doctor(call: Call) -> None:
    """Look at database, keys, ledger, models, releases, blobs, backups and free space. Exit status 1 when one is bad.

    Nothing is changed; each finding says what to do.
    """
    from countenance.campaign.doctor import examine

    with call.progress() as stage:

        def report(part: str) -> None:
            stage(part, None)

        found = examine(call.project(), report)
    rows = [(one.part, one.state, one.said) for one in found]
    call.show([asdict(one) for one in found], table(("part", "state", "finding"), rows))
    if any(one.state == "bad" for one in found):
        raise typer.Exit(1)
