"""Things that pass in front of faces, with their exact outlines: hands, a microphone, glasses, strands of hair.

The hands are real ones, cut from footage with a white backdrop; everything else is drawn. A prop is laid over a
picture before anything looks at it, so what it hides is known to the pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from countenance.media.decode import decode
from countenance.media.frame import F32, Box, Frame
from countenance.media.probe import probe
from countenance.perception.pose import rotation_of, upright_shape
from countenance.perception.topology import LEFT_EYE, POINTS, RIGHT_EYE
from countenance.perception.tracks import FaceTrack

_HAND_CLIP = "azure-avatar/Requesting_a_five-star_review.mp4"
_HAND_PICTURES = (16, 36)  # the open hand is up
_HAND_BOX = Box(460, 250, 330, 400)  # holds the hand and its sleeve, and nothing of the body
_UPPER_ARM = (186, 318, -0.57)  # of that box: from this row down it lies right of this column, and leans so
_WHITE = 238.0  # the backdrop's darkest channel is above
_FINE = 4  # drawn this much larger, then reduced: smooth borders
_SKIN = (50, 280, 118, 347, 205, 425, 6, 195)  # mesh points amid plain skin of cheeks and nose


@dataclass(frozen=True)
class Laid:
    """A prop in one picture: its colours `(h, w, 3)` and its share of each pixel `(h, w)`, in `box`."""

    box: Box
    rgb: F32
    alpha: F32


Prop = Callable[[int, F32, Frame], Laid | None]  # picture number, mesh (478, 3), the picture itself


def put(frame: Frame, laid: Laid) -> Frame:
    """A copy of the picture with the prop in front."""
    shown = frame.copy()
    shown.paste(laid.box, laid.rgb, laid.alpha)
    return shown


def props(media: Path, track: FaceTrack, frame: Frame) -> dict[str, Prop]:
    """All props for one face; their size, colours and ways follow from the track and one picture of it."""
    skin = _skin_colour(frame, track.mesh[0])
    hand = _hand_pictures(media / _HAND_CLIP)
    return {
        "hand, same skin": _hand(hand, skin),
        "hand, other skin": _hand(hand, skin * np.array([0.62, 0.52, 0.45], np.float32)),
        "microphone": _microphone(),
        "glasses": _glasses(track),
        "hair strands": _strands(track, blond=float(skin.mean()) < 100),
    }


def _skin_colour(frame: Frame, mesh: F32) -> F32:
    rgb = cv2.GaussianBlur(frame.rgb(), (0, 0), 2.0)
    width, height = frame.size
    points = np.rint(mesh[list(_SKIN), :2]).astype(int).clip(0, [width - 1, height - 1])
    return np.asarray(np.median(rgb[points[:, 1], points[:, 0]], axis=0), np.float32)


def _hand_pictures(path: Path) -> list[tuple[F32, F32]]:
    """The waving hand's colours and matte, keyed from the white backdrop."""
    cut = []
    for number, frame in enumerate(decode(probe(path), stop=_HAND_PICTURES[1])):
        if number < _HAND_PICTURES[0]:
            continue
        rgb = frame.rgb(_HAND_BOX).astype(np.float32)
        rows, columns = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
        dark = rgb.min(axis=2) < _WHITE
        dark &= (rows < _UPPER_ARM[0]) | (columns < _UPPER_ARM[1] + _UPPER_ARM[2] * (rows - _UPPER_ARM[0]))
        filled = cv2.morphologyEx(_largest(dark), cv2.MORPH_CLOSE, np.ones((3, 3)))
        solid = cv2.erode(filled, np.ones((7, 7)))  # the backdrop shines into the border: colours come from inside
        near = cv2.GaussianBlur(solid, (0, 0), 3.0)[..., None]
        own = np.where(solid[..., None] > 0, rgb, cv2.GaussianBlur(rgb * solid[..., None], (0, 0), 3.0) / (near + 1e-4))
        matte = cv2.GaussianBlur(cv2.dilate(solid, np.ones((3, 3))), (0, 0), 0.8)
        cut.append((own.astype(np.float32), matte.astype(np.float32)))
    return cut + cut[-2:0:-1]


def _largest(mask: np.ndarray) -> F32:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), np.float32)


def _hand(pictures: Sequence[tuple[F32, F32]], skin: F32) -> Prop:
    """The hand comes up from below, rests over mouth and cheek, wanders, and goes again, every 60 pictures."""
    first_rgb, first_matte = pictures[0]
    solid = (first_matte > 0.95) & (np.arange(first_matte.shape[0])[:, None] < 190)  # above the sleeve
    gain = skin / np.median(first_rgb[solid], axis=0)

    def place(number: int, mesh: F32, frame: Frame) -> Laid | None:
        rgb, matte = pictures[number % len(pictures)]
        unit = _eye_distance(mesh)
        phase = number % 60 / 60
        away = float(np.clip(abs(phase - 0.5) * 6 - 1.8, 0, 1))  # 0 in front of the face, 1 below it
        middle = mesh[13, :2] + unit * np.array(
            [-0.35 + 0.30 * np.sin(number / 9), 0.15 + 0.12 * np.sin(number / 7) + 2.4 * away], np.float32
        )
        angle, scale = np.radians(14 + 10 * np.sin(number / 12)), unit / 105
        return _moved(np.clip(rgb * gain, 0, 255), matte, (172, 120), middle, angle, scale, frame)

    return place


def _moved(
    rgb: F32, matte: F32, anchor: tuple[float, float], to: F32, angle: float, scale: float, frame: Frame
) -> Laid | None:
    """A cut-out turned by `angle` and scaled about `anchor`, which comes to lie at `to`."""
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[c, -s], [s, c]])
    shift = np.asarray(to) - turn @ anchor
    height, width = matte.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ turn.T + shift
    box = Box.around(corners, 2, frame.size)
    if box is None:
        return None
    matrix = np.hstack([turn, (shift - (box.x, box.y))[:, None]])
    size = (box.width, box.height)
    four = cv2.warpAffine(np.dstack([rgb, matte * 255]), matrix, size, flags=cv2.INTER_LINEAR)
    sure = cv2.warpAffine(rgb, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Laid(box, sure, np.clip(four[..., 3] / 255, 0, 1))


def _microphone() -> Prop:
    """A hand microphone held from below in front of mouth and chin: a dark grille, a ring, a stick."""

    def place(number: int, mesh: F32, frame: Frame) -> Laid | None:
        unit = _eye_distance(mesh)
        tip = mesh[17, :2] + unit * np.array([-0.10 + 0.06 * np.sin(number / 11), 0.18 + 0.10 * np.sin(number / 8)])
        side = round(unit * 3.4)
        canvas, alpha = np.zeros((side, side, 3), np.float32), np.zeros((side, side), np.float32)
        head, radius, down = (side / 2, side * 0.16), unit * 0.33, np.array([-0.36, 0.93])
        end = np.array(head) + down * side
        _line(canvas, alpha, np.array([head, end]), unit * 0.30, (38, 38, 42))
        _line(canvas, alpha, np.array([head, end]) - np.array([unit * 0.07, 0]), unit * 0.05, (96, 96, 104))
        ring = np.array(head) + down * radius * 1.05
        across = np.array([down[1], -down[0]]) * radius * 0.62
        _line(canvas, alpha, np.array([ring - across, ring + across]), unit * 0.09, (150, 150, 156))
        _grille(canvas, alpha, head, radius)
        corner = tip - np.array(head)
        box = Box.around(np.array([corner, corner + side]), 2, frame.size)
        if box is None:
            return None
        matrix = np.array([[1.0, 0, corner[0] - box.x], [0, 1.0, corner[1] - box.y]])
        size = (box.width, box.height)
        return Laid(box, cv2.warpAffine(canvas, matrix, size), cv2.warpAffine(alpha, matrix, size))

    return place


def _grille(canvas: F32, alpha: F32, middle: tuple[float, float], radius: float) -> None:
    """A ball of wire mesh, lit from the upper left."""
    y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]].astype(np.float32)
    dx, dy = (x - middle[0]) / radius, (y - middle[1]) / radius
    there = np.clip((1 - np.hypot(dx, dy)) * radius + 0.5, 0, 1)
    bulge = np.sqrt(np.clip(1 - dx * dx - dy * dy, 0, 1))
    wires = 0.5 + 0.5 * np.sin(16 * np.arcsin(np.clip(dx, -1, 1))) * np.sin(16 * np.arcsin(np.clip(dy, -1, 1)))
    glint = np.clip(-0.5 * dx - 0.6 * dy + 0.6 * bulge, 0, 1) ** 3
    tone = 28 + 46 * bulge * wires + 90 * glint
    _over(canvas, alpha, np.repeat(tone[..., None], 3, axis=2), there)


def _glasses(track: FaceTrack) -> Prop:
    """Dark frames that sit on the head: two rims, a bridge and the arms, on the track's own upright form."""
    form = np.median(np.stack([upright_shape(mesh[:POINTS]) for mesh in track.mesh[::5]]), axis=0)
    turns = np.linspace(0, 2 * np.pi, 49)
    lines = []
    eyes = [form[list(eye)].mean(axis=0) for eye in (RIGHT_EYE, LEFT_EYE)]
    depth = min(float(form[168, 2]), float(form[list(RIGHT_EYE + LEFT_EYE), 2].min())) - 0.06
    for side, (eye, temple) in enumerate(zip(eyes, (127, 356), strict=True)):
        out = -1 if side == 0 else 1
        rim = np.stack(
            [
                eye[0] + out * 0.03 + 0.29 * np.sign(np.cos(turns)) * np.abs(np.cos(turns)) ** 0.8,
                eye[1] + 0.05 + 0.21 * np.sign(np.sin(turns)) * np.abs(np.sin(turns)) ** 0.8,
                np.full_like(turns, depth) + 0.10 * (np.cos(turns) * out > 0) * np.abs(np.cos(turns)) ** 2,
            ],
            axis=1,
        )
        lines.append(rim)
        hinge = np.array([eye[0] + out * 0.32, eye[1] - 0.02, depth + 0.10])
        lines.append(np.stack([hinge + (form[temple] - hinge) * step for step in np.linspace(0, 1, 6)]))
    inner = np.array([eyes[0][0] + 0.27, eyes[0][1], depth]), np.array([eyes[1][0] - 0.27, eyes[1][1], depth])
    arch = np.linspace(0, 1, 9)[:, None]
    lines.append(inner[0] + (inner[1] - inner[0]) * arch - np.array([0, 0.05, 0.03]) * 4 * arch * (1 - arch))

    def place(number: int, mesh: F32, frame: Frame) -> Laid | None:
        points = mesh[:POINTS]
        unit = float(np.linalg.norm(points[33] - points[263]))
        middle = points[[168, 6, 33, 263, 133, 362]].mean(axis=0)
        own = form[[168, 6, 33, 263, 133, 362]].mean(axis=0)
        shown = [((line - own) @ rotation_of(points) * unit + middle)[:, :2] for line in lines]
        return _drawn(shown, unit * 0.045, (34, 26, 24), frame)

    return place


def _strands(track: FaceTrack, *, blond: bool) -> Prop:
    """Nine thin locks that fall from the hairline over forehead and one cheek, and sway a little."""
    form = np.median(np.stack([upright_shape(mesh[:POINTS]) for mesh in track.mesh[::5]]), axis=0)
    dice = np.random.default_rng(5)
    roots = np.linspace(-0.55, 0.50, 9)
    reach = np.where(np.arange(9) < 2, 1.8, dice.uniform(0.75, 1.15, 9))
    bend, thick = dice.uniform(-0.22, 0.22, 9), dice.uniform(0.012, 0.028, 9)
    colour = (206, 170, 112) if blond else (36, 25, 20)
    down = np.linspace(0, 1, 15)
    top = float(form[10, 1]) - 0.40

    def place(number: int, mesh: F32, frame: Frame) -> Laid | None:
        points = mesh[:POINTS]
        unit = float(np.linalg.norm(points[33] - points[263]))
        middle, own = points[[10, 151, 9]].mean(axis=0), form[[10, 151, 9]].mean(axis=0)
        shown = []
        for root, length, curve, phase in zip(roots, reach, bend, range(9), strict=True):
            sway = 0.05 * np.sin(number / 10 + phase) * down**2
            x = root + curve * down**2 + sway
            y = top + length * down
            z = np.full_like(x, own[2]) + 0.35 * x * x - 0.03
            line = (np.stack([x, y, z], axis=1) - own) @ rotation_of(points) * unit + middle
            shown.append(line[:, :2])
        return _drawn(shown, [max(1.6, unit * one) for one in thick], colour, frame)

    return place


def _drawn(
    lines: Sequence[F32], width_px: float | Sequence[float], colour: tuple[int, int, int], frame: Frame
) -> Laid | None:
    box = Box.around(np.concatenate(lines), 12, frame.size)
    if box is None:
        return None
    canvas = np.zeros((box.height, box.width, 3), np.float32)
    alpha = np.zeros((box.height, box.width), np.float32)
    widths = [width_px] * len(lines) if isinstance(width_px, float) else width_px
    for line, width in zip(lines, widths, strict=True):
        _line(canvas, alpha, line - (box.x, box.y), width, colour)
    return Laid(box, canvas, alpha)


def _line(canvas: F32, alpha: F32, line: F32, width_px: float, colour: tuple[int, int, int]) -> None:
    """A thick smooth line, brighter on its upper left side, over what is on the canvas."""
    height, width = alpha.shape
    large = np.zeros((height * _FINE, width * _FINE), np.uint8)
    points = np.rint((np.asarray(line) + 0.5) * _FINE).astype(np.int32)
    cv2.polylines(large, [points], False, 255, max(1, round(width_px * _FINE)))
    there = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    soft = cv2.GaussianBlur(there, (0, 0), max(0.6, width_px / 3))
    lit = np.clip(soft - np.roll(soft, (1, 1), (0, 1)), 0, 1)[..., None] * 160
    _over(canvas, alpha, np.array(colour, np.float32) + lit, there)


def _over(canvas: F32, alpha: F32, rgb: F32, there: F32) -> None:
    total = there + alpha * (1 - there)
    share = (there / np.maximum(total, 1e-6))[..., None]
    canvas[...] = rgb * share + canvas * (1 - share)
    alpha[...] = total


def _eye_distance(mesh: F32) -> float:
    """In three dimensions, so that a turned head's props keep their size."""
    return float(np.linalg.norm(mesh[33] - mesh[263]))
