"""The badge of a picture whose shape changes: what is left of the old one is lifted off, and a new one is drawn.

A window that is cut out of a labelled picture leaves the label out, or half of it. So whatever goes through here is
labelled anew, inside the new picture, clear of faces and of what the channels lay over it. There is no way through
that takes a badge away and draws none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from countenance.delivery.camera import Camera
from countenance.delivery.reframe import plan_camera
from countenance.delivery.sightings import Sightings
from countenance.delivery.subtitles import Subtitles
from countenance.delivery.viewing import View
from countenance.errors import InputError
from countenance.media.frame import F32, U8, Frame
from countenance.media.reframe import blurred
from countenance.provenance.badge import FADE_S, PILL_GREY, Badge, Raster, badge_of, form_for
from countenance.provenance.disclosure import ReleaseRecord
from countenance.provenance.label_check import check_badge
from countenance.provenance.label_look import CLEAR, SMALL
from countenance.provenance.placement import AUTO, Box, FaceSeen, covered, place

_LOOKED_AT = 60  # pictures
_BLACK, _WHITE, _GREY = 16.0, 235.0, 128.0
_LEAST_KEPT = 0.15  # of the picture that must show through for it to be told from the label
_SOFT = 0.16  # of the badge's height: sigma by which letters are filled from beside them
_GRAIN, _COLOUR_GRAIN = 0.035, 0.06  # of it: sigma that takes off the coding noise, which is made stronger on the way


def badge_for(badge: Badge, camera: Camera, seen: Sightings, channels: Iterable[str], corner: str = AUTO) -> Badge:
    """The badge as it is drawn on the camera's pictures: in the corner that suits their faces and the channels."""
    width, height = camera.target
    form, why = form_for(badge.words, width, height, badge.label.size) if badge.text is None else ("words", "")
    moved = replace(badge, label=replace(badge.label, form=form, why=why))
    pictures = faces_shown(camera, seen)
    label = place(moved, width, height, pictures, channels, corner)
    box = replace(moved, label=label).raster(width, height).box
    return replace(moved, label=replace(label, covers_face=round(covered(box, pictures)[0], 3)))


def faces_shown(camera: Camera, seen: Sightings) -> list[list[FaceSeen]]:
    """The heads and lips, in pixels of the target, in up to 60 pictures spread over the video."""
    numbers = np.unique(np.linspace(0, seen.pictures - 1, min(_LOOKED_AT, seen.pictures)).astype(int)).tolist()
    return [
        [
            FaceSeen(_placed(camera, number, heads), _placed(camera, number, lips))
            for heads, lips in zip(seen.heads[:, number].tolist(), seen.lips[:, number].tolist(), strict=True)
            if np.isfinite(heads[0])
        ]
        for number in numbers
    ]


def _placed(camera: Camera, number: int, box: Sequence[float]) -> Box:
    left, top = camera.place(number, box[0], box[1])
    right, bottom = camera.place(number, box[2], box[3])
    return left, top, right, bottom


@dataclass(frozen=True)
class Reshaping:
    """How the pictures of a released video get another shape: the camera, the badge they wear, and the new one."""

    camera: Camera
    worn: Badge
    badge: Badge
    duration: Fraction

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The pictures in their new shape, with their times."""
        return relabelled(frames, self.camera, worn=self.worn, badge=self.badge, duration=self.duration)

    def problems(self, path: Path, record: ReleaseRecord) -> tuple[str, ...]:
        """Why the badge cannot be read in the file that was made of these frames, in words; empty when it can.

        On a picture so small that no letters fit, a badge that is as large as it can be is let pass.
        """
        found = check_badge(path, replace(record, label=self.badge.label))
        return found.problems if any(one.state not in (CLEAR, SMALL) for _, one in found.looks) else ()


def reshaping(
    looked: View,
    target: tuple[int, int],
    record: ReleaseRecord,
    channels: Iterable[str],
    burnt: Sequence[tuple[float, float]] = (),
) -> Reshaping:
    """Plan another shape for the video of a release, of size `target`, which will be shown on `channels`.

    In the stretches `burnt` (start and end in seconds) captions are burnt into the picture.
    """
    camera = plan_camera(looked.seen, target, speaking=looked.speaking, burnt=burnt)
    worn = badge_of(record)
    badge = badge_for(worn, camera, looked.seen, channels)
    return Reshaping(camera, worn, badge, looked.master.duration)


def relabelled(
    frames: Iterable[Frame],
    camera: Camera,
    *,
    worn: Badge,
    badge: Badge,
    duration: Fraction,
    subtitles: Subtitles | None = None,
) -> Iterator[Frame]:
    """The camera's pictures of a video, with `subtitles` and the `badge` that `badge_for` made.

    `worn` is the badge that the frames bear already, `Badge("off")` for clean ones. An end card cannot be lifted off,
    so the picture under it is blurred, and the card is set anew. InputError where a badge would be lost.
    """
    if worn.kind != "off" and badge.kind == "off":
        raise InputError("the pictures bear a badge and would lose it; give the badge that is to be drawn.")
    for number, frame in enumerate(frames):
        under_card = worn.card_shown(frame.time, duration)
        if not under_card and worn.kind == "corner" and (shown := worn.label.shown(float(frame.time), FADE_S)):
            _lift(frame, worn.raster(*frame.size), shown)
        view = blurred(frame, camera.target) if under_card else camera.shoot(number, frame)
        if subtitles is not None:
            subtitles.draw(view.planes, view.time)
        badge.draw(view.planes, view.time, duration)
        yield view


def _lift(frame: Frame, raster: Raster, shown: float) -> None:
    """Take the badge off a frame, in place: what shows through it is made strong again, and where letters hide all,
    it is filled from beside them by a normalised convolution (Knutsson and Westin 1993)."""
    keep = 1 - (1 - raster.keep) * np.float32(shown)
    dark = _BLACK + PILL_GREY * (_WHITE - _BLACK)
    add = (raster.white * np.float32(_WHITE) + raster.dark * np.float32(dark)) * np.float32(shown)
    high, wide = keep.shape
    y, u, v = frame.planes
    half = np.asarray(cv2.resize(keep, (wide // 2, high // 2), interpolation=cv2.INTER_AREA), np.float32)
    sigma = _SOFT * high
    _unblend(y[raster.y : raster.y + high, raster.x : raster.x + wide], keep, add, sigma, _GRAIN * high)
    rows = slice(raster.y // 2, (raster.y + high) // 2)
    columns = slice(raster.x // 2, (raster.x + wide) // 2)
    for plane in (u, v):
        _unblend(plane[rows, columns], half, (1 - half) * np.float32(_GREY), sigma / 2, _COLOUR_GRAIN * high)


def _unblend(part: U8, keep: F32, add: NDArray[np.float32], sigma: float, grain: float) -> None:
    known = np.clip((keep - _LEAST_KEPT) / (1 - _LEAST_KEPT), 0, 1)
    weight = (known**2).astype(np.float32)
    under = np.where(keep > _LEAST_KEPT, (part - add) / np.maximum(keep, _LEAST_KEPT), 0).astype(np.float32)
    under = np.clip(under, 0, 255)
    fine, wide = (
        cv2.GaussianBlur(weight * under, (0, 0), one) / (cv2.GaussianBlur(weight, (0, 0), one) + 1e-6)
        for one in (grain, sigma)
    )
    certain = np.clip(cv2.GaussianBlur(weight, (0, 0), grain) / 0.02, 0, 1)
    filled = certain * fine + (1 - certain) * wide
    whole = keep > 0.995
    part[:] = np.where(whole, part, np.clip(np.rint(filled), 0, 255)).astype(np.uint8)
