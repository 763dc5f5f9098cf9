"""Publishing: what is released goes to a sink, as one durable job of small tasks on the queue `net`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ulid import ULID

from countenance.campaign.placing import package_of, refusal
from countenance.campaign.serving import Serving, serving_list
from countenance.campaign.variants import find_variant, variant_rows
from countenance.delivery.manifest import manifest_of
from countenance.delivery.sinks.settings import SinkSettings, find_sink
from countenance.errors import InputError, RightsError
from countenance.jobs.graph import Job, Task, submit
from countenance.store.project import Project

UPLOAD, PUBLISH, QUEUE = "upload", "publish", "net"
PATIENCE_S = 7 * 86400.0  # a sink may be down for days before an upload is given up


@dataclass(frozen=True)
class Publishing:
    """A job that was handed in: the variants that it sends, and those that may not be sent, each with why."""

    job: str
    sink: str
    variants: tuple[str, ...]
    refused: tuple[tuple[str, str], ...] = ()


def publish(project: Project, what: str, sink: str, actor: str, *, again: bool = False) -> Publishing:
    """Have a variant (its id or the start of it) or all of a campaign sent to a sink; a worker does it.

    What lies there already is not sent again, unless `again`. InputError for an unknown variant, campaign or sink;
    RightsError when nothing of it may be shown where the sink shows things.
    """
    settings = find_sink(project, sink)
    campaign, wanted = _wanted(project, what)
    refused = tuple((one.variant, why) for one in wanted if (why := refusal(one, settings)))
    going = [one for one in wanted if not refusal(one, settings)]
    if not going:
        reasons = tuple(f"{variant}: {why}" for variant, why in refused)
        raise RightsError(f"nothing of {what} may be sent to {sink}.", reasons)
    turn = str(ULID()) if again else ""
    tasks = [task for one in going for task in _tasks(project, one, settings, turn)]
    keys = hashlib.sha256("".join(task.key for task in tasks).encode()).hexdigest()
    request = {"publish": [one.variant for one in going], "sink": sink}
    job = Job(f"publish-{keys[:40]}", campaign, actor, request)
    submit(project, job, tasks)
    return Publishing(job.id, sink, tuple(one.variant for one in going), refused)


def _wanted(project: Project, what: str) -> tuple[str, list[Serving]]:
    """The campaign, and what holds for each of its released variants or for the one that was named."""
    known = {one.variant: one for one in serving_list(project)}
    rows = [row for row in variant_rows(project) if row.campaign == what]
    if rows:
        found = [known[row.id] for row in rows if row.id in known]
        if not found:
            raise InputError(f"nothing of the campaign {what} is released yet; `countenance review list` shows it.")
        return what, found
    row = find_variant(project, what)
    if row.id not in known:
        raise InputError(f"variant {row.id} ({row.key}) is {row.state}; only what is released is published.")
    return row.campaign, [known[row.id]]


def _tasks(project: Project, one: Serving, settings: SinkSettings, turn: str) -> Iterator[Task]:
    folder = package_of(project, one.release)
    manifest = manifest_of(folder, one.variant, one.language, settings.files, settings.public or settings.url)
    media = [
        _task(
            UPLOAD,
            (settings.name, settings.url, one.release, part.place, part.sha256, settings.immutable, turn),
            f"send {part.place} to {settings.name}",
            one,
            settings,
            spec={"part": part.name, "name": part.place, "sha256": part.sha256, "bytes": part.bytes},
        )
        for part in manifest.parts
        if not part.pointing
    ]
    yield from media
    yield _task(
        PUBLISH,
        (settings.name, settings.url, one.release, manifest.digest, settings.immutable, settings.short, turn),
        f"publish {one.variant} at {settings.name}",
        one,
        settings,
        spec={"digest": manifest.digest, "index": manifest.index, "files": settings.files},
        needs=tuple(task.key for task in media),
    )


def _task(
    kind: str,
    content: tuple[str, ...],
    about: str,
    one: Serving,
    settings: SinkSettings,
    *,
    spec: dict[str, Any],
    needs: tuple[str, ...] = (),
) -> Task:
    return Task(
        key=hashlib.sha256("\n".join((kind, *content)).encode()).hexdigest(),
        kind=kind,
        queue=QUEUE,
        about=about,
        needs=needs,
        spec={"sink": settings.name, "release": one.release, "variant": one.variant, **spec},
        variant=one.variant,
        cost_s=max(0.1, spec.get("bytes", 0) / 50e6),
        patience_s=PATIENCE_S,
        retry_s=settings.retry_s,
    )
