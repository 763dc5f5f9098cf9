"""Webhooks: other systems are told what happened, signed, and again until they have heard it.

The `[[webhook]]` tables of settings.toml say who wants to hear what. Bodies hold ids and single words, never anything
about a person: who wants to know more asks with the id.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ulid import ULID

from countenance.campaign.webhook_signature import ID, SIGNATURE, TIMESTAMP, sign
from countenance.delivery.sinks import SinkDown
from countenance.delivery.sinks.client import Client
from countenance.delivery.sinks.settings import check_open, name_of, read_fields, seconds, tables_of, text, words
from countenance.errors import InputError
from countenance.jobs.events import Event
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.ledger.log import utc_now
from countenance.store.project import Project
from countenance.store.secrets import find_text_secret

KIND, QUEUE = "webhook", "net"
GROUP = "webhooks"  # stands for a campaign, whose name is nobody's business here
JOB = "webhook-"  # what the ids of its own jobs begin with: nobody is told about these
EVENTS = (
    "variant.in_review", "variant.released", "release.withdrawn", "job.settled", "job.failed", "task.dead",
)  # fmt: skip
# What a body may hold; values are ids and words, so no sentence and no name of a person can be among them.
FIELDS = ("variant", "release", "job", "task", "kind", "state", "reason", "language", "sink", "count")
PATIENCE_S, RETRY_S = 3 * 86400.0, 900.0
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_ENDED = 410  # the receiver wants no more of it


@dataclass(frozen=True)
class Hook:
    """Who is told: `secret` is the name in the key store of what signs, `events` what it wants to hear (all: none)."""

    name: str
    url: str
    secret: str
    events: tuple[str, ...] = ()
    retry_s: float = RETRY_S


def hooks(project: Project) -> tuple[Hook, ...]:
    """The webhooks of the settings; InputError names what cannot be understood."""
    path = project.settings_path
    found = tuple(_hook(f"the [[webhook]] {one.get('name', '')!r} in {path}", one) for one in tables_of(path, KIND))
    if len({one.name for one in found}) < len(found):
        raise InputError(f"{path} names a [[webhook]] twice; give each a name of its own.")
    return found


def notify(project: Project, event: str, data: Mapping[str, str | int], once: str = "") -> str:
    """Tell everybody who wants to hear of an event; returns its id, "" when it is nobody's business.

    It is on record when this returns, and delivered by the next worker on the queue `net`. Calls with the same
    `once` are one event. InputError for an event that there is not, or data that is more than ids and words.
    """
    if event not in EVENTS:
        raise InputError(f"there is no event {event!r}; there are {', '.join(EVENTS)}.")
    _require_ids(event, data)
    wanted = [one for one in hooks(project) if not one.events or event in one.events]
    if not wanted or str(data.get("job", "")).startswith(JOB):
        return ""
    event_id = hashlib.sha256(f"{event}\n{once}".encode()).hexdigest()[:32] if once else str(ULID()).lower()
    told = {"id": event_id, "event": event, "at": utc_now(), "data": dict(data)}
    tasks = [
        Task(
            key=hashlib.sha256(f"{KIND}\n{one.name}\n{event_id}".encode()).hexdigest(),
            kind=KIND,
            queue=QUEUE,
            about=f"tell {one.name}: {event}",
            spec={"hook": one.name, **told},
            variant=str(data.get("variant", "")),
            cost_s=0.05,
            patience_s=PATIENCE_S,
            retry_s=one.retry_s,
        )
        for one in wanted
    ]
    submit(project, Job(f"{JOB}{event_id}", campaign=GROUP, owner=KIND, request={"event": event}), tasks)
    return event_id


def tell_of_jobs(event: Event) -> None:
    """Pass on what happens to jobs and tasks: to be handed to `jobs.events.listen` by whoever works or serves."""
    if event.name == "job.settled":
        name = "job.failed" if event.state == "failed" else "job.settled"
        notify(event.project, name, {"job": event.job, "state": event.state})
    elif event.name == "task.dead":
        told = {"job": event.job, "task": event.task, "kind": event.kind, "variant": event.variant}
        notify(event.project, "task.dead", {key: value for key, value in told.items() if value})


def deliver(project: Project, task: Task, _report: Report) -> Outcome:
    """Tell one receiver of one event: the function of the tasks that `notify` makes."""
    name = task.spec["hook"]
    hook = next((one for one in hooks(project) if one.name == name), None)
    if hook is None:
        raise InputError(f"{project.settings_path} has no [[webhook]] {name!r} any more; nobody was told.")
    secret = find_text_secret(project, hook.secret)
    if secret is None:
        raise InputError(f"there is no secret {hook.secret!r}; keep it with `countenance keys secret {hook.secret}`.")
    told = {name: task.spec[name] for name in ("id", "event", "at", "data")}
    body = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
    moment = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "countenance",
        ID: told["id"],
        TIMESTAMP: str(moment),
        SIGNATURE: sign(secret, told["id"], moment, body),
    }
    answer = Client().ask("POST", hook.url, headers, body)
    if answer.status == _ENDED:
        raise InputError(f"the receiver {hook.name} wants to hear no more (410); take it out of the settings.")
    if not 200 <= answer.status < 300:
        raise SinkDown(f"the receiver {hook.name} answers {answer.status}; it is told again later.")
    return Outcome({"status": answer.status, "at": datetime.now(UTC).isoformat(timespec="seconds")})


def _hook(where: str, table: Mapping[str, Any]) -> Hook:
    readers = {"name": name_of, "url": text, "secret": name_of, "events": words, "retry_s": seconds}
    found = Hook(**read_fields(where, table, readers, ("name", "url", "secret")))
    check_open(where, found.url, {})
    for event in found.events:
        if event not in EVENTS:
            raise InputError(f"{where} wants the event {event!r}, which there is not; there are {', '.join(EVENTS)}.")
    return found


def _require_ids(event: str, data: Mapping[str, str | int]) -> None:
    for name, value in data.items():
        if name not in FIELDS:
            raise InputError(f"the event {event} may not tell {name!r}; it may tell {', '.join(FIELDS)}.")
        if not isinstance(value, int) and not _VALUE.fullmatch(value):
            raise InputError(f"what the event {event} tells as {name!r} is no id and no single word.")
