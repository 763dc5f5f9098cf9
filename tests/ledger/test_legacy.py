"""Ledgers from before there was a tree: they are read, proven, and taken over at the next entry."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy import insert, select

from countenance.errors import IntegrityError
from countenance.ledger.audit import SIGNING_KEY
from countenance.ledger.chain import canonical
from countenance.ledger.checkpoint import checkpoint_path
from countenance.ledger.legacy import OldHead, old_head_path
from countenance.ledger.log import append, entries, transaction, verify
from countenance.ledger.proof import check_proof, prove, public_key_pem
from countenance.store import database
from countenance.store.database import reading
from countenance.store.project import Project, open_project
from countenance.store.secrets import load_or_create_ed25519
from countenance.store.tables import ledger_entry


@pytest.fixture
def old(project: Project) -> Project:
    """A project as the first version left it: tables of revision 0001, and a head in JSON."""
    with transaction(project) as ledger:
        for n in range(7):
            ledger.append("render.finished", "worker", {"n": n})
    with reading(project) as connection:
        kept = [dict(row._mapping) for row in connection.execute(select(ledger_entry))]
    for path in project.folder.glob("countenance.db*"):
        path.unlink()
    checkpoint_path(project).unlink()
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with sqlalchemy.create_engine(project.database_url).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(ledger_entry), kept)
    head = OldHead(project.settings.project_id, 7, kept[-1]["hash"])
    key = load_or_create_ed25519(project, SIGNING_KEY)
    signature = key.sign(b"countenance ledger head v1\0" + canonical(asdict(head))).hex()
    old_head_path(project).write_text(json.dumps({**asdict(head), "signature": signature}))
    return project


def test_an_old_ledger_is_brought_up_to_date_read_and_proven(old: Project) -> None:
    project = open_project(old.root)
    assert (verify(project).ok, verify(project).count) == (True, 7)
    assert len(entries(project)) == 7


def test_an_old_ledger_goes_on_as_a_tree(old: Project) -> None:
    project = open_project(old.root)
    append(project, "render.started", "worker", {})
    assert verify(project).count == 8
    assert not old_head_path(project).exists()
    assert check_proof(prove(project, 2), public_key_pem(project)).data == {"n": 1}


def test_a_run_that_was_killed_while_taking_over_is_repeated(old: Project) -> None:
    project = open_project(old.root)
    with pytest.raises(ZeroDivisionError), transaction(project):
        raise ZeroDivisionError  # the checkpoint beside the database is written, the one in it is not
    assert checkpoint_path(project).exists()
    assert verify(project).problem is None
    append(project, "render.started", "worker", {})
    assert verify(project).count == 8


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE ledger_entry SET actor = 'x' WHERE seq = 3", "entry 3 .*changed"),
        ("UPDATE ledger_entry SET signature = '00' WHERE seq = 3", "entry 3 .*not signed"),
        ("DELETE FROM ledger_entry WHERE seq > 5", "ends at entry 5"),
    ],
)
def test_a_damaged_old_ledger_is_not_taken_over(old: Project, statement: str, place: str) -> None:
    with closing(sqlite3.connect(old.database_path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER ledger_entry_no_update")
        connection.execute("DROP TRIGGER ledger_entry_no_delete")
        connection.execute(statement)
    project = open_project(old.root)
    assert verify(project).ok is False
    with pytest.raises(IntegrityError, match=place):
        append(project, "render.started", "worker", {})


@pytest.mark.parametrize("change", ["size", "signature", "hash", "project_id"])
def test_a_changed_old_head_is_noticed(old: Project, change: str) -> None:
    values = json.loads(old_head_path(old).read_text())
    old_head_path(old).write_text(json.dumps(values | {change: 5 if change == "size" else "00"}))
    project = open_project(old.root)
    assert "signed head" in str(verify(project).problem)
    old_head_path(project).unlink()
    assert "signed head is missing" in str(verify(project).problem)
