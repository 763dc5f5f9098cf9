"""The command line: all commands under one name.

Modules of commands import what is heavy inside their functions, so that `--help` comes at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from countenance import __version__
from countenance.cli import (
    align,
    backup,
    bench,
    calibrate,
    campaigns,
    consent,
    doctor,
    erasure,
    evidence,
    export,
    feed,
    inspect,
    keys,
    ledger,
    metrics,
    people,
    plan,
    policy,
    preflight,
    produce,
    publish,
    reframe,
    review,
    script,
    serving,
    setup,
    site,
    storage,
    thumbnails,
    verify,
    visemes,
    voices,
    withdraw,
    worker,
)
from countenance.cli.console import EXIT_STATUSES, INTERRUPTED, ProjectOption

app = typer.Typer(
    name="countenance",
    help="Face swap and lip-synced dubbing with consent, measured quality, review, watermark and signed history.",
    epilog=EXIT_STATUSES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local values, which may be about people
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    project: ProjectOption = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    context.obj = project


_ROOMS = (
    setup, keys, people, consent, policy, erasure, plan, produce, script, review, inspect, calibrate,
    voices, align, visemes, preflight, ledger, verify, evidence, serving, export, site, reframe, thumbnails, doctor,
    storage, backup, bench,
    worker, campaigns, metrics,
    publish, withdraw, feed,
)  # fmt: skip
for commands in _ROOMS:
    commands.register(app)


def main() -> None:
    """Run the command line and leave with its exit status."""
    try:
        app()
    except KeyboardInterrupt:  # outside of any command: while modules are read
        sys.exit(INTERRUPTED)
