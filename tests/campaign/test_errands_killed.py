"""Workers are killed again and again while they publish, and while they take down; one sink is away for a while."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from killing import kill_often
from moto.server import ThreadedMotoServer
from outside import SEGMENTS, add_settings, release_id, released, sink_text, variant_id
from stores import Store, store

from countenance.campaign.publish import publish
from countenance.campaign.withdrawing import withdraw_release
from countenance.jobs.state import job_state
from countenance.ledger.log import entries, verify
from countenance.rights.pulls import pull_list
from countenance.store.placements import GONE, PLACED, placements
from countenance.store.project import Project, init_project

KILLS, SEED = 8, 20261122
FILM_BYTES = 40 << 20
AWAY_S = 6.0
WORKER = """
import sys
from pathlib import Path
from countenance.campaign.errand_kinds import ERRANDS
from countenance.jobs.worker import work
from countenance.store.project import open_project
work(open_project(Path(sys.argv[1])), ERRANDS, queues=("net",))
"""
SINKS = ("share", "dam", "cdn")


@pytest.fixture(params=["sqlite", "postgresql"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    database = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    return init_project(tmp_path / "studio", database=database)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "studio",
        "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="films")
    client.close()
    yield "films"
    running.stop()


def objects(bucket: str) -> list[str]:
    client = boto3.client("s3")
    found = [one["Key"] for one in client.list_objects_v2(Bucket=bucket).get("Contents", ())]
    found += [one["Key"] for one in client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())]
    client.close()
    return found


def below(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_whatever_is_killed_it_is_published_once_and_taken_down_everywhere(
    project: Project, bucket: str, tmp_path: Path
) -> None:
    (tmp_path / "share").mkdir()
    with store(tmp_path / "dam", needs_parents=True) as dam:
        add_settings(project, sink_text("share", "folder", str(tmp_path / "share")))
        add_settings(project, sink_text("dam", "webdav", dam.url, 'resume = "content-range"'))
        add_settings(project, sink_text("cdn", "s3", f"s3://{bucket}/espresso"))
        released(project, tmp_path / "out", film_bytes=FILM_BYTES)
        published(project, dam, bucket, tmp_path)
        taken_down(project, dam, bucket, tmp_path)
    assert verify(project).ok


def published(project: Project, dam: Store, bucket: str, folder: Path) -> None:
    jobs = [publish(project, variant_id(), sink, "ops").job for sink in SINKS]
    kill(project, jobs)
    assert [job_state(project, one).state for one in jobs] == ["done"] * len(SINKS)
    assert {one.state for one in placements(project)} == {PLACED}
    told = [one.data["sink"] for one in entries(project) if one.kind == "release.published"]
    assert sorted(told) == sorted(SINKS)
    count = len(placements(project)) // len(SINKS)
    assert count == 9 + SEGMENTS
    assert len(objects(bucket)) == len(below(folder / "share")) == len(dam.files()) == count
    index = json.loads((folder / "share" / f"{variant_id()}.json").read_text())
    assert all(Path(one["url"]).stat().st_size == one["bytes"] for one in index["files"])


def taken_down(project: Project, dam: Store, bucket: str, folder: Path) -> None:
    dam.stop()
    back = threading.Timer(AWAY_S, dam.start)
    back.start()
    withdraw_release(project, release_id(), "ops", "the price is wrong")
    kill(project, [f"withdraw-{release_id()}"])
    back.join()
    assert {one.state for one in placements(project)} == {GONE}
    assert objects(bucket) == [] and below(folder / "share") == [] and dam.files() == []
    assert {one.where for one in pull_list(project)[0].taken_down} == set(SINKS)
    marks = [one.data["where"] for one in entries(project) if one.kind == "release.taken_down"]
    assert sorted(marks) == sorted(SINKS)  # each said once


def kill(project: Project, jobs: list[str]) -> None:
    command = [sys.executable, "-c", WORKER, str(project.root)]
    kill_often(
        [command, command], lambda: all(job_state(project, one).settled for one in jobs), kills=KILLS, seed=SEED,
        between_s=(0.8, 2.0),
    )  # fmt: skip
