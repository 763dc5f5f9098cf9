"""A talent's face model drawn as a sheet: what it holds, how sure it is, and what it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from countenance.errors import InputError
from countenance.media.frame import F32, U8
from countenance.perception.networks import FaceNetworks
from countenance.perception.raster import spread, vertex_normals
from countenance.perception.topology import triangles
from countenance.store.files import atomic_path
from countenance.store.project import Project
from countenance.synthesis.facemodel import face_model
from countenance.synthesis.likeness import Likeness, atlas_of
from countenance.synthesis.references import Reference
from countenance.synthesis.takes import read_references

_COLUMNS, _CELL_PX, _GAP_PX, _CAPTION_PX = 6, 230, 8, 24
_LARGE_PX = (_COLUMNS * _CELL_PX + (_COLUMNS - 1) * _GAP_PX - 2 * _GAP_PX) // 3
_GROUND, _INK, _MESH = (24, 25, 28), (214, 216, 220), (120, 230, 160)
# Each face shown: what it is called, its turn in degrees (yaw, pitch), and where its light comes from.
_POSES = (
    ("even light", (0.0, 0.0), None),
    ("turned right", (-35.0, 0.0), None),
    ("turned left", (35.0, 0.0), None),
    ("from below", (0.0, -22.0), None),
    ("lit from the left", (0.0, 0.0), (-0.8, -0.3, -0.55)),
    ("lit from above", (15.0, 5.0), (0.15, -0.85, -0.5)),
)
_AMBIENT = 0.30  # light from everywhere, where a lamp is on


def model_sheet(project: Project, name: str, paths: Sequence[Path], out: Path) -> None:
    """Write the sheet of a talent's stored face model as PNG; errors as for `face_model`."""
    if out.suffix.lower() != ".png":
        raise InputError(f"{out}: the sheet is a PNG; give it a name that ends in .png.")
    likeness = face_model(project, name, paths)
    chosen, atlas = atlas_of(read_references(paths, FaceNetworks()))
    sheet = drawn_sheet(name, likeness, chosen, atlas.shares)
    with atomic_path(out) as part:
        sheet.save(part)


def drawn_sheet(name: str, likeness: Likeness, references: Sequence[Reference], shares: F32) -> Image.Image:
    """Texture, confidence and paint; the face turned and lit; and the references with their shares `(n,)`."""
    large = [
        (f"{name}: texture, light taken off", _bytes(likeness.texture)),
        ("confidence: black never seen, white seen squarely", _bytes(likeness.confidence[..., None] * 255)),
        ("what is painted", _bytes(likeness.texture * likeness.mask[..., None] + 24 * (1 - likeness.mask[..., None]))),
    ]
    faces = [(title, rendered(likeness, turn, light, _CELL_PX)) for title, turn, light in _POSES]
    stills = [(_caption(one, share), _with_mesh(one)) for one, share in zip(references, shares, strict=True)]
    rows = -(-len(stills) // _COLUMNS)
    cell = _CELL_PX + _CAPTION_PX + _GAP_PX
    width = _COLUMNS * (_CELL_PX + _GAP_PX) + _GAP_PX
    sheet = Image.new("RGB", (width, _LARGE_PX + _CAPTION_PX + 2 * _GAP_PX + (1 + rows) * cell), _GROUND)
    y = _row(sheet, large, _LARGE_PX, _GAP_PX)
    y = _row(sheet, faces, _CELL_PX, y)
    for start in range(0, len(stills), _COLUMNS):
        y = _row(sheet, stills[start : start + _COLUMNS], _CELL_PX, y)
    return sheet


def rendered(
    likeness: Likeness, turn: tuple[float, float], light: tuple[float, float, float] | None, size_px: int
) -> U8:
    """The neutral face `(size_px, size_px, 3)` turned by (yaw, pitch) degrees, in even light or with one lamp.

    `light` points from the face to the lamp: right as seen, down, away from the camera. Eyes and mouth stay open.
    """
    mesh = likeness.form @ _turned(*turn)
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    points = (mesh[:, :2] - (low + high) / 2) * (size_px * 0.9 / float((high - low).max())) + size_px / 2
    normals = vertex_normals(mesh, triangles())
    values = np.concatenate([likeness.uv, normals], axis=1)
    field, valid = spread(points, triangles(), values, (size_px, size_px), depth=mesh[:, 2], coarse=1)
    pixels = cv2.remap(likeness.texture, field[..., 0], field[..., 1], cv2.INTER_LINEAR)
    if light is not None:
        lamp = np.array(light, np.float32) / np.float32(np.linalg.norm(light))
        falling = _AMBIENT + (1.5 - _AMBIENT) * np.maximum(field[..., 2:] @ lamp, 0)
        pixels = pixels * (falling ** np.float32(1 / 2.2))[..., None]
    return _bytes(np.where(valid[..., None], pixels, np.float32(_GROUND[0])))


def _turned(yaw: float, pitch: float) -> F32:
    """The axes of a turned head as rows `(3, 3)`, as `rotation_of` has them."""
    a, b = np.radians(yaw), np.radians(pitch)
    across = np.array([np.cos(a), 0, np.sin(a)])
    down = np.array([0.0, np.cos(b), np.sin(b)])
    down = down - across * float(across @ down)
    down /= np.linalg.norm(down)
    return np.stack([across, down, np.cross(across, down)]).astype(np.float32)


def _row(sheet: Image.Image, cells: Sequence[tuple[str, U8]], side: int, y: int) -> int:
    """Draw captioned pictures next to each other; returns where the next row begins."""
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, (caption, picture) in enumerate(cells):
        x = _GAP_PX + column * (side + _GAP_PX)
        scale = side / max(picture.shape[:2])
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        shown = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        sheet.paste(Image.fromarray(shown), (x + (side - size[0]) // 2, y + (side - size[1]) // 2))
        draw.text((x, y + side + 4), caption, _INK, font)
    return y + side + _CAPTION_PX + _GAP_PX


def _caption(reference: Reference, share: float) -> str:
    yaw, pitch, _roll = (float(turn) for turn in reference.pose)
    told = f"{share:.0%}  yaw {yaw:+.0f}°  pitch {pitch:+.0f}°  sharp {reference.sharpness:.2f}"
    return f"{told}  {reference.note}".rstrip()


def _with_mesh(reference: Reference) -> U8:
    """The close-up with its mesh drawn over it."""
    picture = np.ascontiguousarray(reference.frame.rgb())
    over = picture.copy()
    corners = np.rint(reference.mesh[triangles(), :2]).astype(np.int32)
    cv2.polylines(over, list(corners), True, _MESH, 1, cv2.LINE_AA)
    return np.asarray(cv2.addWeighted(picture, 0.6, over, 0.4, 0), np.uint8)


def _bytes(plane: F32) -> U8:
    whole = np.clip(np.rint(plane), 0, 255).astype(np.uint8)
    return np.repeat(whole, 3, axis=2) if whole.shape[2] == 1 else whole
