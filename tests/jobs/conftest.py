from __future__ import annotations

from pathlib import Path

import pytest
from postgres import new_database
from sqlalchemy import text

from countenance.jobs.sql import turn
from countenance.store.project import Project, init_project

_TABLES = ("job", "task", "task_need", "task_brought", "job_task", "task_ready", "queue_share", "job_owner", "worker")


@pytest.fixture(scope="session")
def studios(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def project(
    request: pytest.FixtureRequest, studios: dict[str, Project], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A project without jobs, once on each database."""
    if request.param not in studios:
        on_server = request.param == "postgresql"
        database = new_database(request.getfixturevalue("postgresql_server")) if on_server else None
        studios[request.param] = init_project(tmp_path_factory.mktemp("studio"), database=database)
    found = studios[request.param]
    _clear(found)
    return found


def _clear(project: Project) -> None:
    with turn(project) as connection:
        for table in _TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
    kept: Path = project.root
    for path in kept.iterdir():
        if path.is_file():
            path.unlink()
