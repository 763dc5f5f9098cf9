"""A swapped head must seem to look where the replaced one did.

Wanted features on the target's head, a higher brow or a longer nose, make it seem turned by two or three degrees,
although not a point was turned. So the painter is tried on a few pictures of its own, the seeming turn is measured as
the quality report measures it, and the features are moved the other way until it is gone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from countenance.media.decode import decode
from countenance.media.frame import F32, Frame
from countenance.media.probe import Master
from countenance.perception.attention import MESH_PX
from countenance.perception.crop import cut_square, square_around
from countenance.perception.head import mean_turn, posed
from countenance.perception.networks import FaceNetworks
from countenance.perception.pose import upright_shape
from countenance.perception.topology import FACE_OVAL, POINTS
from countenance.perception.tracks import Face, FaceTrack
from countenance.synthesis.compose import Compositor
from countenance.synthesis.fade import Fade, fades_of
from countenance.synthesis.reshape import evened
from countenance.synthesis.swap import SwapPainter

_ROUNDS = 3  # a turn of the features shows by some two thirds
_MOST_DEG = 5.0  # of the features, lest they leave their places
_FEWEST = 2  # pictures that must tell
_PLACES = (0.25, 0.75)  # of a person's pictures
_AT_EACH, _APART = 3, 5  # so many pictures at each place, so many pictures apart
_SEARCH = 60  # pictures beyond a place in which the face must come to be seen well


class Glimpse(NamedTuple):
    """One of the master's pictures with the face that will be painted in it."""

    frame: Frame
    face: Face


def glimpses_of(master: Master, tracks: Sequence[FaceTrack]) -> list[Glimpse]:
    """A few pictures in which a person will be painted in full, from places where decoding begins cheaply."""
    numbers = sorted({int(number) for track in tracks for number in track.frames})
    fades, found = fades_of(tracks), dict[int, Glimpse]()
    for place in _PLACES:
        near, wanted = numbers[int(place * len(numbers))], len(found) + _AT_EACH
        due = -1
        for frame in decode(master, start=near, stop=min(near + _SEARCH, master.frames), from_key=True):
            number = bisect_left(master.pts, frame.pts)
            face = next((face for track in tracks if (face := track.at(number)) is not None), None)
            if number >= due and number not in found and face and fades.get(number, Fade()).strength == 1:
                found[number] = Glimpse(frame, face)
                due = number + _APART
            if len(found) >= wanted:
                break
    return list(found.values())


def kept_heading(painter: SwapPainter, glimpses: Sequence[Glimpse], networks: FaceNetworks) -> SwapPainter:
    """The painter with features moved so that the head seems turned as the master's is, in the mean of `glimpses`.

    The frames are not changed. The painter stays as it is when fewer than two of them show the face well.
    """
    looks = [(one, _turn(networks, one.frame, one.face)) for one in glimpses]
    own = np.median([upright_shape(one.face.mesh[:POINTS]) for one in glimpses], axis=0) if glimpses else None
    turn = np.zeros(3)
    settled = painter
    for _ in range(_ROUNDS):
        seeming = []
        for glimpse, master in looks:
            variant = _turn(networks, _painted(settled, glimpse), glimpse.face)
            if master is not None and variant is not None:
                seeming.append(np.asarray(master.T @ variant, np.float32))
        if own is None or len(seeming) < _FEWEST:
            return painter
        turn -= rotation_vector(mean_turn(seeming))
        turn *= min(1.0, np.radians(_MOST_DEG) / (float(np.linalg.norm(turn)) + 1e-9))
        settled = replace(painter, reshape=painter.reshape + turned_features(own.astype(np.float32), turn))
    return settled


def turned_features(shape: F32, turn: np.ndarray) -> F32:
    """How far each point of an upright shape `(468, 3)` moves when the features, but not the outline, are turned by a
    rotation vector `(3,)` in radians about the middle of the face."""
    middle = shape - shape.mean(axis=0)
    return np.asarray((middle @ rotation(turn).T - middle) * _inner(), np.float32)


def rotation(vector: np.ndarray) -> np.ndarray:
    """The matrix `(3, 3)` of a rotation vector in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector / (angle + 1e-12)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross))


def rotation_vector(matrix: F32) -> np.ndarray:
    """The rotation vector `(3,)` in radians of a small turn `(3, 3)`."""
    skew = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]]) / 2
    length = float(np.linalg.norm(skew))
    return np.asarray(skew * (np.arcsin(min(length, 1.0)) / (length + 1e-12)))


def _turn(networks: FaceNetworks, frame: Frame, face: Face) -> F32 | None:
    square = square_around(face.mesh[:POINTS])
    mesh, score = networks.follow(cut_square(frame, square, MESH_PX), square)
    return posed(mesh).turn if score >= 0.5 else None


def _painted(painter: SwapPainter, glimpse: Glimpse) -> Frame:
    frame = glimpse.frame.copy()
    patch = painter.paint(frame, glimpse.face, 0)
    if patch is not None:
        Compositor().compose(frame, patch, painter.name)
    return frame


@lru_cache(maxsize=1)
def _inner() -> F32:
    """1 for points inside the face, 0 for its outline, a little less than 1 beside that `(468, 1)`."""
    inner = np.ones((POINTS, 1), np.float32)
    inner[list(FACE_OVAL)] = 0
    inner = evened(inner, 2)
    inner[list(FACE_OVAL)] = 0
    return inner
