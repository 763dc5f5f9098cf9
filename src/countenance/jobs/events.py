"""What happens to tasks and jobs, told to whoever listens in this process: logs, metrics, webhooks.

An event is told after its transaction, by the process that made it happen, at most once: it informs, and nothing that
must not be lost may hang on it. What must follow for certain is a task of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from countenance.store.project import Project

EventName = Literal[
    "task.started", "task.done", "task.failed", "task.dead", "task.returned", "job.submitted", "job.settled"
]


@dataclass(frozen=True)
class Event:
    """One thing that happened; what does not apply is empty or zero. Durations are in seconds."""

    name: EventName
    project: Project
    job: str  # task events: the job on whose behalf the task ran
    campaign: str
    task: str = ""  # its key
    kind: str = ""
    queue: str = ""
    about: str = ""
    variant: str = ""
    attempt: int = 0
    waited_s: float = 0.0  # since the task could have run
    ran_s: float = 0.0  # the attempt; of a settled job: since it was submitted
    spent_s: float = 0.0  # of a settled job: what workers spent on its behalf
    state: str = ""  # of a settled job: done or failed
    reason: str = ""  # of a failure: the error's class and message


Listener = Callable[[Event], None]
_listeners: list[Listener] = []
_log = logging.getLogger(__name__)


def listen(listener: Listener) -> Callable[[], None]:
    """Have a function called with every event of this process from now on; returns what ends it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def tell(events: list[Event]) -> None:
    """Call every listener with each event; what one raises is logged and stops nothing."""
    for event in events:
        for listener in tuple(_listeners):
            try:
                listener(event)
            except Exception:
                _log.exception("a listener failed at %s of %s", event.name, event.task or event.job)
