"""Killed jobs go on where they were: the same pictures, one release each, a ledger that verifies."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from campaigns import Told, write_campaign

from countenance.campaign.variants import variant_rows
from countenance.delivery.package import FILES
from countenance.ledger.log import entries, verify
from countenance.provenance.verify import verify_file
from countenance.store.project import Project, init_project

# What `countenance produce --approve-as` does, telling each picture that is done on a line of its own.
_PRODUCE = """
import sys
from pathlib import Path
from countenance.campaign.produce import produce
from countenance.store.project import open_project

def report(stage, done, of):
    print(f"{stage}:{done}", flush=True)

root, brief, out = map(Path, sys.argv[1:])
sys.exit(produce(open_project(root), brief, out, approve_as="Demo Reviewer", progress=report).exit_status)
"""
KILLS, SEED = 10, 20261121


@contextmanager
def producing(project: Project, brief: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _PRODUCE, str(project.root), str(brief), str(out)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def kill_at(project: Project, brief: Path, out: Path, moment: str) -> None:
    """Start the job and kill it with SIGKILL when it reports the moment."""
    with producing(project, brief, out) as process:
        assert process.stdout is not None
        assert any(line.strip() == moment for line in process.stdout), f"the job ended before {moment}"


def kill_after(project: Project, brief: Path, out: Path, seconds: float) -> bool:
    """Start the job and kill it with SIGKILL after a time; False when it was done before."""
    with producing(project, brief, out) as process:
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return True
        assert process.returncode == 0
        return False


def finish(project: Project, brief: Path, out: Path) -> None:
    with producing(project, brief, out) as process:
        process.communicate()
        assert process.returncode == 0


def check_whole(project: Project, out: Path, undisturbed: dict[str, str]) -> None:
    """Everything is there once, nothing else is, and the pictures are those of an undisturbed run."""
    rows = {row.key: row for row in variant_rows(project)}
    assert {key: (row.state, row.render["pictures_sha256"]) for key, row in rows.items()} == {
        key: ("released", digest) for key, digest in undisturbed.items()
    }
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == sorted(["campaign.html", *(f"{row.id}/{name}" for row in rows.values() for name in FILES)])
    for row in rows.values():
        assert verify_file(project, out / row.id / "video.mp4").exit_status == 0
        assert {path.name for path in Path(row.render["folder"]).iterdir()} == {
            "qc.html", "qc.json", "render.json",
        }  # fmt: skip
    for folder in project.releases.iterdir():
        kept = {"video.mp4", "poster.jpg", "release.json", "fingerprint.npz"}
        assert {path.name for path in folder.iterdir()} == kept
    ledger = Counter(entry.kind for entry in entries(project))
    count = len(rows)
    assert (ledger["render.started"], ledger["qc.judged"]) == (1, count)
    assert (ledger["review.approved"], ledger["release.sealed"]) == (count, count)
    report = verify(project)
    assert (report.ok, report.problem) == (True, None)


def digests(told: Told) -> dict[str, str]:
    return {key: row.render["pictures_sha256"] for key, row in told.made.rows.items()}


def test_a_job_killed_while_painting_and_while_releasing_ends_as_if_undisturbed(told: Told, tmp_path: Path) -> None:
    project, out = init_project(tmp_path), tmp_path / "out"
    brief = write_campaign(tmp_path / "brief", told.master, faces=("keep",), languages=("de",))
    kill_at(project, brief, out, "paint keep-de:12")
    assert not out.exists()
    kill_at(project, brief, out, "release keep-de:20")
    assert not out.exists()
    finish(project, brief, out)
    check_whole(project, out, {"keep-de": digests(told)["keep-de"]})


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_job_killed_at_ten_random_moments_ends_as_if_undisturbed(told: Told, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    project, out = init_project(tmp_path), tmp_path / "out"
    brief = write_campaign(tmp_path / "brief", told.master)
    kills = 0
    for _ in range(KILLS):
        kills += kill_after(project, brief, out, dice.uniform(1.5, 6.0))
        assert verify(project).ok
    finish(project, brief, out)
    assert kills >= KILLS // 2
    check_whole(project, out, digests(told))
