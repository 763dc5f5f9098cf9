from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.media.probe import Master
from countenance.perception.tracks import Perception
from countenance.synthesis.mouthclips import kept
from countenance.synthesis.mouths import MouthLibrary, choose_path, collect_mouths, gap_and_width, wanted_shapes

CAP = 240


def own_shapes(library: MouthLibrary) -> np.ndarray:
    return np.array([[mouth.gap, mouth.width] for mouth in library.mouths], np.float32)


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


def test_targets_are_set_to_what_this_talent_can_do(ada_mouths: MouthLibrary) -> None:
    low, _, high = ada_mouths.gap
    narrow, rest, wide = ada_mouths.width
    rows = [
        ([0, 0, 0, 0], (low, rest)),
        ([1, 0, 0, 0], (high, rest)),
        ([0, 1, 0, 0], (low, wide)),
        ([0, -1, 0, 0], (low, narrow)),
        ([1, 0, 1, 0], (ada_mouths.shut, rest)),  # pressed lips are shut whatever else is asked
    ]
    shapes = wanted_shapes(ada_mouths, np.array([targets for targets, _ in rows], np.float32))
    assert shapes == pytest.approx(np.array([shape for _, shape in rows]), abs=1e-5)


@given(st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 4), min_size=1, max_size=6))
def test_no_target_asks_for_more_than_the_talents_range(
    ada_mouths: MouthLibrary, targets: list[tuple[float, ...]]
) -> None:
    shapes = wanted_shapes(ada_mouths, np.array(targets, np.float32))
    assert (shapes[:, 0] >= 0).all() and (shapes[:, 0] <= ada_mouths.gap[2] + 1e-6).all()


def test_the_footages_own_words_are_shown_in_the_footages_own_order(ada_mouths: MouthLibrary) -> None:
    poses = np.stack([mouth.pose for mouth in ada_mouths.mouths])
    assert choose_path(ada_mouths, own_shapes(ada_mouths), poses).tolist() == list(range(len(poses)))


def test_the_path_keeps_to_the_order_through_small_errors(ada_mouths: MouthLibrary) -> None:
    poses = np.stack([mouth.pose for mouth in ada_mouths.mouths])
    noise = np.random.default_rng(5).normal(0, 0.01, (len(poses), 2)).astype(np.float32)
    path = choose_path(ada_mouths, own_shapes(ada_mouths) + noise, poses)
    steps = np.diff(path)
    assert ((steps >= 0) & (steps <= 2)).mean() > 0.9


def test_other_words_are_reached_by_few_jumps_and_close_the_lips(ada_mouths: MouthLibrary) -> None:
    """Open, shut, open: the path finds mouths that do it and goes with the footage in between."""
    aperture = np.repeat([1.0, 0.0, 1.0], 10)
    press = np.repeat([0.0, 1.0, 0.0], 10)
    targets = np.stack([aperture, 0 * aperture, press, 0 * press], axis=1).astype(np.float32)
    poses = np.stack([mouth.pose for mouth in ada_mouths.mouths])[:30]
    path = choose_path(ada_mouths, wanted_shapes(ada_mouths, targets), poses)
    gaps = own_shapes(ada_mouths)[path, 0]
    assert gaps[10:20].mean() < 0.5 * min(gaps[:10].mean(), gaps[20:].mean())
    steps = np.diff(path)
    assert ((steps < 0) | (steps > 2)).sum() <= 12


def test_gap_and_width_are_measured_in_eye_distances(ada_mouths: MouthLibrary) -> None:
    shape = np.zeros((468, 2), np.float32)
    shape[14] = (0, 8)
    shape[61], shape[291] = (-30, 4), (30, 4)
    assert gap_and_width(shape, 100.0) == pytest.approx((0.08, 0.6))
