"""Commands that show what is being worked on, and steer it."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.console import Call, command, facts, table

if TYPE_CHECKING:
    from countenance.jobs.views import JobState, TaskState

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A job's id, or a campaign: all its jobs.")]


def register(app: typer.Typer) -> None:
    jobs = typer.Typer(help="What is being worked on, and by whom.", no_args_is_help=True)
    app.add_typer(jobs, name="jobs")
    command(jobs, "list")(jobs_list)
    command(jobs, "show")(jobs_show)
    command(jobs, "pause")(jobs_pause)
    command(jobs, "resume")(jobs_resume)
    command(jobs, "cancel")(jobs_cancel)
    command(jobs, "retry")(jobs_retry)
    command(jobs, "dead")(jobs_dead)
    command(jobs, "workers")(jobs_workers)


def jobs_list(
    call: Call,
    campaign: Annotated[str | None, typer.Option("--campaign", metavar="NAME", help="Only of this one.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """Show the jobs that are not over, the latest first."""
    from countenance.jobs.state import jobs_of

    found = [one for one in jobs_of(call.project(), campaign) if every or not one.settled]
    rows = [
        (one.id[:12], one.campaign, one.owner, one.state, f"{one.done}/{one.size}", one.stuck or "", _left(one))
        for one in found
    ]
    columns = ("job", "campaign", "owner", "state", "tasks done", "stuck", "left")
    call.show([asdict(one) for one in found], table(columns, rows))


def jobs_show(
    call: Call,
    job: Annotated[str, typer.Argument(metavar="JOB", help="Its id, or the beginning of it.")],
    state: Annotated[
        str | None, typer.Option("--state", metavar="NAME", help="Only tasks in it, such as running or dead.")
    ] = None,
) -> None:
    """Show a job and its tasks; without --state those that run, rest or failed."""
    from countenance.jobs.state import counts_of, job_state, tasks_of

    project = call.project()
    found = job_state(project, _full_id(call, job))
    tasks = tasks_of(project, found.id, state)
    shown = [one for one in tasks if state or one.state in ("running", "resting", "dead")]
    counts = counts_of(project, found.id)
    value = asdict(found) | {"counts": counts, "tasks": [_task(one) for one in (tasks if call.json else shown)]}
    summary = {
        "job": found.id, "campaign": found.campaign, "owner": found.owner,
        "state": f"{found.state} ({found.reason})" if found.reason else found.state,
        "tasks": ", ".join(f"{count} {name}" for name, count in counts.items()),
        "spent": f"{found.spent_s:.0f} s", "left": _left(found),
    }  # fmt: skip
    rows = [
        (one.task.about, one.state, f"{one.done}/{one.of}" if one.of else "", one.attempt, one.worker, one.reason)
        for one in shown
    ]
    columns = ("task", "state", "done", "attempt", "worker", "what went wrong last")
    call.show(value, facts(summary), table(columns, rows))


def jobs_pause(call: Call, name: NameArgument) -> None:
    """Stop work on a job or a campaign within seconds; `resume` goes on where it was."""
    from countenance.jobs.state import pause

    _tell(call, pause(call.project(), name), "paused")


def jobs_resume(
    call: Call,
    name: NameArgument,
    budget_s: Annotated[
        float | None, typer.Option("--budget", min=0, metavar="SECONDS", help="Another budget (default: none).")
    ] = None,
) -> None:
    """Go on with what was paused, by somebody or because its budget was used up."""
    from countenance.jobs.state import resume

    _tell(call, resume(call.project(), name, budget_s=budget_s), "resumed")


def jobs_cancel(call: Call, name: NameArgument) -> None:
    """Give up a job or a campaign within seconds. What is made stays; what other jobs want is still made."""
    from countenance.jobs.state import cancel

    _tell(call, cancel(call.project(), name), "cancelled")


def jobs_retry(
    call: Call, key: Annotated[str, typer.Argument(metavar="KEY", help="Of a task that `jobs dead` lists.")]
) -> None:
    """Try a task again that had failed for good, when its cause is mended; jobs that failed for it go on."""
    from countenance.jobs.state import retry

    retry(call.project(), key)
    call.show({"task": key}, f"{key} is tried again")


def jobs_dead(call: Call) -> None:
    """List the tasks that failed for good, with the reason."""
    from countenance.jobs.state import dead_letters

    found = dead_letters(call.project())
    rows = [(one.task.key, one.task.about, one.failures or "", one.kills or "", one.reason) for one in found]
    call.show(
        [_task(one) for one in found], table(("key", "task", "failures", "workers lost", "reason"), rows)
    )  # fmt: skip


def jobs_workers(call: Call) -> None:
    """List the workers, and what waits for one that would know how to do it."""
    from countenance.jobs.state import unserved, workers

    project = call.project()
    found, waiting = workers(project), unserved(project)
    rows = [
        (one.name, one.machine, ",".join(one.queues) or "any", "yes" if one.alive else "no", one.task[:12])
        for one in found
    ]
    shown = [table(("worker", "host", "queues", "alive", "task"), rows)]
    if waiting:
        lines = [(one.queue, one.skill, one.tasks, f"{one.waiting_s:.0f} s") for one in waiting]
        shown.append(table(("queue", "kind that no worker serves", "tasks", "waiting"), lines))
    call.show({"workers": [asdict(one) for one in found], "unserved": [asdict(one) for one in waiting]}, *shown)


def _full_id(call: Call, beginning: str) -> str:
    from countenance.jobs.state import jobs_of

    found = [one.id for one in jobs_of(call.project()) if one.id.startswith(beginning)]
    return found[0] if len(found) == 1 else beginning


def _tell(call: Call, jobs: list[str], what: str) -> None:
    call.show({what: jobs}, *([f"{job}: {what}" for job in jobs] or [f"nothing was {what}"]))


def _left(job: JobState) -> str:
    return "" if job.settled else f"{job.left_s / 60:.0f} min of processors"


def _task(one: TaskState) -> dict[str, Any]:
    values = {field.name: getattr(one, field.name) for field in dataclasses.fields(one) if field.name != "task"}
    return {"key": one.task.key, "kind": one.task.kind, "queue": one.task.queue, "about": one.task.about} | values
