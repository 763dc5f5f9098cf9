from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError as DatabaseIntegrityError

from countenance.store.database import engine, migrate, reading, writing
from countenance.store.project import Project
from countenance.store.tables import metadata, release, variant


def _variant(name: str, state: str = "planned") -> dict[str, object]:
    return {
        "id": name, "job": "job", "campaign": "espresso", "face": "keep", "language": "en", "state": state,
        "render": {"frames": [1, 2]}, "review": None,
    }  # fmt: skip


def test_the_migrations_make_exactly_the_tables_of_the_code(project: Project) -> None:
    with reading(project) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        made = {name for name in sqlalchemy.inspect(connection).get_table_names() if name != "alembic_version"}
        for table in made:  # the comparison above does not look at checks
            wanted = {c.name for c in metadata.tables[table].constraints if isinstance(c, sqlalchemy.CheckConstraint)}
            found = {c["name"] for c in sqlalchemy.inspect(connection).get_check_constraints(table)}
            assert found == wanted
    assert made == set(metadata.tables)


def test_migrating_twice_keeps_the_data(project: Project) -> None:
    with writing(project) as connection:
        connection.execute(insert(variant).values(_variant("a")))
    migrate(project)
    with reading(project) as connection:
        assert connection.execute(select(variant.c.render)).scalar_one() == {"frames": [1, 2]}


def test_a_failed_transaction_leaves_no_trace(project: Project) -> None:
    with pytest.raises(ZeroDivisionError), writing(project) as connection:
        connection.execute(insert(variant).values(_variant("a")))
        raise ZeroDivisionError
    with reading(project) as connection:
        assert connection.execute(select(func.count()).select_from(variant)).scalar_one() == 0


def test_a_state_that_does_not_exist_is_refused(project: Project) -> None:
    with pytest.raises(DatabaseIntegrityError, match="variant_state"), writing(project) as connection:
        connection.execute(insert(variant).values(_variant("a", state="half done")))


def test_a_release_needs_its_variant(project: Project) -> None:
    row = {
        "id": "r", "variant_id": "nobody", "mark_id": "00", "state": "released", "record": {}, "package": "p",
        "released_at": "2026-11-20T10:00:00Z",
    }  # fmt: skip
    with pytest.raises(DatabaseIntegrityError, match="FOREIGN KEY"), writing(project) as connection:
        connection.execute(insert(release).values(row))


def test_a_reader_keeps_its_view_while_another_writes(project: Project) -> None:
    count = select(func.count()).select_from(variant)
    with reading(project) as reader:
        assert reader.execute(count).scalar_one() == 0
        with writing(project) as writer:
            writer.execute(insert(variant).values(_variant("a")))
        assert reader.execute(count).scalar_one() == 0
    with reading(project) as reader:
        assert reader.execute(count).scalar_one() == 1


def test_there_is_one_engine_per_database(project: Project) -> None:
    assert engine(project) is engine(Project(project.root))


def _read_then_write(root: Path, name: str) -> None:
    project = Project(root)
    for n in range(10):
        with writing(project) as connection:
            known = connection.execute(select(func.count()).select_from(variant)).scalar_one()
            connection.execute(insert(variant).values(_variant(f"{name}-{n}") | {"job": str(known)}))


def test_processes_and_threads_wait_for_each_other_instead_of_failing(project: Project) -> None:
    threads = [threading.Thread(target=_read_then_write, args=(project.root, f"t{n}")) for n in range(3)]
    for thread in threads:
        thread.start()
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(_read_then_write, [(project.root, f"p{n}") for n in range(3)])
    for thread in threads:
        thread.join()
    with reading(project) as connection:
        seen = sorted(int(job) for job in connection.execute(select(variant.c.job)).scalars())
    assert seen == list(range(60))  # no two writers saw the same state
