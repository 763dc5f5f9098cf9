"""Sites at sinks: written anew from what may be served now, sent, and freed of what is not in them any more.

A site is on record with what it was made from, so that a withdrawal can make it anew without anybody's help.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select
from ulid import ULID

from countenance.campaign.placing import OUTGOING, PROGRAM, clear_cache, place, refusal, stands_in
from countenance.campaign.serving import serving_list
from countenance.delivery.addresses import base_of
from countenance.delivery.manifest import media_type
from countenance.delivery.sinks import Item, Sink, SinkDown
from countenance.delivery.sinks.opening import open_sink
from countenance.delivery.sinks.settings import SinkSettings, find_sink
from countenance.delivery.site import write_site
from countenance.delivery.watch import Watch, packages_in
from countenance.errors import CountenanceError, InputError, RightsError
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.ledger.log import append, utc_now
from countenance.store.database import reading, writing
from countenance.store.files import sha256_file
from countenance.store.placements import (
    PLACED,
    PLACING,
    Placement,
    forget_gone,
    mark_gone,
    placements_in,
)
from countenance.store.project import Project
from countenance.store.tables import placement, site

SITE, QUEUE = "site", "net"
GROUP = "sites"  # stands for a campaign: a site may show several
PATIENCE_S = 7 * 86400.0
PUBLISHED = "site.published"
_PATH = re.compile(r"([a-z0-9][a-z0-9._-]*/)*")
_HASHED = re.compile(r"\.[0-9a-f]{12}\.[a-z0-9]+$")  # named after its content


def publish_site(
    project: Project,
    packages: Path,
    base_url: str,
    sink: str,
    actor: str,
    *,
    path: str = "",
    verify_url: str | None = None,
) -> str:
    """Have a site of the packages in a folder sent to a sink, below a path; returns the job that does it.

    `base_url` is where people will see that path. Only what may be shown where the sink shows things is in it, and a
    withdrawal makes it anew. InputError for an address or a path that is none, RightsError when nothing may be shown.
    """
    settings = find_sink(project, sink)
    below = f"{path.strip('/')}/" if path.strip("/") else ""
    if not _PATH.fullmatch(below):
        raise InputError(f"{path!r} is no path of a site; use small letters, digits, '-', '_' and '/'.")
    if not _watches(project, packages, settings):
        raise RightsError(f"nothing in {packages} may be shown at {sink}; `countenance serving` tells why.")
    row = {
        "packages": str(packages.resolve()), "base_url": base_of(base_url), "verify_url": verify_url, "at": utc_now(),
    }  # fmt: skip
    with writing(project) as connection:
        connection.execute(delete(site).where(site.c.sink == sink, site.c.path == below))
        connection.execute(insert(site).values(sink=sink, path=below, **row))
    turn = str(ULID())
    job = Job(f"site-{turn}", GROUP, actor, {"site": base_url, "sink": sink})
    submit(project, job, [site_task(sink, below, turn, settings.retry_s, PATIENCE_S)])
    return job.id


def site_task(sink: str, path: str, turn: str, retry_s: float, patience_s: float) -> Task:
    """The task that makes a site anew; `turn` says why, so that each reason has a task of its own."""
    return Task(
        key=hashlib.sha256("\n".join((SITE, sink, path, turn)).encode()).hexdigest(),
        kind=SITE,
        queue=QUEUE,
        about=f"site {path or '/'} at {sink}",
        spec={"sink": sink, "path": path},
        patience_s=patience_s,
        retry_s=retry_s,
    )


def sites_with(project: Project, sink: str, release_id: str) -> tuple[str, ...]:
    """The paths of the sites at a sink that show a release, or did until it was taken off."""
    with reading(project) as connection:
        query = select(placement.c.site).where(
            placement.c.sink == sink, placement.c.release_id == release_id, placement.c.site.is_not(None)
        )
        return tuple(sorted(set(connection.execute(query).scalars())))


def renew(project: Project, task: Task, report: Report) -> Outcome:
    """Bring a site at a sink to what may be shown now. What was withdrawn goes first, whatever else fails."""
    sink_name, path = task.spec["sink"], task.spec["path"]
    with reading(project) as connection:
        row = connection.execute(select(site).where(site.c.sink == sink_name, site.c.path == path)).first()
    if row is None:
        raise InputError(f"there is no site {path or '/'} at {sink_name} on record any more; publish it again.")
    try:
        settings = find_sink(project, sink_name)
        sink = open_sink(project, settings)
        cleared = _remove(project, settings, sink, _withdrawn(project, sink_name, path))
    except CountenanceError as exc:  # see `removing.remove`: a withdrawal is not given up
        raise SinkDown(str(exc)) from exc
    folder = project.work / OUTGOING / task.key
    try:
        shown = _shown(project, settings)
        files = _written(project, settings, row, folder)
        changed = _send(project, settings, sink, path, folder, files, report)
    except RightsError as exc:
        raise SinkDown(f"something of the site was withdrawn while it was sent ({exc}); it is made anew.") from exc
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if _shown(project, settings) != shown:  # two may be at one site at once: who ends last has seen all
        raise SinkDown(f"what may be shown at {sink_name} changed while the site was sent; it is made anew.")
    stale = [one for one in _lying(project, sink_name, path) if one.name not in {f"{path}{name}" for name in files}]
    cleared += _remove(project, settings, sink, stale)
    clear_cache(project, settings, sorted({*changed, *cleared}))
    with writing(project) as connection:
        forget_gone(connection, sink_name, path)
    append(project, PUBLISHED, PROGRAM, {"sink": sink_name, "files": len(files), "removed": len(cleared)})
    return Outcome({"files": len(files), "sent": len(changed), "removed": len(cleared)})


def _written(project: Project, settings: SinkSettings, row: Any, folder: Path) -> dict[str, str | None]:
    """Write the site into a folder: its files, each with the release that it shows; none when nothing may be shown."""
    shutil.rmtree(folder, ignore_errors=True)
    watches = _watches(project, Path(row.packages), settings)
    if not watches:
        return {}
    pages = write_site(folder, watches, row.base_url, row.verify_url)
    shown = {f"media/{page.watch.variant}/": page.watch.release for page in pages}
    shown |= {page.path: page.watch.release for page in pages}
    names = sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
    return {name: _release_of(name, shown) for name in sorted(names, key=_order)}


def _shown(project: Project, settings: SinkSettings) -> list[str]:
    """The variants that may be shown where a sink shows things."""
    return [one.variant for one in serving_list(project) if not refusal(one, settings)]


def _watches(project: Project, packages: Path, settings: SinkSettings) -> tuple[Watch, ...]:
    return packages_in(packages, _shown(project, settings))


def _release_of(name: str, shown: Mapping[str, str]) -> str | None:
    """The release that a file shows: that of the longest path which it lies below."""
    fitting = [start for start in shown if name.startswith(start)]
    return shown[max(fitting, key=len)] if fitting else None


def _order(name: str) -> tuple[int, str]:
    """What others name goes first, the map of the site last."""
    if name.startswith(("media/", "assets/")):
        return (1 if name.endswith((".m3u8", ".mpd")) else 0, name)
    return (3 if name == "sitemap.xml" else 2, name)


def _send(
    project: Project,
    settings: SinkSettings,
    sink: Sink,
    path: str,
    folder: Path,
    files: Mapping[str, str | None],
    report: Report,
) -> list[str]:
    """Send what does not lie there yet; the addresses of what was sent."""
    lying = {one.name: one for one in _lying(project, settings.name, path) if one.state == PLACED}
    sent: list[str] = []
    for number, (name, release_id) in enumerate(files.items()):
        report(number, len(files))
        source, target = folder / name, f"{path}{name}"
        sha256 = sha256_file(source)
        if target in lying and lying[target].sha256 == sha256 and lying[target].release == release_id:
            continue
        cache = settings.immutable if _HASHED.search(name) else settings.short
        item = Item(target, source, sha256, source.stat().st_size, media_type(name), cache)
        sent.append(place(project, settings, sink, item, lambda _done, _of: None, release_id=release_id, site=path))
    return sent


def _remove(project: Project, settings: SinkSettings, sink: Sink, some: Iterable[Placement]) -> list[str]:
    """Take files off a sink; the addresses that they had."""
    cleared = []
    for one in some:
        sink.remove(one.name, one.resume or one.url)
        if sink.holds(one.name, one.resume or one.url):
            raise SinkDown(f"{one.name} is still at {settings.name} after it was removed; look at the sink.")
        with writing(project) as connection:
            mark_gone(connection, settings.name, one.name)
        cleared.append(one.url or sink.address(one.name))
    return cleared


def _withdrawn(project: Project, sink: str, path: str) -> list[Placement]:
    with reading(project) as connection:
        found = placements_in(connection, sink=sink, site=path, states=(PLACING, PLACED))
        return [one for one in found if one.release is not None and not stands_in(connection, one.release)]


def _lying(project: Project, sink: str, path: str) -> list[Placement]:
    with reading(project) as connection:
        return placements_in(connection, sink=sink, site=path, states=(PLACING, PLACED))
