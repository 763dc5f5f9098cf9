"""What one does without a library: one picture of the mouth, moved with the head, and at most pulled into shape."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from countenance.media.frame import F32, Box, Frame
from countenance.perception.pose import apply, steady_frame
from countenance.perception.raster import spread
from countenance.perception.topology import POINTS, triangles
from countenance.synthesis.mouthpath import INNER_STRIP, with_gap
from countenance.synthesis.mouths import Mouth, MouthLibrary, gap_and_width


def last_mouth(library: MouthLibrary) -> Mouth:
    """The last picture of the teaching part."""
    return max(library.mouths, key=lambda mouth: mouth.frame)


@dataclass
class WarpedMouth:
    """Lays one filmed mouth over every picture, as a whole, by a similarity on the steady points of the face.

    With `targets` `(n, 4)` its mesh is first pulled so that gap and width are what the sounds ask for, within the range
    of this person.
    """

    library: MouthLibrary
    mouth: Mouth
    targets: F32 | None

    def picture(self, frame: Frame, mesh: F32, number: int) -> Frame:
        """The picture with that mouth in it; `mesh` `(478, 3)` is where the face lies."""
        to_picture = cv2.invertAffineTransform(steady_frame(mesh, self.library.reference))
        whole = _joined(to_picture, self.mouth.to_face)
        source = self.mouth.mesh[:, :2] - np.array([self.mouth.box.x, self.mouth.box.y], np.float32)
        shape = self.mouth.shape if self.targets is None else self._pulled(number)
        points = apply(to_picture, shape)
        box = Box.around(apply(whole, _corners(self.mouth.box)), 0, frame.size)
        made = frame.copy()
        if box is None:
            return made
        back = cv2.invertAffineTransform(whole)
        x, y = np.meshgrid(np.arange(box.width) + box.x, np.arange(box.height) + box.y)
        where = apply(back, np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)).reshape(*x.shape, 2)
        where -= np.array([self.mouth.box.x, self.mouth.box.y], np.float32)
        inside = (where >= 0).all(axis=2) & (where < (self.mouth.box.width, self.mouth.box.height)).all(axis=2)
        if self.targets is not None:
            every = np.concatenate([triangles(), INNER_STRIP])
            local = (points - np.array([box.x, box.y], np.float32)).astype(np.float32)
            pulled, valid = spread(local, every, source.astype(np.float32), (box.width, box.height))
            where = np.where(valid[..., None], pulled, where).astype(np.float32)
        pixels = cv2.remap(self.mouth.pixels, where.astype(np.float32), None, cv2.INTER_CUBIC)
        made.paste(box, pixels.astype(np.float32), np.asarray(inside, np.float32))
        return made

    def _pulled(self, number: int) -> F32:
        assert self.targets is not None
        gap, width = _wanted(self.library, self.targets[number : number + 1])[0]
        shape = self.mouth.shape.copy()
        _gap, now = gap_and_width(shape, self.library.unit)
        middle = (shape[61] + shape[291]) / 2
        near = np.exp(-((np.linalg.norm(shape - middle, axis=1) / (0.45 * self.library.unit)) ** 2))[:, None]
        shape = shape + near * (shape - middle) * np.array([width / now - 1, 0], np.float32)
        return with_gap(shape[:POINTS].astype(np.float32), float(gap), self.library.unit)


def _corners(box: Box) -> F32:
    return np.array([[box.x, box.y], [box.x + box.width, box.y + box.height],
                     [box.x + box.width, box.y], [box.x, box.y + box.height]], np.float32)  # fmt: skip


def _joined(second: F32, first: F32) -> F32:
    """First one similarity, then the other."""
    return np.asarray(second[:, :2] @ first + np.array([[0, 0, second[0, 2]], [0, 0, second[1, 2]]]), np.float32)


def _wanted(library: MouthLibrary, targets: F32) -> F32:
    """Lip gap and width `(n, 2)` in eye distances for mouth targets `(n, 4)` (aperture, width, press, tuck).

    The talent's own range is used: what is wide open for one person is not for another.
    """
    low, _middle, high = library.gap
    narrow, rest, wide = library.width
    aperture, spread, press, tuck = targets.T
    gap = low + np.clip(aperture, 0, 1) * max(high - low, 0.03)
    shut = np.clip(np.maximum(press, tuck * 0.7), 0, 1)
    gap = gap * (1 - shut) + library.shut * shut
    width = rest + np.where(spread > 0, spread * (wide - rest), spread * (rest - narrow))
    return np.stack([gap, width], axis=1).astype(np.float32)
