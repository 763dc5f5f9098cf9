from __future__ import annotations

import cv2
import numpy as np
import pytest
from clips import EXAMPLES

from countenance.media.frame import Frame
from countenance.perception.identity import SAME_PERSON, chip, distance, embed, sharpness
from countenance.perception.networks import FaceNetworks
from countenance.synthesis.references import Reference, read_reference


@pytest.fixture(scope="module")
def stills(networks: FaceNetworks) -> dict[str, list[Reference]]:
    return {
        name: [read_reference(path, networks) for path in sorted((EXAMPLES / name / "refs").glob("*.jpg"))]
        for name in ("ada", "ben")
    }


@pytest.fixture(scope="module")
def vectors(stills: dict[str, list[Reference]]) -> dict[str, np.ndarray]:
    return {name: embed([chip(one.frame, one.mesh) for one in ones]) for name, ones in stills.items()}


def gaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a[:, None] - b[None], axis=2)


def test_all_stills_of_one_person_are_near(vectors: dict[str, np.ndarray]) -> None:
    for own in vectors.values():
        assert gaps(own, own).max() < SAME_PERSON


def test_two_people_are_farther_apart_than_either_is_from_their_own(vectors: dict[str, np.ndarray]) -> None:
    across = gaps(vectors["ada"], vectors["ben"])
    own = [gaps(one, one) for one in vectors.values()]
    assert across[0, 0] > SAME_PERSON  # both frontal
    assert np.median(across) > SAME_PERSON
    assert across.min() > max(np.median(one) for one in own)


def test_a_chip_is_upright_whatever_the_heads_roll(stills: dict[str, list[Reference]]) -> None:
    still = stills["ada"][0]
    upright = chip(still.frame, still.mesh)
    assert (upright.shape, upright.dtype) == ((150, 150, 3), np.uint8)
    height, width = still.frame.rgb().shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 30, 1)
    tilted = Frame.from_rgb(cv2.warpAffine(still.frame.rgb(), turn, (width, height)))
    mesh = still.mesh.copy()
    mesh[:, :2] = mesh[:, :2] @ turn[:, :2].T + turn[:, 2]
    again = chip(tilted, mesh)
    assert np.abs(again[20:130, 20:130].astype(int) - upright[20:130, 20:130]).mean() < 4
    assert distance(embed([again]), embed([upright])) < 0.15


def test_the_distance_of_sets_is_that_of_their_nearest() -> None:
    a = np.zeros((1, 128), np.float32)
    b = np.zeros((2, 128), np.float32)
    b[0, 0], b[1, 1] = 3, 4
    assert distance(a[0], b[1]) == 4
    assert distance(a, b) == distance(b, a) == 3


def test_no_chips_make_no_embeddings() -> None:
    assert embed([]).shape == (0, 128)


def test_a_blurred_picture_is_less_sharp(stills: dict[str, list[Reference]]) -> None:
    sharp = chip(stills["ada"][0].frame, stills["ada"][0].mesh)
    assert sharpness(cv2.GaussianBlur(sharp, (0, 0), 2)) < 0.5 * sharpness(sharp)
