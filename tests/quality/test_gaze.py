from __future__ import annotations

import numpy as np
import pytest

from countenance.media.frame import F32
from countenance.quality.gaze import gaze_error_deg

IRIS_PX = 11.7


def eyes(
    look: tuple[float, float] = (0.0, 0.0), *, gap: float = 12.0, roll_deg: float = 0.0, width: float = 30.0
) -> F32:
    """Two eyes, a millimetre a pixel, looking (right, down) of the middle by millimetres."""
    mesh = np.zeros((478, 3), np.float32)
    for middle, corners, lids, iris in ((-32, (33, 133), (159, 145), 468), (32, (362, 263), (386, 374), 473)):
        for point, side in zip(corners, (-width / 2, width / 2), strict=True):
            mesh[point, 0] = middle + side
        for point, side in zip(lids, (-gap / 2, gap / 2), strict=True):
            mesh[point, :2] = (middle, side)
        centre = np.array([middle + look[0], look[1]])
        rim = np.array([[0, 0], [IRIS_PX / 2, 0], [0, -IRIS_PX / 2], [-IRIS_PX / 2, 0], [0, IRIS_PX / 2]])
        mesh[iris : iris + 5, :2] = centre + rim
    c, s = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    mesh[:, :2] = mesh[:, :2] @ np.array([[c, s], [-s, c]], np.float32) + (200, 150)
    return mesh


def test_a_moved_iris_is_told_as_an_angle() -> None:
    ten_degrees = 12.0 * float(np.sin(np.radians(10)))
    assert gaze_error_deg(eyes(), eyes((ten_degrees, 0))) == pytest.approx(10, abs=0.01)
    assert gaze_error_deg(eyes(), eyes((0, -ten_degrees))) == pytest.approx(10, abs=0.01)
    assert gaze_error_deg(eyes((2, 1)), eyes((2, 1))) == pytest.approx(0, abs=1e-3)


def test_a_tilted_head_does_not_change_the_gaze() -> None:
    assert gaze_error_deg(eyes((2, 1)), eyes((2, 1), roll_deg=25)) == pytest.approx(0, abs=0.01)


def test_wider_open_eyes_of_another_width_look_the_same_way() -> None:
    assert gaze_error_deg(eyes((2, 1)), eyes((2, 1), gap=16, width=34)) == pytest.approx(0, abs=0.01)


def test_closed_eyes_look_nowhere() -> None:
    assert gaze_error_deg(eyes(), eyes(gap=3.0)) is None
