from __future__ import annotations

import multiprocessing
import re
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from postgres import new_database
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError as DatabaseIntegrityError
from sqlalchemy.exc import ProgrammingError

from countenance.errors import InputError
from countenance.store import roles
from countenance.store.database import engine, migrate, reading, writing
from countenance.store.project import Project, init_project, open_project
from countenance.store.tables import ledger_entry, metadata, variant


@pytest.fixture
def shared(postgresql: str, tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio", database=postgresql)


def _variant(name: str, job: str = "job") -> dict[str, object]:
    return {
        "id": name, "job": job, "campaign": "espresso", "face": "keep", "language": "en", "state": "planned",
        "render": {"frames": [1, 2]}, "review": None,
    }  # fmt: skip


def _entry(seq: int, before: str, name: str) -> dict[str, object]:
    return {
        "seq": seq, "prev_hash": before, "ts": "t", "actor": "a", "kind": "k.k", "data": "{}", "hash": name,
        "signature": "s",
    }  # fmt: skip


def test_the_migrations_make_exactly_the_tables_of_the_code_there_too(shared: Project) -> None:
    with reading(shared) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert set(sqlalchemy.inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_the_settings_name_the_database_and_nothing_lies_in_the_folder(shared: Project) -> None:
    assert open_project(shared.root).settings.database == shared.database_url
    assert not shared.database_path.exists()
    with writing(shared) as connection:
        connection.execute(insert(variant).values(_variant("a")))
    migrate(shared)
    assert init_project(shared.root) == shared
    with reading(shared) as connection:
        assert connection.execute(select(variant.c.render)).scalar_one() == {"frames": [1, 2]}


def test_a_reader_keeps_its_view_and_cannot_write(shared: Project) -> None:
    count = select(func.count()).select_from(variant)
    with reading(shared) as reader:
        assert reader.execute(count).scalar_one() == 0
        with writing(shared) as writer:
            writer.execute(insert(variant).values(_variant("a")))
        assert reader.execute(count).scalar_one() == 0
    with reading(shared) as reader:
        assert reader.execute(count).scalar_one() == 1
    with pytest.raises(sqlalchemy.exc.InternalError, match="read-only"), reading(shared) as reader:
        reader.execute(insert(variant).values(_variant("b")))


def _read_then_write(root: Path, name: str) -> None:
    for n in range(10):
        with writing(Project(root)) as connection:
            known = connection.execute(select(func.count()).select_from(variant)).scalar_one()
            connection.execute(insert(variant).values(_variant(f"{name}-{n}", str(known))))


def test_writers_of_many_processes_take_turns(shared: Project) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(_read_then_write, [(shared.root, f"p{n}") for n in range(3)])
    with reading(shared) as connection:
        seen = sorted(int(job) for job in connection.execute(select(variant.c.job)).scalars())
    assert seen == list(range(30))  # no two writers saw the same state


CHANGES = ("UPDATE ledger_entry SET actor = 'x'", "DELETE FROM ledger_entry", "TRUNCATE ledger_entry")


@pytest.mark.parametrize("statement", [*CHANGES, "DELETE FROM ledger_head", "TRUNCATE ledger_head"])
def test_the_owner_meets_the_triggers_and_the_program_has_no_right_at_all(shared: Project, statement: str) -> None:
    with writing(shared) as connection:
        connection.execute(insert(ledger_entry).values(_entry(1, "0" * 64, "h1")))
        connection.exec_driver_sql("INSERT INTO ledger_head VALUES (1, 'a', '', '')")
    with pytest.raises(ProgrammingError, match="permission denied"), writing(shared) as connection:
        connection.exec_driver_sql(statement)
    with (
        pytest.raises(DatabaseIntegrityError, match="append-only"),
        engine(shared).connect() as owner,
        owner.begin(),
    ):
        owner.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER ledger_entry_no_update ON ledger_entry",
        "DROP TABLE ledger_entry",
        "RESET ALL; DROP TABLE ledger_head",
    ],
)
def test_the_program_cannot_take_the_triggers_away(shared: Project, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="must be owner"), writing(shared) as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(("seq", "before"), [(3, "h1"), (1, "h1"), (2, "0" * 64), (0, "h1")])
def test_an_entry_goes_behind_the_last_one_only(shared: Project, seq: int, before: str) -> None:
    with writing(shared) as connection:
        connection.execute(insert(ledger_entry).values(_entry(1, "0" * 64, "h1")))
    with pytest.raises(DatabaseIntegrityError, match="append-only"), writing(shared) as connection:
        connection.execute(insert(ledger_entry).values(_entry(seq, before, "h2")))


def test_a_login_that_owns_nothing_can_do_all_that_the_program_does(
    postgresql_server: str, postgresql: str, tmp_path: Path
) -> None:
    project = init_project(tmp_path / "studio", database=postgresql)
    name = postgresql.split("/")[3].split("?")[0]
    with psycopg.connect(postgresql_server, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE app_{name} LOGIN".encode())
        admin.execute(f"GRANT {roles.WRITER} TO app_{name}".encode())
    settings = project.settings_path.read_text()
    project.settings_path.write_text(settings.replace("//postgres:", f"//app_{name}:"))
    app = open_project(project.root)
    assert f"app_{name}" in app.database_url
    assert init_project(app.root) == app
    with writing(app) as connection:
        connection.execute(insert(variant).values(_variant("a")))
    with reading(app) as connection:
        assert connection.execute(select(func.count()).select_from(variant)).scalar_one() == 1


def test_a_login_that_may_not_change_tables_is_told_whose_turn_it_is(
    postgresql_server: str, postgresql: str, tmp_path: Path
) -> None:
    name = postgresql.split("/")[3].split("?")[0]
    with psycopg.connect(postgresql_server, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE guest_{name} LOGIN".encode())
    with pytest.raises(InputError, match="as their owner"):
        init_project(tmp_path / "studio", database=postgresql.replace("//postgres:", f"//guest_{name}:"))


def test_an_owner_who_may_make_no_roles_still_gets_tables_and_triggers(postgresql_server: str, tmp_path: Path) -> None:
    url = new_database(postgresql_server, owner="plain")
    project = init_project(tmp_path / "studio", database=url)
    with writing(project) as connection:
        connection.execute(insert(ledger_entry).values(_entry(1, "0" * 64, "h1")))
    with pytest.raises(DatabaseIntegrityError, match="append-only"), writing(project) as connection:
        connection.exec_driver_sql("DELETE FROM ledger_entry")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///x.db", "no PostgreSQL database"),
        ("mysql://a:secret@b/c", r"mysql://a:\*\*\*@b/c"),
        ("postgresql://host", "no PostgreSQL database"),
        ("what", "is no URL"),
    ],
)
def test_only_postgresql_can_be_named(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        init_project(tmp_path / "studio", database=url)
    assert not (tmp_path / "studio").exists()


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://ops:secret@/none?host={tmp_path}"
    with pytest.raises(InputError, match="cannot be opened") as refusal:
        init_project(tmp_path / "studio", database=url)
    assert "secret" not in str(refusal.value)
    assert not re.search(r"\n", str(refusal.value))
