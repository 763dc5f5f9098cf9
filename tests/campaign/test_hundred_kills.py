"""A campaign of 24 variants whose producer, worker, API server and database are killed at random, again and again.

`COUNTENANCE_KILLS` says how often; what comes out must be what an undisturbed run makes.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from killing import Postmaster, kill_often

from benchmarks.grids import write_grid
from countenance.campaign.produce import produce
from countenance.campaign.variants import variant_rows
from countenance.delivery.package import FILES
from countenance.jobs.state import dead_letters, jobs_of
from countenance.ledger.log import entries, verify
from countenance.provenance.verify import verify_file
from countenance.store.collect import collect
from countenance.store.project import Project, init_project

FACES, LANGUAGES, PICTURES, SIDE_PX = 3, 8, 16, 360
KILLS, SEED = int(os.environ.get("COUNTENANCE_KILLS", "15")), 20261122

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_grid(tmp_path_factory.mktemp("grid"), FACES, LANGUAGES, pictures=PICTURES, side=SIDE_PX)


@pytest.fixture(scope="module")
def undisturbed(brief: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pictures of an undisturbed run, by variant."""
    folder = tmp_path_factory.mktemp("undisturbed")
    outcome = produce(init_project(folder / "studio"), brief, folder / "out", approve_as="Rita Reviewer")
    assert outcome.exit_status == 0
    return {row.key: row.render["pictures_sha256"] for row in outcome.variants}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Postmaster | None]:
    with ExitStack() as held:
        yield held.enter_context(Postmaster()) if request.param == "postgresql" else None


def command(project: Project, *words: str) -> list[str]:
    return [sys.executable, "-m", "countenance.cli", "--project", str(project.root), *words]


def test_nothing_is_lost_doubled_or_half_written(
    brief: Path, undisturbed: dict[str, str], database: Postmaster | None, tmp_path: Path
) -> None:
    project = init_project(tmp_path / "studio", database=database.url if database else None)
    out = tmp_path / "out"
    with project.settings_path.open("a", encoding="utf-8") as settings:
        settings.write("[limits]\nkills = 1000\ntries = 1000\n")  # no task is to blame here

    def is_done() -> bool:
        rows = variant_rows(project)
        packed = all((out / row.id / "receipt.json").is_file() for row in rows)
        told = (out / "campaign.html").is_file()  # the last that is written
        return len(rows) == len(undisturbed) and packed and told and all(job.settled for job in jobs_of(project))

    killed = kill_often(
        [
            command(project, "produce", str(brief), "--out", str(out), "--approve-as", "Rita Reviewer", "-q"),
            command(project, "worker", "--queues", "cpu,seal"),
            command(project, "serve", "--port", "0"),
        ],
        is_done,
        kills=KILLS,
        seed=SEED,
        between_s=(0.5, 3.0),
        server=database,
        patience_s=1200.0,
    )
    print(f"{killed.total()} kills: {dict(killed)}")
    assert killed.total() == KILLS, "the campaign was done before it was killed so often: make it larger"
    rows = {row.key: row for row in variant_rows(project)}
    assert {key: (row.state, row.render["pictures_sha256"]) for key, row in rows.items()} == {
        key: ("released", digest) for key, digest in undisturbed.items()
    }
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == sorted(["campaign.html", *(f"{row.id}/{name}" for row in rows.values() for name in FILES)])
    assert all(verify_file(project, out / row.id / "video.mp4").exit_status == 0 for row in rows.values())
    ledger = Counter(entry.kind for entry in entries(project))
    once = ("qc.judged", "review.approved", "release.sealed")
    assert (ledger["render.started"], [ledger[kind] for kind in once]) == (1, [len(rows)] * 3)
    report = verify(project)
    assert (report.ok, report.problem) == (True, None)
    assert not dead_letters(project)
    assert {path.name for path in project.releases.iterdir()} == {row.review["release_id"] for row in rows.values()}
    assert not list((project.work / "pieces").glob("*"))
    assert not collect(project).strays
