from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from clips import EXAMPLES, frames_of, write_clip
from hypothesis import settings
from postgres import new_database, server
from releases import release_clip

from countenance.store.project import Project, init_project

# The same cases on every run, and no judgement by the clock: test machines are shared.
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module", autouse=True)
def _examples_stay_as_they_are() -> Iterator[None]:
    """Tests of erasing and producing work on files: none may be one of the examples."""
    before = _sizes(EXAMPLES)
    yield
    assert _sizes(EXAMPLES) == before, "a test changed the files in examples/"


def _sizes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of real footage, which is not part of the repository."""
    folder = Path(os.environ.get("COUNTENANCE_FOOTAGE", REPOSITORY.parent / "shared" / "media"))
    if not folder.is_dir():
        pytest.skip(f"There is no footage folder at {folder}: set COUNTENANCE_FOOTAGE to run this test.")
    return folder


@pytest.fixture(scope="session")
def ada_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 30 pictures of ada's example master."""
    frames = frames_of(EXAMPLES / "ada" / "master.mp4", stop=30)
    return write_clip(tmp_path_factory.mktemp("clips") / "ada.mp4", frames, options={"crf": "14"})


@pytest.fixture(scope="session")
def released(ada_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project with one release, and the file that was released."""
    folder = tmp_path_factory.mktemp("studio")
    project = init_project(folder)
    return project, release_clip(project, ada_clip, folder / "video.mp4")


@pytest.fixture
def studio(released: tuple[Project, Path], tmp_path: Path) -> tuple[Project, Path]:
    """A copy of `released` that a test may damage."""
    project, sealed = released
    shutil.copytree(project.root, tmp_path / "studio")
    return Project(tmp_path / "studio"), tmp_path / "studio" / sealed.name


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a running PostgreSQL server."""
    with server() as url:
        yield url


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """The URL of an empty PostgreSQL database."""
    return new_database(postgresql_server)
