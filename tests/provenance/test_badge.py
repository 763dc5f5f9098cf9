from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from countenance.media.frame import Frame
from countenance.provenance.badge import Badge, badge_of, form_for
from countenance.provenance.disclosure import EngineUse, ReleaseRecord
from countenance.provenance.label import CORNERS, Label

SECOND = Fraction(1)


def ground(level: int, width: int = 1280, height: int = 720) -> Frame:
    return Frame.from_rgb(np.full((height, width, 3), level, np.uint8))


def noise(seed: int) -> Frame:
    rng = np.random.default_rng(seed)
    return Frame.from_rgb(rng.integers(0, 256, (720, 1280, 3), np.uint8))


def changed(before: Frame, after: Frame) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what differs in luma."""
    rows, columns = np.nonzero(before.planes[0] != after.planes[0])
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def drawn(frame: Frame, badge: Badge, time_s: Fraction = SECOND, duration_s: Fraction = 6 * SECOND) -> Frame:
    copy = frame.copy()
    badge.draw(copy.planes, time_s, duration_s)
    return copy


def light(luma: float) -> float:
    """Relative luminance 0..1 of a limited-range grey (WCAG 2.2)."""
    value = min(1.0, max(0.0, (luma - 16) / 219))
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "AI modified"), ("de", "KI-bearbeitet"), ("fr", "Modifié par IA")]
)
def test_words_are_those_of_the_language(language: str, words: str) -> None:
    assert Badge("corner", language).words == words
    assert Badge("corner", language, text="Werbung").words == "Werbung"


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (720, 720), (1080, 1920), (360, 288), (640, 360)])
def test_corner_sits_top_right_inside_the_safe_margin(width: int, height: int) -> None:
    plain = ground(200, width, height)
    left, top, right, bottom = changed(plain, drawn(plain, Badge("corner", "de")))
    margin = 0.04 * min(width, height)
    assert margin - 2 <= width - right <= margin + 4 and margin - 2 <= top <= margin + 4
    assert left > width * 0.4 and bottom < height * 0.2
    assert bottom - top >= 18


@pytest.mark.parametrize("level", [0, 90, 128, 200, 255])
def test_letters_are_legible_on_any_ground(level: int) -> None:
    frame = drawn(ground(level), Badge("corner"))
    left, top, right, bottom = changed(ground(level), frame)
    pill = frame.planes[0][top:bottom, left:right]
    letters, around = float(pill.max()), float(np.median(pill))
    assert letters >= 225
    assert (light(letters) + 0.05) / (light(around) + 0.05) >= 4.5


def test_nothing_outside_the_pill_changes() -> None:
    plain = noise(1)
    frame = drawn(plain, Badge("corner"))
    left, top, right, bottom = changed(plain, frame)
    for plane, before, size in zip(frame.planes, plain.planes, (1, 2, 2), strict=True):
        inside = np.zeros(plane.shape, bool)
        inside[top // size : -(-bottom // size), left // size : -(-right // size)] = True
        assert np.array_equal(plane[~inside], before[~inside])


def test_colour_under_the_pill_fades_to_grey() -> None:
    red = Frame.from_rgb(np.full((720, 1280, 3), (230, 20, 20), np.uint8))
    frame = drawn(red, Badge("corner"))
    left, top, right, bottom = changed(red, frame)
    middle = frame.planes[2][(top + bottom) // 4, left // 2 + 8 : right // 2 - 8].astype(int)
    assert (middle - 128 < 0.5 * (int(red.planes[2][0, 0]) - 128)).all()


def test_full_range_pictures_get_full_white() -> None:
    planes = (np.full((720, 1280), 0, np.uint8), *(np.full((360, 640), 128, np.uint8) for _ in range(2)))
    Badge("corner").draw(planes, full_range=True)
    assert planes[0].max() == 255


@pytest.mark.parametrize(("accented", "bare"), [("ä", "a"), ("Ö", "O"), ("ü", "u"), ("ß", "B"), ("é", "e"), ("ñ", "n")])
def test_accented_letters_have_shapes_of_their_own(accented: str, bare: str) -> None:
    shapes = {
        letter: drawn(ground(0), Badge("corner", text=letter)).planes[0].tobytes()
        for letter in (accented, bare, "\ue000")
    }
    assert len(set(shapes.values())) == 3


def test_long_words_are_set_smaller_instead_of_running_out_of_the_picture() -> None:
    plain = ground(128, 360, 288)
    left, _, right, _ = changed(plain, drawn(plain, Badge("corner", text="Dieses Video wurde mit KI bearbeitet")))
    assert left > 0.35 * 360 and right < 360


def test_end_card_covers_the_last_seconds_only() -> None:
    plain = noise(2)
    card = Badge("endcard", "de")
    assert np.array_equal(drawn(plain, card, Fraction(399, 100)).planes[0], plain.planes[0])
    before, shown = plain.planes[0].astype(float), drawn(plain, card, Fraction(5)).planes[0].astype(float)
    assert shown[:200].mean() - 16 < 0.35 * (before[:200].mean() - 16)
    centre = shown[320:400, 400:880]
    assert centre.max() >= 225 and shown[:200].max() < 100


def test_end_card_fades_in() -> None:
    levels = [
        float(drawn(ground(200), Badge("endcard"), 4 + Fraction(step, 10)).planes[0][10, 10]) for step in range(5)
    ]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > levels[1] > levels[2] > levels[3] == levels[4]


def test_off_draws_nothing() -> None:
    plain = noise(3)
    frame = drawn(plain, Badge("off"), Fraction(6))
    assert all(np.array_equal(a, b) for a, b in zip(plain.planes, frame.planes, strict=True))


@pytest.mark.parametrize(("width", "height"), [(64, 64), (32, 48), (200, 20)])
def test_tiny_pictures_are_labelled_without_an_error(width: int, height: int) -> None:
    for kind in ("corner", "endcard"):
        drawn(ground(128, width, height), Badge(kind), Fraction(6))


@pytest.mark.parametrize("label", [Label(when="start"), Label(end_card=True), Label(corner="top-left")])
def test_stills_bear_the_corner_badge_whatever_the_moment(label: Label) -> None:
    late = 30 * SECOND
    for kind in ("corner", "endcard"):
        badge = Badge(kind, "de", label=label)
        plain = ground(128)
        still = plain.copy()
        badge.on_stills.draw(still.planes, late, late)
        box = changed(plain, still)
        assert box[3] < 0.2 * 720 and (box[0] < 100) == (label.corner == "top-left")
    assert Badge("off").on_stills == Badge("off")


def test_the_icon_leads_and_words_do_not_say_it_twice() -> None:
    icon = Badge("corner", label=Label(form="icon"))
    alone, with_words = icon.raster(1280, 720), Badge("corner", "en").raster(1280, 720)
    assert icon.words == "AI" and alone.keep.shape[1] < 0.45 * with_words.keep.shape[1]
    # In Arabic, reading begins on the right: the white field of the icon stands there.
    for language, right in (("de", False), ("ar", True)):
        raster = Badge("corner", language).raster(1280, 720)
        white = raster.white.mean(axis=0)
        half = len(white) // 2
        assert bool(white[half:].max() > white[:half].max()) is right


@pytest.mark.parametrize(
    ("language", "size", "form"),
    [
        ("en", (1280, 720), "words"), ("ar", (1080, 1920), "words"), ("pl", (1920, 1080), "words"),
        ("pl", (240, 240), "icon"), ("hi", (1920, 1080), "icon"), ("zh", (240, 240), "words"),
    ],
)  # fmt: skip
def test_words_that_cannot_stand_there_give_way_to_the_icon(language: str, size: tuple[int, int], form: str) -> None:
    badge = Badge("corner", language)
    found, why = form_for(badge.words, *size)
    assert found == form and bool(why) is (form == "icon")
    alone = Badge("corner", language, label=Label(form="icon")).raster(*size).keep.shape
    assert (badge.raster(*size).keep.shape == alone) is (form == "icon")  # drawn alike, also if the record forgot


def test_wholly_made_pictures_say_so() -> None:
    assert [Badge("corner", language, made=True).words for language in ("en", "de")] == ["AI generated", "KI-generiert"]


@pytest.mark.parametrize("corner", CORNERS)
def test_every_corner_keeps_its_margin_and_what_must_stay_clear(corner: str) -> None:
    plain = ground(128)
    left, top, right, bottom = changed(plain, drawn(plain, Badge("corner", label=Label(corner, 0.1, 0.2))))
    across = left if corner.endswith("left") else 1280 - right
    down = top if corner.startswith("top") else 720 - bottom
    assert 128 <= across <= 132 and 144 <= down <= 148


def test_the_first_seconds_and_the_end_card_of_one_label() -> None:
    plain = ground(128)
    badge = Badge("corner", label=Label(when="start", seconds=3, end_card=True))

    def shown(seconds: float) -> bool:
        return not np.array_equal(drawn(plain, badge, Fraction(seconds), 10 * SECOND).planes[0], plain.planes[0])

    assert [shown(at) for at in (0, 2.9, 3.6, 7.9, 8.5, 9.9)] == [True, True, False, False, True, True]


def test_the_badge_of_a_record_is_the_one_it_tells() -> None:
    swap = EngineUse("face", "countenance.swap", "1")
    label = Label(corner="top-left")
    record = ReleaseRecord(
        "r", "v", "0" * 16, "2026-11-20T10:00:00Z", "0" * 64, "de", "en", "digitalCapture", (swap,), "corner", (), label
    )
    assert badge_of(record) == Badge("corner", "de", label=label)
    assert badge_of(replace(record, badge="endcard")).kind == "endcard"
    assert badge_of(replace(record, badge="off")).kind == badge_of(replace(record, engines=())).kind == "off"
    assert badge_of(replace(record, master_source_type=None)).words == "KI-generiert"
