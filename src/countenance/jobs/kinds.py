"""What a worker can do: functions by the names that tasks call them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from countenance.jobs.task import Task
from countenance.store.project import Project


@dataclass(frozen=True)
class Outcome:
    """What a task's function hands back.

    `result` is kept with the task (JSON, small). `more` are tasks that only this one could know; every job that wants
    this task wants them too, from the moment it is done. `redo` names tasks whose results are no longer there: they
    are done again, and then this one, which so far is not done.
    """

    result: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[Task, ...] = ()
    redo: tuple[str, ...] = ()


# Tells how far a task is (done, of), and raises Interrupted when it is to stop. Call it about once a second.
Report = Callable[[int, int], None]

# A kind may run twice on one task (its worker was cut off, or only believed dead): its effects must be idempotent.
Kind = Callable[[Project, Task, Report], Outcome]
