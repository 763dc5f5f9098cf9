"""The command that lends a machine to campaigns."""

from __future__ import annotations

from typing import Annotated

import typer

from countenance.cli.console import Call, command
from countenance.cli.observed import LogOption, MetricsOption, log_form, observed_workers
from countenance.errors import CountenanceError, InputError


def register(app: typer.Typer) -> None:
    command(app, "worker")(worker)


def worker(
    call: Call,
    queues: Annotated[
        str, typer.Option("--queues", metavar="NAMES", help="What it takes, by commas, the first first.")
    ] = "cpu,net",
    processes: Annotated[int, typer.Option("--processes", min=1, metavar="N", help="Tasks at once.")] = 1,
    name: Annotated[str | None, typer.Option("--name", help="What others see (default: the host's name).")] = None,
    log: LogOption = None,
    metrics: MetricsOption = None,
) -> None:
    """Work on tasks of all jobs of the project until SIGTERM or Ctrl-C, one to a process.

    Any number of hosts may, with the same database and storage in their settings. What it has in hand when it is to
    end is given back at once.
    """
    from countenance.campaign.attending import attend
    from countenance.campaign.kinds import KINDS
    from countenance.jobs.processes import Crew, at_start, keep_working, leave_on_signals, work_until_told

    wanted = tuple(dict.fromkeys(part.strip() for part in queues.split(",") if part.strip()))
    if not wanted:
        raise InputError("--queues names none; write them by commas, such as cpu,gpu.")
    project, given_up = call.project(), 0
    with observed_workers(project, KINDS, processes, log_form(log), metrics, name) as kinds:
        crew = Crew(project.root, kinds, wanted, name)
        end, end_helpers = attend(project), at_start(attend)
        try:
            if processes == 1:
                work_until_told(crew)
            else:
                given_up = keep_working(crew, processes, leave_on_signals())
        finally:
            end_helpers()
            end()
    if given_up:
        raise CountenanceError(f"{given_up} of {processes} workers kept ending at once; run it with one to see why.")
