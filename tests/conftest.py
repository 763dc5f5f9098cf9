from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of real footage, which is not part of the repository."""
    folder = Path(os.environ.get("COUNTENANCE_FOOTAGE", REPOSITORY.parent / "shared" / "media"))
    if not folder.is_dir():
        pytest.skip(f"There is no footage folder at {folder}: set COUNTENANCE_FOOTAGE to run this test.")
    return folder
