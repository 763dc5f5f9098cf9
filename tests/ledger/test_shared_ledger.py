"""The ledger on PostgreSQL: the same calls, the same findings."""

from __future__ import annotations

import multiprocessing
import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from countenance.errors import IntegrityError
from countenance.ledger.checkpoint import checkpoint_path
from countenance.ledger.log import append, entries, entries_in, transaction, verify
from countenance.ledger.proof import check_proof, prove, public_key_pem
from countenance.store.database import engine, reading
from countenance.store.project import Project, init_project


@pytest.fixture
def shared(postgresql: str, tmp_path: Path) -> Project:
    project = init_project(tmp_path / "studio", database=postgresql)
    with transaction(project) as ledger:
        for n in range(1, 8):
            ledger.append("render.finished", "wörker", {"variant": f"v{n}", "text": 'a "quote" and % _ \u0000'})
    return project


def test_what_is_written_comes_back_and_is_proven(shared: Project) -> None:
    assert [entry.seq for entry in entries(shared)] == list(range(1, 8))
    assert verify(shared).count == 7
    assert check_proof(prove(shared, 3), public_key_pem(shared)) == entries(shared)[2]
    with reading(shared) as connection:
        assert [one.seq for one in entries_in(connection, "render.finished", where={"variant": "v5"})] == [5]


def _append_some(root: Path, name: str) -> None:
    for n in range(5):
        append(Project(root), "render.started", name, {"n": n})


def test_processes_write_one_chain_together(shared: Project) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(_append_some, [(shared.root, f"worker-{n}") for n in range(3)])
    assert verify(shared).count == 22
    assert checkpoint_path(shared).read_text().splitlines()[1] == "22"


def test_machines_with_folders_of_their_own_share_one_ledger(shared: Project, tmp_path: Path) -> None:
    shutil.copytree(shared.root, tmp_path / "second")
    second = Project(tmp_path / "second")
    for _ in range(3):
        append(shared, "render.started", "one", {})
    assert verify(second).count == 10
    append(second, "render.started", "two", {})
    append(shared, "render.started", "one", {})
    assert verify(shared).count == verify(second).count == 12


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE ledger_entry SET actor = 'x' WHERE seq = 3", "entry 3 .*changed"),
        ("UPDATE ledger_entry SET signature = 'zz' WHERE seq = 3", "entry 3 .*not signed"),
        ("DELETE FROM ledger_entry WHERE seq = 3", "entry 3 is missing"),
        ("DELETE FROM ledger_entry WHERE seq > 5", "ends at entry 5"),
        ("UPDATE ledger_head SET frontier = ''", "head in the database was changed"),
        ("DELETE FROM ledger_head", "head is missing"),
    ],
)
def test_a_change_by_the_owner_of_the_database_is_found(shared: Project, statement: str, place: str) -> None:
    with engine(shared).begin() as owner:
        owner.execute(text("SET session_replication_role = replica"))  # switches triggers off
        owner.execute(text(statement))
    report = verify(shared)
    assert not report.ok
    assert re.search(place, str(report.problem))
    if "= 3" not in statement:  # before an entry is added, only the end is looked at
        with pytest.raises(IntegrityError):
            append(shared, "render.started", "worker", {})
