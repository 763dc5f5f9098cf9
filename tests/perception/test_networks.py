from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest
from clips import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

from countenance.media.frame import Frame
from countenance.perception.crop import square_around
from countenance.perception.networks import FaceNetworks, overlap
from countenance.synthesis.references import read_reference

STILL = EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg"
BOXES = st.tuples(st.floats(-50, 50), st.floats(-50, 50), st.floats(1, 80), st.floats(1, 80))


@pytest.fixture(scope="module")
def picture(networks: FaceNetworks) -> np.ndarray:
    return read_reference(STILL, networks).frame.rgb()


def on_canvas(picture: np.ndarray, width: int, height: int, x: int, y: int, side: int) -> Frame:
    canvas = np.full((height, width, 3), 110, np.uint8)
    canvas[y : y + side, x : x + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return Frame.from_rgb(canvas)


@pytest.mark.parametrize(
    ("width", "height", "x", "y", "side"),
    [(768, 768, 0, 0, 768), (1280, 720, 700, 100, 500), (720, 1280, 60, 700, 400), (1920, 1080, 200, 300, 300)],
)
def test_a_face_is_found_wherever_it_is_and_however_wide_the_picture(
    networks: FaceNetworks, picture: np.ndarray, width: int, height: int, x: int, y: int, side: int
) -> None:
    (found,) = networks.detect(on_canvas(picture, width, height, x, y, side))
    left, top, across, down = found.box
    assert x < left and left + across < x + side
    assert y < top and top + down < y + side
    right_eye, left_eye = found.eyes
    assert left < right_eye[0] < left_eye[0] < left + across
    assert found.score > 0.5
    assert abs(found.square.angle) < 0.15


def test_the_mesh_scales_with_the_face(networks: FaceNetworks, picture: np.ndarray) -> None:
    meshes = []
    for side in (768, 384):
        frame = on_canvas(picture, side, side, 0, 0, side)
        mesh, score = networks.mesh(frame, networks.detect(frame)[0].square)
        for _ in range(2):
            mesh, score = networks.mesh(frame, square_around(mesh))
        assert score > 0.9
        meshes.append(mesh / side)
    gaps = np.linalg.norm(meshes[0][:, :2] - meshes[1][:, :2], axis=1)
    assert np.median(gaps) < 0.005
    assert gaps.max() < 0.02


def test_both_irises_are_round_and_alike(networks: FaceNetworks, picture: np.ndarray) -> None:
    """The iris model knows left eyes only; the right one is mirrored on its way in and out."""
    frame = Frame.from_rgb(picture)
    mesh, _ = networks.mesh(frame, networks.detect(frame)[0].square)
    irises = networks.irises(frame, mesh)[:, :2].reshape(2, 5, 2)
    radii = np.linalg.norm(irises[:, 1:] - irises[:, :1], axis=2)
    assert radii.max() < 1.3 * radii.min()
    assert radii[0].mean() == pytest.approx(radii[1].mean(), rel=0.1)
    # A pair of eyes looks the same way: both centres lie alike between the corners of their eyes.
    places = [
        (iris[0, 0] - mesh[a, 0]) / (mesh[b, 0] - mesh[a, 0])
        for iris, a, b in zip(irises, (33, 362), (133, 263), strict=True)
    ]
    assert places[0] == pytest.approx(places[1], abs=0.08)


def test_a_face_is_not_seen_where_there_is_none(networks: FaceNetworks) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
    assert networks.detect(Frame.from_rgb(noise)) == []
    frame = Frame.from_rgb(np.full((360, 640, 3), 128, np.uint8))
    assert networks.detect(frame) == []


@given(a=BOXES, b=BOXES)
def test_overlap_is_a_share_and_has_no_order(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> None:
    assert 0 <= overlap(a, b) <= 1
    assert overlap(a, b) == pytest.approx(overlap(b, a))
    assert overlap(a, a) == pytest.approx(1)


def test_loading_the_networks_says_nothing() -> None:
    load = "from countenance.perception.networks import FaceNetworks; FaceNetworks()"
    code = f"import sys; {load}; sys.stderr.write('after')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "after")
