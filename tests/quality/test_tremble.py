from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.media.frame import F32
from countenance.perception.topology import POINTS
from countenance.quality.tremble import Tremble

EYES_PX = 100.0


def run(count: int, noise_px: float, seed: int = 0) -> F32:
    """A face that sways and nods, with noise of its own on every point and picture."""
    random = np.random.default_rng(seed)
    face = random.uniform(0, 200, (POINTS, 3))
    face[33, :2], face[263, :2] = (50, 80), (50 + EYES_PX, 80)
    time = np.arange(count)[:, None]
    path = np.hstack([30 * np.sin(time / 20), 12 * np.sin(time / 9), 0 * time])
    meshes = face + path[:, None, :] + random.normal(0, noise_px, (count, POINTS, 3))
    return meshes.astype(np.float32)


RUN = run(330, 0.5)


def tremble_of(meshes: list[F32 | None]) -> np.ndarray:
    tremble = Tremble()
    for mesh in meshes:
        tremble.add(mesh)
    tremble.cut()
    return np.array(tremble.values)


def test_noise_is_measured_in_eye_distances_and_in_proportion() -> None:
    small, large = (np.median(tremble_of(list(run(60, noise_px)))) for noise_px in (0.5, 1.0))
    assert small == pytest.approx(0.5 / EYES_PX, rel=0.35)
    assert large == pytest.approx(2 * small, rel=0.1)


def test_swaying_and_nodding_are_no_tremble() -> None:
    assert np.median(tremble_of(list(run(60, 0.0)))) < 0.02 * 1.0 / EYES_PX


def test_every_picture_of_a_long_run_has_its_value_and_seams_do_not_show() -> None:
    values = tremble_of(list(run(500, 0.5)))
    assert len(values) == 500 and np.isfinite(values).all()
    whole = tremble_of(list(run(130, 0.5)))
    assert values[:124] == pytest.approx(whole[:124], rel=0.15)
    assert values[20:480].max() < 1.5 * np.median(values)


def test_pictures_without_a_face_part_the_runs_and_short_runs_are_not_judged() -> None:
    meshes: list[F32 | None] = list(run(40, 0.5))
    meshes[30] = None
    values = tremble_of(meshes[:35])
    assert len(values) == 35
    assert np.isfinite(values[:30]).all() and np.isnan(values[30:]).all()


@settings(max_examples=25)
@given(st.lists(st.integers(0, 329), max_size=6), st.sets(st.integers(1, 329), max_size=8))
def test_sections_that_go_on_with_each_others_runs_join_to_the_same_values(gaps: list[int], edges: set[int]) -> None:
    meshes: list[F32 | None] = list(RUN)
    for gap in gaps:
        meshes[gap] = None
    joined = Tremble()
    for first, last in pairwise([0, *sorted(edges), 330]):
        section = Tremble()
        if first:
            section.go_on()
        for mesh in meshes[first:last]:
            section.add(mesh)
        joined.extend(section.state())
    joined.cut()
    np.testing.assert_array_equal(joined.values, tremble_of(meshes))
