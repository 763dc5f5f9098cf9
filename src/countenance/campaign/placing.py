"""Sending a release to a sink: the functions of the tasks that `campaign.publish` makes.

The right to show a release is asked in the transaction that notes a file before its first byte leaves, and again in
the one that notes that it arrived. Between the two a withdrawal knows of the file; after them it finds it on record.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from countenance.campaign.serving import Serving, serving_of
from countenance.delivery.manifest import JSONLD, index_of, media_type, placed_jsonld, places_of, points
from countenance.delivery.purge import purge
from countenance.delivery.sinks import Item, Sink, SinkDown
from countenance.delivery.sinks.client import Client
from countenance.delivery.sinks.opening import open_sink
from countenance.delivery.sinks.settings import SinkSettings, find_sink, with_secrets
from countenance.errors import InputError, RightsError
from countenance.jobs.graph import Task
from countenance.jobs.kinds import Outcome, Report
from countenance.ledger.log import entries_in, transaction
from countenance.rights.vocabulary import EVERYTHING
from countenance.store.database import reading, writing
from countenance.store.files import sha256_file, write_bytes
from countenance.store.placements import (
    PLACED,
    PLACING,
    begin_placing,
    find_placement,
    mark_gone,
    mark_placed,
    note_resume,
    placements,
    placements_in,
)
from countenance.store.project import Project
from countenance.store.tables import release

PUBLISHED = "release.published"
OUTGOING = "outgoing"  # the folder of `work` with what is made for sinks
PROGRAM = "countenance"  # who acts in the ledger when a task does what a person decided before


def upload(project: Project, task: Task, report: Report) -> Outcome:
    """Send one file of a package."""
    spec = task.spec
    settings = find_sink(project, spec["sink"])
    sink = open_sink(project, settings)
    with reading(project) as connection:
        stands = stands_in(connection, spec["release"])
    if not stands:  # what an earlier try sent must not stay
        _take_back(project, settings, sink, spec["name"])
        raise _withdrawn(spec["release"], spec["name"], settings)
    path = package_of(project, spec["release"]) / spec["part"]
    if sha256_file(path) != spec["sha256"]:
        raise InputError(f"{path} is not the file that was to be published any more; publish the variant again.")
    item = Item(spec["name"], path, spec["sha256"], spec["bytes"], media_type(spec["part"]), settings.immutable)
    return Outcome({"url": place(project, settings, sink, item, report, release_id=spec["release"])})


def finish(project: Project, task: Task, report: Report) -> Outcome:
    """When all media lie there: playlists, structured data, and last the index; then it counts as published."""
    spec = task.spec
    settings = find_sink(project, spec["sink"])
    sink = open_sink(project, settings)
    serving = require_serving(project, settings, spec["variant"])
    if serving.release != spec["release"]:
        raise RightsError(f"release {spec['release']} is not the newest of its variant any more; publish it again.")
    _require_older_gone(project, settings, serving)
    folder = package_of(project, spec["release"])
    places = places_of(folder, serving.variant, serving.language, spec["files"], spec["digest"])

    def put(name: str, path: Path, cache: str) -> str:
        return place(project, settings, sink, _item(name, path, cache), report, release_id=serving.release)

    for name in sorted((one for one in places if points(one)), key=_pointing_order):
        path = folder / name
        if name == JSONLD:
            addresses = {one["name"]: one["url"] for one in _lying(project, spec, places, whole=False)}
            path = _made(project, task, name, placed_jsonld(folder, addresses))
        put(places[name], path, settings.immutable)
    files = _lying(project, spec, places, whole=True)
    facts = {
        "variant": serving.variant, "release": serving.release, "language": serving.language,
        "markets": list(serving.markets), "channels": list(serving.channels), "until": serving.until,
    }  # fmt: skip
    path = _made(project, task, spec["index"], index_of(facts, files))
    address = put(spec["index"], path, settings.short)
    shutil.rmtree(_outgoing(project, task), ignore_errors=True)
    clear_cache(project, settings, [address])
    with transaction(project) as ledger:
        told = {"release": spec["release"], "sink": settings.name, "digest": spec["digest"]}
        if not entries_in(ledger.connection, PUBLISHED, where=told):
            ledger.append(PUBLISHED, PROGRAM, {**told, "variant": spec["variant"], "files": len(files)})
    return Outcome({"index": address, "files": len(files)})


def place(
    project: Project,
    settings: SinkSettings,
    sink: Sink,
    item: Item,
    report: Report,
    *,
    release_id: str | None,
    site: str | None = None,
) -> str:
    """Send one file and note that it lies there; returns its address.

    RightsError when its release is withdrawn: then nothing of the file stays at the sink.
    """
    with writing(project) as connection:
        stands = release_id is None or stands_in(connection, release_id)
        if stands:
            begin_placing(
                connection, settings.name, item.name, release=release_id, site=site, sha256=item.sha256, size=item.bytes
            )
    if stands:
        address = sink.put(item, report, _Memory(project, settings.name, item.name))
        with writing(project) as connection:
            stands = release_id is None or stands_in(connection, release_id)
            if stands:
                mark_placed(connection, settings.name, item.name, address)
    if not stands:
        _take_back(project, settings, sink, item.name)
        raise _withdrawn(str(release_id), item.name, settings)
    return address


def require_serving(project: Project, settings: SinkSettings, variant: str) -> Serving:
    """What holds for a variant that may be shown where a sink shows things; RightsError says why it may not."""
    serving = serving_of(project, variant)
    why = refusal(serving, settings)
    if why:
        raise RightsError(f"variant {variant} may not be sent to {settings.name}: {why}.", (why,))
    return serving


def refusal(serving: Serving, settings: SinkSettings) -> str:
    """Why a variant may not go to a sink; "" when it may. It must be allowed wherever the sink shows things."""
    if not serving.serve:
        return serving.why
    places = {"channel": (settings.channels, serving.channels), "market": (settings.markets, serving.markets)}
    for noun, (shown, allowed) in places.items():
        outside = [one for one in shown if one not in allowed]
        if outside and EVERYTHING not in allowed:
            return f"it was not released for the {noun} {outside[0]}, which {settings.name} serves"
    return ""


def package_of(project: Project, release_id: str) -> Path:
    """The folder of a release's package; InputError when the project does not know of it any more."""
    with reading(project) as connection:
        found = connection.execute(select(release.c.package).where(release.c.id == release_id)).scalar_one_or_none()
    if not found:
        raise InputError(f"there is no package of release {release_id} any more; run `countenance produce` again.")
    return project.root / str(found)


def stands_in(connection: Connection, release_id: str) -> bool:
    """Whether a release is still one, within a transaction."""
    state = connection.execute(select(release.c.state).where(release.c.id == release_id)).scalar_one_or_none()
    return state == "released"


def clear_cache(project: Project, settings: SinkSettings, urls: list[str]) -> None:
    """Have the network in front of a sink forget addresses, where the sink has one."""
    if settings.purge is not None:
        purge(settings.purge, Client(with_secrets(project, settings.purge.headers)), urls)


@dataclass(frozen=True)
class _Memory:
    """What a sink keeps about an upload, with the placement."""

    project: Project
    sink: str
    name: str

    def recall(self) -> str:
        found = find_placement(self.project, self.sink, self.name)
        return found.resume if found else ""

    def keep(self, text: str) -> None:
        note_resume(self.project, self.sink, self.name, text)


def _withdrawn(release_id: str, name: str, settings: SinkSettings) -> RightsError:
    return RightsError(f"release {release_id} was withdrawn; {name} is not at {settings.name}.")


def _take_back(project: Project, settings: SinkSettings, sink: Sink, name: str) -> None:
    """Also what another process sent before it was killed, and what was removed once but may have come again."""
    found = find_placement(project, settings.name, name)
    sink.remove(name, (found.resume or found.url) if found else "")
    with writing(project) as connection:
        mark_gone(connection, settings.name, name)


def _require_older_gone(project: Project, settings: SinkSettings, serving: Serving) -> None:
    """The index has the same name for all releases of a variant: one that is being taken down would take it along."""
    with reading(project) as connection:
        older = select(release.c.id).where(release.c.variant_id == serving.variant, release.c.id != serving.release)
        for one in connection.execute(older).scalars():
            if placements_in(connection, release=one, sink=settings.name, states=(PLACING, PLACED)):
                raise SinkDown(f"release {one} of the same variant is still being taken off {settings.name}.")


def _lying(project: Project, spec: Mapping[str, Any], places: Mapping[str, str], whole: bool) -> list[dict[str, Any]]:
    """What lies at the sink of a package, by its names there; InputError when it must be `whole` and is not."""
    lying = {
        one.name: one for one in placements(project, release=spec["release"], sink=spec["sink"]) if one.state == PLACED
    }
    missing = [place for place in places.values() if place not in lying]
    if whole and missing:
        raise InputError(f"{missing[0]} is not at {spec['sink']}; publish the variant again.")
    return [
        {"name": name, "url": one.url, "sha256": one.sha256, "bytes": one.bytes, "type": media_type(place)}
        for name, place in places.items()
        if (one := lying.get(place)) is not None
    ]


def _pointing_order(name: str) -> tuple[int, str]:
    """Playlists before those that name them, structured data last."""
    master = name.endswith(".mpd") or re.search(r"(^|/)(master|main|index|multivariant)[^/]*$", name) is not None
    return (2 if name == JSONLD else int(master), name)


def _item(place: str, path: Path, cache: str) -> Item:
    return Item(place, path, sha256_file(path), path.stat().st_size, media_type(place), cache)


def _made(project: Project, task: Task, name: str, content: bytes) -> Path:
    """A file that is made for a sink, in the work folder."""
    path = _outgoing(project, task) / name
    write_bytes(path, content)
    return path


def _outgoing(project: Project, task: Task) -> Path:
    return project.work / OUTGOING / task.key
