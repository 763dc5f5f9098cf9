from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from clips import EXAMPLES

from countenance.media.frame import Frame
from countenance.perception.layout import texels
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import LEFT_EYE, RIGHT_EYE
from countenance.synthesis.atlas import made_atlas
from countenance.synthesis.glasses import frames_in, wears_glasses
from countenance.synthesis.references import Reference, read_reference
from countenance.synthesis.regions import ATLAS_PX
from countenance.synthesis.views import unrolled

REFS = EXAMPLES / "ben" / "refs"
BELOW = (119, 348)  # on the lower rims
DARK, GOLD = (35, 30, 30), (235, 220, 190)


@pytest.fixture(scope="module")
def bare(networks: FaceNetworks) -> Reference:
    return read_reference(REFS / "1_front_neutral.jpg", networks)


def with_glasses(reference: Reference, colour: tuple[int, int, int], thickness: int = 3) -> Reference:
    """The same still with round glasses drawn on it."""
    picture = np.ascontiguousarray(reference.frame.rgb())
    mesh = reference.mesh[:, :2]
    rims = []
    for eye, below in ((RIGHT_EYE, BELOW[0]), (LEFT_EYE, BELOW[1])):
        middle = mesh[list(eye)].mean(axis=0)
        rims.append((middle, float(np.linalg.norm(mesh[below] - middle))))
        cv2.circle(picture, tuple(np.rint(middle).astype(int)), round(rims[-1][1]), colour, thickness, cv2.LINE_AA)
    ends = [rims[0][0] + (rims[0][1], 0), rims[1][0] - (rims[1][1], 0)]
    cv2.line(picture, *(tuple(np.rint(end).astype(int)) for end in ends), colour, thickness, cv2.LINE_AA)
    return replace(reference, frame=Frame.from_rgb(picture), glasses=True)


@pytest.mark.parametrize("colour", [DARK, GOLD])
def test_glasses_are_noticed(bare: Reference, colour: tuple[int, int, int]) -> None:
    assert wears_glasses(with_glasses(bare, colour).frame, bare.mesh)


def test_bare_faces_wear_none(networks: FaceNetworks) -> None:
    for person in ("ada", "ben"):
        for path in sorted((EXAMPLES / person / "refs").glob("*.jpg")):
            assert not read_reference(path, networks).glasses, path


def test_a_frown_is_no_pair_of_glasses(bare: Reference) -> None:
    picture = np.ascontiguousarray(bare.frame.rgb())
    for shift in (-5, 5):
        start, end = (np.rint(bare.mesh[point, :2] + (shift, 0)).astype(int) for point in (9, 168))
        cv2.line(picture, tuple(start), tuple(end), (110, 80, 70), 2, cv2.LINE_AA)
    assert not wears_glasses(Frame.from_rgb(picture), bare.mesh)


def test_the_frames_are_found_where_they_lie_and_brows_and_lids_are_not(bare: Reference) -> None:
    found = frames_in(unrolled(with_glasses(bare, DARK)).pixels)
    uv = np.rint(texels(ATLAS_PX)).astype(int)
    for point in BELOW:
        x, y = uv[point]
        assert found[y - 8 : y + 8, x].max() > 0.9
    for point in (105, 334, 159, 386, 4, 205, 425):  # brows, upper lids, nose, cheeks
        assert found[uv[point, 1], uv[point, 0]] < 0.1


def test_frames_are_not_painted(bare: Reference) -> None:
    free, worn = (
        made_atlas([unrolled(one)], np.zeros(1, np.float32)).texture for one in (bare, with_glasses(bare, DARK))
    )
    uv = np.rint(texels(ATLAS_PX)).astype(int)
    for point in BELOW:
        rim = np.s_[uv[point, 1] - 6 : uv[point, 1] + 6, uv[point, 0] - 6 : uv[point, 0] + 6]
        shown = unrolled(with_glasses(bare, DARK)).pixels[rim].min()
        assert shown < 0.5 * free[rim].mean()
        assert worn[rim].min() > 0.75 * free[rim].mean()


def test_a_still_without_glasses_leads(bare: Reference, networks: FaceNetworks) -> None:
    other = read_reference(REFS / "6_up_surprised.jpg", networks)
    views = [unrolled(with_glasses(bare, DARK)), unrolled(other)]
    assert made_atlas(views, np.array([0.3, 2.0], np.float32)).leader == 1
    assert made_atlas([unrolled(bare), unrolled(other)], np.array([0.3, 2.0], np.float32)).leader == 0
