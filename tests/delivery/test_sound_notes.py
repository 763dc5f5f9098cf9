from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.cue import Cue
from countenance.delivery.sound_notes import with_sounds

SPEECH = [Cue(1000, 3000, ("One.",)), Cue(6000, 8000, ("Two.",))]


def test_a_note_stands_in_brackets_in_the_pause_of_speech() -> None:
    whole, untold = with_sounds(SPEECH, [(2.0, 7.0, "door closes")], "en")
    assert whole[1] == Cue(3080, 5920, ("[door closes]",), sound=True)
    assert untold == () and len(whole) == 3


def test_brackets_that_are_there_are_kept_and_a_long_sound_goes_after_six_seconds() -> None:
    whole, _ = with_sounds(SPEECH, [(9.0, 30.0, "♪ soft music ♪")], "en")
    assert whole[-1] == Cue(9000, 15000, ("♪ soft music ♪",), sound=True)


def test_a_note_that_finds_no_second_is_told() -> None:
    whole, (told,) = with_sounds(SPEECH, [(1.2, 3.5, "beep")], "en")
    assert whole == SPEECH
    assert told.startswith("The note of a sound “beep” at 1.2 s is not shown")


def test_a_note_that_fits_no_caption_is_told() -> None:
    _, (told,) = with_sounds(SPEECH, [(9.0, 30.0, "a very long story about a sound " * 4)], "en")
    assert "too long" in told


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 9)), max_size=6))
def test_notes_and_speech_never_overlap_and_speech_is_as_it_was(notes: list[tuple[float, float]]) -> None:
    sounds = [(start, start + length, f"sound {n}") for n, (start, length) in enumerate(notes)]
    whole, untold = with_sounds(SPEECH, sounds, "en")
    assert [cue for cue in whole if not cue.sound] == SPEECH
    assert len(whole) == len(SPEECH) + len(sounds) - len(untold)
    for before, after in itertools.pairwise(whole):
        assert before.start_ms < before.end_ms <= after.start_ms
