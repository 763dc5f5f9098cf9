"""Commands that end what is kept: erasing a person, and the periods after which data goes by itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, facts, table

if TYPE_CHECKING:
    from countenance.campaign.expiry import Kept
    from countenance.campaign.forget import Preview


def register(app: typer.Typer) -> None:
    retention = typer.Typer(help="How long each kind of data is kept, and ending what is due.", no_args_is_help=True)
    app.add_typer(retention, name="retention")
    command(app, "forget")(forget)
    command(retention, "show")(retention_show)
    command(retention, "run")(retention_run)


def forget(
    call: Call,
    person: Annotated[str, typer.Argument(help="What briefs and grants call the person.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be destroyed and what stays.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    inputs: Annotated[
        bool,
        typer.Option(
            "--inputs", help="Delete your own files about this person alone, too: references, grants, footage."
        ),
    ] = False,
    actor: ActorOption = None,
) -> None:
    """Erase a person: keys, grants, face model, everything made of them, here and in replicas, with a certificate.

    Releases are withdrawn and go on the pull list. The ledger stays whole, and nothing in it can be traced to the
    person any more. Cut off anywhere, it goes on when repeated.
    """
    from countenance.campaign.forget import forget as erase
    from countenance.campaign.forget import preview

    project = call.project()
    told = preview(project, person)
    if dry_run:
        call.show(_as_json(told), *_in_words(told, inputs))
        return
    if not yes:
        if not call.json and not call.quiet:
            for one in _in_words(told, inputs):
                call.show(None, one)
        typer.confirm(f"Erase {person} for good?", abort=True, err=True)
    with call.progress() as stage:
        erased = erase(project, person, actor_or_user(actor), inputs=inputs, say=lambda words: stage(words, None)(0))
    left = [asdict(one) for one in erased.outside]
    value = {"certificate": str(erased.certificate), "opening": erased.opening, "content": erased.content, "left": left}
    call.show(
        value,
        f"{person} was erased; the certificate is {erased.certificate}",
        f"number by which the person can prove whom it is about (shown once, kept nowhere): {erased.opening}",
        *_outside(left),
    )


def retention_show(call: Call) -> None:
    """Show how long each kind of data is kept, why, on what legal basis, and what is due now."""
    from countenance.campaign.periods import periods
    from countenance.campaign.retention import due

    project = call.project()
    now = due(project)
    rows = [
        (one.kind, one.what, f"{one.days} days after {one.after}", one.reason, one.basis, _count(now, one.kind))
        for one in periods(project).values()
    ]
    value = [{**asdict(one), "due": _count(now, one.kind)} for one in periods(project).values()]
    call.show(value, table(("kind", "what", "kept until", "why", "basis", "due"), rows))


def retention_run(
    call: Call,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what is due.")] = False,
    actor: ActorOption = None,
) -> None:
    """End everything that is due, and erasures that were cut off. Run it daily, by a timer."""
    from countenance.campaign.retention import due, run

    project = call.project()
    ended = due(project) if dry_run else run(project, actor_or_user(actor))
    rows = [(one.kind, one.name, one.since) for one in ended]
    words = table(("kind", "name", "since"), rows) if rows else "nothing is due"
    call.show([{"kind": one.kind, "name": one.name, "since": str(one.since)} for one in ended], words)


def _count(found: list[Kept], kind: str) -> int:
    return sum(one.kind == kind for one in found)


def _as_json(told: Preview) -> dict[str, Any]:
    return {
        "person": told.person.name,
        "files": {kind: {"files": files, "bytes": size} for kind, (files, size) in told.files.items()},
        "grants": len(told.person.grants),
        "variants": list(told.person.variants),
        "releases": list(told.person.releases),
        "packages": list(told.person.packages),
        "outside": [asdict(one) for one in told.outside],
        "missing_replicas": [str(one) for one in told.missing],
        "under_way": told.under_way,
    }


def _in_words(told: Preview, inputs: bool) -> list[Any]:
    person = told.person
    head = {
        "person": person.name,
        "grants to be deleted": len(person.grants),
        "variants": len(person.variants),
        "releases to be withdrawn": len(person.releases),
        "ledger entries to become anonymous": person.entries,
        **({"replicas that are not there now": ", ".join(map(str, told.missing))} if told.missing else {}),
        **({"state": "an erasure was begun and cut off; it goes on"} if told.under_way else {}),
    }
    rows = [(kind, files, size) for kind, (files, size) in sorted(told.files.items())]
    left = [asdict(one) for one in told.outside if not (inputs and one.alone)]
    gone = [f"your own file, to be deleted: {one.path}" for one in told.outside if inputs and one.alone]
    return [facts(head), table(("to be destroyed", "files", "bytes"), rows), *gone, *_outside(left)]


def _outside(left: list[dict[str, Any]]) -> list[str]:
    told = []
    for one in left:
        why = {
            "footage": f"shows {one['others']} other(s) too: cut or blur the person, or answer for keeping it"
            if one["others"]
            else "shows nobody else that a brief names: delete it, or use --inputs",
            "brief": "names the person: take the name out, or delete it",
        }.get(one["kind"], "delete it, or use --inputs")
        told.append(f"your own file, not touched: {one['path']} ({one['kind']}; {why})")
    return told
