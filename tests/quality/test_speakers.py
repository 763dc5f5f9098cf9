from __future__ import annotations

import faces
import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.media.audio import read_mono
from countenance.media.probe import probe
from countenance.perception.perceive import perceive
from countenance.quality.lips import lip_gap
from countenance.quality.speakers import Turn, own_moments, turns
from countenance.quality.sync import av_offset

PICTURES = 160
HALF_S = PICTURES / 25


@pytest.fixture(scope="module")
def talk() -> tuple[NDArray[np.float64], list[NDArray[np.float64]], NDArray[np.float32]]:
    """One person speaks first and then rests; the other rests and then says the same, which is what is heard."""
    (track,) = perceive(probe(faces.MASTER)).tracks
    spoken = np.array([lip_gap(mesh) for mesh in track.mesh[:PICTURES]])
    random = np.random.default_rng(0)
    rest = [0.008 + random.normal(0, 5e-4, PICTURES) for _ in range(2)]
    heard = read_mono(faces.MASTER, 16000)
    assert heard is not None
    once = heard[: round(HALF_S * 16000)]
    openings = [np.concatenate([spoken, rest[0]]), np.concatenate([rest[1], spoken])]
    return np.arange(2 * PICTURES) / 25, openings, np.concatenate([once, once])


def test_whoever_moves_their_lips_with_the_sound_speaks(
    talk: tuple[NDArray[np.float64], list[NDArray[np.float64]], NDArray[np.float32]],
) -> None:
    said = turns(*talk, 16000)
    assert [turn.person for turn in said] == [0, 1]
    assert said[0].end_s < HALF_S + 0.5 and said[1].start_s > HALF_S - 0.5


def test_each_ones_offset_is_that_of_their_own_words(
    talk: tuple[NDArray[np.float64], list[NDArray[np.float64]], NDArray[np.float32]],
) -> None:
    times, openings, sound = talk
    offsets = [av_offset(times, own_moments(times, openings, n), sound, 16000).offset_ms for n in (0, 1)]
    assert offsets[0] is not None and offsets[1] is not None
    assert abs(offsets[0]) < 40 and offsets[1] == pytest.approx(offsets[0], abs=15)


def test_a_voice_whose_mouth_is_not_seen_belongs_to_nobody(
    talk: tuple[NDArray[np.float64], list[NDArray[np.float64]], NDArray[np.float32]],
) -> None:
    times, openings, sound = talk
    first_alone = [np.where(times < HALF_S, openings[0], np.nan)]
    said = turns(times, first_alone, sound, 16000)
    assert said[0].person == 0 and said[-1].person is None
    assert turns(times, [], sound, 16000) == () and turns(times, openings, 0 * sound, 16000) == ()


def test_a_turn_is_a_plain_value() -> None:
    assert Turn(0.0, 1.0, None) == Turn(0.0, 1.0, None)
