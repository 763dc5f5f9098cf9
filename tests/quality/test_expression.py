from __future__ import annotations

import numpy as np
import pytest

from countenance.media.frame import F32
from countenance.perception.layout import mean_shape
from countenance.perception.topology import LIPS_OUTER
from countenance.quality.expression import LIDS, LIPS, Expression

LIP_LINE = mean_shape()[[78, 308], 1].mean()
LOWER = [point for point in LIPS if mean_shape()[point, 1] > LIP_LINE]
FULLER = np.where(mean_shape()[:, 1] > LIP_LINE, 0.03, -0.03)  # thicker lips, above and below
OPENING = 0.08 * np.abs(np.sin(np.arange(40) / 3))  # eye distances
RANDOM = np.random.default_rng(5)


def talking(opening: F32) -> list[F32]:
    shapes = []
    for way in opening:
        shape = mean_shape()[:, :2].copy()
        shape[LOWER, 1] += way
        shapes.append(shape)
    return shapes


def compared(master: list[F32], variant: list[F32], points: tuple[int, ...] = LIPS) -> Expression:
    expression = Expression(points)
    for one, other in zip(master, variant, strict=True):
        expression.add(one, other)
    return expression


MASTER = talking(OPENING)


def test_the_same_movement_has_no_error_and_is_kept_whole() -> None:
    same = compared(MASTER, MASTER)
    assert np.median(same.errors()) == 0.0 and same.kept() == 1.0
    assert same.movement() == pytest.approx(0.02, abs=0.005)


def test_other_lips_that_move_alike_cost_nothing() -> None:
    """Wider, fuller and lower in every picture: another person's mouth."""
    fuller = []
    for shape in MASTER:
        other = shape.copy()
        other[:, 0] *= 1.2
        other[list(LIPS_OUTER), 1] += FULLER[list(LIPS_OUTER)]
        fuller.append(other + np.float32([0.0, 0.02]))
    same = compared(MASTER, fuller)
    assert np.median(same.errors()) < 1e-6 and same.kept() > 0.999


@pytest.mark.parametrize(
    ("variant", "least_error", "kept"),
    [
        (talking(0.5 * OPENING), 0.004, (0.74, 0.76)),  # opens half as far
        (talking(0 * OPENING), 0.008, (-0.01, 0.01)),  # frozen
        (talking(np.roll(OPENING, 3)), 0.008, (-2.0, 0.3)),  # three pictures late
        ([MASTER[n] for n in RANDOM.permutation(40)], 0.008, (-2.0, 0.3)),  # in the wrong order
    ],
    ids=["half", "frozen", "late", "shuffled"],
)
def test_what_is_lost_of_the_movement_is_told(
    variant: list[F32], least_error: float, kept: tuple[float, float]
) -> None:
    found = compared(MASTER, variant)
    assert np.median(found.errors()) > least_error
    assert kept[0] < found.kept() < kept[1]


def test_lips_do_not_count_for_the_lids() -> None:
    assert np.median(compared(MASTER, talking(0 * OPENING), LIDS).errors()) == 0.0
