"""Masters that are not one person in front of a camera."""

from __future__ import annotations

import resource
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, turned, write_clip
from numpy.typing import NDArray

from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS


@pytest.fixture(scope="module")
def ada() -> list[NDArray[np.uint8]]:
    return [frame.rgb() for frame in frames_of(EXAMPLES / "ada" / "master.mp4", stop=8)]


def sized(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def test_a_master_without_a_face_has_nobody(tmp_path: Path) -> None:
    """Noise, edges and round things, but no face."""
    pictures = []
    for number in range(14):
        picture = np.random.default_rng(number).integers(90, 150, (360, 640, 3), np.uint8)
        cv2.circle(picture, (100 + 20 * number, 180), 60, (200, 160, 120), -1)
        cv2.rectangle(picture, (400, 50), (560, 300), (30, 60, 90), 8)
        pictures.append(Frame.from_rgb(picture))
    seen = perceive(probe(write_clip(tmp_path / "nobody.mp4", pictures, options={"crf": "20"})))
    assert (seen.frames, seen.people, seen.tracks) == (14, 0, ())
    assert seen.face_of(0, 3) is None


def test_of_fifty_faces_each_that_is_found_is_a_track_in_a_place_of_its_own(
    ada: list[NDArray[np.uint8]], tmp_path: Path
) -> None:
    """They are 60 pixels wide and all one person's; but nobody is in one picture twice, so each counts."""
    face = [sized(picture[110:610, 110:610], 128, 144) for picture in ada]
    pictures = [Frame.from_rgb(np.tile(face[n], (5, 10, 1))) for n in range(4)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = perceive(probe(write_clip(tmp_path / "fifty.mp4", pictures, options={"crf": "14"})))
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert 40 <= seen.people == len(seen.tracks) <= 50
    assert all(track.frames.tolist() == [0, 1, 2, 3] for track in seen.tracks)
    places = {tuple((track.mesh[0, :POINTS, :2].mean(axis=0) // [128, 144]).tolist()) for track in seen.tracks}
    assert len(places) == len(seen.tracks)
    assert grown_mib < 300


def test_a_picture_that_is_shown_turned_is_seen_turned(ada: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    lying = [Frame.from_rgb(np.ascontiguousarray(np.rot90(sized(picture, 360, 360)))) for picture in ada]
    upright = [Frame.from_rgb(sized(picture, 360, 360)) for picture in ada]
    (track,) = perceive(probe(turned(write_clip(tmp_path / "a.mp4", lying, options={"crf": "8"}), 90))).tracks
    (other,) = perceive(probe(write_clip(tmp_path / "b.mp4", upright, options={"crf": "8"}))).tracks
    assert np.abs(track.pose).max() < 20
    assert track.mesh == pytest.approx(other.mesh, abs=4)


def test_an_odd_size_puts_nothing_elsewhere(ada: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    wall = [np.full((480, 854, 3), 110, np.uint8) for _ in ada]
    for picture, face in zip(wall, ada, strict=True):
        picture[60:420, 400:760] = sized(face, 360, 360)
    frames = [Frame.from_rgb(picture) for picture in wall]
    master = probe(write_clip(tmp_path / "odd.mkv", frames, codec="ffv1", size=(853, 479)))
    (track,) = perceive(master).tracks
    (other,) = perceive(probe(write_clip(tmp_path / "even.mkv", frames, codec="ffv1"))).tracks
    assert track.frames.tolist() == list(range(8))
    assert track.mesh[..., :2] == pytest.approx(other.mesh[..., :2], abs=2)
