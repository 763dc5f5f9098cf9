from __future__ import annotations

import unicodedata
from fractions import Fraction

import numpy as np
import pytest

from countenance.delivery.cue import Cue
from countenance.delivery.setting import length_px
from countenance.delivery.subtitles import Subtitles, _broken, unreadable

CUES = (Cue(500, 1500, ("Guten Tag,", "schön, dass Sie da sind.")), Cue(2000, 3000, ("„Ja“ – 5 %!",)))


def _planes(width: int = 640, height: int = 360, luma: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chroma = np.full((height // 2, width // 2), 90, np.uint8)
    return np.full((height, width), luma, np.uint8), chroma, chroma.copy()


def _changed(subtitles: Subtitles, time_s: float, **size: int) -> np.ndarray:
    before, planes = _planes(**size)[0], _planes(**size)
    subtitles.draw(planes, Fraction(time_s))
    return planes[0] != before


def test_a_cue_is_shown_in_its_time_and_only_in_the_stretches_that_need_it() -> None:
    subtitles = Subtitles(CUES, ((0.0, 1.2),))
    assert subtitles.shown_at(1.0) is CUES[0]
    assert subtitles.shown_at(0.2) is None  # nothing is said yet
    assert subtitles.shown_at(1.3) is None  # from here on the lips speak
    assert subtitles.shown_at(2.5) is None


def test_outside_its_time_the_picture_keeps_every_bit() -> None:
    assert not _changed(Subtitles(CUES, ((0.0, 5.0),)), 1.75).any()


def test_the_text_stands_in_the_middle_of_the_lower_part_and_inside_the_picture() -> None:
    rows, columns = np.nonzero(_changed(Subtitles(CUES, ((0.0, 5.0),)), 1.0))
    assert rows.min() > 200 and rows.max() < 360 * 0.94
    assert abs((columns.min() + columns.max()) / 2 - 320) < 4


@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 640), (1920, 1080), (180, 320)])
def test_no_line_runs_out_of_any_picture(width: int, height: int) -> None:
    lines = ("A line of forty-two columns, as captions may", "have at most, and a second one below it.")
    changed = _changed(Subtitles((Cue(0, 1000, lines),), ((0.0, 1.0),)), 0.5, width=width, height=height)
    columns = np.nonzero(changed.any(axis=0))[0]
    assert columns.min() > 0 and columns.max() < width - 1


def test_letters_are_readable_on_a_white_ground_too() -> None:
    planes = _planes(luma=235)
    Subtitles(CUES, ((0.0, 5.0),)).draw(planes, 1.0)
    part = planes[0][planes[0] != 235]
    assert np.percentile(part, 5) < 80  # the field
    assert planes[0][250:330, 260:380].max() > 225  # the letters


def test_they_make_room_for_the_badge_at_the_foot() -> None:
    rows, _ = np.nonzero(_changed(Subtitles(CUES, ((0.0, 5.0),), foot_px=80), 1.0))
    assert rows.max() < 360 - 80


def test_a_script_that_cannot_be_set_is_named_and_not_drawn_wrongly() -> None:
    tamil = Cue(0, 1000, ("வணக்கம் உலகம்",))
    assert unreadable([tamil, CUES[0]]) == ("வணக்கம் உலகம்",)
    assert not _changed(Subtitles((tamil,), ((0.0, 1.0),)), 0.5).any()


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("ar", "طازجًا في 30 ثانية (حقًا!) مع C++"),
        ("he", "שָׁלוֹם, Nespresso 15!"),
        ("th", "เครื่องชงกาแฟ Pro"),
        ("hi", "यह कॉफ़ी मशीन"),
    ],
)
def test_scripts_that_join_stack_or_run_from_the_right_are_drawn(language: str, line: str) -> None:
    cue = Cue(0, 1000, (line, line))
    assert unreadable([cue]) == ()
    rows, columns = np.nonzero(_changed(Subtitles((cue,), ((0.0, 1.0),), language=language), 0.5))
    assert rows.max() < 360 * 0.94 and abs((columns.min() + columns.max()) / 2 - 320) < 4


@pytest.mark.parametrize(
    ("language", "lines", "gap"),
    [
        ("de", ("Donnerstagmittag", "Kaffeemaschinenzubehör"), " "),
        ("ja", ("このコーヒーメーカーは三十秒で、", "新鮮な Espresso 15 Pro を淹れます。"), ""),
        ("th", ("เครื่องชงกาแฟนี้ชงกาแฟสดใน", "สามสิบวินาทีเท่านั้น"), ""),
        ("ar", ("تصنع آلة القهوة هذه فنجانًا طازجًا", "Nespresso C++ في ثلاثين ثانية"), " "),
    ],
)
def test_in_a_narrow_picture_text_is_broken_anew_between_its_words(
    language: str, lines: tuple[str, ...], gap: str
) -> None:
    parts = _broken(lines, gap, language, 14, 145)
    assert len(parts) > 1 and all(length_px(part, 14) <= 145 for part in parts)
    squeezed = "".join(lines).replace(" ", "")
    assert "".join(parts).replace(" ", "") == squeezed  # and no mark is parted from its letter
    assert not any(unicodedata.category(part[0]) == "Mn" for part in parts)
    cue = Cue(0, 1000, lines, gap=gap)
    rows, columns = np.nonzero(
        _changed(Subtitles((cue,), ((0.0, 1.0),), language=language), 0.5, width=180, height=320)
    )
    assert columns.min() > 0 and columns.max() < 179 and rows.max() < 320
