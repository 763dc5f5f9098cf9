from __future__ import annotations

from pathlib import Path

import pytest

from countenance.store.project import Project, init_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")
