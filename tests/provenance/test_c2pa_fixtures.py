"""Files that others sealed: the fixtures of the C2PA libraries (Apache-2.0 OR MIT)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sealables import RECORD, write_sealable

from countenance.provenance.authority import anchor_pem
from countenance.provenance.history import read_history
from countenance.provenance.sealing import seal
from countenance.store.project import init_project

pytestmark = pytest.mark.footage

UNKNOWN = "signingCredential.untrusted"
EXPECTED = [
    ("A.jpg", "none", ()),  # never sealed
    ("C.jpg", "Valid", (UNKNOWN,)),
    ("CA.jpg", "Valid", (UNKNOWN,)),  # made from another sealed picture
    ("C_with_CAWG_data.jpg", "Valid", (UNKNOWN,)),  # who it names in it is not judged
    ("sample1_signed.wav", "Valid", (UNKNOWN,)),
    ("video1.mp4", "Valid", (UNKNOWN, UNKNOWN)),
    ("CIE-sig-CA.jpg", "Invalid", (UNKNOWN, UNKNOWN, "claimSignature.mismatch")),  # what it was made from was changed
]


@pytest.mark.parametrize(("name", "state", "problems"), EXPECTED)
def test_the_published_fixtures_read_as_they_should(
    footage: Path, tmp_path: Path, name: str, state: str, problems: tuple[str, ...]
) -> None:
    for anchors in ("", anchor_pem(init_project(tmp_path / "studio"))):
        history = read_history(footage / "c2pa" / name, anchors)
        assert history.state == state
        assert len(history.problems) == len(problems)
        assert all(code in told for code, told in zip(problems, history.problems, strict=True))
        assert (history.release_id, dict(history.marks)) == (None, {})


@pytest.mark.parametrize("name", [name for name, *_rest in EXPECTED])
def test_a_master_with_a_strangers_history_can_be_used_and_its_history_is_kept(
    footage: Path, tmp_path: Path, name: str
) -> None:
    project, master = init_project(tmp_path / "studio"), footage / "c2pa" / name
    seal(project, write_sealable(tmp_path / "render.mp4"), tmp_path / "sealed.mp4", RECORD, master)
    history = read_history(tmp_path / "sealed.mp4", anchor_pem(project))
    assert history.state == "Trusted"
    (parent,) = history.manifest["ingredients"]
    before = read_history(master, "")
    assert parent.get("active_manifest") == before.manifest_id
    if before.state != "none":  # what was wrong with it when it was used is part of the record
        assert UNKNOWN in str(parent["validation_results"])
