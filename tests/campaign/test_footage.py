"""A real clip through the whole job: another face speaks another language, and the proof outlives its metadata."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
import yaml
from campaigns import ACTOR, grant
from clips import EXAMPLES
from PIL import Image

from countenance.campaign.produce import produce
from countenance.media.decode import decode
from countenance.media.encode import Picture, encode
from countenance.media.probe import probe
from countenance.provenance.verify import verify_file
from countenance.store.project import init_project

SAME_FACE = 0.55


def write_real_campaign(folder: Path, clip: Path) -> Path:
    """A brief for one real clip; its person's reference is a still of the clip itself."""
    Image.fromarray(next(decode(probe(clip), start=12)).rgb()).save(folder / "seen.png")
    (folder / "permission.txt").write_text("local test of the footage folder", encoding="utf-8")
    (folder / "script.txt").write_text("This machine makes fresh coffee in thirty seconds.", encoding="utf-8")
    (folder / "script.de.txt").write_text("Diese Maschine macht frischen Kaffee.", encoding="utf-8")
    real = {name: value for name, value in grant("ada").items() if name not in ("licence", "origin")}
    real |= {"talent": "seen", "kind": "real", "evidence": ["permission.txt"], "born": datetime.date(1990, 1, 1)}
    real["valid"] = {"from": datetime.date(2026, 1, 1), "until": datetime.date(2099, 12, 31)}
    for name, document in (("seen", real), ("ben", grant("ben"))):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    brief = {
        "campaign": "footage", "owner": ACTOR, "master": str(clip),
        "script": {"language": "en", "text": "script.txt"},
        "faces": {"presenter": {"in": "master", "track": 0, "talent": "seen"}},
        "talents": {
            "seen": {"references": ["seen.png"], "grant": "seen.yaml"},
            "ben": {"references": [str(EXAMPLES / "ben" / "refs" / "*.jpg")], "grant": "ben.yaml"},
        },
        "variants": {"face": ["ben"], "language": ["de"]},
        "translations": {"de": "script.de.txt"},
        "markets": {"en": ["IE"], "de": ["DE"]},
        "channels": ["web"],
        "quality": {"gate": "draft"},
    }  # fmt: skip
    path = folder / "brief.yaml"
    path.write_text(yaml.safe_dump(brief), encoding="utf-8")
    return path


@pytest.mark.footage
@pytest.mark.parametrize("name", ["retalking/1.mp4", "azure-avatar/Introducing_the_product.mp4"])
def test_a_real_person_speaks_another_language_with_another_face(footage: Path, tmp_path: Path, name: str) -> None:
    project = init_project(tmp_path)
    brief = write_real_campaign(tmp_path, (footage / name).resolve())
    outcome = produce(project, brief, tmp_path / "out", approve_as="Reviewer")
    assert outcome.exit_status == 0
    package = tmp_path / "out" / outcome.variants[0].id
    figures = {one["key"]: one["value"] for one in json.loads((package / "qc.json").read_text())["figures"]}
    assert figures["identity_wanted"] < SAME_FACE
    assert figures["identity_wanted"] < figures["identity_replaced"]
    assert figures["outside_exact"] == 1.0
    assert verify_file(project, package / "video.mp4").exit_status == 0

    bare = tmp_path / "bare.mp4"
    master = probe(package / "video.mp4")
    encode(
        bare, decode(master), size=(master.width, master.height), time_base=master.time_base,
        frame_rate=master.frame_rate, picture=Picture(crf=28),
    )  # fmt: skip
    found = verify_file(project, bare)
    assert found.release_id == json.loads((package / "receipt.json").read_text())["record"]["release_id"]
    assert found.exit_status == 1
