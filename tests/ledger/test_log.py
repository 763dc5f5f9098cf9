from __future__ import annotations

import errno
import hashlib
import multiprocessing
import re
import resource
import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import DatabaseError

from countenance.errors import CountenanceError, InputError, IntegrityError
from countenance.ledger.audit import moment
from countenance.ledger.chain import GENESIS
from countenance.ledger.checkpoint import checkpoint_path
from countenance.ledger.log import append, commitment, entries, entries_in, transaction, verify
from countenance.store.database import reading, writing
from countenance.store.project import Project, init_project
from countenance.store.tables import ledger_entry, variant


@pytest.fixture
def written(project: Project) -> Project:
    for n in range(1, 8):
        append(project, "render.finished", "worker", {"variant": f"v{n}", "frames": 100 * n})
    return project


def behind_its_back(project: Project, *statements: str) -> None:
    """Change the database file as somebody with file access and no key could."""
    with closing(sqlite3.connect(project.database_path, isolation_level=None)) as connection:
        for name in ("ledger_entry_no_update", "ledger_entry_no_delete", "ledger_entry_in_order"):
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        for statement in statements:
            connection.execute(statement)


def test_an_empty_ledger_is_sound(project: Project) -> None:
    report = verify(project)
    assert (report.ok, report.count, report.problem) == (True, 0, None)


def test_entries_come_back_in_order_as_they_were_written(written: Project) -> None:
    found = entries(written)
    assert [entry.seq for entry in found] == [1, 2, 3, 4, 5, 6, 7]
    assert found[2].data == {"variant": "v3", "frames": 300}
    assert (found[2].actor, found[2].kind) == ("worker", "render.finished")
    assert verify(written).count == 7


def test_an_entry_is_bound_to_the_one_before_by_published_rules(written: Project) -> None:
    first, second = entries(written)[:2]
    assert (first.prev_hash, second.prev_hash) == (GENESIS, first.hash)
    content = {k: v for k, v in vars(second).items() if k not in ("hash", "signature")}
    assert second.hash == hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def test_entries_of_one_kind_can_be_asked_for(written: Project) -> None:
    append(written, "review.approved", "ops@example.org", {"variant": "v1"})
    assert [entry.seq for entry in entries(written, "review.approved")] == [8]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET actor = 'x'",
        "DELETE FROM ledger_entry",
        "DELETE FROM ledger_head",
    ],
)
def test_the_database_itself_forbids_changes(written: Project, statement: str) -> None:
    with (
        closing(sqlite3.connect(written.database_path, isolation_level=None)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)
    with pytest.raises(DatabaseError, match="not authorized"), writing(written) as ours:
        ours.exec_driver_sql(statement)
    assert verify(written).ok


SWAP_3_AND_5 = (
    "UPDATE ledger_entry SET seq = -3 WHERE seq = 3",
    "UPDATE ledger_entry SET seq = 3 WHERE seq = 5",
    "UPDATE ledger_entry SET seq = 5 WHERE seq = -3",
)


@pytest.mark.parametrize(
    ("statements", "place", "proven"),
    [
        (
            ["""UPDATE ledger_entry SET data = '{"frames":1,"variant":"v4"}' WHERE seq = 4"""],
            "entry 4 .*changed",
            3,
        ),
        (
            ["""UPDATE ledger_entry SET data = '{ "frames": 400, "variant": "v4" }' WHERE seq = 4"""],
            "entry 4 ",
            3,
        ),
        (["UPDATE ledger_entry SET data = 'rubbish' WHERE seq = 1"], "entry 1 .*changed", 0),
        (["UPDATE ledger_entry SET actor = 'somebody' WHERE seq = 7"], "entry 7 .*changed", 6),
        (["UPDATE ledger_entry SET actor = x'00ff' WHERE seq = 2"], "entry 2 .*changed", 1),
        (["UPDATE ledger_entry SET ts = '2020-01-01T00:00:00Z' WHERE seq = 2"], "entry 2 .*changed", 1),
        (["UPDATE ledger_entry SET kind = 'render.refused' WHERE seq = 2"], "entry 2 .*changed", 1),
        (["UPDATE ledger_entry SET signature = 'zz' WHERE seq = 6"], "entry 6 .*not signed", 5),
        (["UPDATE ledger_entry SET signature = x'00' WHERE seq = 6"], "entry 6 .*not signed", 5),
        (["DELETE FROM ledger_entry WHERE seq = 1"], "entry 1 is missing", 0),
        (["DELETE FROM ledger_entry WHERE seq = 4"], "entry 4 is missing", 3),
        (  # a gap that is closed by moving the rest up
            ["DELETE FROM ledger_entry WHERE seq = 4", "UPDATE ledger_entry SET seq = seq - 1 WHERE seq > 4"],
            "entry 4 does not follow entry 3",
            3,
        ),
        (SWAP_3_AND_5, "entry 3 does not follow entry 2", 2),
        (["DELETE FROM ledger_entry WHERE seq > 5"], "ends at entry 5, .* names 7: the end was cut off", 5),
        (["DELETE FROM ledger_entry"], "ends at entry 0, .* names 7", 0),
    ],
)
def test_a_change_behind_its_back_is_found_and_the_place_named(
    written: Project, statements: list[str], place: str, proven: int
) -> None:
    behind_its_back(written, *statements)
    report = verify(written)
    assert not report.ok
    assert report.count == proven
    assert re.search(place, str(report.problem))


def test_nothing_is_added_to_a_ledger_that_was_cut(written: Project) -> None:
    behind_its_back(written, "DELETE FROM ledger_entry WHERE seq > 5")
    with pytest.raises(IntegrityError, match="cut off"):
        append(written, "render.started", "worker", {})
    assert len(entries(written)) == 5


def _own_chain(project: Project, other: Project) -> None:
    """Replace the last entries by ones that are sound in themselves but signed with another key."""
    for n in range(1, 9):
        append(other, "render.finished", "forger", {"variant": f"x{n}"})
    behind_its_back(
        project,
        "DELETE FROM ledger_entry",
        f"ATTACH DATABASE '{other.database_path}' AS other",
        "INSERT INTO ledger_entry SELECT * FROM other.ledger_entry",
    )


def test_a_chain_signed_with_another_key_is_not_ours(written: Project, tmp_path: Path) -> None:
    _own_chain(written, init_project(tmp_path / "elsewhere"))
    problem = verify(written).problem
    assert problem == "entry 1 (render.finished) is not signed with the key of this project"


@pytest.mark.parametrize(
    ("before", "after"),
    [("\n7\n", "\n5\n"), ("countenance/", "countenance/x"), ("\n\n", "\n"), ("7", "７"), ("\u2014 ", "- ")],
)
def test_a_changed_checkpoint_is_noticed(written: Project, before: str, after: str) -> None:
    path = checkpoint_path(written)
    path.write_text(path.read_text("utf-8").replace(before, after, 1), "utf-8")
    report = verify(written)
    assert not report.ok
    assert "signed checkpoint" in str(report.problem)
    with pytest.raises(IntegrityError, match="signed checkpoint"):
        append(written, "render.started", "worker", {})


def test_a_checkpoint_that_was_taken_away_is_missed(written: Project) -> None:
    checkpoint_path(written).unlink()
    assert "signed checkpoint is missing" in str(verify(written).problem)
    with pytest.raises(IntegrityError, match="missing"):
        append(written, "render.started", "worker", {})


def test_a_checkpoint_of_before_is_noticed(project: Project) -> None:
    append(project, "render.started", "worker", {})
    before = checkpoint_path(project).read_bytes()
    append(project, "render.finished", "worker", {})
    append(project, "qc.judged", "worker", {})
    checkpoint_path(project).write_bytes(before)
    assert "replaced by an older one" in str(verify(project).problem)
    with pytest.raises(IntegrityError, match="older"):
        append(project, "render.started", "worker", {})


def test_a_process_killed_before_the_checkpoint_moved_leaves_a_sound_ledger(project: Project) -> None:
    append(project, "render.started", "worker", {})
    before = checkpoint_path(project).read_bytes()
    append(project, "render.finished", "worker", {})
    after = checkpoint_path(project).read_bytes()
    checkpoint_path(project).write_bytes(before)  # as after a kill between commit and checkpoint
    assert verify(project).count == 2
    with transaction(project):
        pass
    assert checkpoint_path(project).read_bytes() == after
    append(project, "qc.judged", "worker", {})
    assert checkpoint_path(project).read_text().splitlines()[1] == "3"


def test_an_entry_stands_or_falls_with_the_rows_of_its_transaction(project: Project) -> None:
    row = {"id": "a", "job": "j", "campaign": "c", "face": "keep", "language": "en", "state": "planned"}
    with pytest.raises(ZeroDivisionError), transaction(project) as ledger:
        ledger.connection.execute(insert(variant).values(row))
        ledger.append("render.started", "worker", {"variant": "a"})
        raise ZeroDivisionError
    assert entries(project) == []
    with transaction(project) as ledger:
        ledger.connection.execute(insert(variant).values(row))
        ledger.append("render.started", "worker", {"variant": "a"})
        ledger.append("render.finished", "worker", {"variant": "a"})
    with reading(project) as connection:
        assert connection.execute(select(variant.c.id)).scalar_one() == "a"
    assert verify(project).count == 2


@pytest.mark.parametrize(
    ("kind", "actor", "data"),
    [
        ("Granted", "a", {}),
        ("consent", "a", {}),
        ("consent.granted", " ", {}),
        ("consent.granted", "a", {"share": float("nan")}),
        ("consent.granted", "a", {"mark": 2**60}),
        ("consent.granted", "a", {"mark": 2.0**60}),  # would come back as an integer that is too large
        ("consent.granted", "a", {"path": object()}),
    ],
)
def test_what_cannot_be_written_for_good_is_refused(
    project: Project, kind: str, actor: str, data: dict[str, Any]
) -> None:
    with pytest.raises(InputError):
        append(project, kind, actor, data)
    assert verify(project).count == 0


TEXT = st.text(st.characters(codec="utf-8"))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(TEXT, JSON, max_size=3), max_size=4))
@settings(max_examples=25, deadline=None)
def test_any_json_object_is_kept_and_proven(
    tmp_path_factory: pytest.TempPathFactory, many: list[dict[str, Any]]
) -> None:
    project = init_project(tmp_path_factory.mktemp("any"))
    with transaction(project) as ledger:
        for data in many:
            ledger.append("qc.judged", "worker", data)
    assert [entry.data for entry in entries(project)] == many
    assert verify(project).ok


def _append_some(root: Path, name: str) -> None:
    for n in range(5):
        append(Project(root), "render.started", name, {"n": n})


def test_processes_write_one_chain_together(project: Project) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.starmap(_append_some, [(project.root, f"worker-{n}") for n in range(4)])
    report = verify(project)
    assert (report.ok, report.count) == (True, 20)
    assert checkpoint_path(project).read_text().splitlines()[1] == "20"


def test_a_name_is_committed_to_without_being_told(project: Project, tmp_path: Path) -> None:
    value = commitment(project, "Zoë")
    assert value == commitment(project, "Zoe\u0308")  # the same name, spelt with a combining mark
    assert value != commitment(project, "Zoe")
    assert value != commitment(init_project(tmp_path / "other"), "Zoë")
    assert len(bytes.fromhex(value)) == 32


def test_the_table_holds_the_text_that_was_hashed(project: Project) -> None:
    append(project, "qc.judged", "worker", {"b": 1.0, "a": "ü"})
    with reading(project) as connection:
        assert connection.execute(select(ledger_entry.c.data)).scalar_one() == '{"a":"ü","b":1}'


def _append_on_a_full_disk(root: Path) -> str:
    """In a process whose files may not grow: what SQLite meets when the disk is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (33_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        append(Project(root), "render.started", "worker", {"n": "x" * 60_000})
    except CountenanceError as problem:
        return str(problem)
    return "written"


def test_a_full_disk_leaves_nothing_half_written(written: Project) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        said = pool.apply(_append_on_a_full_disk, (written.root,))
    assert "nothing of this step was kept" in said
    assert verify(written).count == 7
    append(written, "render.started", "worker", {})
    assert verify(written).count == 8


def test_a_checkpoint_that_cannot_be_written_undoes_nothing_and_is_told_before_the_next(
    written: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_what: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("countenance.ledger.log.move_file", full)
        append(written, "render.started", "worker", {})
        assert verify(written).count == 8
        with pytest.raises(CountenanceError, match=r"No space left on device.*nothing was added"):
            append(written, "render.finished", "worker", {})
    assert verify(written).count == 8
    append(written, "render.finished", "worker", {})
    assert verify(written).count == 9


def test_entries_are_found_by_what_they_say(project: Project) -> None:
    names = ("a", "b%", "b_", 'quo"te', "ü")
    for name in names:
        append(project, "render.finished", "worker", {"variant": name, "inner": {"variant": "a"}})
    with reading(project) as connection:
        for seq, name in enumerate(names, 1):
            found = entries_in(connection, "render.finished", where={"variant": name})
            assert [one.seq for one in found] == [seq]
        assert entries_in(connection, "render.started", where={"variant": "a"}) == []
        assert [one.seq for one in entries_in(connection, where={"variant": "b%"})] == [2]
    assert [one.seq for one in entries(project, last=2)] == [4, 5]
    assert [one.seq for one in entries(project, "render.started", last=2)] == []


def test_what_was_changed_is_not_read_as_if_nothing_were(written: Project) -> None:
    behind_its_back(written, "UPDATE ledger_entry SET actor = 'x' WHERE seq = 3")
    with pytest.raises(IntegrityError, match=r"entry 3 .*changed"):
        entries(written)
    assert [one.seq for one in entries(written, last=2)] == [6, 7]


@pytest.mark.parametrize("statement", [
    "INSERT OR REPLACE INTO ledger_entry SELECT seq, prev_hash, ts, 'x', kind, data, hash, signature FROM ledger_entry",
    "INSERT INTO ledger_entry SELECT 9, hash, ts, 'x', kind, data, 'other', signature FROM ledger_entry WHERE seq = 7",
    "INSERT INTO ledger_entry SELECT 8, prev_hash, ts, 'x', kind, data, 'h', signature FROM ledger_entry WHERE seq = 7",
    "REPLACE INTO ledger_entry SELECT 8, hash, ts, 'x', kind, data, hash, signature FROM ledger_entry WHERE seq = 7",
])  # fmt: skip
def test_nothing_comes_in_but_behind_the_last(written: Project, statement: str) -> None:
    with closing(sqlite3.connect(written.database_path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert verify(written).ok


@pytest.mark.parametrize(
    "statement",
    ["DROP TRIGGER ledger_entry_no_update", "DROP TABLE ledger_entry", "ALTER TABLE ledger_head RENAME TO x"],
)
def test_the_program_cannot_take_the_guards_away(written: Project, statement: str) -> None:
    with pytest.raises(DatabaseError, match="not authorized"), writing(written) as connection:
        connection.exec_driver_sql(statement)
    assert verify(written).ok


def test_a_clock_a_little_behind_writes_the_last_moment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = append(project, "render.started", "worker", {})
    behind = (moment(first.ts) - timedelta(seconds=20)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    monkeypatch.setattr("countenance.ledger.log.utc_now", lambda: behind)
    assert append(project, "render.finished", "worker", {}).ts == first.ts
    assert verify(project).ok
