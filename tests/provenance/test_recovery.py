from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, write_clip
from numpy.typing import NDArray

from countenance.provenance.fingerprint import FEATURES, Stored, describe, load, save
from countenance.provenance.recovery import FILE, recover, stored_releases
from countenance.provenance.watermark import Marker
from countenance.store.project import init_project

KEY = bytes(range(32))
MARK_ID, OTHER_ID = 0x0123_4567_89AB_CDEF, 0xFFFF_0000_FFFF_0000
Luma = NDArray[np.uint8]


@pytest.fixture(scope="module")
def plain() -> list[Luma]:
    return [frame.planes[0] for frame in frames_of(EXAMPLES / "ada" / "master.mp4", stop=24)]


@pytest.fixture(scope="module")
def marked(plain: list[Luma]) -> list[Luma]:
    marker = Marker(KEY, MARK_ID)
    copies = [luma.copy() for luma in plain]
    for luma in copies:
        marker.embed(luma)
    return copies


@pytest.fixture(scope="module")
def stored(plain: list[Luma]) -> list[Stored]:
    """The release, another one of the same pictures, and one of a stranger's."""
    pictures = tuple(describe(plain[number], FEATURES) for number in (0, 12, 23))
    noise = np.random.default_rng(0).integers(0, 255, (60, 60), np.uint8)
    strange = describe(cv2.resize(noise, (720, 720), interpolation=cv2.INTER_CUBIC), FEATURES)
    return [
        Stored("STRANGE", 7, 720, 720, (strange,)),
        Stored("OTHER", OTHER_ID, 720, 720, pictures),
        Stored("OURS", MARK_ID, 720, 720, pictures),
    ]


def askew(luma: Luma, left: float = 330.0, top: float = 50.0) -> Luma:
    """On a screen that is seen from the side, 640 px of it high."""
    corners = np.array([[0, 0], [720, 0], [720, 720], [0, 720]], np.float32)
    seen = np.array([[0, 25], [600, 0], [585, 640], [18, 600]]) + np.array([left, top])
    matrix = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    return np.asarray(cv2.warpPerspective(luma, matrix, (1280, 720), borderValue=28), np.uint8)


def test_a_screen_seen_from_the_side_leads_to_the_one_release_that_it_shows(
    marked: list[Luma], stored: list[Stored]
) -> None:
    found = recover([askew(luma) for luma in marked[:10]], stored, KEY)
    assert found is not None and (found.release_id, found.mark_id) == ("OURS", MARK_ID)
    corner = cv2.perspectiveTransform(np.array([[[720.0, 720.0]]]), found.to_picture)[0, 0]
    assert corner == pytest.approx((915, 690), abs=3)


def test_an_unsteady_hand_is_followed(marked: list[Luma], stored: list[Stored]) -> None:
    moves = np.cumsum(np.random.default_rng(1).normal(0, 1.5, (12, 2)), axis=0)
    seen = [askew(luma, 330 + move[0], 50 + move[1]) for luma, move in zip(marked, moves, strict=False)]
    found = recover(seen, stored, KEY)
    assert found is not None and found.mark_id == MARK_ID and found.frames == 12


def test_known_pictures_without_a_mark_are_known_but_not_named(plain: list[Luma], stored: list[Stored]) -> None:
    found = recover([askew(luma) for luma in plain[:6]], stored, KEY)
    assert found is not None and found.mark_id is None and found.confidence == 0
    assert found.release_id in ("OURS", "OTHER")


def test_a_stranger_is_not_recovered(stored: list[Stored]) -> None:
    noise = np.random.default_rng(5).integers(0, 255, (45, 80), np.uint8)
    assert recover([cv2.resize(noise, (1280, 720), interpolation=cv2.INTER_CUBIC)] * 3, stored, KEY) is None
    assert recover([np.full((360, 640), 90, np.uint8)], stored, KEY) is None
    assert recover([], stored, KEY) is None and recover([noise], [], KEY) is None


def test_fingerprints_are_small_and_come_back_from_their_files(stored: list[Stored], tmp_path: Path) -> None:
    save(stored[2], tmp_path / FILE)
    back = load(tmp_path / FILE)
    assert (back.release_id, back.mark_id, back.width, back.height) == ("OURS", MARK_ID, 720, 720)
    assert all(
        np.array_equal(a.descriptors, b.descriptors) for a, b in zip(back.pictures, stored[2].pictures, strict=True)
    )
    assert (tmp_path / FILE).stat().st_size < 60_000 * len(back.pictures)


def test_releases_without_a_fingerprint_get_one_once(tmp_path: Path) -> None:
    project = init_project(tmp_path)
    folder = project.releases / "01TEST"
    folder.mkdir(parents=True)
    assert list(stored_releases(project)) == []
    write_clip(folder / "video.mp4", frames_of(EXAMPLES / "ada" / "master.mp4", stop=8))
    record = {"record": {"release_id": "01TEST", "mark_id": f"{MARK_ID:016x}"}}
    (folder / "release.json").write_text(json.dumps(record), encoding="utf-8")
    first = list(stored_releases(project))
    assert [(one.release_id, one.mark_id) for one in first] == [("01TEST", MARK_ID)]
    (folder / "video.mp4").unlink()
    again = list(stored_releases(project))
    assert len(again) == 1 and np.array_equal(again[0].pictures[0].points, first[0].pictures[0].points)
