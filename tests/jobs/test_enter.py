from __future__ import annotations

from dataclasses import replace

from graphs import job, task

from countenance.jobs.graph import submit
from countenance.jobs.state import tasks_of
from countenance.store.project import Project


def test_a_task_that_is_handed_in_again_says_where_its_inputs_lie_now(project: Project) -> None:
    """Two briefs want the same pictures, and the first brief was changed meanwhile."""
    submit(project, job("one"), [replace(task("a"), spec={"brief": "old.yaml"})])
    submit(project, job("two"), [replace(task("a"), spec={"brief": "new.yaml"})])
    (found,) = tasks_of(project, "one")
    assert found.task.spec == {"brief": "new.yaml"}
