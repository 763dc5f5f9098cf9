from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, psnr_db
from numpy.typing import NDArray

from countenance.provenance.still import mark_still
from countenance.provenance.watermark_read import read_mark

KEY = bytes(range(32))
MARK_ID = 0xFEED_FACE_0123_4567
Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def still() -> Picture:
    """A presenter, enlarged to 1024 x 1024 and with the grain of a camera."""
    small = frames_of(EXAMPLES / "ada" / "master.mp4", stop=1)[0].rgb()
    large = cv2.resize(small, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    return np.clip(large + np.random.default_rng(0).normal(0, 1.5, large.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def marked(still: Picture) -> Picture:
    return mark_still(still, KEY, MARK_ID)


def luma(rgb: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def jpeg(picture: Picture, quality: int) -> Picture:
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0), np.uint8)


def screenshot(picture: Picture) -> Picture:
    small = cv2.resize(picture, (640, 640), interpolation=cv2.INTER_LINEAR)
    return jpeg(np.asarray(cv2.addWeighted(small, 1.6, cv2.GaussianBlur(small, (0, 0), 1.0), -0.6, 0), np.uint8), 75)


def test_a_still_is_marked_faintly_and_without_colour(still: Picture, marked: Picture) -> None:
    assert psnr_db(luma(still), luma(marked)) > 46
    change = marked.astype(int) - still
    untouched = (still > 8).all(axis=2) & (still < 247).all(axis=2)
    assert np.ptp(change[untouched], axis=1).max() == 0
    assert (change != 0).any()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda picture: jpeg(picture, 50), id="JPEG of quality 50"),
        pytest.param(
            lambda picture: jpeg(cv2.resize(picture, (512, 512), interpolation=cv2.INTER_AREA), 80), id="half"
        ),
        pytest.param(lambda picture: jpeg(picture[100:868, 200:968], 75), id="crop to 75 %"),
        pytest.param(screenshot, id="screenshot"),
    ],
)
def test_the_id_is_read_back_from(marked: Picture, change: Callable[[Picture], Picture]) -> None:
    reading = read_mark([change(luma(marked))], KEY)
    assert reading is not None and reading.mark_id == MARK_ID and reading.frames == 1


def test_the_still_itself_stays_as_it_was_and_carries_nothing(still: Picture) -> None:
    before = still.copy()
    mark_still(still, KEY, MARK_ID)
    assert np.array_equal(before, still)
    assert read_mark([luma(still)], KEY, search=False) is None


@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 4)])
def test_pictures_of_another_kind_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        mark_still(np.zeros(shape, np.uint8), KEY, MARK_ID)
