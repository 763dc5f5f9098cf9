from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import faces
import numpy as np
import pytest
import spoken

from countenance.perception.crop import square_around
from countenance.perception.topology import POINTS
from countenance.quality.lips import Lips, lips_of
from countenance.quality.measured import Measured
from countenance.quality.motion import seen
from countenance.quality.mouthline import draw_mouth
from countenance.quality.speaking import Own, Speaking, drawn, speech_figures, tell_speech
from countenance.speech.phones import Phone, Phones, covering

PICTURES = 60  # of the example master: "This coffee machine makes a fresh cup", with three closures
PHONES = covering([phone for phone in spoken.ADA if phone.end_s <= PICTURES / 25], PICTURES / 25)
KEYS = ("closure_rate", "articulation_rate", "opening_kept", "lip_tremble")


def spoken_by(change: Callable[[int], int], phones: Phones = PHONES, own: Own | None = None) -> Measured:
    """The figures of a mouth that shows, at each picture, another picture of the master."""
    take = faces.take(PICTURES)
    collected = Speaking(PICTURES, phones)
    for number, frame in enumerate(take.frames):
        shown = change(number)
        square = square_around(take.faces[shown].mesh[:POINTS])
        assert collected.due(number, float(frame.time))
        collected.add(float(frame.time), seen(faces.networks(), take.frames[shown], square))
    found = Measured({}, {}, [], {}, np.zeros(0), np.zeros(0))
    tell_speech(found, collected.lips(), phones, own or theirs())
    return found


@cache
def theirs() -> Own:
    take = faces.take(PICTURES)
    return Own(lips_of(np.arange(PICTURES) / 25, [face.mesh for face in take.faces]), PHONES)


@cache
def as_shot() -> Measured:
    return spoken_by(lambda number: number)


def test_the_master_speaks_as_the_person_does() -> None:
    figures = as_shot().figures
    assert figures["closure_rate"] == 1.0
    assert figures["articulation_rate"] == pytest.approx(1.0, abs=0.15)
    assert figures["opening_kept"] == pytest.approx(1.0, abs=0.35)
    jitter = figures["lip_tremble"]
    assert jitter is not None and jitter < 0.004


def test_a_frozen_picture_of_an_open_mouth_closes_never_and_articulates_little() -> None:
    figures = spoken_by(lambda _number: 18).figures
    assert figures["closure_rate"] == 0.0
    assert (figures["articulation_rate"] or 0) < 0.2 and (figures["opening_kept"] or 0) < 0.5


def test_a_mouth_that_comes_a_quarter_of_a_second_late_misses_closures() -> None:
    found = spoken_by(lambda number: max(0, number - 6))
    assert (found.figures["closure_rate"] or 0) < 0.7
    assert any("stayed open at" in note for note in found.notes)
    drawn = draw_mouth(found.mouth)
    assert {block.state for line in drawn.lines for block in line.phones} == {"phone", "bilabial", "missed"} or all(
        block.state != "bilabial" for line in drawn.lines for block in line.phones
    )


def test_a_mouth_that_jumps_back_and_forth_trembles() -> None:
    calm = as_shot().figures["lip_tremble"]
    jumping = spoken_by(lambda number: max(0, min(PICTURES - 1, number + (2 if number % 2 else -2))))
    assert calm is not None and (jumping.figures["lip_tremble"] or 0) > 1.5 * calm


def test_where_the_persons_own_speech_is_not_known_it_is_said() -> None:
    collected = Speaking(2, PHONES)
    collected.add(0.0, None)
    collected.add(0.04, None)
    found = Measured({}, {}, [], {}, np.zeros(0), np.zeros(0))
    tell_speech(found, collected.lips(), PHONES, None)
    assert all(found.figures[key] is None and found.reasons[key] for key in (*KEYS, "silence_motion"))
    assert "not known" in found.reasons["articulation_rate"]
    assert draw_mouth(found.mouth).lines == () and draw_mouth({}).lines == ()


def test_a_shot_is_judged_by_its_own_pictures() -> None:
    """The first second of a mouth that freezes open in the second one."""
    lips = theirs().lips
    gap = lips.gap.copy()
    gap[28:] = gap[18]
    frozen = replace(lips, gap=gap)
    first, later = (Phone("m", 1.0, 1.07),), (Phone("p", 2.295, 2.385),)
    assert speech_figures(frozen.between(0, 30), first, theirs())["closure_rate"] == 1.0
    assert speech_figures(frozen.between(30, 60), later, theirs())["closure_rate"] == 0.0


def test_of_a_long_film_stretches_and_closures_are_looked_at() -> None:
    """Ten minutes at 25 pictures a second, with an m every second."""
    phones = covering([Phone("m", t + 0.4, t + 0.5) for t in range(600)], 600)
    collected = Speaking(15000, phones)
    looked = [number for number in range(15000) if collected.due(number, number / 25)]
    assert 1500 <= len(looked) <= 2000
    assert looked[-1] > 14000 and looked[0] == 0


def test_the_line_shows_each_phone_where_it_is_heard_and_the_closures_apart() -> None:
    drawn = draw_mouth(as_shot().mouth)
    (line,) = drawn.lines
    assert [block.symbol for block in line.phones] == [phone.symbol for phone in PHONES if not phone.silent]
    assert [block.symbol for block in line.phones if block.state == "bilabial"] == ["m", "m", "p"]
    assert 0 < drawn.closed_y < drawn.floor_y
    assert line.path.count("L") == PICTURES - 1


def test_of_a_long_film_only_what_was_looked_at_is_told() -> None:
    """Ten minutes, of which two seconds are looked at: a line that breaks where the looking ends."""
    gap = np.full(15000, np.nan)
    gap[2500:2525] = gap[5000:5025] = 0.05
    times = np.arange(15000) / 25
    lips = Lips(times, times + 0.04, gap, gap, gap)
    mouth = drawn(lips, covering([Phone("m", t + 0.4, t + 0.5) for t in range(600)], 600), 0.01, ())
    assert len(mouth["gap"]) == 1 + 26 + 26 + 1 and mouth["times_s"][-1] == 599.98
    heard = [start for symbol, start, _ in mouth["phones"] if symbol]
    assert heard == [t + 0.4 for t in (*range(95, 106), *range(195, 206))]
    assert [line.path.count("L") for line in draw_mouth(mouth).lines] == [24, 24]
