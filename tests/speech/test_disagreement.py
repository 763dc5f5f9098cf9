from __future__ import annotations

import numpy as np

from countenance.speech.acoustic import Heard
from countenance.speech.disagreement import belonging, certainties, extras, lacking
from countenance.speech.phones import Word
from countenance.speech.pieces import Piece, _cuts, _Pause, _pauses, _trimmed
from countenance.speech.placing import placed
from countenance.speech.trellis import Step

QUIET, SPEAKING = -1, -2


def heard(runs: list[tuple[int, int, float]], words: int, told: float = -1.5, chance: float = -5.0) -> Heard:
    """From (word or -1, -2 for a gap, frames, fit): each word is one phone m."""
    steps, fit = [], []
    for word, frames, each in runs:
        for frame in range(frames):
            state = word if word < 0 else min(2, 3 * frame // frames)
            steps.append(Step(max(0, word), 0, state))
            fit.append(each)
    ways = tuple(((("m",),)) for _ in range(words))
    return Heard(steps, np.full(len(steps), 0.5, np.float32), np.array(fit, np.float32), told, chance, ways)


def test_a_text_that_fits_no_better_than_chance_is_another_one() -> None:
    runs = [(0, 20, -4.9), (1, 20, -5.2)]
    assert belonging(heard(runs, 2, told=-4.8, chance=-5.0)) < 0.1
    assert belonging(heard(runs, 2, told=-2.0, chance=-5.0)) > 0.95


def test_few_words_that_fit_are_enough_when_they_fit_well() -> None:
    assert belonging(heard([(0, 20, -0.2), (SPEAKING, 200, 0.0)], 1, told=-4.5)) > 0.9


def test_words_that_fit_worse_are_less_certain() -> None:
    sure = certainties(heard([(0, 20, 0.5), (1, 20, -4.0), (2, 20, -9.0)], 4))
    assert sure[0] > 0.9 > sure[1] > sure[2]
    assert sure[2] < 0.1 and sure[3] == 0


def test_extra_speech_is_told_once_for_each_place() -> None:
    runs = [(0, 10, 0.0), (SPEAKING, 50, 0.0), (QUIET, 30, 0.0), (SPEAKING, 50, 0.0), (1, 10, 0.0), (SPEAKING, 10, 0.0)]
    (found,) = extras(heard(runs, 2), first_s=100.0)
    assert (found.kind, round(found.start_s, 2), round(found.end_s, 2)) == ("extra", 100.1, 101.4)
    assert found.certainty > 0.9


def test_words_that_lack_are_told_in_a_row() -> None:
    words = [Word("One", 0, 1), Word("two", 1, 1), Word("three,", 1, 1), Word("four", 1, 2), Word("five", 2, 3)]
    missing, unsure = lacking(words, [0.9, 0, 0, 0.9, 0.05], [3, 3, 3, 3, 3], [True] * 5)
    assert (missing.kind, missing.text, missing.start_s) == ("missing", "two three,", 1)
    assert (unsure.kind, unsure.text) == ("unsure", "five")
    assert missing.certainty > 0.7
    assert lacking(words, [0] * 5, [3] * 5, [False] * 5) == []


def test_phones_lie_where_their_states_are() -> None:
    found = placed(heard([(QUIET, 10, 0.0), (0, 30, 0.0), (1, 20, 0.0)], 2), first_s=5.0, first_word=7)
    assert [(one.word, one.symbol) for one in found] == [(7, "m"), (8, "m")]
    assert abs(found[0].start_s - 5.09) < 0.01 and abs(found[1].start_s - 5.39) < 0.01
    assert found[0].end_s == found[1].start_s


def test_long_recordings_are_cut_at_their_longest_pauses() -> None:
    pauses = [_Pause(50 * second, 50 * second + size, second) for second, size in ((20, 90), (35, 20), (50, 60))]
    pauses += [_Pause(50 * 70, 50 * 70 + 15, 70), _Pause(50 * 100, 50 * 100 + 15, 100)]
    assert [cut.word for cut in _cuts(pauses, 50 * 140)] == [50, 100]
    assert _cuts([], 50 * 600) == []


def test_silence_around_a_piece_is_not_searched() -> None:
    steps = [Step(0, 0, -1)] * 500 + [Step(0, 0, 0)] * 100 + [Step(1, 0, -1)] * 500
    assert _trimmed(steps, 0, 1100, 0, 1) == Piece(900, 1300, 0, 1)


def test_without_pauses_a_recording_is_cut_between_words() -> None:
    steps = [Step(word, 0, state) for word in range(300) for state in range(3) for _ in range(10)]
    cuts = _cuts(_pauses(steps), len(steps))
    assert [cut.first * 0.02 for cut in cuts] == [30, 60, 90, 120]
    assert all(cut.first == 30 * cut.word for cut in cuts)


def test_a_pause_is_where_the_next_word_is_known() -> None:
    steps = [Step(0, 0, 0)] * 10 + [Step(1, 0, -1)] * 20 + [Step(1, 0, 0)] * 10 + [Step(2, 0, -1)] * 20
    assert _pauses(steps) == [_Pause(10, 30, 1)]
