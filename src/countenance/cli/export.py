"""The commands that bring released variants into the form that a place wants."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import ActorOption, Call, Stage, actor_or_user, command, table


def register(app: typer.Typer) -> None:
    command(app, "export")(export)
    command(app, "profiles")(profiles)


def export(
    call: Call,
    variant: Annotated[str, typer.Argument(metavar="VARIANT", help="A released variant: its id, or its package.")],
    profile: Annotated[
        list[str],
        typer.Option(
            "--profile", metavar="NAME", help="One of `countenance profiles`, or your own file.toml; repeatable."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write to DIR/ID (default: into the package).")
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option("--channel", metavar="NAME", help="Where it will be shown (default: the profile's channel)."),
    ] = None,
    actor: ActorOption = None,
) -> None:
    """Encode a released variant for a place: a file, or HLS and DASH; sealed, checked, entered in the ledger.

    Exit status 3 when it may not be shown there now, 1 when the result is not what its profile says.
    """
    from countenance.campaign.brief import CHANNELS
    from countenance.campaign.exporting import export_variant
    from countenance.errors import InputError
    from countenance.media.export import export_profile
    from countenance.store.documents import nearest

    if channel is not None and channel not in CHANNELS:
        raise InputError(f"there is no channel '{channel}'{nearest(channel, CHANNELS)} (known: {', '.join(CHANNELS)}).")
    project, wanted = call.project(), [export_profile(name) for name in profile]
    made = []
    for one in wanted:
        with call.progress() as stage:
            bar = _bar(stage, one.name)
            told = actor_or_user(actor)
            made.append(export_variant(project, variant, one, told, out=out, channel=channel, progress=bar))
    call.show([{"path": str(one.path), **one.facts} for one in made], *(f"written: {one.path}" for one in made))


def profiles(call: Call) -> None:
    """List the export profiles: where they are for, and what they make."""
    from dataclasses import asdict

    from countenance.media.export import export_profiles

    known = list(export_profiles().values())
    rows = [(one.name, one.channel, one.container, f"{one.rungs[0].short_px}", one.means) for one in known]
    values = [asdict(one) for one in known]
    call.show(values, table(("profile", "channel", "container", "most lines", "for"), rows))


def _bar(stage: Stage, name: str) -> Callable[[int, int], None]:
    """A progress function that opens its bar when it first knows how much there is to do."""
    opened: list[Callable[[int], None]] = []

    def report(done: int, of: int) -> None:
        if not opened:
            opened.append(stage(name, of))
        opened[0](done)

    return report
