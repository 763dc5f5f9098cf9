from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES
from PIL import Image

from countenance.errors import InputError
from countenance.perception.networks import FaceNetworks
from countenance.store.project import init_project
from countenance.synthesis.likeness import Likeness
from countenance.synthesis.modelsheet import drawn_sheet, model_sheet, rendered
from countenance.synthesis.references import read_reference

FRONT = EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg"
GROUND = (24, 24, 24)


def middle(face: np.ndarray) -> float:
    """Where the face's pixels lie across the picture, from -1 to 1."""
    columns = np.flatnonzero((face != GROUND).any(axis=(0, 2)))
    nose = face[:, columns].astype(float)
    return float((nose.mean(axis=(0, 2)) * np.linspace(-1, 1, len(columns))).sum() / nose.mean(axis=(0, 2)).sum())


def test_a_face_turns_and_is_lit_as_asked(ben_likeness: Likeness) -> None:
    even = rendered(ben_likeness, (0, 0), None, 200)
    assert even.shape == (200, 200, 3)
    assert abs(middle(even)) < 0.04
    left = rendered(ben_likeness, (0, 0), (-0.8, -0.3, -0.5), 200).astype(float)
    assert left[:, :100].sum() > 1.15 * left[:, 100:].sum()  # the lamp is at the left of the picture
    turned = rendered(ben_likeness, (35, 0), None, 200)
    assert (turned != GROUND).any(axis=2).sum() < (even != GROUND).any(axis=2).sum()


def test_a_head_turned_to_its_left_shows_the_nose_on_the_right(ben_likeness: Likeness) -> None:
    for yaw, side in ((30, 1), (-30, -1)):
        marked = ben_likeness.texture.copy()
        x, y = np.rint(ben_likeness.uv[4]).astype(int)
        marked[y - 12 : y + 12, x - 12 : x + 12] = (0, 255, 0)
        face = rendered(Likeness(**{**vars(ben_likeness), "texture": marked}), (yaw, 0), None, 200)
        green = np.flatnonzero(((face[..., 1] > 200) & (face[..., 0] < 60)).any(axis=0))
        seen = np.flatnonzero((face != GROUND).any(axis=(0, 2)))
        assert side * (green.mean() - seen.mean()) > 10


def test_the_sheet_shows_every_reference(ben_likeness: Likeness, networks: FaceNetworks) -> None:
    still = read_reference(FRONT, networks).close_up()
    few = drawn_sheet("ben", ben_likeness, [still], np.ones(1, np.float32))
    many = drawn_sheet("ben", ben_likeness, [still] * 7, np.full(7, 1 / 7, np.float32))
    assert few.width == many.width
    assert many.height > few.height
    assert np.asarray(few).std() > 30


def test_the_sheet_is_written_whole_as_png_and_as_nothing_else(tmp_path: Path) -> None:
    project = init_project(tmp_path)
    model_sheet(project, "ben", [FRONT], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.format == "PNG"
    with pytest.raises(InputError, match=r"ends in \.png"):
        model_sheet(project, "ben", [FRONT], tmp_path / "sheet.jpg")
