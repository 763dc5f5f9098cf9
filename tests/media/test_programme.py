"""EBU Tech 3341 and 3342 say by their own test signals what a meter must show; these are made after them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from countenance.media.loudness import Programme, measure_programme

RATE_HZ = 16000


def steps(*parts: tuple[float, float]) -> NDArray[np.float32]:
    """A stereo sine of 1 kHz at the given levels (dBFS), each for so many seconds."""
    levels = np.concatenate([np.full(round(seconds * RATE_HZ), 10 ** (level / 20)) for level, seconds in parts])
    wave = levels * np.sin(2 * np.pi * 1000 * np.arange(len(levels)) / RATE_HZ)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def measured(samples: NDArray[np.float32]) -> Programme:
    return measure_programme(np.array_split(samples, 7), RATE_HZ)


@pytest.mark.parametrize(
    ("parts", "range_lu"),
    [
        (((-20, 20), (-30, 20)), 10),
        (((-20, 20), (-15, 20)), 5),
        (((-40, 20), (-20, 20)), 20),
        (((-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)), 15),
    ],
)
def test_the_range_is_that_of_tech_3342(parts: tuple[tuple[float, float], ...], range_lu: float) -> None:
    assert measured(steps(*parts)).range_lu == pytest.approx(range_lu, abs=1)


def test_a_steady_tone_is_as_loud_at_every_moment() -> None:
    found = measured(steps((-23, 20)))
    assert (found.lufs, found.momentary_lufs, found.short_term_lufs) == pytest.approx((-23, -23, -23), abs=0.1)
    assert found.peak_dbtp == pytest.approx(-23, abs=0.3)


def test_the_loudest_moment_is_found_wherever_it_is() -> None:
    found = measured(steps((-40, 4), (-20, 0.5), (-40, 5), (-30, 4)))
    assert found.momentary_lufs == pytest.approx(-20, abs=0.1)
    assert found.short_term_lufs == pytest.approx(10 * math.log10((0.5 * 1e-2 + 2.5 * 1e-4) / 3), abs=0.2)


def test_a_short_sound_and_silence_have_figures_too() -> None:
    short = measured(steps((-20, 1)))
    assert short.short_term_lufs == short.lufs and short.range_lu == 0
    silent = measured(np.zeros((RATE_HZ, 1), np.float32))
    assert silent == Programme(-math.inf, 0.0, -math.inf, -math.inf, -math.inf)
    assert measure_programme([], RATE_HZ).lufs == -math.inf
