from __future__ import annotations

from collections.abc import Callable

import cv2
import faces
import numpy as np
import pytest

from countenance.media.frame import F32, Frame
from countenance.quality.detail import Detail, part_of

RANDOM = np.random.default_rng(11)
NUMBERS = (3, 9, 15, 21, 27)


def measured(change: Callable[[F32], F32]) -> tuple[float, float]:
    """Sharpness and noise of the example master's face with its luma changed, over the master's own."""
    detail, take = Detail(), faces.take()
    for number in NUMBERS:
        earlier, later = take.frames[number - 1], take.frames[number]
        part = part_of(earlier, changed(earlier, change), take.faces[number - 1].mesh[:468])
        assert part is not None
        detail.add(part, later, changed(later, change), [take.laid(number)])
    assert len(detail.sharpness) == len(NUMBERS)
    return float(np.median(detail.sharpness)), float(np.median(detail.noise))


def changed(frame: Frame, change: Callable[[F32], F32]) -> Frame:
    luma = np.clip(np.rint(change(frame.planes[0].astype(np.float32))), 16, 235).astype(np.uint8)
    return Frame(frame.pts, frame.time_base, (luma, *frame.planes[1:]))


def blurred(luma: F32, sigma: float = 1.0) -> F32:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), sigma), np.float32)


def test_the_master_is_as_sharp_and_as_noisy_as_itself() -> None:
    assert measured(lambda luma: luma) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("change", "sharpness", "noise"),
    [
        (blurred, (0.4, 0.8), (0.3, 0.9)),  # softer, and the grain goes with it
        (lambda luma: luma + 0.7 * (luma - blurred(luma)), (1.2, 2.0), (1.1, 2.0)),  # sharpened
        (lambda luma: luma + RANDOM.normal(0, 2, luma.shape), (0.93, 1.07), (1.8, 5.0)),  # boiling
        (lambda luma: 0.8 * (luma - 16) + 16, (0.93, 1.07), (0.7, 1.05)),  # darker
        (lambda luma: np.roll(luma, 4, axis=1), (0.85, 1.15), (0.85, 1.15)),  # moved
    ],
    ids=["blurred", "sharpened", "noisy", "darker", "moved"],
)
def test_blur_and_noise_are_told_apart(
    change: Callable[[F32], F32], sharpness: tuple[float, float], noise: tuple[float, float]
) -> None:
    found = measured(change)
    assert sharpness[0] < found[0] < sharpness[1]
    assert noise[0] < found[1] < noise[1]


def test_a_texture_that_does_not_live_has_too_little_noise() -> None:
    """Every picture grainy in itself, but with the same grain: as sharp as can be, and dead."""
    take, alive, dead = faces.take(), Detail(), Detail()
    still, face = take.frames[8], take.faces[8]
    grains = [RANDOM.normal(0, 3, still.planes[0].shape) for _ in range(2)]
    first, second = (changed(still, lambda luma, grain=grain: luma + grain) for grain in grains)
    for detail, after in ((alive, second), (dead, first)):
        part = part_of(first, first, face.mesh[:468])
        assert part is not None
        detail.add(part, second, after, [take.laid(8)])
    assert alive.noise[0] == pytest.approx(1.0) and dead.noise[0] < 0.3


def test_where_hardly_anything_was_painted_nothing_is_measured() -> None:
    take, detail = faces.take(), Detail()
    part = part_of(take.frames[3], take.frames[3], take.faces[3].mesh[:468])
    assert part is not None
    detail.add(part, take.frames[4], take.frames[4], [])
    assert detail.sharpness == [] and detail.noise == []
