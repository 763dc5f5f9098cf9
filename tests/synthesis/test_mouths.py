from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.media.probe import Master
from countenance.perception.tracks import Perception
from countenance.synthesis.mouthclips import Footage, filmed, kept
from countenance.synthesis.mouths import MouthLibrary, collect_mouths, gap_and_width, library_of

CAP = 240


def test_the_library_holds_the_talents_mouths_in_the_footages_order(
    ada_mouths: MouthLibrary, ada_seen: Perception
) -> None:
    assert [mouth.frame for mouth in ada_mouths.mouths] == ada_seen.tracks[0].frames.tolist()
    low, middle, high = ada_mouths.gap
    assert 0 <= low < middle < high < 0.6  # eye distances
    for mouth in ada_mouths.mouths:
        assert mouth.pixels.shape == (mouth.box.height, mouth.box.width, 3)
        inside = mouth.mesh[[61, 291, 13, 14, 152], :2] - (mouth.box.x, mouth.box.y)
        assert (inside >= 0).all() and (inside < (mouth.box.width, mouth.box.height)).all()


def test_in_face_space_the_skull_stands_still(ada_mouths: MouthLibrary) -> None:
    corners = np.stack([mouth.shape[[33, 263, 168]] for mouth in ada_mouths.mouths])
    assert np.abs(corners - np.median(corners, axis=0)).max() < 0.05 * ada_mouths.unit


def test_a_talent_without_a_face_is_refused(ada_master: Master) -> None:
    with pytest.raises(InputError, match="no face to take mouths from"):
        collect_mouths(ada_master, ())


@given(st.integers(1, 20_000))
def test_what_is_kept_stays_under_the_cap_and_reaches_to_the_end(count: int) -> None:
    chosen = [index for index in range(count) if kept(index, count, CAP)]
    assert min(count, CAP * 3 // 4) <= len(chosen) <= CAP
    assert chosen[0] == 0 and chosen[-1] >= (count - 1) * 0.9


def test_gap_and_width_are_measured_in_eye_distances(ada_mouths: MouthLibrary) -> None:
    shape = np.zeros((468, 2), np.float32)
    shape[14] = (0, 8)
    shape[61], shape[291] = (-30, 4), (30, 4)
    assert gap_and_width(shape, 100.0) == pytest.approx((0.08, 0.6))


def test_a_second_clip_joins_the_library_in_the_firsts_face_space(ada_master: Master, ada_seen: Perception) -> None:
    """The same footage twice: the second time it lies on the first, and no mouth of one follows on one of the other."""
    tracks = ada_seen.of_person(0)
    whole, part = filmed(Footage(ada_master, tracks)), filmed(Footage(ada_master, tracks, None, (10, 20)))
    library = library_of([whole, part])
    again = library.mouths[len(whole.numbers) :]
    assert len(again) == 10 and library.early_s == (0.0, 0.0)
    for mouth, twin in zip(again, library.mouths[10:20], strict=True):
        assert np.array_equal(mouth.shape, twin.shape) and mouth.frame > 1000
        assert np.array_equal(mouth.look, twin.look)


def test_pictures_in_which_the_face_was_hidden_are_left_out(ada_master: Master, ada_seen: Perception) -> None:
    track = ada_seen.tracks[0]
    guessed = replace(track, score=np.where(np.arange(len(track.frames)) < 12, np.float32(0.25), track.score))
    assert filmed(Footage(ada_master, [guessed])).numbers.min() == 12


def test_lips_that_never_met_are_shut_as_far_as_lips_that_touch(ada_mouths: MouthLibrary) -> None:
    wide = tuple(mouth for mouth in ada_mouths.mouths if mouth.gap > ada_mouths.gap[1])
    assert replace(ada_mouths, mouths=wide).shut == pytest.approx(0.014)
    assert ada_mouths.shut < 0.014
