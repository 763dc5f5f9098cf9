from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from countenance.errors import CountenanceError
from countenance.quality.measured import Measured, together


def sheet(width: int, grey: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, 100), (grey, grey, grey)).save(out, "JPEG")
    return out.getvalue()


def found(opening: float = 0.0, **figures: float | None) -> Measured:
    curve = {"key": "tremble", "label": "Tremble", "unit": "%", "times_s": [0.0], "values": [1.0], "baseline": None}
    return Measured(dict(figures), {}, [curve], {}, np.zeros(1), np.full(1, opening))


def test_the_worst_of_each_figure_stands_for_all() -> None:
    ada = found(identity_wanted=0.3, identity_margin=0.1, av_offset_ms=-60.0)
    ben = found(identity_wanted=0.5, identity_margin=0.4, av_offset_ms=20.0)
    one = together({"ada": ada, "ben": ben})
    assert one.figures == {"identity_wanted": 0.5, "identity_margin": 0.1, "av_offset_ms": -60.0}
    assert one.reasons == {"identity_wanted": "ben", "identity_margin": "ada", "av_offset_ms": "ada"}


def test_a_figure_without_a_value_does_not_hide_one_that_has() -> None:
    ada, ben = found(), found(jitter_ratio=1.1)
    ada.none("jitter_ratio", "too short")
    ada.none("flicker_ratio", "too short")
    one = together({"ada": ada, "ben": ben})
    assert one.figures == {"jitter_ratio": 1.1, "flicker_ratio": None}
    assert one.reasons["flicker_ratio"] == "ada: too short"


def test_curves_carry_the_names_and_sheets_lie_one_above_the_other() -> None:
    ada, ben = found(0.1), found(0.2)
    ada.pictures["contact_sheet"], ben.pictures["contact_sheet"] = sheet(300, 40), sheet(200, 220)
    one = together({"presenter": ada, "guest": ben})
    assert [curve["label"] for curve in one.curves] == ["Tremble, presenter", "Tremble, guest"]
    assert one.opening[0] == 0.1
    picture = np.asarray(Image.open(io.BytesIO(one.pictures["contact_sheet"])).convert("L"))
    assert picture.shape[1] == 300 and picture.shape[0] > 200
    assert picture[60, 100] == pytest.approx(40, abs=4) and picture[-20, 100] == pytest.approx(220, abs=4)


def test_one_person_is_as_measured_and_nobody_is_an_error() -> None:
    ada = found(identity_wanted=0.3)
    assert together({"ada": ada}) is ada
    with pytest.raises(CountenanceError, match="nobody was measured"):
        together({})
