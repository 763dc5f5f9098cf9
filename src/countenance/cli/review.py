"""Commands for the people who approve or reject variants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, facts, table

if TYPE_CHECKING:
    from countenance.campaign.variants import VariantRow

VariantArgument = Annotated[str, typer.Argument(metavar="ID", help="A variant's id, or the start of it.")]


def register(app: typer.Typer) -> None:
    review = typer.Typer(help="What waits for a person's decision, and the decision.", no_args_is_help=True)
    app.add_typer(review, name="review")
    command(review, "list")(review_list)
    command(review, "show")(review_show)
    command(review, "approve")(review_approve)
    command(review, "reject")(review_reject)


def review_list(
    call: Call,
    every: Annotated[bool, typer.Option("--all", help="Also what is decided already.")] = False,
) -> None:
    """List the variants that wait for review."""
    from countenance.campaign.variants import variant_rows

    rows = [row for row in variant_rows(call.project()) if every or row.state == "in_review"]
    cells = [(row.id, row.campaign, row.key, row.state, _gate(row), _report(row)) for row in rows]
    columns = ("id", "campaign", "variant", "state", "gate", "report")
    empty = [] if rows else ["nothing waits for review"]
    call.show([asdict(row) for row in rows], *(empty or [table(columns, cells)]))


def review_show(call: Call, variant: VariantArgument) -> None:
    """Show a variant: its figures' verdict, its report, its preview, and what was decided."""
    from countenance.campaign.variants import find_variant

    row = find_variant(call.project(), variant)
    told = {
        "variant": f"{row.key} of {row.campaign}",
        "state": row.state,
        "gate": _gate(row),
        "report": _report(row),
        "preview": _beside(row, "preview.mp4"),
        "decided": f"{row.review['decision']} by {row.review['by']} at {row.review['at']}" if row.review else "not yet",
    }
    call.show(asdict(row), facts(told))


def review_approve(
    call: Call,
    variant: VariantArgument,
    actor: ActorOption = None,
    note: Annotated[str, typer.Option("--note", help="A word about the decision, kept on record.")] = "",
) -> None:
    """Approve a variant that passed its gate, and release it: badge, watermark, seal, ledger, package."""
    from countenance.campaign.produce import release_approved
    from countenance.campaign.variants import approve, find_variant

    project = call.project()
    row = find_variant(project, variant)
    approve(project, row.id, actor_or_user(actor), in_one_go=False, note=note)
    with call.progress() as stage:
        bars: dict[str, Callable[[int], None]] = {}

        def report(name: str, done: int, of: int) -> None:
            bars.setdefault(name, stage(name, of))(done)

        folder = release_approved(project, row.id, report)
    call.show({"variant": row.id, "state": "released", "package": str(folder)}, f"{row.key} is released: {folder}")


def review_reject(
    call: Call,
    variant: VariantArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who made it.")],
    actor: ActorOption = None,
) -> None:
    """Reject a variant; it will not be released."""
    from countenance.campaign.variants import find_variant, reject

    project = call.project()
    row = reject(project, find_variant(project, variant).id, actor_or_user(actor), reason)
    call.show({"variant": row.id, "state": row.state}, f"{row.key} is rejected")


def _gate(row: VariantRow) -> str:
    if "passed" not in row.render:
        return "not rendered"
    return "passed" if row.render.get("passed") else f"failed: {', '.join(row.render.get('failed', []))}"


def _report(row: VariantRow) -> str:
    return _beside(row, "qc.html")


def _beside(row: VariantRow, name: str) -> str:
    path = Path(row.render.get("folder", "")) / name
    return str(path) if row.render and path.is_file() else "none"
