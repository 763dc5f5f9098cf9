from __future__ import annotations

import pytest
from postgres import new_database

from countenance.store.project import Project, init_project


@pytest.fixture(params=["sqlite", "postgresql"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A new project, once on each database."""
    on_server = request.param == "postgresql"
    database = new_database(request.getfixturevalue("postgresql_server")) if on_server else None
    return init_project(tmp_path_factory.mktemp("studio"), database=database)


@pytest.fixture
def here(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A new project on SQLite."""
    return init_project(tmp_path_factory.mktemp("studio"))
