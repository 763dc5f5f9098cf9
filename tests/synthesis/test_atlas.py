from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from clips import EXAMPLES

from countenance.perception.layout import texels
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import FACE_OVAL
from countenance.synthesis.atlas import Atlas, made_atlas
from countenance.synthesis.references import read_reference
from countenance.synthesis.regions import ATLAS_PX, mirrored_plane, regions
from countenance.synthesis.views import View, unrolled

REFS = EXAMPLES / "ben" / "refs"
FRINGE = np.s_[115:172, 200:300]
EASY_FIRST = np.array([0.3, 2.0, 2.1], np.float32)


@pytest.fixture(scope="module")
def views(networks: FaceNetworks) -> list[View]:
    """Frontal, turned to his left and to his right."""
    return [unrolled(read_reference(path, networks).close_up()) for path in sorted(REFS.glob("[123]_*.jpg"))]


@pytest.fixture(scope="module")
def made(views: list[View]) -> Atlas:
    return made_atlas(views, EASY_FIRST)


def fringe(view: View) -> View:
    """The same view with dark hair hanging over one side of the forehead."""
    hair = np.zeros((ATLAS_PX, ATLAS_PX), np.float32)
    hair[FRINGE] = 1
    grain = np.random.default_rng(7).normal(35, 10, (ATLAS_PX, ATLAS_PX, 1))
    shown = np.where(cv2.blur(hair, (9, 9))[..., None] > 0.5, grain, view.pixels)
    return replace(view, pixels=np.clip(shown, 0, 255).astype(np.uint8))


def test_the_frontal_view_leads_and_the_turned_ones_add_the_sides(made: Atlas) -> None:
    assert made.leader == 0
    assert made.shares.sum() == pytest.approx(1, abs=1e-5)
    assert made.shares[0] > 0.5
    assert min(made.shares[1:]) > 0.02


def test_the_atlas_is_kept_in_whole_bytes(made: Atlas) -> None:
    assert np.array_equal(made.texture, np.rint(np.clip(made.texture, 0, 255)))
    assert np.array_equal(made.confidence * 255, np.rint(made.confidence * 255))


def test_the_atlas_is_as_sharp_as_the_view_that_leads(made: Atlas, views: list[View]) -> None:
    skin = regions().skin > 0.9
    skin[:, :150] = skin[:, 490:] = False  # the sides come from the turned views

    def detail(picture: np.ndarray) -> float:
        grey = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY)
        return float((grey - cv2.GaussianBlur(grey, (0, 0), 2))[skin].std() / grey[skin].mean())

    assert detail(made.texture) > 0.85 * detail(views[0].pixels)


def test_hair_over_one_view_does_not_come_along(made: Atlas, views: list[View]) -> None:
    spoilt = made_atlas([fringe(views[0]), *views[1:]], EASY_FIRST)
    there = np.zeros((ATLAS_PX, ATLAS_PX), bool)
    there[125:165, 212:288] = True
    assert float(fringe(views[0]).pixels[there].mean() / views[0].pixels[there].mean()) < 0.3
    shown = spoilt.texture[there] / toned(spoilt.texture)
    assert float(np.percentile(shown, 5)) > 0.7  # skin in each place, and no darker than skin is


def toned(texture: np.ndarray) -> np.ndarray:
    """The tone of the skin."""
    return np.median(texture[regions().skin > 0.9], axis=0)


def test_hair_over_the_only_view_is_filled_from_the_other_side(views: list[View]) -> None:
    alone, spoilt = (made_atlas([view], EASY_FIRST[:1]) for view in (views[0], fringe(views[0])))
    there = np.zeros((ATLAS_PX, ATLAS_PX), bool)
    there[125:165, 212:288] = True
    assert float(spoilt.texture[there].mean()) > 0.8 * float(alone.texture[there].mean())
    assert float(spoilt.confidence[there].mean()) < 0.6 < float(alone.confidence[there].mean())


def test_what_a_turned_view_cannot_see_is_its_mirror_image_and_half_as_sure(views: list[View]) -> None:
    atlas = made_atlas([views[1]], EASY_FIRST[:1])
    uv = texels(ATLAS_PX)
    sides = [np.rint(uv[list(points)].mean(axis=0)).astype(int) for points in ((454, 323, 361), (234, 93, 132))]
    near, far = sorted(sides, key=lambda at: -float(views[1].facing[at[1] // 4, at[0] // 4]))
    inward = (ATLAS_PX // 2 - far[0]) // 4  # a little inside the outline
    x, y = far[0] + inward, far[1]
    patch = np.s_[y - 12 : y + 12, x - 12 : x + 12]
    assert float(np.abs(atlas.texture[patch] - mirrored_plane(atlas.texture)[patch]).mean()) < 8
    assert float(atlas.confidence[patch].mean()) == pytest.approx(
        0.5 * float(mirrored_plane(atlas.confidence)[patch].mean()), abs=0.12
    )
    assert near is not far


def test_every_texel_has_a_colour_of_skin(made: Atlas) -> None:
    inside = np.zeros((ATLAS_PX, ATLAS_PX), np.uint8)
    cv2.fillPoly(inside, [np.rint(texels(ATLAS_PX)[list(FACE_OVAL)]).astype(np.int32)], 1)
    around = cv2.dilate(inside, np.ones((25, 25), np.uint8)) - inside
    assert float(np.abs(cv2.blur(made.texture, (15, 15))[around > 0] - toned(made.texture)).mean()) < 35


def test_grain_on_one_side_of_the_face_is_calmed(views: list[View]) -> None:
    grain = np.random.default_rng(3).normal(0, 14, (ATLAS_PX, ATLAS_PX, 1))
    grain[:, : ATLAS_PX // 2] = 0
    noisy = replace(views[0], pixels=np.clip(views[0].pixels + grain, 0, 255).astype(np.uint8))
    calmed = made_atlas([noisy], EASY_FIRST[:1]).texture
    skin = regions().skin > 0.95

    def detail(picture: np.ndarray, half: slice) -> float:
        grey = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY)
        return float((grey - cv2.GaussianBlur(grey, (0, 0), 2))[:, half][skin[:, half]].std())

    smooth, rough = slice(150, 320), slice(320, 490)
    assert detail(noisy.pixels, rough) > 2.5 * detail(noisy.pixels, smooth)
    assert detail(calmed, rough) < 0.45 * detail(noisy.pixels, rough)
    assert detail(calmed, smooth) > 0.8 * detail(noisy.pixels, smooth)
