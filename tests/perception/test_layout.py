"""The common layout: symmetric, free of folds, and derived as it says."""

from pathlib import Path

import numpy as np
import pytest

from countenance.perception.layout import derive, mean_shape, mirrored, texels
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import MIRROR_PAIRS, POINTS, triangles
from countenance.synthesis.references import read_reference

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_every_point_has_a_twin_and_is_its_twins_twin() -> None:
    twins = mirrored()
    assert np.array_equal(twins[twins], np.arange(POINTS))
    assert all(twins[right] == left for right, left in MIRROR_PAIRS)


def test_the_mean_shape_is_symmetric() -> None:
    shape = mean_shape()
    assert np.abs(shape[mirrored()] * [-1, 1, 1] - shape).max() < 0.01


@pytest.mark.parametrize("side", [64, 640])
def test_no_triangle_of_the_layout_is_folded_or_outside(side: int) -> None:
    flat = texels(side)
    assert flat.min() > 0
    assert flat.max() < side
    a, b, c = (flat[triangles()[:, i]] for i in range(3))
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    assert (turn < 0).all()


def test_the_mean_shape_is_that_of_the_two_presenters_stills() -> None:
    networks = FaceNetworks()
    stills = [path for name in ("ada", "ben") for path in sorted((EXAMPLES / name / "refs").glob("*.jpg"))]
    again = derive([read_reference(path, networks).mesh for path in stills])
    assert np.abs(again - mean_shape()).max() < 0.03
