"""Commands about talents: the people, real or synthetic, who are seen and heard."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, table

if TYPE_CHECKING:
    from countenance.synthesis.talents import Talent


def register(app: typer.Typer) -> None:
    talent = typer.Typer(help="The people, real or synthetic, who are seen and heard.", no_args_is_help=True)
    app.add_typer(talent, name="talent")
    command(talent, "add")(talent_add)
    command(talent, "build")(talent_build)
    command(talent, "show")(talent_show)


def talent_add(
    call: Call,
    name: Annotated[str, typer.Argument(help="What briefs and grants call the talent.")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[REF]", help="Further references.", show_default=False)
    ] = None,
    refs: Annotated[
        list[str] | None,
        typer.Option("--refs", metavar="GLOB", help="Reference stills or clips: paths or patterns, one or more."),
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The talent is no real person.")] = False,
    actor: ActorOption = None,
) -> None:
    """Check a talent's references (all of one person), build the face model, and put the talent on record."""
    from countenance.campaign.screen import screen_references
    from countenance.synthesis.talents import add_talent, matching_files

    paths = matching_files([*(refs or []), *(more or [])])
    screen_references(call.project(), name, paths, actor_or_user(actor))
    with call.progress() as stage:
        step = stage("references", len(paths))
        talent = add_talent(call.project(), name, paths, synthetic=synthetic, actor=actor_or_user(actor), progress=step)
    _show_talent(call, talent)


def talent_build(
    call: Call,
    name: Annotated[str, typer.Argument(help="A talent on record.")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[REF]", help="Further references.", show_default=False)
    ] = None,
    refs: Annotated[
        list[str] | None,
        typer.Option("--refs", metavar="GLOB", help="Other references than those on record: paths or patterns."),
    ] = None,
    actor: ActorOption = None,
) -> None:
    """Build a talent's face model anew, of the references on record or of others."""
    from countenance.campaign.screen import screen_references
    from countenance.synthesis.talents import build_talent, matching_files

    named = [*(refs or []), *(more or [])]
    paths = matching_files(named) if named else []
    if paths:
        screen_references(call.project(), name, paths, actor_or_user(actor))
    with call.progress() as stage:
        step = stage("references", len(paths) or None)
        talent = build_talent(call.project(), name, paths, actor=actor_or_user(actor), progress=step)
    _show_talent(call, talent)


def talent_show(
    call: Call,
    name: Annotated[str, typer.Argument(help="A talent on record.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the sheet goes, a PNG.")],
) -> None:
    """Draw a talent's face model as a sheet: texture, confidence, the face turned and lit, and the references."""
    from countenance.synthesis.modelsheet import model_sheet
    from countenance.synthesis.talents import files_of, talent_on_record

    project = call.project()
    talent = talent_on_record(project, name)
    model_sheet(project, name, files_of(talent), out)
    call.show({"talent": name, "sheet": str(out)}, f"{name}: {out}")


def _show_talent(call: Call, talent: Talent) -> None:
    rows = [
        (one.file, *(f"{turn:+.0f}°" for turn in (one.yaw, one.pitch)), one.face_px, one.pictures, one.note)
        for one in talent.references
    ]
    summary = f"{talent.name} ({talent.kind}): {len(rows)} references of one person"
    call.show(asdict(talent), summary, table(("reference", "yaw", "pitch", "face px", "pictures", "weak"), rows))
