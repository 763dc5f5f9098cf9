from __future__ import annotations

import faces
import numpy as np
import pytest

from countenance.media.frame import Box, Frame
from countenance.perception.topology import LEFT_EYE, LIPS_OUTER, RIGHT_EYE
from countenance.quality.regions import EYES, MOUTH, likeness_of

NUMBER = 6


def look(after: Frame) -> tuple[float | None, float | None]:
    """Likeness of the eyes and of the mouth."""
    frame, mesh = faces.take().frames[NUMBER], faces.take().faces[NUMBER].mesh[:468]
    return likeness_of(frame, after, mesh, EYES), likeness_of(frame, after, mesh, MOUTH)


def only_at(points: tuple[int, ...], damaged: Frame) -> Frame:
    """The picture, damaged around some points only."""
    frame = faces.take().frames[NUMBER]
    box = Box.around(faces.take().faces[NUMBER].mesh[list(points), :2], 8, frame.size)
    assert box is not None
    result = frame.copy()
    result.put(box, damaged.cut(box))
    return result


@pytest.mark.parametrize(
    "damaged",
    [
        lambda frame: faces.blurred(frame, 2.0),
        lambda frame: faces.moved(frame, 4.0, 2.0),
        lambda frame: faces.take().frames[20],
    ],
    ids=["blurred", "shifted", "another moment"],
)
def test_damage_lowers_the_region_that_it_is_in_and_no_other(damaged: faces.Change) -> None:
    frame = faces.take().frames[NUMBER]
    assert look(frame) == (pytest.approx(1.0), pytest.approx(1.0))
    eyes, mouth = look(only_at((*RIGHT_EYE, *LEFT_EYE), damaged(frame)))
    assert eyes is not None and mouth is not None and eyes < 0.975 and mouth > 0.999
    eyes, mouth = look(only_at(LIPS_OUTER, damaged(frame)))
    assert eyes is not None and mouth is not None and eyes > 0.999 and mouth < 0.975


def test_other_light_and_what_happens_elsewhere_hardly_count() -> None:
    frame = faces.take().frames[NUMBER]
    assert all(value is not None and value > 0.98 for value in look(faces.relit(frame, 1.05)))
    elsewhere = frame.copy()
    elsewhere.planes[0][:60] = np.uint8(40)
    assert all(value is not None and value > 0.999 for value in look(elsewhere))


def test_what_lies_outside_the_picture_is_not_called_alike() -> None:
    frame, mesh = faces.take().frames[NUMBER], faces.take().faces[NUMBER].mesh[:468].copy()
    mesh[:, 1] -= mesh[list(LIPS_OUTER), 1].min() - 20  # the mouth is left at the upper edge
    assert likeness_of(frame, frame, mesh, EYES) is None
    assert likeness_of(frame, frame, mesh, MOUTH) == pytest.approx(1.0)
