from __future__ import annotations

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.perception.layout import texels
from countenance.perception.networks import FaceNetworks
from countenance.synthesis.belief import agreeing, own_skin
from countenance.synthesis.fields import FIELD_PX, field, to_light, weighted_median
from countenance.synthesis.references import read_reference
from countenance.synthesis.views import unrolled

FRONT = EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg"
EVERYWHERE = np.ones((FIELD_PX, FIELD_PX), np.float32)


@pytest.fixture(scope="module")
def light(networks: FaceNetworks) -> np.ndarray:
    return to_light(field(unrolled(read_reference(FRONT, networks)).pixels.astype(np.float32)))


def around(*points: int) -> tuple[slice, slice]:
    x, y = np.rint(texels(FIELD_PX)[list(points)].mean(axis=0)).astype(int)
    return slice(y - 5, y + 6), slice(x - 5, x + 6)


TEMPLE, CHEEK, NOSE = around(71, 21, 68), around(50, 187), around(4, 5)


def coloured(light: np.ndarray, where: tuple[slice, slice], colour: tuple[float, float, float]) -> np.ndarray:
    changed = light.copy()
    changed[where] = colour
    return changed


@pytest.mark.parametrize("colour", [(0.01, 0.008, 0.008), (0.05, 0.3, 0.06), (0.3, 0.3, 0.6)])
def test_other_material_is_no_skin(light: np.ndarray, colour: tuple[float, float, float]) -> None:
    for where in (TEMPLE, CHEEK):
        assert own_skin(light, EVERYWHERE)[where].mean() > 0.7
        assert own_skin(coloured(light, where, colour), EVERYWHERE)[where].mean() < 0.15


def test_a_soft_shadow_is_still_skin(light: np.ndarray) -> None:
    shaded = light.copy()
    shaded[CHEEK] *= 0.75
    assert own_skin(shaded, EVERYWHERE)[CHEEK].mean() > 0.9


def test_features_are_never_called_strange(light: np.ndarray) -> None:
    assert own_skin(coloured(light, NOSE, (0.9, 0.1, 0.1)), EVERYWHERE)[NOSE].min() > 0.95


def test_a_dark_beard_is_the_persons_own_but_a_dark_forehead_is_not(light: np.ndarray) -> None:
    dark = light.copy()
    chin = int(texels(FIELD_PX)[164, 1])
    dark[chin:] *= 0.12
    assert own_skin(dark, EVERYWHERE)[around(175, 199)].mean() > 0.9
    brow = int(texels(FIELD_PX)[105, 1])
    dark = light.copy()
    dark[: brow - 8] *= 0.05
    assert own_skin(dark, EVERYWHERE)[around(10, 151)].mean() < 0.2


def test_a_hand_over_one_view_of_three_is_outvoted(light: np.ndarray) -> None:
    hand = coloured(light, CHEEK, tuple(0.35 * light[CHEEK].mean(axis=(0, 1))))
    one, two, three = agreeing([hand, light, light], [EVERYWHERE] * 3)
    assert one[CHEEK].mean() < 0.4
    assert min(two.min(), three.min()) > 0.5
    assert one[TEMPLE].mean() > 0.95


def test_nobody_is_outvoted_by_one_other_view_nor_over_a_feature(light: np.ndarray) -> None:
    hand = coloured(light, CHEEK, (0.1, 0.05, 0.04))
    assert min(one[CHEEK].min() for one in agreeing([hand, light], [EVERYWHERE] * 2)) > 0.95
    nose = coloured(light, NOSE, (0.1, 0.05, 0.04))
    assert agreeing([nose, light, light], [EVERYWHERE] * 3)[0][NOSE].min() > 0.95


def test_a_weighted_median_goes_by_the_weights() -> None:
    values = np.array([[1.0], [5.0], [9.0]], np.float32)
    assert weighted_median(values, np.array([[1], [1], [1]], np.float32)) == 5
    assert weighted_median(values, np.array([[1], [1], [9]], np.float32)) == 9
