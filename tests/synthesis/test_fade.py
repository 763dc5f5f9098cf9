"""Fading: whole where the face can be painted, nothing where it cannot, never a jump between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.perception.tracks import FaceTrack, Perception
from countenance.synthesis.fade import Fade, fades_of


def still(seen: Perception, pictures: int = 60) -> FaceTrack:
    """Ada's first picture held for a while, beginning at the master's picture 10."""
    track = seen.of_person(0)[0]
    return replace(
        track,
        frames=np.arange(10, 10 + pictures),
        mesh=np.repeat(track.mesh[:1], pictures, axis=0),
        score=np.full(pictures, 0.99, np.float32),
        pose=np.zeros((pictures, 3), np.float32),
    )


def strengths(track: FaceTrack) -> list[float]:
    fades = fades_of([track])
    return [fades.get(picture, Fade()).strength for picture in track.frames.tolist()]


def test_a_calm_frontal_face_is_painted_whole(ada_seen: Perception) -> None:
    assert fades_of([still(ada_seen)]) == {}
    assert fades_of([]) == {}


@pytest.mark.parametrize(
    ("axis", "degrees", "why"), [(0, 70, "turned too far"), (0, -70, "turned too far"), (1, 60, "tilted too far")]
)
def test_a_profile_fades_out_before_it_comes_and_says_why(
    ada_seen: Perception, axis: int, degrees: float, why: str
) -> None:
    track = still(ada_seen)
    track.pose[30:40, axis] = degrees
    fades = fades_of([track])
    assert all(fades[picture] == Fade(0.0, why) for picture in range(40, 50))
    assert fades[38].strength == 0 and 0 < fades[36].strength < 1 and fades[36].why == why
    assert 20 not in fades and 65 not in fades


def test_a_face_under_48_pixels_is_left_alone(ada_seen: Perception) -> None:
    track = still(ada_seen)
    width = np.ptp(track.mesh[0, :468, 0])
    for px, wanted in ((47, 0.0), (54, 0.5), (61, 1.0)):
        small = replace(track, mesh=track.mesh * np.float32(px / width))
        assert strengths(small)[30] == pytest.approx(wanted, abs=0.02)
    assert {fade.why for fade in fades_of([replace(track, mesh=track.mesh * np.float32(47 / width))]).values()} == {
        "too small"
    }


def test_a_leap_fades_and_a_slow_walk_does_not(ada_seen: Perception) -> None:
    track = still(ada_seen)
    eyes = np.linalg.norm(track.mesh[0, 33, :2] - track.mesh[0, 263, :2])
    walk, leap = track.mesh.copy(), track.mesh.copy()
    walk[:, :, 0] += 0.1 * eyes * np.arange(60)[:, None]
    leap[30:, :, 0] += 0.8 * eyes
    assert fades_of([replace(track, mesh=walk)]) == {}
    fades = fades_of([replace(track, mesh=leap)])
    assert fades[40] == Fade(0.0, "moved too fast") and 20 not in fades and 60 not in fades


def test_a_doubtful_face_fades(ada_seen: Perception) -> None:
    track = still(ada_seen)
    track.score[30:35] = 0.5
    assert fades_of([track])[42] == Fade(0.0, "hardly seen")


@given(st.lists(st.floats(-90, 90), min_size=5, max_size=60))
@settings(max_examples=60)
def test_strength_never_jumps_nor_exceeds_what_the_turn_allows(ada_seen: Perception, corners: list[float]) -> None:
    track = still(ada_seen)
    track.pose[:, 0] = np.interp(np.arange(60), np.linspace(0, 59, len(corners)), corners)
    found = np.array(strengths(track))
    assert np.abs(np.diff(found)).max() < 0.5
    assert (found[np.abs(track.pose[:, 0]) >= 64] == 0).all()
