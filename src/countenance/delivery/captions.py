"""From spoken words to captions that can be read in time: WebVTT, SRT and the plain transcript.

Limits: at most two lines of 42 columns, 1 to 6 seconds on screen, 17 characters a second where the speech
allows it (the figures of the common broadcast and streaming style guides).
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from countenance.errors import InputError
from countenance.speech.phones import Word

LINE_COLUMNS = 42
LINES = 2
CHARS_PER_S = 17.0
SHORTEST_S = 1.0
LONGEST_S = 6.0
LONG_PAUSE_S = 0.4

_SENTENCE_END = ".!?…。！？"
_CLAUSE_END = ",;:–—、，；：)"
_CLOSING = "\"'”’»)]"


@dataclass(frozen=True)
class Cue:
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def spread_words(text: str, start_s: float, end_s: float) -> tuple[Word, ...]:
    """Words of `text` over a stretch of speech whose word times are not known, each by its length.

    Punctuation counts as the pause that it usually is. An estimate, good to about half a second.
    """
    tokens = text.split()
    if not tokens or end_s <= start_s:
        return ()
    weights = [len(token) + 1 + 4 * _ends(token, _SENTENCE_END) + 2 * _ends(token, _CLAUSE_END) for token in tokens]
    weights[-1] = len(tokens[-1]) + 1  # no pause is known after the last word
    scale = (end_s - start_s) / sum(weights)
    words: list[Word] = []
    at = start_s
    for token, weight in zip(tokens, weights, strict=True):
        words.append(Word(token, at, at + (len(token) + 1) * scale))
        at += weight * scale
    return tuple(words)


def cues(words: Sequence[Word]) -> list[Cue]:
    """Group words into captions by the cheapest set of breaks (dynamic programming over break positions).

    Breaks fall at ends of sentences, then of clauses, then in pauses; a caption that must be read faster
    than the limit costs most. Cues never overlap and keep every word once. InputError when the words run
    backwards in time.
    """
    for before, after in itertools.pairwise(words):
        if after.start_s < before.start_s:
            raise InputError(f"the word '{after.text}' starts before the one it follows: sort the words by time")
    units = [unit for word in words for unit in _units(word)]
    best: list[tuple[float, int]] = [(0.0, 0)]  # cost up to a break, and the break before it
    for last in range(1, len(units) + 1):
        options = []
        for first in range(last - 1, -1, -1):
            cost = _cost(units, first, last)
            if cost is None:
                break
            options.append((best[first][0] + cost, first))
        best.append(min(options))
    breaks = [len(units)]
    while breaks[-1]:
        breaks.append(best[breaks[-1]][1])
    breaks.reverse()
    return _timed(units, list(itertools.pairwise(breaks)))


def webvtt(cues: Sequence[Cue], language: str, note: str, voice: str | None = None) -> str:
    """A WebVTT file. `note` stands in a comment for whoever opens the file; `voice` names the speaker.

    Give the note of the release record: it is what discloses synthetic media to those who handle captions.
    """
    comment = "\n".join(line for line in note.replace("-->", "→").splitlines() if line.strip())
    blocks = ["WEBVTT", f"NOTE\nLanguage: {language}\n{comment}".rstrip()]
    tag = f"<v {_escaped(voice)}>" if voice else ""
    for number, cue in enumerate(cues, 1):
        payload = "\n".join(_escaped(line) for line in cue.lines)
        blocks.append(f"{number}\n{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{tag}{payload}")
    return "\n\n".join(blocks) + "\n"


def srt(cues: Sequence[Cue]) -> str:
    """A SubRip file, for players and platforms that take nothing else."""
    blocks = [
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n" + "\n".join(cue.lines)
        for number, cue in enumerate(cues, 1)
    ]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def transcript(text: str) -> str:
    """The script as readable text: one paragraph for each block of lines, ending in a newline."""
    paragraphs = [" ".join(block.split()) for block in text.replace("\r\n", "\n").split("\n\n")]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def columns(text: str) -> int:
    """Width of a text on screen: East Asian wide characters count twice, combining marks not at all."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def joined(words: Sequence[Word]) -> str:
    """The words as running text, with spaces where the script writes them."""
    return "".join(word.text + (" " if word.space_after else "") for word in words).strip()


def wrap(words: Sequence[Word]) -> tuple[str, ...] | None:
    """One line if it fits, else two even ones, broken after punctuation if possible; None if too long."""
    if columns(joined(words)) <= LINE_COLUMNS:
        return (joined(words),)
    options = []
    for at in range(1, len(words)):
        upper, lower = joined(words[:at]), joined(words[at:])
        if max(columns(upper), columns(lower)) <= LINE_COLUMNS:
            unevenness = abs(columns(upper) - columns(lower))
            reward = 12 * _ends(upper, _SENTENCE_END) + 8 * _ends(upper, _CLAUSE_END)
            options.append((unevenness - reward, (upper, lower)))
    return min(options)[1] if options else None


def _units(word: Word) -> list[Word]:
    """The smallest pieces that may stand on a line of their own.

    A word with blanks in it falls into its parts, a word wider than a line is cut; its time is shared.
    """
    parts = [_cut(part) for part in word.text.split()]
    pieces = [(piece, n == len(part)) for part in parts for n, piece in enumerate(part, 1)]
    length_s = max(word.end_s - word.start_s, 0.0) / max(len(pieces), 1)
    units = [
        Word(piece, word.start_s + n * length_s, word.start_s + (n + 1) * length_s, space)
        for n, (piece, space) in enumerate(pieces)
    ]
    return units[:-1] + [replace(unit, space_after=word.space_after) for unit in units[-1:]]


def _cut(text: str) -> list[str]:
    pieces = [""]
    for character in text:
        if columns(pieces[-1] + character) > LINE_COLUMNS:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _cost(units: Sequence[Word], first: int, last: int) -> float | None:
    """What it costs to show units[first:last] as one cue; None when they cannot be one."""
    lines = wrap(units[first:last])
    spoken_s = units[last - 1].end_s - units[first].start_s
    if lines is None or (spoken_s > LONGEST_S and last - first > 1):
        return None
    free_s = units[last].start_s - units[first].start_s if last < len(units) else LONGEST_S
    shown_s = max(min(free_s, LONGEST_S), 0.001)
    speed = sum(map(columns, lines)) / shown_s
    cost: float = 1.0 + 0.6 * (len(lines) - 1)
    cost += 0.15 * max(0.0, speed - CHARS_PER_S) ** 1.5
    cost += 8.0 * max(0.0, SHORTEST_S - shown_s)
    if last < len(units):
        pause_s = units[last].start_s - units[last - 1].end_s
        cost += _break_cost(units[last - 1].text, pause_s)
    inner = zip(units[first : last - 1], units[first + 1 : last], strict=True)
    for before, after in inner:
        cost += 2.5 * _ends(before.text, _SENTENCE_END)
        cost += 3.0 * (after.start_s - before.end_s > 2 * LONG_PAUSE_S)
    return cost


def _break_cost(text: str, pause_s: float) -> float:
    if _ends(text, _SENTENCE_END):
        return 0.0
    if _ends(text, _CLAUSE_END):
        return 0.7
    if pause_s >= LONG_PAUSE_S:
        return 0.5 if pause_s >= 2 * LONG_PAUSE_S else 1.2
    return 4.0


def _timed(units: Sequence[Word], groups: Sequence[tuple[int, int]]) -> list[Cue]:
    """Give each group its time: it stays until it can be read, but never into the next one."""
    timed: list[Cue] = []
    for first, last in groups:
        lines = wrap(units[first:last]) or (joined(units[first:last]),)
        start_s = units[first].start_s
        next_s = units[last].start_s if last < len(units) else float("inf")
        readable_s = max(SHORTEST_S, sum(map(columns, lines)) / CHARS_PER_S)
        end_s = min(max(units[last - 1].end_s, start_s + readable_s), next_s, start_s + LONGEST_S)
        earliest_ms = timed[-1].end_ms if timed else 0
        start_ms = max(round(start_s * 1000), earliest_ms)
        timed.append(Cue(start_ms, max(round(end_s * 1000), start_ms + 1), lines))
    return timed


def _ends(text: str, marks: str) -> bool:
    return text.rstrip(_CLOSING)[-1:] in tuple(marks)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{ms:03d}"
