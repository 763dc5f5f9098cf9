"""The texture atlas: per texel what the views of one person agree on, sharp, in even light and without holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from countenance.media.frame import F32
from countenance.perception.layout import texels, with_eyes
from countenance.perception.raster import spread
from countenance.synthesis.blend import blended, diffused
from countenance.synthesis.delight import Unlit, unlit
from countenance.synthesis.fields import POWER, at_full_size, field
from countenance.synthesis.regions import ATLAS_PX, mirrored_plane, ramp, regions
from countenance.synthesis.views import View

_LEADS, _LEADS_FEATURES = 20.0, 50.0  # how much more the first view counts on skin, and on features
_DELIT = 0.5  # share of the light that is taken off: the rest models nose and eyes, by which people are known
_COVERED = 6.0  # effort of a face that is all covered
_GLASSES = 3.0  # effort of a face with glasses
_FINE_PX, _PATCH_PX = 2.0, 14.0  # detail finer than the first, looked at over the second
_ROUGHER = 1.15  # than the other side of the face
_RESTLESS = (2.2, 4.0)  # fine detail, of what is usual on this person's skin: more is hair, a rim or a fold
_TWIN = 0.5  # what a texel's mirror twin is worth
_DOUBTED = (0.3, 0.8)  # trust below which a view counts next to nothing, and from which fully
_BELIEVED = (0.1, 0.4)  # below it, a texel is taken from its twin
_SEEN_WELL = 0.6


@dataclass(frozen=True)
class Atlas:
    """`texture` `(A, A, 3)` float32 RGB and `confidence` `(A, A)` float32 0..1, both in whole steps of a byte; `shares`
    `(n,)`: which part of the painted face's detail each view gave; `leader`: the number of the view that leads."""

    texture: F32
    confidence: F32
    shares: F32
    leader: int


def made_atlas(views: Sequence[View], efforts: F32) -> Atlas:
    """One texture of several views of a person.

    Geometry under brows, eyes, nose and mouth varies with the expression, so there one view leads wherever it can be
    believed: the one with the least effort `(n,)`, as `selection` has it, and the most of the face free. Skin is
    taken from whichever view saw it best, its tone from all. Holes are filled from the other side of the face, and
    where that was not seen either, smoothly from around. Confidence is 1 where a texel was seen squarely and in
    full detail by a view that is believed; a texel filled from its twin has half the twin's.
    """
    found = unlit(views)
    pairs = list(zip(views, found, strict=True))
    pictures = [view.pixels * at_full_size(one.gain ** np.float32(_DELIT / POWER)) for view, one in pairs]
    scores = np.stack([_score(view, one) for view, one in pairs])
    leader = _leader(views, found, efforts)
    scores[leader] *= _LEADS + (_LEADS_FEATURES - _LEADS) * field(regions().features)
    face = _face()
    picture = blended(pictures, np.stack([at_full_size(score) for score in scores])) * face[..., None]
    seen = _together([one.trust for one in found]) * face
    missing = 1 - ramp(seen, *_BELIEVED)
    twin = missing * mirrored_plane(seen)
    filled = blended([picture, mirrored_plane(picture)], np.stack([1 - missing, twin]) + np.float32(1e-5))
    known = _together([_detail(view, one) for view, one in pairs]) * face
    confidence = np.maximum(known, _TWIN * mirrored_plane(known))
    texture = _evenly_rough(diffused(filled, ramp(np.maximum(seen, twin), 0.05, 0.3)))
    return Atlas(
        _in_bytes(texture),
        _in_bytes(np.asarray(confidence * 255, np.float32)) / np.float32(255),
        _shares(scores),
        leader,
    )


def _evenly_rough(texture: F32) -> F32:
    """The texture with its fine detail calmed where one side of the face is rougher than the other and than the skin
    elsewhere: that is a grazing light or grain in a shadow. A beard is rough on both sides."""
    skin = regions().skin
    soft = cv2.GaussianBlur(texture, (0, 0), _FINE_PX)
    grey = cv2.cvtColor(texture - soft, cv2.COLOR_RGB2GRAY)
    share = cv2.GaussianBlur(skin, (0, 0), _PATCH_PX) + 1e-3
    rough = cv2.sqrt(cv2.GaussianBlur(grey * grey * skin, (0, 0), _PATCH_PX) / share)
    usual = np.float32(np.percentile(rough[skin > 0.5], 25))  # one whole side may be rough
    allowed = _ROUGHER * np.maximum(usual, mirrored_plane(rough))
    calm = 1 - skin * (1 - np.minimum(allowed / (rough + 1e-3), 1))
    return np.asarray(soft + (texture - soft) * calm[..., None], np.float32)


def _in_bytes(plane: F32) -> F32:
    """Rounded to whole steps 0..255, as it is kept: an atlas that was stored is the same as one just made."""
    return np.asarray(np.rint(np.clip(plane, 0, 255)), np.float32)


def _shares(scores: F32) -> F32:
    shape = field(regions().shape)
    best = scores.argmax(axis=0)
    given = np.array([float(shape[best == number].sum()) for number in range(len(scores))], np.float32)
    return np.asarray(given / given.sum(), np.float32)


def _leader(views: Sequence[View], found: Sequence[Unlit], efforts: F32) -> int:
    """The view that leads: hair, hands, shadows and glasses over the face count against it."""
    shape = field(regions().shape)
    free = np.array([float((one.trust * shape).sum()) for one in found])
    glasses = np.array([view.glasses is not None for view in views])
    return int((efforts + _COVERED * (1 - free / (free.max() + 1e-6)) + _GLASSES * glasses).argmin())


def _score(view: View, one: Unlit) -> F32:
    """How well each texel of a view serves `(F, F)`; never quite 0 where anything was seen."""
    trust = cv2.GaussianBlur(one.trust * _calm(view, one), (0, 0), 1.0)
    worth = ramp(trust, *_DOUBTED) * view.facing**2 * min(1.0, view.density)
    return np.asarray(worth + 1e-5 * view.facing + 1e-9, np.float32)


def _detail(view: View, one: Unlit) -> F32:
    """How squarely and finely a view shows what is believed of it `(F, F)` 0..1."""
    return np.asarray(one.trust * np.minimum(view.facing * min(1.0, view.density) / _SEEN_WELL, 1), np.float32)


def _together(shares: Sequence[F32]) -> F32:
    """What several views see of each texel `(A, A)` 0..1, each a share `(F, F)` of it."""
    unseen = np.prod([1 - share for share in shares], axis=0, dtype=np.float32)
    return np.asarray(cv2.GaussianBlur(at_full_size(1 - unseen), (0, 0), ATLAS_PX * 0.004), np.float32)


def _calm(view: View, one: Unlit) -> F32:
    """1 where a view has no more fine detail than this person's skin has; less along hairs, rims and folds."""
    grey = cv2.cvtColor(view.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 2.0)
    energy = np.sqrt(cv2.GaussianBlur(field(fine * fine), (0, 0), 1.5))
    skin = field(regions().skin) * one.trust > 0.3
    usual = float(np.median(energy[skin])) if skin.any() else 1.0
    restless = ramp(energy / (usual + 0.5), *_RESTLESS) * (1 - field(regions().features))
    return np.asarray(1 - restless, np.float32)


def _face() -> F32:
    """1 where the layout holds the face (its openings included), 0 around it."""
    _, valid = spread(texels(ATLAS_PX), with_eyes(), texels(ATLAS_PX), (ATLAS_PX, ATLAS_PX))
    return np.asarray(cv2.erode(valid.astype(np.float32), np.ones((5, 5), np.uint8)), np.float32)
