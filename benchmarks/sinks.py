"""What a withdrawal takes while one sink is down, and what uploads cost and send again when they are cut off."""

from __future__ import annotations

import logging
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.tables import REPOSITORY, Table

# The stores and the small releases are those of the tests: what is measured is what is tested.
sys.path.insert(0, str(REPOSITORY / "tests"))

import boto3
from moto.server import ThreadedMotoServer
from outside import add_settings, release_id, released, sink_text, variant_id
from postgres import new_database, server
from stores import Store, store

from countenance.campaign.errand_kinds import ERRANDS
from countenance.campaign.publish import publish
from countenance.campaign.removing import left_of, withdraw_job
from countenance.campaign.withdrawing import withdraw_release
from countenance.delivery.sinks import Item, Sink
from countenance.delivery.sinks.client import Client, FileBody
from countenance.delivery.sinks.folder import FolderSink
from countenance.delivery.sinks.http import HttpSink
from countenance.delivery.sinks.s3 import S3Sink
from countenance.delivery.sinks.tus import TusSink
from countenance.delivery.sinks.webdav import WebdavSink
from countenance.jobs.runner import run_job
from countenance.jobs.state import job_state
from countenance.jobs.worker import work
from countenance.store.files import sha256_file
from countenance.store.project import Project, init_project

RUNS, RETRY_S, AWAY_S = 3, 10.0, 25.0
FILM_BYTES = 16 << 20
UPLOADS = 3


def run() -> list[Table]:
    """Two tables."""
    with tempfile.TemporaryDirectory(prefix="sinks-") as folder, _bucket() as bucket:
        uploads = tuple(_upload_rows(Path(folder) / "uploads", bucket))
        rows = _withdrawal_row("SQLite", Path(folder) / "sqlite", None, bucket)
        with server() as url:
            more = _withdrawal_row("PostgreSQL", Path(folder) / "postgresql", new_database(url), bucket)
    return [
        Table(
            f"Withdrawal of {RUNS} releases from a folder, S3 and WebDAV, the last of them down for {AWAY_S:g} s",
            ("database", "off those that are up, s", "off all after its return, median s", "most s", "bar s"),
            (rows, more),
            (
                f"One worker; each release is 12 files at each sink, whose `retry_s` is {RETRY_S:g}. All are withdrawn "
                "at once. Before: nothing but a list for people said what was to be taken down.",
            ),
        ),
        Table(
            f"Uploads of {FILM_BYTES >> 20} MiB to stores on the same machine",
            ("sink", "s", "sent without any check, s", "sent again after a cut at half, MiB"),
            uploads,
            (
                "With the check of what arrived. For comparison: a copy, boto3's upload, a bare PUT; cut off, these "
                f"start anew ({FILM_BYTES >> 20} MiB).",
            ),
        ),
    ]  # fmt: skip


def _withdrawal_row(name: str, folder: Path, database: str | None, bucket: str) -> tuple[object, ...]:
    project = init_project(folder / "studio", database=database)
    (folder / "share").mkdir()
    with store(folder / "dam", needs_parents=True) as dam:
        for one in (
            sink_text("share", "folder", str(folder / "share")),
            sink_text("cdn", "s3", f"s3://{bucket}/{name.lower()}"),
            sink_text("dam", "webdav", dam.url),
        ):
            add_settings(project, one.replace("retry_s = 2", f"retry_s = {RETRY_S}"))
        for number in range(1, RUNS + 1):
            released(project, folder / "out", number, film_bytes=1 << 20)
            for sink in ("share", "cdn", "dam"):
                run_job(project, publish(project, variant_id(number), sink, "ops").job, ERRANDS)
        up, after = _withdrawn(project, dam)
    return name, up, statistics.median(after), max(after), RETRY_S


def _withdrawn(project: Project, dam: Store) -> tuple[float, list[float]]:
    """Seconds until the sinks that are up are free of all, and from the other's return until each is gone there."""
    over = threading.Event()
    worker = threading.Thread(target=lambda: work(project, ERRANDS, queues=("net",), until=over.is_set))
    worker.start()
    try:
        dam.stop()
        ids = [release_id(number) for number in range(1, RUNS + 1)]
        began = time.monotonic()
        for one in ids:
            withdraw_release(project, one, "ops", "the price is wrong")
        while any(set(left_of(project, one)) - {"dam"} for one in ids):
            time.sleep(0.05)
        up = time.monotonic() - began
        time.sleep(max(0.0, AWAY_S - up))
        dam.start()
        back = time.monotonic()
        taken: dict[str, float] = {}
        while len(taken) < len(ids):
            for one in ids:
                if one not in taken and job_state(project, withdraw_job(one)).state == "done":
                    taken[one] = time.monotonic() - back
            time.sleep(0.05)
    finally:
        over.set()
        worker.join()
    return up, list(taken.values())


def _upload_rows(folder: Path, bucket: str) -> Iterator[tuple[object, ...]]:
    folder.mkdir()
    film = folder / "film.mp4"
    film.write_bytes(os.urandom(FILM_BYTES))
    item = Item("film.mp4", film, sha256_file(film), FILM_BYTES, "video/mp4", "no-cache")
    (folder / "share").mkdir()
    yield _row("folder", FolderSink(folder / "share"), item, lambda: shutil.copyfile(film, folder / "copy.mp4"), None)
    client = boto3.client("s3")
    yield _row("s3", S3Sink(client, bucket, ""), item, lambda: client.upload_file(str(film), bucket, "plain"), None)
    client.close()
    kinds: tuple[tuple[str, Callable[[str], Sink], dict[str, Any]], ...] = (
        ("http", lambda url: HttpSink(Client(), url), {}),
        ("http, content-range", lambda url: HttpSink(Client(), url, resume="content-range"), {}),
        ("http, tus", lambda url: TusSink(Client(), url), {"tus": True}),
        ("webdav", lambda url: WebdavSink(Client(), url), {"needs_parents": True}),
        (
            "webdav, content-range", lambda url: WebdavSink(Client(), url, resume="content-range"),
            {"needs_parents": True},
        ),
    )  # fmt: skip
    for number, (name, make, how) in enumerate(kinds):
        with store(folder / str(number), **how) as running:
            url = f"{running.url}/"
            bare = FileBody(film, 0, FILM_BYTES, lambda _done, _of: None)
            yield _row(name, make(url), item, partial(Client().ask, "PUT", f"{url}plain", {}, bare), running)


class _Cut(Exception):
    """Ends an upload, as a killed process would."""


class _Notes:
    text = ""

    def recall(self) -> str:
        return self.text

    def keep(self, text: str) -> None:
        self.text = text


def _row(name: str, sink: Sink, item: Item, plain: Callable[[], object], running: Store | None) -> tuple[object, ...]:
    taken, bare = [], []
    for _ in range(UPLOADS):
        notes = _Notes()
        taken.append(_timed(lambda notes=notes: sink.put(item, lambda _done, _of: None, notes)))
        sink.remove(item.name, notes.text)
        bare.append(_timed(plain))
    notes, first = _Notes(), [0]

    def cut(done: int, of: int) -> None:
        first[0] = done
        if done >= of // 2:
            raise _Cut

    with suppress(_Cut):
        sink.put(item, cut, notes)
    time.sleep(0.2)  # the store notices
    before = running.received if running else 0
    begun: list[int] = []
    sink.put(item, lambda done, _of: begun.append(done), notes)
    again = running.received - before if running else item.bytes - first[0]
    sink.remove(item.name, notes.text)
    return name, statistics.median(taken), statistics.median(bare), again / 2**20


def _timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


@contextmanager
def _bucket() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells of every request
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "studio", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    client = boto3.client("s3")
    client.create_bucket(Bucket="films")
    client.close()
    yield "films"
    running.stop()
