from __future__ import annotations

import numpy as np
import pytest

from countenance.synthesis.blend import blended, diffused


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(128, 20, (128, 128, 3)).astype(np.float32)


def halves(left: float, right: float) -> np.ndarray:
    """Scores of two pictures: the first is better on the left, the second on the right."""
    first = np.full((128, 128), left, np.float32)
    first[:, 64:] = right
    return np.stack([first, 1 - first])


def test_one_picture_stays_as_it_is() -> None:
    assert blended([noise(1)], np.ones((1, 128, 128), np.float32)) == pytest.approx(noise(1), abs=1e-2)


def test_each_side_shows_the_detail_of_its_own_picture() -> None:
    made = blended([noise(1), noise(2)], halves(1, 0))
    assert made[:, :32] == pytest.approx(noise(1)[:, :32], abs=6)
    assert made[:, 96:] == pytest.approx(noise(2)[:, 96:], abs=6)


def test_detail_is_not_averaged_where_two_pictures_are_almost_as_good() -> None:
    made = blended([noise(1), noise(2)], halves(0.55, 0.45))
    assert made.std() > 0.9 * noise(1).std()


def test_a_step_in_tone_becomes_a_slope() -> None:
    dark, bright = np.full((128, 128, 3), 80, np.float32), np.full((128, 128, 3), 160, np.float32)
    made = blended([dark, bright], halves(1, 0))
    assert made[:, 0].mean() < 90 and made[:, -1].mean() > 150
    assert np.abs(np.diff(made[64, :, 0])).max() < 8


def test_what_is_known_stays_and_the_rest_is_filled_smoothly_from_around() -> None:
    slope = np.repeat(np.linspace(50, 200, 128, dtype=np.float32)[None, :, None], 128, axis=0).repeat(3, axis=2)
    known = np.ones((128, 128), np.float32)
    known[40:90, 50:80] = 0
    hidden = slope.copy()
    hidden[known == 0] = 255
    filled = diffused(hidden, known)
    assert np.array_equal(filled[known == 1], slope[known == 1])
    assert np.abs(filled - slope).max() < 25
    assert np.abs(np.diff(filled[64, :, 0])).max() < 8


def test_nothing_known_gives_no_rubbish() -> None:
    assert np.isfinite(diffused(noise(3), np.zeros((128, 128), np.float32))).all()
