"""Log lines for machines and for people: what happens to tasks and jobs, and what the program warns of.

One line, one JSON object (or one line of text) on stderr. Times are UTC, durations seconds.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from countenance.jobs.events import Event, listen
from countenance.telemetry.redact import about, error_class

Form = Literal["json", "text"]
FORMS: tuple[Form, ...] = ("json", "text")
_LOGGERS = ("countenance", "uvicorn")
_LEVELS = {"task.failed": logging.WARNING, "task.dead": logging.ERROR, "task.returned": logging.INFO}
_FACTS = "facts"
_log = logging.getLogger("countenance.telemetry")


def start_logs(form: Form, name: str | None = None, stream: TextIO | None = None) -> Callable[[], None]:
    """Write log lines from now on, of this process; returns what ends it.

    `name` is what a worker was called; the worker's full name has a few random letters more.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    who = {"worker": f"{(name or platform.node())[:64]}-{os.getpid()}", "host": platform.node()}
    handler.setFormatter(_Lines(form, who))
    before = {one: logging.getLogger(one).level for one in _LOGGERS}
    for one in _LOGGERS:
        logging.getLogger(one).addHandler(handler)
    logging.getLogger("countenance").setLevel(logging.INFO)
    silent = listen(_tell)

    def end() -> None:
        silent()
        for one, level in before.items():
            logging.getLogger(one).removeHandler(handler)
            logging.getLogger(one).setLevel(level)

    return end


def log_event(event: str, level: int = logging.INFO, **facts: Any) -> None:
    """Write one line about something that happened; facts that are empty are left out."""
    _log.log(level, event, extra={_FACTS: {name: value for name, value in facts.items() if value not in ("", None)}})


def _tell(event: Event) -> None:
    level = _LEVELS.get(event.name, logging.INFO)
    if event.name == "job.settled":
        facts: dict[str, Any] = {"state": event.state, "seconds": _s(event.ran_s), "spent": _s(event.spent_s)}
        level = logging.ERROR if event.state == "failed" else level
    elif event.name == "job.submitted":
        facts = {}
    else:
        facts = {
            "variant": event.variant, "task": event.task, "kind": event.kind, "queue": event.queue,
            "about": about(event), "attempt": event.attempt, "error": error_class(event.reason),
            "waited" if event.name == "task.started" else "seconds":
                _s(event.waited_s if event.name == "task.started" else event.ran_s),
        }  # fmt: skip
    log_event(event.name, level, campaign=event.campaign, job=event.job, **facts)


class _Lines(logging.Formatter):
    """One line for each record."""

    def __init__(self, form: Form, who: Mapping[str, str]) -> None:
        super().__init__()
        self._form = form
        self._who = who

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        facts: dict[str, Any] | None = getattr(record, _FACTS, None)
        event = record.getMessage() if facts is not None else "log"
        told = facts if facts is not None else {"logger": record.name, "message": record.getMessage()}
        said = {**told, **_failure(record), **self._who}
        if self._form == "json":
            values = {"time": at, "level": record.levelname.lower(), "event": event, **said}
            return json.dumps(values, ensure_ascii=False, default=str)
        pairs = " ".join(f"{name}={_word(value)}" for name, value in said.items())
        return f"{at} {record.levelname:<7} {event} {pairs}"


def _failure(record: logging.LogRecord) -> dict[str, str]:
    """The class of an exception and where it was raised; its message and its values may be about people."""
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    place = record.exc_info[2]
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    at = f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}" if place else ""
    return {"error": record.exc_info[0].__name__, "at": at}


def _word(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or any(one in text for one in ' "=\n') else text


def _s(seconds: float) -> float:
    return round(seconds, 3)
