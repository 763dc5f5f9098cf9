"""The commands around what may be served now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command


def register(app: typer.Typer) -> None:
    command(app, "serving")(serving)


def serving(
    call: Call,
    variant: Annotated[str | None, typer.Argument(metavar="VARIANT", help="A variant's id (default: all).")] = None,
    market: Annotated[str | None, typer.Option("--market", metavar="CODE", help="In this country, such as DE.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", metavar="NAME", help="On this channel.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the signed list here.")] = None,
) -> None:
    """Tell which variants may be shown now: released, not withdrawn, consent in force. Exit status 1 when one may not.

    With --out the signed list is written, for ad servers that ask a file: it is to be believed for 15 minutes.
    """
    from dataclasses import asdict

    from countenance.campaign.serving import serving_list, serving_of, signed_list
    from countenance.store.files import write_bytes

    project = call.project()
    if out is not None:
        document = signed_list(project)
        write_bytes(out, json.dumps(document, indent=1, ensure_ascii=False).encode())
        call.show({"file": str(out), "variants": len(document["variants"])}, f"written: {out}")
        return
    found = (serving_of(project, variant.upper(), market, channel),) if variant else serving_list(project)
    lines = [_line(one.variant, one.language, one.why, one.markets, one.until) for one in found]
    call.show([asdict(one) for one in found], *(lines or ["nothing was released yet"]))
    if variant and not found[0].serve:
        raise typer.Exit(1)


def _line(variant: str, language: str, why: str, markets: tuple[str, ...], until: str | None) -> str:
    if why:
        return f"{variant} ({language}): do not serve: {why}"
    return f"{variant} ({language}): serve in {', '.join(markets)}{f' until {until}' if until else ''}"
