"""Reference stills: finding the one face in each, whatever kind of picture file it is."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from countenance.errors import InputError
from countenance.media.frame import F32, U8, Box, Frame
from countenance.perception.crop import cut_square, square_around
from countenance.perception.identity import SAME_PERSON, chip, embed
from countenance.perception.networks import Detection, FaceNetworks
from countenance.perception.pose import pose_of
from countenance.synthesis.eyes import IrisLook, iris_look
from countenance.synthesis.glasses import wears_glasses

SMALLEST_FACE_PX = 48
_SMALL_FACE_PX = 120  # below it, the swapped face will look soft on a large picture
_SURE, _DOUBTFUL = 0.5, 0.3  # scores of the detector; what is doubtful the mesh must confirm
_CONFIRMED = 0.9
_BYSTANDER = 0.5  # of the largest face: smaller ones are people in the background
# Of `sharpness`. Pictures blurred by 2.3 % of the face's width and more lie below the first, by 1.2 % below the second.
_HOPELESS, _SOFT = 0.29, 0.42
_SHARPNESS_PX = 128
_CLOSE_UP_PX = 640  # width of the face: as fine as the atlas is
_AROUND = 0.35  # of the face's size: what a close-up shows beside it


@dataclass(frozen=True)
class Reference:
    """A picture of the talent: the picture, mesh `(468, 3)` and irises `(10, 3)` in its pixels, and pose in degrees.

    `sharpness` as `sharpness_of` has it; `face_px` is the face's width in the picture as it was handed in;
    `chip` is the face for the identity network; `glasses`: whether some are worn; `iris` the colour of the eyes, None
    where it is not seen; `name` says which still or which moment of a clip it is.
    """

    name: str
    frame: Frame
    mesh: F32
    pose: F32
    sharpness: float
    face_px: int
    chip: U8
    irises: F32
    glasses: bool = False
    iris: IrisLook | None = None

    @cached_property
    def embedding(self) -> F32:
        """Who it shows `(128,)`."""
        return np.asarray(embed([self.chip])[0], np.float32)

    @property
    def note(self) -> str:
        """What is weak about it, in a few words; empty when nothing is."""
        weak = []
        if self.sharpness < _SOFT:
            weak.append("blurred")
        if self.face_px < _SMALL_FACE_PX:
            weak.append("small")
        if self.glasses:
            weak.append("glasses")
        return ", ".join(weak)

    def close_up(self) -> Reference:
        """The same with only the face's surroundings in the picture, at no finer detail than the atlas can hold."""
        points = self.mesh[:, :2]
        box = Box.around(points, _AROUND * float(np.ptp(points, axis=0).max()), self.frame.size)
        if box is None:
            return self
        scale = min(1.0, _CLOSE_UP_PX / float(np.ptp(points[:, 0])))
        size = (max(2, round(box.width * scale) // 2 * 2), max(2, round(box.height * scale) // 2 * 2))
        y, u, v = self.frame.cut(box)
        half = (size[0] // 2, size[1] // 2)
        planes = tuple(
            cv2.resize(plane, to, interpolation=cv2.INTER_AREA) for plane, to in ((y, size), (u, half), (v, half))
        )
        by = np.array([size[0] / box.width, size[1] / box.height], np.float32)

        def placed(old: F32) -> F32:
            new = old * np.float32(by.mean())
            new[:, :2] = (old[:, :2] - np.array([box.x, box.y], np.float32) + 0.5) * by - 0.5
            return new

        frame = Frame(self.frame.pts, self.frame.time_base, (planes[0], planes[1], planes[2]))
        return replace(self, frame=frame, mesh=placed(self.mesh), irises=placed(self.irises))


def read_reference(path: Path, networks: FaceNetworks) -> Reference:
    """Find the one face of a still; any mode, colour profile, transparency or EXIF rotation is fine.

    Raises InputError, naming the still and why, when it is no picture, or shows no face or several, or one that
    is too small or too blurred to serve.
    """
    frame = Frame.from_rgb(_picture(path))
    faces = people_in(frame, networks)
    if len(faces) > 1:
        raise InputError(f"{path}: this reference shows {len(faces)} people; crop it to one person.")
    mesh = clear_mesh(frame, faces[0], networks) if faces else None
    if mesh is None and (not faces or faces[0].score < _SURE):
        raise InputError(f"{path}: no face is found in this reference; use a clear picture of one person.")
    if mesh is None or np.ptp(mesh[:, 0]) < SMALLEST_FACE_PX:
        raise InputError(f"{path}: the face in this reference is too small or unclear; use a larger picture.")
    return sharp_enough(reference_of(str(path), frame, mesh, networks))


def reference_of(name: str, frame: Frame, mesh: F32, networks: FaceNetworks) -> Reference:
    """A face with what is measured on it."""
    width, irises = round(float(np.ptp(mesh[:, 0]))), networks.irises(frame, mesh)
    look = iris_look(frame, np.concatenate([mesh, irises]))
    return Reference(
        name,
        frame,
        mesh,
        pose_of(mesh),
        sharpness_of(frame, mesh),
        width,
        chip(frame, mesh),
        irises,
        wears_glasses(frame, mesh),
        look,
    )


def sharp_enough(reference: Reference) -> Reference:
    """The reference, unless it is blurred beyond use: then InputError."""
    if reference.sharpness < _HOPELESS:
        raise InputError(f"{reference.name}: the face in this reference is too blurred; use a sharper picture.")
    return reference


def people_in(frame: Frame, networks: FaceNetworks) -> list[Detection]:
    """The faces that count, largest first: bystanders, far smaller than the largest face, do not.

    Where no face is sure, the likeliest doubtful one (an odd expression, hard light) is taken.
    """
    found = networks.detect(frame, threshold=_DOUBTFUL)
    found = [one for one in found if one.score >= _SURE] or found[:1]
    largest = max((one.box[2] for one in found), default=0.0)
    return sorted((one for one in found if one.box[2] > _BYSTANDER * largest), key=lambda one: -one.box[2])


def clear_mesh(frame: Frame, face: Detection, networks: FaceNetworks) -> F32 | None:
    """The mesh of a detected face; None where the mesh network does not see a face clearly."""
    mesh, score = networks.mesh(frame, face.square)
    for _ in range(2):  # the detector's square is rough: look again where the mesh says
        mesh, score = networks.mesh(frame, square_around(mesh))
    return mesh if score >= (_SURE if face.score >= _SURE else _CONFIRMED) else None


def sharpness_of(frame: Frame, mesh: F32) -> float:
    """How sharp a face is, whatever its size and contrast: about 0.7 in a good portrait, below 0.3 in a smear.

    The smaller of two ratios of neighbouring octaves of detail, in the face at 128 pixels: blur takes the finer one
    first, and strong blur, after which grain is all that is fine, the second as well.
    """
    square = cut_square(frame, square_around(mesh, 1.0), _SHARPNESS_PX)
    grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    planes = [grey, *(cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (1.5, 4.0, 10.0))]
    inner = slice(_SHARPNESS_PX // 8, -_SHARPNESS_PX // 8)
    fine, middle, coarse = (float((a - b)[inner, inner].std()) + 0.5 for a, b in pairwise(planes))
    # 0.5 grey levels: noise on a flat picture is no detail. Both ratios are about the same in a good portrait.
    return min((fine - 0.5) / middle, 0.9 * (middle - 0.5) / coarse)


def widest_gap(references: Sequence[Reference]) -> float:
    """The largest identity distance of two references.

    Raises InputError when they are not of one person, naming the one that stands out: the one farthest from the
    most typical reference or, on average, from all others.
    """
    embeddings = np.stack([one.embedding for one in references])
    gaps = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2)
    total = gaps.sum(axis=1)
    apart = np.maximum(gaps[int(total.argmin())], total / max(1, len(gaps) - 1))
    odd = int(apart.argmax())
    if apart[odd] >= SAME_PERSON:
        raise InputError(
            f"{references[odd].name}: this does not look like the person of the other references (distance "
            f"{apart[odd]:.2f}, the same person is below {SAME_PERSON:.2f}); take it out or replace it."
        )
    return float(gaps.max())


def _picture(path: Path) -> U8:
    try:
        with Image.open(path) as image:
            return np.asarray(_opaque(_as_srgb(_eight_bit(ImageOps.exif_transpose(image)))))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise InputError(f"{path}: this reference is not a picture that can be read; use PNG or JPEG.") from error


def _eight_bit(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey scaled down, which Pillow's own conversion would cut off instead."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image).astype(np.float32) / 257).clip(0, 255).astype(np.uint8))


def _as_srgb(image: Image.Image) -> Image.Image:
    """Colours of another space (a telephone's, a printer's) as sRGB, if the file says which space it is."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # a profile that is broken says nothing
        return image
    return converted or image


def _opaque(image: Image.Image) -> Image.Image:
    """RGB; what is transparent shows a middle grey, and not the rubbish that may lie under it."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    whole = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", whole.size, (128, 128, 128, 255)), whole).convert("RGB")
