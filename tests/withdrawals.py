"""A small campaign in a process of its own, and a withdrawal at a moment that it reports."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from campaigns import write_campaign

from countenance.ledger.log import entries
from countenance.rights.register import withdraw_grant
from countenance.store.project import Project, init_project

# What `countenance produce --approve-as` does, telling each picture that is done; its exit status is the command's.
_PRODUCE = """
import sys
from pathlib import Path
from countenance.campaign.produce import produce
from countenance.errors import CountenanceError
from countenance.store.project import open_project

def report(stage, done, of):
    print(f"{stage}:{done}", flush=True)

root, brief, out = map(Path, sys.argv[1:])
try:
    outcome = produce(open_project(root), brief, out, approve_as="Demo Reviewer", progress=report)
except CountenanceError as problem:
    sys.exit(problem.exit_status)
sys.exit(outcome.exit_status)
"""
# Where the job of this campaign spends its time: a stage, and how many pictures of it are surely reported.
STAGES = (("see the master", 25), ("paint keep-de", 25), ("release keep-de", 25), ("release keep-de", 25))


@dataclass(frozen=True)
class Job:
    project: Project
    brief: Path
    out: Path


@dataclass(frozen=True)
class Ended:
    """How a job ended, and how long after the withdrawal."""

    status: int
    stopped_s: float


def new_job(folder: Path, master: Path) -> Job:
    project = init_project(folder)
    return Job(project, write_campaign(folder / "brief", master, faces=("keep",), languages=("de",)), folder / "out")


@contextmanager
def running(job: Job) -> Iterator[subprocess.Popen[str]]:
    paths = [str(path) for path in (job.project.root, job.brief, job.out)]
    process = subprocess.Popen([sys.executable, "-c", _PRODUCE, *paths], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def withdrawn_at(job: Job, moment: str, later_s: float = 0.0, *, kill: bool = False) -> Ended:
    """Run the job, withdraw ada's grant at the moment it reports (and a little later), and wait for its end."""
    with running(job) as process:
        assert process.stdout is not None
        if not any(line.strip() == moment for line in process.stdout):
            raise AssertionError(f"the job ended before {moment}")
        time.sleep(later_s)
        withdraw_grant(job.project, "ada", "ada", "no more of this")
        started = time.monotonic()
        if kill:
            process.kill()
        process.communicate()
        return Ended(process.returncode, time.monotonic() - started)


def released_after_withdrawal(job: Job) -> int:
    """How many releases were sealed after the withdrawal, or before it and not withdrawn with it."""
    ledger = entries(job.project)
    (withdrawn,) = (entry.seq for entry in ledger if entry.kind == "consent.withdrawn")
    pulled = {entry.data["release"] for entry in ledger if entry.kind == "release.withdrawn"}
    sealed = [entry for entry in ledger if entry.kind == "release.sealed"]
    return sum(entry.seq > withdrawn or entry.data["release"] not in pulled for entry in sealed)
