"""The command that takes a release back, wherever it lies."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command


def register(app: typer.Typer) -> None:
    command(app, "withdraw")(withdraw)


def withdraw(
    call: Call,
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="The id of a release, or of its variant.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the house.")],
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides (default: as --as).")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is gone everywhere, however long.")] = False,
    actor: ActorOption = None,
) -> None:
    """Withdraw a release: at once nothing says "released" any more, and it is removed from every sink.

    Sinks that are down are tried again by `countenance worker --queues net`. Exit status 4 while something of it
    still lies somewhere.
    """
    from countenance.campaign.errand_kinds import ERRANDS
    from countenance.campaign.removing import left_of, withdraw_job
    from countenance.campaign.withdrawing import withdraw_release
    from countenance.jobs.runner import run_job
    from countenance.jobs.worker import run_due

    project = call.project()
    found = withdraw_release(project, release, actor_or_user(by or actor), reason)
    if wait and found.left:
        run_job(project, withdraw_job(found.release), ERRANDS)
    run_due(project, ERRANDS)
    left = left_of(project, found.release)
    lines = [f"release {found.release} of variant {found.variant} is withdrawn"]
    lines += [f"{sink}: {count} of its files are still there; they are tried again" for sink, count in left.items()]
    call.show({**asdict(found), "left": left}, *lines)
    if left:
        raise typer.Exit(4)
