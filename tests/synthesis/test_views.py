from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.perception.layout import texels
from countenance.perception.networks import FaceNetworks
from countenance.synthesis.fields import FIELD_PX
from countenance.synthesis.references import Reference, read_reference
from countenance.synthesis.regions import ATLAS_PX
from countenance.synthesis.views import unrolled

REFS = EXAMPLES / "ben" / "refs"


@pytest.fixture(scope="module")
def front(networks: FaceNetworks) -> Reference:
    return read_reference(REFS / "1_front_neutral.jpg", networks)


@pytest.fixture(scope="module")
def turned(networks: FaceNetworks) -> Reference:
    """About 28 degrees to his right: the camera sees more of his left side."""
    return read_reference(REFS / "3_right25_calm.jpg", networks)


def seen(reference: Reference, *points: int) -> float:
    x, y = np.rint(texels(FIELD_PX)[list(points)].mean(axis=0)).astype(int)
    return float(unrolled(reference).facing[y - 1 : y + 2, x - 1 : x + 2].mean())


def test_the_pixels_of_a_point_lie_at_its_texel(front: Reference) -> None:
    view = unrolled(front)
    for point in (50, 280, 10, 152, 5):
        x, y = np.rint(front.mesh[point, :2]).astype(int)
        u, v = np.rint(texels(ATLAS_PX)[point]).astype(int)
        there = front.frame.rgb()[y - 2 : y + 3, x - 2 : x + 3].mean(axis=(0, 1))
        assert view.pixels[v - 3 : v + 4, u - 3 : u + 4].mean(axis=(0, 1)) == pytest.approx(there, abs=14)


def test_a_turned_head_shows_one_side_squarely_and_the_other_hardly(turned: Reference, front: Reference) -> None:
    left, right = (280, 352, 345), (50, 123, 116)
    assert seen(turned, *left) > 0.8
    assert seen(turned, *right) < 0.55
    assert seen(front, *left) == pytest.approx(seen(front, *right), abs=0.15)


def test_what_the_nose_hides_is_not_seen(turned: Reference) -> None:
    steep = replace(turned, mesh=_stretched(turned.mesh))
    assert seen(steep, 114, 217) < 0.05 < seen(steep, 343, 437)


def test_what_lies_outside_the_picture_is_not_seen(front: Reference) -> None:
    shifted = front.mesh.copy()
    shifted[:, 0] -= float(front.mesh[4, 0])  # the nose on the left edge
    view = unrolled(replace(front, mesh=shifted))
    centre = FIELD_PX // 2
    assert view.facing[:, : centre - 3].max() == 0
    assert view.facing[:, centre + 8 :].max() > 0.5


def test_a_smaller_or_softer_face_has_less_detail(front: Reference) -> None:
    assert unrolled(replace(front, sharpness=0.3)).density == pytest.approx(0.5 * unrolled(front).density, rel=0.01)


def _stretched(mesh: np.ndarray) -> np.ndarray:
    """The same head with the nose drawn out towards the camera, turned farther to his right."""
    longer = mesh.copy()
    longer[:, 2] *= 1.6
    angle = np.radians(-25)
    rotation = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    centre = longer.mean(axis=0)
    return np.asarray((longer - centre) @ rotation + centre, np.float32)
