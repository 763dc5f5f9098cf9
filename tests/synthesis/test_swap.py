from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from clips import bits

from countenance.media.frame import Frame
from countenance.perception.crop import square_around
from countenance.perception.identity import chip, distance, embed
from countenance.perception.networks import FaceNetworks
from countenance.perception.topology import FACE_OVAL, LEFT_EYE, POINTS, RIGHT_EYE
from countenance.perception.tracks import Face, Perception
from countenance.synthesis.compose import Compositor
from countenance.synthesis.engine import Patch
from countenance.synthesis.likeness import Likeness
from countenance.synthesis.swap import SwapPainter, prepare_swap

CHOSEN = (0, 10, 20)


@pytest.fixture(scope="module")
def painter(ben_likeness: Likeness, ada_seen: Perception) -> SwapPainter:
    return prepare_swap(ben_likeness, ada_seen.of_person(0))


def face_of(seen: Perception, number: int) -> Face:
    face = seen.face_of(0, number)
    assert face is not None
    return face


def paint(painter: SwapPainter, frame: Frame, face: Face, number: int = 0) -> Patch:
    patch = painter.paint(frame, face, number)
    assert patch is not None
    return patch


def mask_at(patch: Patch, points: Sequence[float] | np.ndarray) -> float:
    x, y = np.rint(np.asarray(points)[:2]).astype(int) - (patch.box.x, patch.box.y)
    return float(patch.mask[y, x])


def test_painting_leaves_the_frame_alone_and_returns_one_box(
    painter: SwapPainter, ada_frames: list[Frame], ada_seen: Perception
) -> None:
    frame = ada_frames[0].copy()
    patch = paint(painter, frame, face_of(ada_seen, 0))
    assert bits(frame) == bits(ada_frames[0])
    shape = (patch.box.height, patch.box.width)
    assert patch.pixels.shape == (*shape, 3)
    for plane in (patch.mask, patch.skin, patch.edge):
        assert plane.shape == shape
        assert plane.min() >= 0 and plane.max() <= 1.0001
    assert not any(side % 2 for side in (patch.box.x, patch.box.y, *shape))
    # Nothing reaches the box's own border: the paint ends inside the face.
    assert max(float(side.max()) for side in (patch.mask[0], patch.mask[-1], patch.mask[:, 0], patch.mask[:, -1])) == 0


def test_the_same_input_is_painted_alike(painter: SwapPainter, ada_frames: list[Frame], ada_seen: Perception) -> None:
    one, other = (paint(painter, ada_frames[5], face_of(ada_seen, 5)) for _ in range(2))
    assert np.array_equal(one.pixels, other.pixels) and np.array_equal(one.mask, other.mask)


def test_the_face_comes_nearer_to_the_wanted_person_and_away_from_the_replaced(
    painter: SwapPainter,
    ben_likeness: Likeness,
    ada_frames: list[Frame],
    ada_seen: Perception,
    networks: FaceNetworks,
) -> None:
    ada = ada_seen.of_person(0)[0].embedding
    before, after, away = [], [], []
    for number in CHOSEN:
        frame, face = ada_frames[number].copy(), face_of(ada_seen, number)
        Compositor().compose(frame, paint(painter, frame, face, number), painter.name)
        mesh, score = networks.mesh(frame, square_around(face.mesh[:POINTS]))
        assert score > 0.9
        vectors = embed([chip(ada_frames[number], face.mesh), chip(frame, mesh)])
        before.append(distance(vectors[0], ben_likeness.embeddings))
        after.append(distance(vectors[1], ben_likeness.embeddings))
        away.append(distance(vectors[1], ada))
    assert all(new < old - 0.08 for new, old in zip(after, before, strict=True))
    assert float(np.median(after)) < 0.5
    assert float(np.median(away)) > 0.3


def test_eyes_and_the_inside_of_the_mouth_stay_the_targets(
    painter: SwapPainter, ada_frames: list[Frame], ada_seen: Perception
) -> None:
    """They are what makes a look and a word real, so nothing is painted there."""
    gaps = [float(np.linalg.norm(face_of(ada_seen, n).mesh[13] - face_of(ada_seen, n).mesh[14])) for n in range(30)]
    widest = int(np.argmax(gaps))
    assert gaps[widest] > 8  # an open mouth is among the pictures
    face = face_of(ada_seen, widest)
    patch = paint(painter, ada_frames[widest], face)
    mesh = patch.face.mesh
    assert mask_at(patch, (mesh[13] + mesh[14]) / 2) == 0
    for upper, lower in ((159, 145), (386, 374), (158, 153), (385, 380)):
        assert mask_at(patch, (mesh[upper] + mesh[lower]) / 2) < 0.02


def test_cheeks_are_painted_and_the_outline_is_not(
    painter: SwapPainter, ada_frames: list[Frame], ada_seen: Perception
) -> None:
    face = face_of(ada_seen, 0)
    patch = paint(painter, ada_frames[0], face)
    face = patch.face
    assert min(mask_at(patch, face.mesh[point]) for point in (50, 280, 205, 425)) > 0.8
    assert max(mask_at(patch, face.mesh[point]) for point in FACE_OVAL) < 0.35


def test_a_face_outside_the_picture_is_left_alone(
    painter: SwapPainter, ada_frames: list[Frame], ada_seen: Perception
) -> None:
    face = face_of(ada_seen, 0)
    away = Face(face.mesh + np.array([5000, 0, 0], np.float32), face.score, face.pose)
    assert painter.paint(ada_frames[0], away, 0) is None


def test_a_face_at_the_border_is_painted_as_far_as_it_is_seen(
    painter: SwapPainter, ada_frames: list[Frame], ada_seen: Perception
) -> None:
    face, frame = face_of(ada_seen, 0), ada_frames[0].copy()
    shift = frame.size[0] - float(face.mesh[4, 0])
    patch = paint(painter, frame, Face(face.mesh + np.array([shift, 0, 0], np.float32), face.score, face.pose))
    assert patch.box.x + patch.box.width == frame.size[0]
    Compositor().compose(frame, patch, painter.name)


def test_shut_lids_stay_the_targets_own(painter: SwapPainter, ada_frames: list[Frame], ada_seen: Perception) -> None:
    """Painted, what lies between open lids would be pressed into a bright line."""
    face = face_of(ada_seen, 0)
    mesh = face.mesh.copy()
    middle = mesh[list(RIGHT_EYE), 1].mean()
    mesh[list(RIGHT_EYE), 1] = middle + 0.05 * (mesh[list(RIGHT_EYE), 1] - middle)
    patch = paint(painter, ada_frames[0], replace(face, mesh=mesh))
    lids = patch.face.mesh[list(RIGHT_EYE)]
    assert max(mask_at(patch, point) for point in lids) < 0.35
    assert max(mask_at(patch, point) for point in patch.face.mesh[list(LEFT_EYE)]) > 0.3


def test_hair_that_always_hangs_over_the_rim_is_not_painted_over(ben_likeness: Likeness, ada_seen: Perception) -> None:
    track = ada_seen.of_person(0)[0]
    textures = track.textures.copy()
    textures[:, 60:, 100:] = (20, 30, 60)  # one side of the face, from outside inwards
    free, hung = (
        prepare_swap(ben_likeness, [replace(track, textures=seen)]).layers[..., 0].astype(float)
        for seen in (track.textures, textures)
    )
    side = len(free)
    there = (slice(int(0.48 * side), int(0.54 * side)), slice(int(0.78 * side), int(0.84 * side)))
    assert free[there].mean() > 150
    assert hung[there].mean() < 60
    elsewhere = (slice(int(0.5 * side), int(0.6 * side)), slice(int(0.3 * side), int(0.5 * side)))
    assert hung[elsewhere] == pytest.approx(free[elsewhere], abs=3)
