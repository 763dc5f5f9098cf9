"""A campaign that one machine asks for and seals, and another one makes: PostgreSQL and S3 are all that they share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from buckets import allow, client_of, new_bucket, project_in_bucket, s3_server, second_machine
from campaigns import cut_master, write_campaign

from countenance.campaign.brief import load_brief
from countenance.campaign.graph import CPU, SEAL, job_of
from countenance.campaign.kinds import KINDS
from countenance.campaign.order import Order
from countenance.campaign.permission import require_rights
from countenance.campaign.plan import plan
from countenance.campaign.produce import produce, submit_order
from countenance.jobs.state import first_failure, job_state, tasks_of
from countenance.jobs.worker import run_due
from countenance.provenance.verify import verify_file
from countenance.store.project import Project


@pytest.fixture
def here(postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    allow(monkeypatch)
    with s3_server() as url:
        client = client_of(url)
        yield project_in_bucket(tmp_path / "one", url, new_bucket(client), database=postgresql)
        client.close()


@pytest.mark.long
def test_what_one_machine_asks_for_another_makes(here: Project, tmp_path: Path) -> None:
    folder, away = tmp_path / "brief", tmp_path / "away"
    path = write_campaign(folder, cut_master(tmp_path / "master.mp4"), faces=("ben",), languages=("de",))
    (tmp_path / "master.mp4").rename(folder / "master.mp4")
    path.write_text(path.read_text().replace(str(tmp_path / "master.mp4"), "master.mp4"))
    brief = load_brief(path)
    require_rights(here, brief, plan(brief))
    order = Order(here, brief, brief.digest(), plan(brief), "Rita Reviewer", False, tmp_path / "out")
    job = submit_order(order)
    there = second_machine(here, tmp_path / "other")  # the keys are there now, and are copied
    folder.rename(away)  # the other machine has none of the brief's files
    while not job_state(here, job.id).settled:
        run_due(there, KINDS, queues=(CPU,))
        away.rename(folder)
        run_due(here, KINDS, queues=(SEAL,))
        folder.rename(away)
    away.rename(folder)
    failure = first_failure(here, job.id)
    assert job_state(here, job.id).state == "done", failure and (failure.task.about, failure.reason)
    painted = [one.worker for one in tasks_of(here, job.id) if one.task.kind in ("see", "look", "paint", "encode")]
    assert len(painted) >= 4
    assert not list(here.work.glob("pieces/*"))
    (row,) = produce(here, path, tmp_path / "out", approve_as="Rita Reviewer").variants
    assert row.state == "released"
    assert verify_file(here, tmp_path / "out" / row.id / "video.mp4").exit_status == 0
    assert not list(there.releases.iterdir())  # nothing is sealed where nothing is to be sealed
    assert job_of(order).id == job.id
