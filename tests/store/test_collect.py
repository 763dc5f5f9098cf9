"""The collector against random worlds: puts, references, time that passes, and crashes in the middle of anything."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import insert

from countenance.store import blobs, collect, references
from countenance.store.blobs import blob_path, put_blob
from countenance.store.collect import GRACE, Collected
from countenance.store.collect import collect as run
from countenance.store.database import writing
from countenance.store.places import BlobPlace, blob_place
from countenance.store.project import Project, init_project
from countenance.store.references import let_go, refer, references_to
from countenance.store.tables import grant_record, job, job_task, release, task, variant

LATER = GRACE * 1.01


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the program may catch it."""


class World(RuleBasedStateMachine):
    """A put is announced, written and referred to; any of these steps may be the last of its process."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.project = init_project(Path(self.folder.name))
        self.now = datetime.now(UTC)
        self.needed: dict[str, set[str]] = {}  # name of who refers -> contents
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(references, "moment_now", lambda: collect._text(self.now))

    def teardown(self) -> None:
        self.patch.undo()
        self.folder.cleanup()

    @rule(content=st.sampled_from("ab"), name=st.sampled_from(["r1", "r2"]), killed_after=st.integers(0, 3))
    def put_and_refer(self, content: str, name: str, killed_after: int) -> None:
        """0: after the announcement, 1: half-way through the file, 2: before it is referred to, 3: never."""
        source = self._source(content)
        with pytest.MonkeyPatch.context() as patch:
            if killed_after == 0:
                patch.setattr(BlobPlace, "size", _kill)
            if killed_after == 1:
                patch.setattr(blobs.BlobPlace, "put", _half_written)
            try:
                sha256 = put_blob(self.project, source)
            except Killed:
                return
        self._date(sha256)
        if killed_after == 2:
            return
        refer(self.project, "release", name, [sha256])
        self.needed.setdefault(name, set()).add(content)

    @rule(name=st.sampled_from(["r1", "r2"]))
    def nobody_needs_it_any_more(self, name: str) -> None:
        let_go(self.project, "release", name)
        self.needed.pop(name, None)

    @rule(content=st.sampled_from("ab"))
    def a_blob_lies_there_of_which_no_row_knows(self, content: str) -> None:
        place = blob_place(self.project)
        if place.size(_hash(content)) is None:
            place.put(_hash(content), self._source(content))
            self._date(_hash(content))

    @rule(hours=st.sampled_from([13, 25]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(killed_after=st.integers(0, 4))
    def collect_and_be_killed(self, killed_after: int) -> None:
        left = [killed_after]

        def removed(place: BlobPlace, names: list[str]) -> None:
            for one in names:
                if not left[0]:
                    raise Killed
                left[0] -= 1
                remove(place, [one])

        remove = BlobPlace.remove
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BlobPlace, "remove", removed)
            try:
                self._collect()
            except Killed:
                return

    @rule(content=st.sampled_from("ab"), name=st.sampled_from(["r1", "r2"]))
    def somebody_puts_while_the_collector_has_decided(self, content: str, name: str) -> None:
        """The put comes after the collector has made its lists and before it removes anything, the reference later."""
        sweep = collect._sweep

        def put_first(*given: object) -> None:
            self.put_and_refer(content, name, 2)
            sweep(*given)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(collect, "_sweep", put_first)
            self._collect()
        refer(self.project, "release", name, [_hash(content)])
        self.needed.setdefault(name, set()).add(content)

    @rule()
    def a_quiet_time_leaves_no_orphan(self) -> None:
        for _ in range(4):
            self._collect()
            self.now += LATER
        wanted = {_hash(content) for contents in self.needed.values() for content in contents}
        assert {one.sha256 for one in blob_place(self.project).listing()} == wanted
        assert self._collect() == Collected()

    @invariant()
    def nothing_that_is_needed_is_missing(self) -> None:
        for contents in self.needed.values():
            for content in contents:
                assert blob_path(self.project, _hash(content)).read_bytes() == content.encode()

    def _collect(self) -> Collected:
        return run(self.project, really=True, now=self.now)

    def _source(self, content: str) -> Path:
        path = Path(self.folder.name) / f"source-{content}"
        path.write_bytes(content.encode())
        return path

    def _date(self, sha256: str) -> None:
        """Files have the world's time, not the test machine's."""
        path = self.project.blobs / sha256[:2] / sha256[2:]
        os.utime(path, (self.now.timestamp(), self.now.timestamp()))


World.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestWorld = World.TestCase


def _kill(*_given: object) -> None:
    raise Killed


def _half_written(place: BlobPlace, sha256: str, _source: Path) -> None:
    """As `atomic_path` leaves it when its process is killed."""
    assert place.folder is not None
    part = place.folder / sha256[:2] / f".{sha256[2:]}.{'0' * 12}"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half")
    os.utime(part, (0, 0))
    raise Killed


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _kept(project: Project, tmp_path: Path, content: str) -> str:
    (tmp_path / content).write_bytes(content.encode())
    return put_blob(project, tmp_path / content)


def _after(project: Project, times: int = 3) -> None:
    now = datetime.now(UTC)
    for count in range(1, times + 1):
        run(project, really=True, now=now + count * LATER)


def test_without_really_nothing_changes_and_all_is_told(project: Project, tmp_path: Path) -> None:
    sha256 = _kept(project, tmp_path, "x")
    later = datetime.now(UTC) + LATER
    assert run(project, now=later).condemned == 1
    assert run(project, now=later).condemned == 1
    run(project, really=True, now=later)
    assert run(project, now=later + LATER).removed == 1
    assert blob_path(project, sha256).is_file()


def test_what_a_release_a_grant_and_a_running_job_mention_stays_without_any_reference(
    project: Project, tmp_path: Path
) -> None:
    names = {what: _kept(project, tmp_path, what) for what in ("release", "evidence", "request", "spec", "nobody")}
    ulid = "0" * 26
    with writing(project) as connection:
        connection.execute(
            insert(variant).values(id=ulid, job="j", campaign="c", face="f", language="en", state="released")
        )
        connection.execute(
            insert(release).values(
                id=ulid, variant_id=ulid, mark_id="m", state="released", record={"sha256": names["release"]},
                package="", released_at="2026-01-01",
            )
        )  # fmt: skip
        connection.execute(
            insert(grant_record).values(
                id=ulid, talent="ada", kind="real", sha256="0" * 64, recorded_at="2026-01-01",
                document={"evidence": [{"sha256": names["evidence"]}]},
            )
        )  # fmt: skip
        connection.execute(
            insert(job).values(
                id="j", campaign="c", owner="o", request=f'{{"master": "{names["request"]}"}}', priority=0,
                state="paused", submitted_at=0.0, size=1, open=1, stuck=0, left_s=0.0, spent_s=0.0,
            )
        )  # fmt: skip
        connection.execute(
            insert(task).values(
                key="t", kind="k", version=1, skill="k", queue="cpu", about="", variant="", cost_s=1.0, patience_s=0.0,
                spec=f'{{"clip": "{names["spec"]}"}}', retry_s=1.0, state="ready", lacks=0, promised=0, attempt=0,
                failures=0, kills=0, parts_done=0, parts=0,
            )
        )  # fmt: skip
        connection.execute(insert(job_task).values(job="j", task="t", rank=0.0))
    _after(project)
    left = {what for what, sha256 in names.items() if blob_place(project).size(sha256) is not None}
    assert left == {"release", "evidence", "request", "spec"}


def test_a_condemned_blob_that_is_put_again_is_pardoned_before_anybody_refers_to_it(
    project: Project, tmp_path: Path
) -> None:
    sha256 = _kept(project, tmp_path, "x")
    later = datetime.now(UTC) + LATER
    run(project, really=True, now=later)
    assert run(project, now=later + LATER).removed == 1
    assert _kept(project, tmp_path, "x") == sha256
    assert run(project, really=True, now=later + LATER).removed == 0
    assert blob_path(project, sha256).is_file()


def test_a_needed_blob_that_is_not_there_is_named(project: Project, tmp_path: Path) -> None:
    sha256 = _kept(project, tmp_path, "x")
    refer(project, "release", "r", [sha256])
    assert [one.name for one in references_to(project, sha256)] == ["r"]
    blob_path(project, sha256).unlink()
    assert run(project).missing == [sha256]


def test_what_killed_runs_left_in_work_goes_after_the_time_of_grace(project: Project) -> None:
    old = project.work / "perception" / ".abc.0123456789ab.part"
    fresh = project.work / "perception" / ".def.0123456789ab.part"
    for path in (old, fresh):
        path.mkdir(parents=True)
    os.utime(old, (0, 0))
    assert run(project, really=True).leftovers == 1
    assert fresh.is_dir() and not old.exists()
