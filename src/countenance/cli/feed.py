"""The command that tells ad servers and analytics what is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command
from countenance.errors import InputError


def register(app: typer.Typer) -> None:
    command(app, "feed")(feed)


def feed(
    call: Call,
    sink: Annotated[str, typer.Argument(metavar="SINK", help="The sink whose addresses are told.")],
    campaign: Annotated[str | None, typer.Option("--campaign", metavar="NAME", help="Of this campaign alone.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it here, as .csv or .json (default: shown)."),
    ] = None,
    landing: Annotated[
        str, typer.Option("--landing", metavar="URL", help="A page that each creative links to, with UTM parameters.")
    ] = "",
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="utm_source (default: the sink).")] = "",
) -> None:
    """List what is published at a sink with all creative parameters, for ad servers and analytics."""
    from datetime import UTC, datetime

    from countenance.campaign.creatives import creatives_at
    from countenance.delivery.feed import feed_csv, feed_json
    from countenance.store.files import write_bytes

    found = creatives_at(call.project(), sink, campaign, landing=landing, source=source)
    text = feed_json(found, datetime.now(UTC).isoformat(timespec="seconds"))
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.suffix.lower() not in (".csv", ".json"):
        raise InputError(f"{out} ends in neither .csv nor .json; name one of the two.")
    write_bytes(out, (feed_csv(found) if out.suffix.lower() == ".csv" else text).encode())
    call.show({"file": str(out), "creatives": len(found)}, f"written: {out} ({len(found)} creatives)")
