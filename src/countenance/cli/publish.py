"""The command that sends what is released to a sink."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command
from countenance.errors import InputError


def register(app: typer.Typer) -> None:
    command(app, "publish")(publish)


def publish(
    call: Call,
    what: Annotated[
        str | None, typer.Argument(metavar="VARIANT|CAMPAIGN", help="A variant's id, its start, or a whole campaign.")
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="A sink of settings.toml.")] = "",
    site: Annotated[
        Path | None, typer.Option("--site", metavar="DIR", help="Instead a site of the packages in this folder.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="With --site: where people will see it.")
    ] = None,
    path: Annotated[str, typer.Option("--path", metavar="PATH", help="With --site: below which path.")] = "",
    verify_url: Annotated[
        str | None, typer.Option("--verify-url", metavar="URL", help="With --site: where `countenance serve` answers.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Send also what was sent before.")] = False,
    later: Annotated[bool, typer.Option("--later", help="Leave the sending to a worker.")] = False,
    actor: ActorOption = None,
) -> None:
    """Send what is released to a sink: checked there, the index last, on record and in the ledger.

    Only what may be shown on the channels and in the markets of the sink. Stopped or cut off, it goes on when called
    again or with `countenance worker --queues net`.
    """
    from countenance.campaign.errand_kinds import ERRANDS
    from countenance.campaign.publish import publish as hand_in
    from countenance.campaign.sites import publish_site
    from countenance.jobs.runner import run_job

    project, who = call.project(), actor_or_user(actor)
    if (what is None) == (site is None):
        raise InputError("name a variant or a campaign, or a folder of packages with --site.")
    if site is not None:
        if base_url is None:
            raise InputError("a site needs --base-url, the address where people will see it.")
        job = publish_site(project, site, base_url, to, who, path=path, verify_url=verify_url)
        value: dict[str, object] = {"job": job, "sink": to, "site": base_url}
        lines = [f"site {base_url} at {to}"]
    else:
        handed = hand_in(project, str(what), to, who, again=again)
        job, value = handed.job, asdict(handed)
        lines = [f"variant {one} at {to}" for one in handed.variants]
        lines += [f"variant {one} not at {to}: {why}" for one, why in handed.refused]
    if later:
        lines.append(f"job {job}: a worker on the queue net sends it")
    else:
        with call.progress() as stage:
            bars = {}

            def report(about: str, done: int, of: int) -> None:
                if about not in bars:
                    bars[about] = stage(about, of)
                bars[about](done)

            run_job(project, job, ERRANDS, progress=report)
    call.show(value, *lines)
