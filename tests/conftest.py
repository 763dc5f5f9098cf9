from __future__ import annotations

import os
from pathlib import Path

import pytest
from clips import EXAMPLES, frames_of, write_clip

REPOSITORY = Path(__file__).resolve().parent.parent


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
