from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.perception.pose import apply
from countenance.perception.refine import REFINED
from countenance.perception.smooth import smooth_track, smoothed
from countenance.perception.topology import LIPS_INNER, POINTS, RIGHT_EYE

FRAMES = 61
LOWER_LIP, CHEEK = LIPS_INNER[5], 50


def still_face() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(0, 40, (POINTS + 10, 3)).astype(np.float32) + 200


def track(offset: NDArray[np.floating] | None = None, point: int = 0) -> NDArray[np.float32]:
    """A face at rest, of which one point moves down by `offset` (frames,)."""
    mesh = np.repeat(still_face()[None], FRAMES, axis=0)
    if offset is not None:
        mesh[:, point, 1] += offset
    return mesh


def bump(width: float) -> NDArray[np.float64]:
    """A peak of 10 px in the middle, of a given standard deviation in frames."""
    return 10 * np.exp(-(((np.arange(FRAMES) - FRAMES // 2) / width) ** 2) / 2)


def tremble(values: NDArray[np.floating]) -> float:
    return float(np.diff(values, n=2, axis=0).std())


def test_a_face_at_rest_stays_where_it_is() -> None:
    assert smooth_track(track()) == pytest.approx(track(), abs=1e-2)


def test_tremble_goes() -> None:
    noisy = track() + np.random.default_rng(2).normal(0, 0.5, (FRAMES, POINTS + 10, 3)).astype(np.float32)
    smooth = smooth_track(noisy)
    others = [point for point in range(POINTS) if point not in LIPS_INNER]
    assert tremble(smooth[:, others, :2]) < 0.3 * tremble(noisy[:, others, :2])
    assert np.abs(smooth - track()).mean() < 0.6 * np.abs(noisy - track()).mean()


@pytest.mark.parametrize(("point", "width"), [(LOWER_LIP, 1.5), (CHEEK, 4.0)])
def test_peaks_keep_their_height_and_their_moment(point: int, width: float) -> None:
    moved = smooth_track(track(bump(width), point))[:, point, 1] - track()[0, point, 1]
    assert moved.max() == pytest.approx(10, rel=0.1)
    assert int(moved.argmax()) == FRAMES // 2


def test_there_is_no_lag_at_a_step() -> None:
    step = np.where(np.arange(FRAMES) < FRAMES // 2, 0.0, 10.0)
    moved = smooth_track(track(step, LOWER_LIP))[:, LOWER_LIP, 1] - track()[0, LOWER_LIP, 1]
    before, after = FRAMES // 2 - 1, FRAMES // 2
    assert moved[before] < 5 < moved[after]
    assert moved[before] == pytest.approx(10 - moved[after], abs=0.2)


def test_the_heads_own_way_is_followed() -> None:
    """A head that speeds up, turns and grows moves along parabolas, which the filter lets through."""
    time = np.linspace(-1, 1, FRAMES)
    mesh = track()
    for index, t in enumerate(time):
        angle, scale = 0.2 * t, 1 + 0.1 * t
        c, s = scale * np.cos(angle), scale * np.sin(angle)
        matrix = np.array([[c, -s, 30 * t * t], [s, c, 50 * t]], np.float32)
        mesh[index, :, :2] = apply(matrix, mesh[index, :, :2])
    assert smooth_track(mesh) == pytest.approx(mesh, abs=0.1)


def test_time_can_run_either_way() -> None:
    noisy = track(bump(2), CHEEK)
    noisy += np.random.default_rng(4).normal(0, 0.5, noisy.shape).astype(np.float32)
    assert smooth_track(noisy[::-1])[::-1] == pytest.approx(smooth_track(noisy), abs=2e-2)


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_short_tracks_come_back_as_they_are(frames: int) -> None:
    mesh = track()[:frames]
    smooth = smooth_track(mesh)
    assert np.array_equal(smooth, mesh)
    assert not np.shares_memory(smooth, mesh)


@pytest.mark.parametrize("frames", [5, 6, 8, 12, 13, 14])
def test_tracks_shorter_than_the_filter_are_smoothed_as_far_as_they_go(frames: int) -> None:
    assert smooth_track(track()[:frames]) == pytest.approx(track()[:frames], abs=1e-2)


def noisy_track(frames: int, seed: int = 5) -> NDArray[np.float32]:
    """A face that wanders, turns and trembles."""
    time = np.linspace(0, frames / 25, frames)
    random = np.random.default_rng(seed)
    mesh = np.repeat(still_face()[None], frames, axis=0)
    mesh[..., 0] += (30 * np.sin(time))[:, None]
    mesh[..., 1] += (10 * np.cos(2 * time))[:, None]
    return mesh + random.normal(0, 0.4, mesh.shape).astype(np.float32)


@pytest.mark.parametrize("drop", [3.0, 8.0])
def test_a_blink_of_three_pictures_stays_as_deep_and_as_short_as_it_is(drop: float) -> None:
    lid, middle = RIGHT_EYE[12], FRAMES // 2
    blink = np.zeros(FRAMES)
    blink[middle - 1 : middle + 2] = drop * np.array([0.6, 1.0, 0.6])
    noise = np.random.default_rng(3).normal(0, 0.2, (FRAMES, POINTS + 10, 3)).astype(np.float32)
    moved = (smooth_track(track(blink, lid) + noise) - smooth_track(track() + noise))[:, lid, 1]
    assert moved[middle] > 0.85 * drop
    assert int(moved.argmax()) == middle
    assert np.abs(np.delete(moved, range(middle - 3, middle + 4))).max() < 0.1 * drop


def test_what_only_trembles_is_calmed_more_than_what_moves() -> None:
    """The same tremble, but one lip speaks: the still one is calmer, the other keeps its speech."""
    speech = 4 * np.sin(np.arange(FRAMES) * 1.3)
    noise = np.random.default_rng(6).normal(0, 0.3, (FRAMES, POINTS + 10, 3)).astype(np.float32)
    still = smooth_track(track() + noise)[:, LOWER_LIP, 1]
    speaking = smooth_track(track(speech, LOWER_LIP) + noise)[:, LOWER_LIP, 1] - track()[:, LOWER_LIP, 1]
    assert np.std(still) < 0.7 * np.std(noise[:, LOWER_LIP, 1])
    assert np.corrcoef(speaking, speech)[0, 1] > 0.98
    assert np.std(speaking) > 0.85 * np.std(speech)


@pytest.mark.parametrize(("frames", "chunk"), [(100, 7), (300, 64), (257, 256), (264, 256), (700, 100)])
def test_piece_by_piece_is_the_same_as_at_once(frames: int, chunk: int) -> None:
    mesh = noisy_track(frames)
    slip = np.random.default_rng(7).normal(0, 2, (frames, len(REFINED))).astype(np.float32)

    def rows(start: int, stop: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        assert 0 <= start < stop <= frames
        return mesh[start:stop], slip[start:stop]

    pieces = list(smoothed(rows, frames, chunk))
    assert [len(piece) for piece in pieces[:-1]] == [chunk] * (len(pieces) - 1)
    (whole,) = smoothed(rows, frames, frames)
    assert np.array_equal(np.concatenate(pieces), whole)


def test_no_more_than_a_piece_and_its_neighbours_is_read() -> None:
    mesh, most = noisy_track(3000), 0

    def rows(start: int, stop: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        nonlocal most
        most = max(most, stop - start)
        return mesh[start:stop], np.zeros((stop - start, len(REFINED)), np.float32)

    assert sum(len(piece) for piece in smoothed(rows, 3000)) == 3000
    assert most < 400
