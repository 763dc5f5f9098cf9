"""Small jobs whose tasks are about somebody, and kinds that workers of other processes can be given."""

from __future__ import annotations

from countenance.errors import InputError
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.store.project import Project

NAME = "Ada Example"  # must not be seen anywhere outside of the database
VARIANT = "01M7ZG7ZXMMZRX107758MH1BVZ"


def paint(_project: Project, task: Task, report: Report) -> Outcome:
    for done in range(1, 6):
        report(done, 5)
    if task.spec.get("fails"):
        raise InputError(f"the face of {NAME} cannot be read from secret/{NAME}.png; bring another.")
    return Outcome({"cpu_s": 2.0, "wall_s": 1.0})


KINDS = {"paint": paint}


def job(project: Project, name: str = "produce-1", *, tasks: int = 2, fails: bool = False, queue: str = "cpu") -> None:
    """A job of some painted sections."""
    wanted = [
        Task(f"{name}-{one}", "paint", queue, f"paint {NAME} {one + 1}/{tasks}", spec={"fails": fails}, variant=VARIANT)
        for one in range(tasks)
    ]
    submit(project, Job(name, "spring", "owner@example.org", {}), wanted)
