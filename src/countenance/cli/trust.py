"""Commands that show and prove the ledger."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from countenance.cli.console import Call, command, table

_LONGEST_CELL = 40  # characters


def register(app: typer.Typer) -> None:
    ledger = typer.Typer(help="The signed log of everything that was decided or done.", no_args_is_help=True)
    app.add_typer(ledger, name="ledger")
    command(ledger, "show")(ledger_show)
    command(ledger, "verify")(ledger_verify)


def ledger_show(
    call: Call,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Only entries of this kind, such as consent.granted.")
    ] = None,
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="Only the last N entries.")] = 50,
) -> None:
    """Show the ledger's entries, oldest first; `ledger verify` proves them."""
    from countenance.ledger.log import entries

    found = entries(call.project(), kind)[-last:]
    rows = [(one.seq, one.ts[:19], one.kind, one.actor, _short(one.data)) for one in found]
    call.show([asdict(one) for one in found], table(("entry", "when (UTC)", "kind", "actor", "data"), rows))


def ledger_verify(call: Call) -> None:
    """Prove every entry, its place, its signature and the ledger's end: exit status 1 if one fails."""
    from countenance.ledger.log import verify as verify_ledger

    report = verify_ledger(call.project())
    words = f"the ledger checks out (entries: {report.count})" if report.ok else f"damaged: {report.problem}"
    call.show(asdict(report), words)
    raise typer.Exit(0 if report.ok else 1)


def _short(data: dict[str, Any]) -> str:
    """An entry's data on one line: hashes by their first digits, lists by their length."""
    parts = []
    for name, value in data.items():
        text = f"{len(value)} of them" if isinstance(value, list) else str(value)
        parts.append(f"{name}: {text if len(text) <= _LONGEST_CELL else text[:12] + '…'}")
    return "; ".join(parts)
