"""Captions of an hour of speech against lines that are simply filled, as the writers of speech recognisers do it."""

from __future__ import annotations

import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np

from benchmarks.tables import REPOSITORY, Table
from countenance.delivery.caption_lines import limits_of
from countenance.delivery.caption_words import columns
from countenance.delivery.captions import cues
from countenance.delivery.cue import Cue
from countenance.speech.phones import Word

SECONDS, WORDS_PER_S, PAUSES_S = 3600.0, 2.6, {".": 0.6, ",": 0.3}
CLINGS = re.compile("a|an|the|this|my|your|his|her|its|our|their|of|in|on|at|to|for|from|with|by", re.IGNORECASE)
NEAR_S = 0.2


def run() -> list[Table]:
    words = _spoken()
    shots = sorted(np.random.default_rng(6).uniform(0, words[-1].end_s, round(words[-1].end_s / 6)).tolist())
    started = time.perf_counter()
    ours = cues(words, "en", shots=shots)
    took_s = time.perf_counter() - started
    rows = [_row("countenance", ours, words, shots), _row("filled, two lines of 42", _filled(words), words, shots)]
    return [
        Table(
            "Captions of an hour of English speech",
            (
                "", "captions", "lines that end in an article, possessive or preposition", "lines of one word",
                "sentences begun in the midst of a caption", "read faster than 20 columns a second",
                "over a cut that a pause at a punctuation mark meets (0.2 s)",
            ),
            tuple(rows),
            (
                f"{len(words)} words of this project's pages, {WORDS_PER_S} a second with pauses at the punctuation; "
                "a cut every 6 s on average, at random.",
                f"Ours took {took_s:.1f} s on one core. The other fills each line up to 42 columns and each caption up "
                "to two lines, and begins anew after a silence of 3 s: the rule of Whisper's writers with "
                "`max_line_width=42, max_line_count=2`.",
            ),
        )
    ]  # fmt: skip


def _spoken() -> list[Word]:
    pages = sorted((REPOSITORY / "docs").glob("*.md"))
    whole = " ".join(page.read_text(encoding="utf-8") for page in pages)
    text = re.sub(r"```.*?```|[`*|#_\[\]<>]", " ", whole, flags=re.DOTALL)
    tokens = [token for token in text.split() if any(letter.isalnum() for letter in token)]
    words: list[Word] = []
    at = 0.0
    for token in tokens:
        length_s = (len(token) + 1) / 6 / WORDS_PER_S
        words.append(Word(token, at, at + length_s))
        at += length_s + PAUSES_S.get(token[-1], 0.0)
        if at > SECONDS:
            break
    return words


def _filled(words: Sequence[Word]) -> list[Cue]:
    limit, found = limits_of("en").columns, []
    lines: list[str] = []
    start_s = end_s = 0.0
    for word in words:
        if lines and word.start_s - end_s > 3:
            found.append(Cue(round(start_s * 1000), round(end_s * 1000), tuple(lines)))
            lines = []
        if lines and columns(f"{lines[-1]} {word.text}") <= limit:
            lines[-1] += f" {word.text}"
        else:
            if len(lines) == 2:
                found.append(Cue(round(start_s * 1000), round(end_s * 1000), tuple(lines)))
                lines = []
            start_s = start_s if lines else word.start_s
            lines.append(word.text)
        end_s = word.end_s
    return [*found, Cue(round(start_s * 1000), round(end_s * 1000), tuple(lines))]


def _row(name: str, shown: Sequence[Cue], words: Sequence[Word], shots: Sequence[float]) -> tuple[object, ...]:
    lines = [line.split() for cue in shown for line in cue.lines]
    speed = [sum(map(columns, cue.lines)) / (cue.end_ms - cue.start_ms) * 1000 for cue in shown]
    inside = sum(bool(re.search(r"[.!?] ", cue.text)) for cue in shown)
    return (
        name,
        len(shown),
        _share(sum(CLINGS.fullmatch(line[-1]) is not None for line in lines), len(lines)),
        _share(sum(len(line) == 1 for line in lines), len(lines)),
        _share(inside, len(shown)),
        _share(sum(one > 1.05 * limits_of("en").columns_per_s for one in speed), len(shown)),
        f"{_avoidable(shown, words, shots)} of {len(shots)} cuts",
    )


def _avoidable(shown: Sequence[Cue], words: Sequence[Word], shots: Sequence[float]) -> int:
    """Cuts that lie inside a caption although a pause at a punctuation mark is near them."""
    ends = [word.end_s for word in words if word.text[-1] in ".,;:"]
    starts = [cue.start_ms / 1000 for cue in shown]
    found = 0
    for cut in shots:
        number = bisect_right(starts, cut) - 1
        if number < 0 or not starts[number] + NEAR_S < cut < shown[number].end_ms / 1000 - NEAR_S:
            continue
        near = bisect_left(ends, cut - NEAR_S)
        found += near < len(ends) and ends[near] < cut + NEAR_S
    return found


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %"
