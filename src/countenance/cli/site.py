"""The command that makes a small site of released videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command


def register(app: typer.Typer) -> None:
    command(app, "site")(site)


def site(
    call: Call,
    packages: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that `produce` wrote packages to.")],
    base_url: Annotated[str, typer.Option("--base-url", metavar="URL", help="Where the site will be served.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="An empty or new folder, or one of an older site.")],
    verify_url: Annotated[
        str | None, typer.Option("--verify-url", metavar="URL", help="Where `countenance serve` takes files to verify.")
    ] = None,
) -> None:
    """Write watch pages for what may be served now: player, captions, transcript, how it was made, sitemap.

    Run it again after a withdrawal: what may not be served any more is not in the new site.
    """
    from countenance.campaign.serving import serving_list
    from countenance.delivery.site import write_site
    from countenance.delivery.watch import packages_in

    allowed = [one.variant for one in serving_list(call.project()) if one.serve]
    pages = write_site(out, packages_in(packages, allowed), base_url, verify_url)
    value = [{"variant": page.watch.variant, "url": page.url} for page in pages]
    call.show(value, *(page.url for page in pages), f"written: {out}")
