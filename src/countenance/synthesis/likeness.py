"""A talent's likeness from reference stills: one texture in the common layout, and who it is.

Each reference's pixels are carried into the common layout; per texel the view that looks at the skin most squarely
wins, softly. Light is
levelled between references, since the compositor replaces it anyway. What is no skin outside the features
(a fringe, a shadow of hair, glasses' arms) is masked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from countenance.errors import InputError
from countenance.media.frame import F32, U8, Frame
from countenance.perception.crop import square_around
from countenance.perception.identity import chip, embed
from countenance.perception.layout import texels
from countenance.perception.networks import FaceNetworks
from countenance.perception.pose import pose_of, upright_shape
from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import (
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    RIGHT_BROW,
    RIGHT_EYE,
    triangles,
)
from countenance.synthesis.light import enlarged, light_ratio, skin_distance

ATLAS_PX = 640
_SMALLEST_FACE_PX = 48
_LIDS = 1.45  # of the eye's opening: lids and lashes stay the target's, so that blinks are real
_SKIN_LIMIT = 3.5  # standard deviations from the talent's own skin colour


@dataclass(frozen=True)
class Reference:
    """A still of the talent: its picture, mesh `(468, 3)` and pose in degrees."""

    frame: Frame
    mesh: F32
    pose: F32


@dataclass(frozen=True)
class Likeness:
    """What the swap engine paints with.

    `texture` `(A, A, 3)` float32 RGB 0..255; `mask` `(A, A)` 0..1, where it may be painted; `skin` and `edge`
    as in a patch; `uv` `(468, 2)` texel positions of the mesh points; `form` `(468, 3)` is the neutral face upright,
    in eye distances; `embeddings` `(n, 128)` of the references; `confidence` `(A, A)` 0..1, how well each texel was
    really seen.
    """

    texture: F32
    mask: F32
    skin: F32
    edge: F32
    uv: F32
    form: F32
    embeddings: F32
    confidence: F32


def build_likeness(paths: Sequence[Path], networks: FaceNetworks) -> Likeness:
    """Make a likeness from stills. Raises InputError for a still that cannot be used, naming it and why."""
    references = [read_reference(path, networks) for path in paths]
    embeddings = embed([chip(reference.frame, reference.mesh) for reference in references])
    references.sort(key=_awkwardness)
    uv = texels(ATLAS_PX)
    skin, edge, shape = _regions(uv)
    texture, known = _blend(references, uv, skin, edge)
    form = upright_shape(references[0].mesh)
    return Likeness(texture, shape * known, skin * known, edge, uv, form, embeddings, known)


def read_reference(path: Path, networks: FaceNetworks) -> Reference:
    """Find the one face of a still; any mode or EXIF rotation is fine."""
    try:
        with Image.open(path) as image:
            upright = _eight_bit(ImageOps.exif_transpose(image)).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise InputError(f"{path}: this reference is not a picture that can be read; use PNG or JPEG.") from error
    rgb = np.asarray(upright)
    frame = Frame.from_rgb(rgb)
    found = networks.detect(frame)
    if not found:
        raise InputError(f"{path}: no face is found in this reference; use a clear picture of one person.")
    largest = max(one.box[2] for one in found)
    found = sorted((one for one in found if one.box[2] > 0.5 * largest), key=lambda one: -one.box[2])
    if len(found) > 1:
        raise InputError(f"{path}: this reference shows {len(found)} people; crop it to one person.")
    mesh, score = networks.mesh(frame, found[0].square)
    for _ in range(2):  # the detector's square is rough: look again where the mesh says
        mesh, score = networks.mesh(frame, square_around(mesh))
    if score < 0.5 or np.ptp(mesh[:, 0]) < _SMALLEST_FACE_PX:
        raise InputError(f"{path}: the face in this reference is too small or unclear; use a larger picture.")
    return Reference(frame, mesh, pose_of(mesh))


def _eight_bit(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey scaled down, which Pillow's own conversion would cut off instead."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.float32) / 257).clip(0, 255).astype(np.uint8))


def reference_embedding(path: Path, networks: FaceNetworks) -> F32:
    """Who a still shows `(128,)`; InputError as for `read_reference`."""
    reference = read_reference(path, networks)
    return np.asarray(embed([chip(reference.frame, reference.mesh)])[0], np.float32)


def _awkwardness(reference: Reference) -> float:
    """Low for a frontal face with a closed mouth: the still that leads."""
    yaw, pitch, _roll = reference.pose
    eye_distance = float(np.linalg.norm(reference.mesh[33, :2] - reference.mesh[263, :2]))
    gap = float(np.linalg.norm(reference.mesh[13, :2] - reference.mesh[14, :2])) / eye_distance
    return abs(float(yaw)) / 10 + abs(float(pitch)) / 20 + gap * 8


def _blend(references: Sequence[Reference], uv: F32, skin: F32, edge: F32) -> tuple[F32, F32]:
    """The texture `(A, A, 3)`, and 0..1 where it is known to be this person's skin.

    The first still leads inside the face and wherever it looks squarely enough: mixing lights and expressions
    blurs. The others fill in what it cannot see. At the rim nobody
    is believed where the others disagree or where no skin is seen.
    """
    views = [_unroll(reference, uv) for reference in references]
    lead, lead_facing = views[0]
    level = [lead] + [_same_light(pixels, lead, facing * skin, lead_facing * skin) for pixels, facing in views[1:]]
    odd = _disagreement(np.stack(level), np.stack([facing for _, facing in views])) * edge
    total = np.zeros((ATLAS_PX, ATLAS_PX), np.float32)
    texture = np.zeros((ATLAS_PX, ATLAS_PX, 3), np.float32)
    led = np.zeros((ATLAS_PX, ATLAS_PX), np.float32)
    for number, (pixels, (raw, facing)) in enumerate(zip(level, views, strict=True)):
        trust = _own_skin(raw, skin, edge) * (1 - odd[number])
        if number == 0:
            share = led = np.maximum(_ramp(facing, 0.45, 0.80), _ramp(1 - edge, 0.75, 1.0)) * trust
        else:
            share = (1 - led) * np.power(facing, 4) * trust
        share = cv2.GaussianBlur(share, (0, 0), ATLAS_PX * 0.006) + 1e-4 * facing
        texture += pixels * share[..., None]
        total += share
    known = _ramp(total, 0.01, 0.10)
    return texture / (total[..., None] + 1e-6), known


def _disagreement(pixels: F32, facing: F32) -> F32:
    """0..1 `(n, A, A)`: where a view shows something else than most views of that texel do (a hand, a fringe)."""
    if len(pixels) < 3:
        return np.zeros_like(facing)
    side = ATLAS_PX // 4
    small = np.stack([cv2.resize(p, (side, side), interpolation=cv2.INTER_AREA) for p in pixels])
    seen = np.stack([cv2.resize(f, (side, side), interpolation=cv2.INTER_AREA) for f in facing]) > 0.2
    votes = np.where(seen[..., None], small, np.nan)
    enough = seen.sum(axis=0) >= 3
    votes[:, ~enough] = 0  # too few to disagree with
    small[:, ~enough] = 0
    gap = np.abs(small - np.nanmedian(votes, axis=0)).mean(axis=-1)
    odd = [_ramp(cv2.GaussianBlur(g, (0, 0), 2.0), 18.0, 40.0) for g in gap]
    return np.stack([cv2.resize(o, (ATLAS_PX, ATLAS_PX), interpolation=cv2.INTER_LINEAR) for o in odd])


def _ramp(values: F32, low: float, high: float) -> F32:
    """0 below `low`, 1 above `high`, smooth between."""
    x = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def _unroll(reference: Reference, uv: F32) -> tuple[F32, F32]:
    """One still's pixels in the layout, and how squarely its camera looked at each texel (0..1)."""
    normals = vertex_normals(reference.mesh, triangles())
    values = np.concatenate([reference.mesh[:, :2], np.maximum(-normals[:, 2:], 0)], axis=1)
    field, valid = spread(uv, triangles(), values, (ATLAS_PX, ATLAS_PX))
    picture = reference.frame.rgb()
    pixels = cv2.remap(picture, field[..., 0], field[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return pixels.astype(np.float32), np.where(valid, field[..., 2], 0).astype(np.float32)


def _same_light(texture: F32, model: F32, weight: F32, model_weight: F32) -> F32:
    """The texture under the other's light: the ratio of both blurred, where both are seen."""
    ratio = light_ratio(model, texture, np.minimum(weight, model_weight))
    return texture * enlarged(ratio, ATLAS_PX, ATLAS_PX)


def _polygon(uv: F32, loop: Sequence[int], grow: float = 1.0) -> U8:
    points = uv[list(loop)]
    centre = points.mean(axis=0)
    canvas = np.zeros((ATLAS_PX, ATLAS_PX), np.uint8)
    cv2.fillPoly(canvas, [np.rint(centre + (points - centre) * grow).astype(np.int32)], 1)
    return canvas


def _depth_inside(region: U8, width_px: float) -> F32:
    """0 outside and on the border of a region, rising smoothly to 1 `width_px` inside."""
    return _ramp(cv2.distanceTransform(region, cv2.DIST_L2, 5), 0.0, width_px)


def _regions(uv: F32) -> tuple[F32, F32, F32]:
    """Fixed parts of the layout: plain skin, the rim where things reach in, and the paint's shape.

    The shape is the face without eyes and inner mouth (they stay the target's), its border feathered inwards:
    wide on the forehead, where hair falls, narrower along cheeks and jaw.
    """
    face_width = float(np.ptp(uv[:, 0]))
    brow_top = float(uv[list(LEFT_BROW + RIGHT_BROW), 1].min())
    oval = uv.copy()
    high = np.array([p for p in FACE_OVAL if uv[p, 1] < brow_top])
    oval[high, 1] = brow_top - (brow_top - uv[high, 1]) * 0.8  # the hairline itself stays the target's
    face = _polygon(oval, FACE_OVAL)
    rim = _depth_inside(face, face_width * 0.10)
    forehead = _depth_inside(face, face_width * 0.20)
    rows = np.arange(ATLAS_PX, dtype=np.float32)[:, None]
    upper = np.clip((brow_top + 0.02 * face_width - rows) / (0.06 * face_width), 0, 1)
    shape = rim * (1 - upper) + forehead * upper
    for eye in (LEFT_EYE, RIGHT_EYE):
        shape *= 1 - cv2.GaussianBlur(_polygon(uv, eye, _LIDS).astype(np.float32), (0, 0), face_width * 0.008)
    mouth = _polygon(uv, LIPS_INNER)
    cv2.polylines(mouth, [np.rint(uv[list(LIPS_INNER)]).astype(np.int32)], True, 1, max(1, round(face_width * 0.014)))
    shape *= 1 - cv2.GaussianBlur(mouth.astype(np.float32), (0, 0), face_width * 0.004)
    features = np.zeros_like(face)
    for loop, grow in (
        (LEFT_EYE, 1.5),
        (RIGHT_EYE, 1.5),
        (LEFT_BROW, 1.3),
        (RIGHT_BROW, 1.3),
        (LIPS_OUTER, 1.15),
    ):
        features |= _polygon(uv, loop, grow)
    skin = face * (1 - features).astype(np.float32)
    skin = cv2.GaussianBlur(skin.astype(np.float32), (0, 0), face_width * 0.01) * rim
    core = np.zeros_like(face)
    hull = cv2.convexHull(
        np.rint(uv[list(LEFT_BROW + RIGHT_BROW + LEFT_EYE + RIGHT_EYE + LIPS_OUTER)]).astype(np.int32)
    )
    cv2.fillConvexPoly(core, hull, 1)
    core = cv2.dilate(core, np.ones((5, 5), np.uint8), iterations=round(face_width * 0.01))
    inside = np.maximum(
        _depth_inside(face, face_width * 0.22),
        cv2.GaussianBlur(core.astype(np.float32), (0, 0), face_width * 0.015),
    )
    edge = 1 - inside
    return skin.astype(np.float32), edge.astype(np.float32), shape.astype(np.float32)


def _own_skin(texture: F32, skin: F32, edge: F32) -> F32:
    """1 where a texel could be this person's skin; 0 on the rim where hair, cloth or shadow lies instead."""
    far = skin_distance(texture, skin * (1 - edge))
    at_rim = _ramp(edge, 0.0, 0.35)
    opened = cv2.morphologyEx(
        _ramp(far, _SKIN_LIMIT, _SKIN_LIMIT + 2) * at_rim, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)
    )  # pores and stubble are no hair
    grown = cv2.dilate(opened, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (25, 25)))
    return np.asarray(1 - cv2.GaussianBlur(grown * at_rim, (0, 0), 4), np.float32)
