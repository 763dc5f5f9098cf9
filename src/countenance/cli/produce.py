"""The command that carries a brief all the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command, table
from countenance.cli.observed import traced


def register(app: typer.Typer) -> None:
    command(app, "produce")(produce)


def _usual_processes() -> int:
    """Each decodes, paints and measures on threads that keep about two cores busy, and takes up to a gigabyte."""
    return max(1, min(4, (os.cpu_count() or 1) // 2))


def produce(
    call: Call,
    brief: Annotated[Path, typer.Argument(help="The brief: who, what, in which languages, where (YAML).")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the packages.")] = Path("out"),
    approve_as: Annotated[
        str | None,
        typer.Option(
            "--approve-as",
            metavar="NAME",
            help="Approve what passes the gate in NAME's name, without a look; recorded as such.",
        ),
    ] = None,
    patches: Annotated[
        bool,
        typer.Option(
            "--patches",
            help="Release what was painted as well, as one PNG with alpha a picture and person, for compositing "
            "elsewhere; recorded in the ledger.",
        ),
    ] = False,
    processes: Annotated[
        int,
        typer.Option(
            "--processes",
            "-p",
            min=0,
            help="Processes of this machine that work on it; 0: one for every two cores, four at most.",
        ),
    ] = 0,
) -> None:
    """Make every variant of a brief: rights, perception, speech, painting, quality, review and release.

    Without --approve-as the variants wait for `countenance review approve` (exit status 4). A run that was
    stopped goes on where it was when the same command is given again.
    """
    from countenance.campaign.produce import produce as run
    from countenance.campaign.variants import VariantRow
    from countenance.errors import InputError
    from countenance.store.project import init_project, open_project

    try:
        project = open_project(call.project_dir)
    except InputError:
        project = init_project(call.project_dir or Path.cwd())
        if not call.json and not call.quiet:
            typer.echo(f"made a project in {project.folder}", err=True)
    told: list[str] = []

    def warn(sentence: str) -> None:
        told.append(sentence)
        if not call.quiet:
            typer.echo(f"warning: {sentence}", err=True)

    with call.progress() as stage:
        bars: dict[str, Callable[[int], None]] = {}

        def report(name: str, done: int, of: int) -> None:
            if name not in bars:
                bars[name] = stage(name, of)
            bars[name](done)

        many = processes or _usual_processes()
        with traced("produce", many):
            outcome = run(
                project, brief, out, approve_as=approve_as, patches=patches, processes=many, progress=report,
                warn=warn,
            )  # fmt: skip

    def state_of(row: VariantRow) -> str:
        failed = row.render.get("failed") or []
        return f"gate failed: {', '.join(failed)}" if failed else row.state.replace("_", " ")

    rows = [(row.key, row.id, state_of(row)) for row in outcome.variants]
    done = {
        "out": str(outcome.out),
        "page": str(outcome.out / "campaign.html"),
        "variants": [
            {name: value for name, value in asdict(row).items() if name not in ("render", "review")}
            | {"passed": row.render.get("passed"), "failed": row.render.get("failed")}
            for row in outcome.variants
        ],
        "warnings": [*told, *outcome.warnings],
        "exit_status": outcome.exit_status,
    }
    for warning in () if call.quiet else outcome.warnings:
        typer.echo(f"warning: {warning}", err=True)
    waiting = [row for row in outcome.variants if row.state == "in_review" and row.render.get("passed")]
    hint = f"{len(waiting)} variant(s) wait for review: countenance review list" if waiting else ""
    call.show(
        done,
        table(("variant", "id", "state"), rows),
        f"side by side: {outcome.out / 'campaign.html'}",
        *([hint] if hint else []),
    )
    raise typer.Exit(outcome.exit_status)
