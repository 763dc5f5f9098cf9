from __future__ import annotations

from dataclasses import replace

import faces
import numpy as np
import pytest

from countenance.media.frame import F32, Frame
from countenance.quality.colour import delta_e, lab
from countenance.quality.seam import seam_steps
from countenance.synthesis.engine import Laid

NUMBER = 4


def mesh() -> F32:
    return faces.take().faces[NUMBER].mesh[:468]


def steps(after: Frame, laid: Laid | None = None) -> tuple[float, float]:
    """Median and 95th percentile along the edge."""
    found = seam_steps(faces.take().frames[NUMBER], after, [laid or faces.take().laid(NUMBER)], mesh())
    assert len(found) > 30
    return float(np.median(found)), float(np.percentile(found, 95))


def plate() -> Frame:
    return faces.take().frames[NUMBER]


def painted(tinted: Frame, mask: F32 | None = None) -> Frame:
    return faces.blended(NUMBER, plate(), tinted, mask)


def test_what_looks_like_the_master_has_no_seam() -> None:
    assert steps(plate()) == (0.0, 0.0)
    assert steps(painted(faces.blurred(plate(), 1.0)))[1] < 1.0


@pytest.mark.parametrize(("chroma", "least"), [(6.0, 1.0), (14.0, 4.0)])
def test_a_tinted_face_steps_off_at_its_edge_and_more_so_the_more_it_is_tinted(chroma: float, least: float) -> None:
    middle, worst = steps(painted(faces.relit(plate(), chroma=chroma)))
    assert middle > 0.5 * least and worst > least


def test_a_lighter_face_steps_off_too() -> None:
    assert steps(painted(faces.relit(plate(), luma=1.2)))[1] > 3.0


def test_a_tint_that_fades_inwards_is_no_seam_but_one_at_the_edge_is() -> None:
    """The same tint in the middle of the face only, and at its rim only."""
    mask = faces.take().laid(NUMBER).mask
    tint = faces.relit(plate(), chroma=14.0)
    core = faces.shrunk(mask, 40)
    middle, rim = painted(tint, core), painted(tint, np.clip(mask - core, 0, 1))
    assert steps(middle)[1] < 1.0 < 3.0 < steps(rim)[1]


def test_the_step_is_the_colour_difference_itself_on_a_plain_ground() -> None:
    grey, red = (
        Frame.from_rgb(np.full((720, 720, 3), colour, np.uint8)) for colour in ((150, 130, 120), (170, 125, 118))
    )
    shown = faces.blended(NUMBER, grey, red)
    found = seam_steps(grey, shown, [faces.take().laid(NUMBER)], mesh())
    expected = float(delta_e(lab(grey.rgb()[0, 0]), lab(red.rgb()[0, 0])))
    assert np.median(found) == pytest.approx(expected, abs=0.4)


def test_faint_paint_and_none_have_no_edge_but_half_faded_paint_has() -> None:
    laid = faces.take().laid(NUMBER)
    assert len(seam_steps(plate(), plate(), [], mesh())) == 0
    faint = Laid(laid.box, laid.mask * np.float32(0.2), 0.2, "too small")
    assert len(seam_steps(plate(), plate(), [faint], mesh())) == 0
    cut = Laid(laid.box, laid.mask * np.float32(0.5), 0.5, "too small")
    assert len(seam_steps(plate(), plate(), [cut], mesh())) > 30


def test_a_hairline_that_the_engine_moved_is_no_seam() -> None:
    """What was moved under the paint is compared with itself; unmoved it would count as the paint's own edge."""
    laid, moved = faces.take().laid(NUMBER), faces.blurred(plate(), 6.0)
    told = replace(laid, under=moved.cut(laid.box))
    assert steps(moved, told) == (0.0, 0.0)
    tinted = faces.blended(NUMBER, moved, faces.relit(moved, chroma=14.0))
    assert steps(tinted, told)[1] > 3.0
