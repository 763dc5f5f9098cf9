from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from servers import serving

from countenance.server.desk import Options
from countenance.store.project import Project


@pytest.fixture(scope="session")
def client(released: tuple[Project, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    root = tmp_path_factory.mktemp("served") / "studio"
    shutil.copytree(released[0].root, root)
    limits = Options(looks_per_minute=1000, requests_per_minute=1000, most_bytes=8 << 20)
    with serving(Project(root), limits) as found:
        yield found
