"""Commands about people: talents, and what they allow."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, facts, table

if TYPE_CHECKING:
    from countenance.rights.grants import RecordedGrant
    from countenance.synthesis.talents import Talent


def register(app: typer.Typer) -> None:
    talent = typer.Typer(help="The people, real or synthetic, who are seen and heard.", no_args_is_help=True)
    consent = typer.Typer(help="What talents allow: grants and their withdrawal.", no_args_is_help=True)
    app.add_typer(talent, name="talent")
    app.add_typer(consent, name="consent")
    command(talent, "add")(talent_add)
    command(talent, "build")(talent_build)
    command(talent, "show")(talent_show)
    command(consent, "grant")(consent_grant)
    command(consent, "withdraw")(consent_withdraw)
    command(consent, "show")(consent_show)


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
    from countenance.synthesis.talents import add_talent, matching_files

    paths = matching_files([*(refs or []), *(more or [])])
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
    from countenance.synthesis.talents import build_talent, matching_files

    named = [*(refs or []), *(more or [])]
    paths = matching_files(named) if named else []
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


def consent_grant(
    call: Call,
    file: Annotated[Path, typer.Argument(help="The grant as a YAML file.")],
    actor: ActorOption = None,
) -> None:
    """Put a grant on record; recording the same document again changes nothing."""
    from countenance.rights.grants import load_grant
    from countenance.rights.register import record_grant

    recorded = record_grant(call.project(), load_grant(file), actor_or_user(actor))
    call.show(_told(recorded), facts(_in_words(recorded)))


def consent_withdraw(
    call: Call,
    talent: Annotated[str, typer.Argument(help="A talent (all its grants) or the id of one grant.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the grant, not in the ledger.")],
    actor: Annotated[str, typer.Option("--as", metavar="NAME", help="Who withdraws, for the ledger.")],
) -> None:
    """Withdraw grants: nothing new can be made under them, and the face model goes with the last one."""
    from countenance.rights.register import withdraw_grant
    from countenance.synthesis.facemodel import forget_without_grant

    project = call.project()
    withdrawn = withdraw_grant(project, talent, actor, reason)
    names = dict.fromkeys(one.grant.talent for one in withdrawn)
    erased = [f"the face model of {name} was erased" for name in names if forget_without_grant(project, name)]
    call.show([_told(one) for one in withdrawn], _grants_table(withdrawn), *erased)


def consent_show(
    call: Call,
    talent: Annotated[str | None, typer.Argument(help="Only this talent's grants.")] = None,
) -> None:
    """Show the grants on record, withdrawn ones included."""
    from countenance.rights.register import all_grants, grants_of

    project = call.project()
    found = all_grants(project) if talent is None else grants_of(project, talent)
    call.show([_told(one) for one in found], _grants_table(found) if found else "no grants are on record")


def _show_talent(call: Call, talent: Talent) -> None:
    rows = [
        (one.file, *(f"{turn:+.0f}°" for turn in (one.yaw, one.pitch)), one.face_px, one.pictures, one.note)
        for one in talent.references
    ]
    summary = f"{talent.name} ({talent.kind}): {len(rows)} references of one person"
    call.show(asdict(talent), summary, table(("reference", "yaw", "pitch", "face px", "pictures", "weak"), rows))


def _told(recorded: RecordedGrant) -> dict[str, Any]:
    return {**asdict(recorded), "grant": recorded.grant.document}


def _in_words(recorded: RecordedGrant) -> dict[str, object]:
    grant = recorded.grant
    return {
        "grant": recorded.id,
        "talent": f"{grant.talent} ({grant.kind})",
        "state": _state(recorded),
        "valid": f"{grant.valid_from} to {grant.valid_until}",
        "purposes": ", ".join(grant.purposes),
        "campaigns": ", ".join(grant.campaigns),
        "markets": ", ".join(grant.markets),
        "channels": ", ".join(grant.channels),
        "languages": ", ".join(grant.languages),
    }


def _grants_table(found: list[RecordedGrant]) -> Any:
    described = [_in_words(one) for one in found]
    return table(tuple(described[0]), [tuple(one.values()) for one in described])


def _state(recorded: RecordedGrant) -> str:
    if recorded.withdrawn_at is None:
        return "on record"
    return f"withdrawn on {recorded.withdrawn_at[:10]} by {recorded.withdrawn_by}"
