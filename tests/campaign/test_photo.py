"""A photo as the master of a campaign: it speaks every language, and says that it is made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from campaigns import write_campaign
from clips import EXAMPLES

from countenance.campaign.brief import load_brief
from countenance.campaign.plan import plan
from countenance.campaign.produce import produce
from countenance.campaign.timeline import of_photo
from countenance.media.audio import read_audio
from countenance.media.decode import decode
from countenance.media.probe import probe
from countenance.store.project import init_project


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photo")
    return Path(shutil.copy(EXAMPLES / "ada" / "refs" / "1_front_neutral.jpg", folder / "portrait.jpg"))


def test_a_photo_speaks_its_own_language_too(photo: Path, tmp_path: Path) -> None:
    """It has no voice of its own that could be kept."""
    brief = load_brief(write_campaign(tmp_path, photo, faces=("keep",)))
    assert [variant.dubs for variant in plan(brief).variants] == [True, True]
    assert all("lipsync" in variant.engines for variant in plan(brief).variants)


def test_a_photos_timeline_is_as_long_as_its_speech(photo: Path) -> None:
    timeline = of_photo(probe(photo, stills=True), 2.0)
    assert set(timeline.source) == {0}
    assert timeline.pts == tuple(range(len(timeline.pts)))
    assert 2.0 < float(timeline.duration) < 3.0
    assert "photo, animated" in timeline.change


def test_a_photo_is_released_speaking_and_the_receipt_says_so(photo: Path, tmp_path: Path) -> None:
    brief = write_campaign(tmp_path / "brief", photo, faces=("keep",), languages=("de",))
    (row,) = produce(init_project(tmp_path), brief, tmp_path / "out", approve_as="Reviewer").variants
    assert row.state == "released", row.render
    folder = tmp_path / "out" / row.id
    film = probe(folder / "video.mp4")
    sound = read_audio(film.path, 48_000, film.origin_s)
    assert sound is not None
    assert float(film.duration) == pytest.approx(len(sound) / 48_000, abs=0.05)
    assert (film.width, film.height, film.frame_rate) == (768, 768, 25)
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    assert "photo, animated" in receipt["receipt"]["timeline"]
    qc = json.loads((folder / "qc.json").read_text(encoding="utf-8"))
    assert any("photo, animated" in note for note in qc["notes"])
    pictures = [frame.planes[0].astype(np.float32) for frame in decode(film)]
    still = next(iter(decode(probe(photo, stills=True)))).planes[0].astype(np.float32)
    moved = np.stack([np.abs(one - still) for one in pictures[10:]])
    mouth, corner = moved[:, 430:520, 330:440], moved[:, :60, :60]
    assert mouth.max(axis=0).mean() > 8  # it speaks
    assert corner.mean() < 2.5  # the room stands still
