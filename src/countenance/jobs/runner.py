"""One job from here to its end, in this process or with helpers."""

from __future__ import annotations

from collections.abc import Mapping

from countenance.errors import CountenanceError
from countenance.jobs.kinds import Kind
from countenance.jobs.processes import Crew, keep_working
from countenance.jobs.state import JobState, first_failure, job_state, running_of
from countenance.jobs.worker import Progress, work
from countenance.store.project import Project


def run_job(
    project: Project,
    job: str,
    kinds: Mapping[str, Kind],
    *,
    progress: Progress | None = None,
    processes: int = 1,
) -> JobState:
    """Work on one job until it is settled, and return its state: done or cancelled.

    Others may work on it as well; while it is paused this waits. Raises the failure that made the job fail first, as
    the error that it was. With more than one process the kinds must be functions of modules.
    """
    if processes == 1:
        work(project, kinds, queues=(), job=job, progress=progress)
    else:
        given_up = keep_working(
            Crew(project.root, dict(kinds), (), job=job), processes, lambda: _show(project, job, progress)
        )
        if given_up and not job_state(project, job).settled:
            raise CountenanceError(f"the workers of job {job} kept ending at once; run it with one process to see why.")
    state = job_state(project, job)
    if state.state == "failed" and (first := first_failure(project, job)) is not None:
        raise first.failure()
    return state


def _show(project: Project, job: str, progress: Progress | None) -> bool:
    """Tell how far the job is; whether it is settled."""
    if progress is not None:
        for one in running_of(project, job):
            progress(one.task.about, one.done, one.of)
    return job_state(project, job).settled
