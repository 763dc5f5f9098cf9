"""One master and one whole campaign, made once; what each step left behind is told in snapshots."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaigns import Snapshot, Told, cut_master, write_campaign

from countenance.campaign.produce import Outcome, produce, release_approved
from countenance.campaign.variants import approve, variant_rows
from countenance.ledger.log import entries
from countenance.store.project import init_project


@pytest.fixture(scope="session")
def short_master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_master(tmp_path_factory.mktemp("master") / "master.mp4")


@pytest.fixture(scope="session")
def told(short_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("campaign")
    project = init_project(folder)
    brief = write_campaign(folder / "brief", short_master)
    out = folder / "out"
    stages: list[str] = []

    def note(stage: str, _done: int, _of: int) -> None:
        if stage not in stages:
            stages.append(stage)

    def snapshot(outcome: Outcome | None) -> Snapshot:
        rows = {row.key: row for row in variant_rows(project)}
        files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
        seen = list(stages)
        stages.clear()
        return Snapshot(outcome, rows, entries(project), files, seen)

    made = snapshot(produce(project, brief, out, progress=note))
    again = snapshot(produce(project, brief, out, progress=note))
    chosen = made.rows["ben-de"]
    approve(project, chosen.id, "Rita Reviewer", in_one_go=False, note="fine")
    release_approved(project, chosen.id, note)
    one = snapshot(None)
    whole = snapshot(produce(project, brief, out, approve_as="Demo Reviewer", progress=note))
    after = snapshot(produce(project, brief, out, approve_as="Demo Reviewer", progress=note))
    return Told(project, brief, short_master, out, made, again, one, whole, after)
