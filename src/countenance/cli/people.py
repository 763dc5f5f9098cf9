"""Commands about people: talents, and what they allow."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, facts, table

if TYPE_CHECKING:
    from countenance.rights.grants import RecordedGrant


def register(app: typer.Typer) -> None:
    talent = typer.Typer(help="The people, real or synthetic, who are seen and heard.", no_args_is_help=True)
    consent = typer.Typer(help="What talents allow: grants and their withdrawal.", no_args_is_help=True)
    app.add_typer(talent, name="talent")
    app.add_typer(consent, name="consent")
    command(talent, "add")(talent_add)
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
        typer.Option("--refs", metavar="GLOB", help="Reference stills: paths or patterns, one or more."),
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The talent is no real person.")] = False,
    actor: ActorOption = None,
) -> None:
    """Check a talent's reference stills (one face each, all of one person) and put the talent on record."""
    from countenance.synthesis.talents import add_talent, matching_files

    paths = matching_files([*(refs or []), *(more or [])])
    with call.progress() as stage:
        step = stage("references", len(paths))
        talent = add_talent(call.project(), name, paths, synthetic=synthetic, actor=actor_or_user(actor), progress=step)
    told = asdict(talent)
    rows = [(one.file, *(f"{turn:+.0f}°" for turn in (one.yaw, one.pitch)), one.face_px) for one in talent.references]
    summary = f"{talent.name} ({talent.kind}): {len(rows)} references of one person"
    call.show(told, summary, table(("reference", "yaw", "pitch", "face px"), rows))


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
    """Withdraw grants: nothing new can be made under them."""
    from countenance.rights.register import withdraw_grant

    withdrawn = withdraw_grant(call.project(), talent, actor, reason)
    call.show([_told(one) for one in withdrawn], _grants_table(withdrawn))


def consent_show(
    call: Call,
    talent: Annotated[str | None, typer.Argument(help="Only this talent's grants.")] = None,
) -> None:
    """Show the grants on record, withdrawn ones included."""
    from countenance.rights.register import all_grants, grants_of

    project = call.project()
    found = all_grants(project) if talent is None else grants_of(project, talent)
    call.show([_told(one) for one in found], _grants_table(found) if found else "no grants are on record")


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
