"""A real face in front of the meters: excerpts of the example master, its faces, and ways to damage pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from countenance.media.decode import decode
from countenance.media.frame import F32, U8, Box, Frame
from countenance.media.probe import probe
from countenance.perception.crop import square_around
from countenance.perception.identity import chip, embed
from countenance.perception.networks import FaceNetworks
from countenance.perception.pose import pose_of, similarity
from countenance.perception.smooth import smooth_track
from countenance.perception.topology import FACE_OVAL, LEFT_EYE, LIPS_OUTER, POINTS, RIGHT_EYE, STEADY
from countenance.perception.tracks import Face
from countenance.quality.meter import Measured, Meter
from countenance.synthesis.engine import Laid

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MASTER = EXAMPLES / "ada" / "master.mp4"

FEATHER_PX = 3.0

Damage = Callable[[int, Frame], Frame]
Change = Callable[[Frame], Frame]


@dataclass(frozen=True)
class Take:
    """An excerpt and the face that is expected in each of its pictures."""

    frames: tuple[Frame, ...]
    faces: tuple[Face, ...]

    def laid(self, number: int, strength: float = 1.0, why: str = "") -> Laid:
        """The whole face as if it had been painted, with a feathered edge."""
        box, mesh = self.box(number), self.faces[number].mesh
        mask = np.zeros((box.height, box.width), np.uint8)
        oval = np.rint(mesh[list(FACE_OVAL), :2] - (box.x, box.y)).astype(np.int32)
        cv2.fillPoly(mask, [oval], 255)
        soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), FEATHER_PX)
        return Laid(box, np.where(soft < 0.004, 0, soft).astype(np.float32) * np.float32(strength), strength, why)

    def box(self, number: int) -> Box:
        """A box that holds the face with room to spare."""
        box = Box.around(self.faces[number].mesh[:POINTS, :2], 30, self.frames[number].size)
        assert box is not None
        return box


@cache
def networks() -> FaceNetworks:
    return FaceNetworks()


def meshes_of(path: Path, stop: int | None = None) -> tuple[list[Frame], F32]:
    """Pictures of a clip with one face that is there throughout, and its meshes as detected `(n, 468, 3)`."""
    frames = list(decode(probe(path), stop=stop))
    square = networks().detect(frames[0])[0].square
    meshes = []
    for frame in frames:
        points, _ = networks().mesh(frame, square)
        meshes.append(points)
        square = square_around(points)
    return frames, np.stack(meshes)


@cache
def take(pictures: int = 36) -> Take:
    frames, detected = meshes_of(MASTER, pictures)
    smooth = smooth_track(detected)
    faces = [
        Face(np.concatenate([m, networks().irises(f, m)]), 1.0, pose_of(m)) for f, m in zip(frames, smooth, strict=True)
    ]
    return Take(tuple(frames), tuple(faces))


def measure(
    damage: Damage,
    *,
    wanted: F32 | None = None,
    replaced: F32 | None = None,
    others: Mapping[str, F32] | None = None,
    cuts: Sequence[int] = (),
    dubbed: bool = False,
    pictures: int = 36,
) -> Measured:
    """The damaged excerpt against itself."""
    shown = take()
    meter = Meter(networks(), pictures, wanted=wanted, replaced=replaced, others=others, cuts=cuts, dubbed=dubbed)
    for number in range(pictures):
        frame, face = shown.frames[number], shown.faces[number]
        after = damage(number, frame)
        laid = [] if after is frame else [shown.laid(number)]
        meter.see(number, float(frame.time), frame, after, face, laid)
    return meter.finish()


def untouched(_number: int, frame: Frame) -> Frame:
    return frame


def blended(number: int, frame: Frame, painted: Frame, mask: F32 | None = None) -> Frame:
    """The painted picture where the mask `(h, w)` of the face's box (default: the whole face) lets it through."""
    box = take().box(number)
    result = frame.copy()
    result.paste(box, painted.rgb(box).astype(np.float32), take().laid(number).mask if mask is None else mask)
    return result


def shrunk(mask: F32, pixels: int) -> F32:
    """The mask without its rim, as softly feathered."""
    core = cv2.erode((mask > 0.5).astype(np.uint8), np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8))
    return np.asarray(cv2.GaussianBlur(core.astype(np.float32), (0, 0), FEATHER_PX), np.float32)


def moved(frame: Frame, x: float, y: float) -> Frame:
    """The whole picture, shifted by pixels."""
    planes = []
    for plane, step in zip(frame.planes, (1.0, 0.5, 0.5), strict=True):
        matrix = np.array([[1, 0, x * step], [0, 1, y * step]])
        size = plane.shape[::-1]
        planes.append(cv2.warpAffine(plane, matrix, size, borderMode=cv2.BORDER_REPLICATE))
    return Frame(frame.pts, frame.time_base, (planes[0], planes[1], planes[2]))


def rolled(number: int, frame: Frame, degrees: float) -> Frame:
    """The whole picture, turned around the face's middle."""
    x, y = take().faces[number].mesh[list(STEADY), :2].mean(axis=0).tolist()
    planes = []
    for plane, step in zip(frame.planes, (1.0, 0.5, 0.5), strict=True):
        matrix = cv2.getRotationMatrix2D((x * step, y * step), degrees, 1.0)
        planes.append(cv2.warpAffine(plane, matrix, plane.shape[::-1], borderMode=cv2.BORDER_REPLICATE))
    return Frame(frame.pts, frame.time_base, (planes[0], planes[1], planes[2]))


def retimed(shown: Frame, frame: Frame) -> Frame:
    """One picture's content at another one's time."""
    return Frame(frame.pts, frame.time_base, shown.copy().planes)


def patched(number: int, frame: Frame, shown: Frame, points: Sequence[int]) -> Frame:
    """The picture with another one's content around some points of the face, softly joined."""
    box, mesh = take().box(number), take().faces[number].mesh
    mask = np.zeros((box.height, box.width), np.uint8)
    for part in (RIGHT_EYE, LEFT_EYE, LIPS_OUTER):
        if set(part) <= set(points):
            hull = cv2.convexHull(np.rint(mesh[list(part), :2] - (box.x, box.y)).astype(np.int32))
            cv2.fillConvexPoly(mask, hull, 255)
    mask = cv2.dilate(mask, np.ones((23, 23), np.uint8))
    return blended(number, frame, shown, cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), FEATHER_PX))


def relit(frame: Frame, luma: float = 1.0, chroma: float = 0.0) -> Frame:
    """The picture with its luma multiplied and its Cr raised."""
    y, u, v = (plane.astype(np.float32) for plane in frame.planes)
    return _frame(frame, y * luma, u, v + chroma)


def blurred(frame: Frame, sigma: float) -> Frame:
    y, u, v = (cv2.GaussianBlur(plane, (0, 0), sigma) for plane in frame.planes)
    return Frame(frame.pts, frame.time_base, (y, u, v))


def erased(frame: Frame, box: Box) -> Frame:
    """The picture with a grey box in the face's place."""
    gone = frame.copy()
    shape = (box.height, box.width)
    half = (box.height // 2, box.width // 2)
    gone.put(box, (np.full(shape, 110, np.uint8), np.full(half, 128, np.uint8), np.full(half, 128, np.uint8)))
    return gone


@cache
def references(talent: str) -> F32:
    """Embeddings of two of a talent's reference pictures."""
    chips = []
    for path in sorted((EXAMPLES / talent / "refs").glob("*.jpg"))[:2]:
        frame, mesh = portrait(path)
        chips.append(chip(frame, mesh))
    return embed(chips)


@cache
def portrait(path: Path) -> tuple[Frame, F32]:
    """A photograph with one face, and its mesh."""
    frame = Frame.from_rgb(np.ascontiguousarray(cv2.imread(str(path))[..., ::-1]))
    mesh, _ = networks().mesh(frame, networks().detect(frame)[0].square)
    mesh, _ = networks().mesh(frame, square_around(mesh))
    return frame, mesh


def with_face_of(talent: str, number: int, frame: Frame) -> Frame:
    """The picture under a photograph of another person, laid onto the face that stands there."""
    photo, mesh = portrait(next(iter(sorted((EXAMPLES / talent / "refs").glob("*front*.jpg")))))
    steady = list(STEADY)
    to_frame = similarity(mesh[steady, :2], take().faces[number].mesh[steady, :2])
    laid: U8 = cv2.warpAffine(photo.rgb(), to_frame, frame.size, borderMode=cv2.BORDER_REPLICATE)
    return Frame(frame.pts, frame.time_base, Frame.from_rgb(laid).planes)


def _frame(like: Frame, y: F32, u: F32, v: F32) -> Frame:
    planes = tuple(np.clip(np.rint(plane), 16, 240).astype(np.uint8) for plane in (y, u, v))
    return Frame(like.pts, like.time_base, (planes[0], planes[1], planes[2]))
