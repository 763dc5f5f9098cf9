"""Chapters: a WebVTT track for players, and the clips of schema.org for search engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from countenance.delivery.bidi import marked
from countenance.delivery.caption_breaks import tied
from countenance.delivery.caption_lines import Fabric, limits_of
from countenance.delivery.caption_times import SNAP_MS
from countenance.delivery.caption_words import joined, pieces_of
from countenance.delivery.cue import Cue
from countenance.delivery.transcript import sentence_starts
from countenance.delivery.webvtt import escaped, vtt_file
from countenance.errors import InputError
from countenance.speech.phones import Word

LEAST_CLIPS_S = 30.0  # of a video in which search engines show moments
USUAL_S = 45.0  # of one chapter that is found
MOST = 12
LEAST_MS = 10_000


@dataclass(frozen=True)
class Chapter:
    """From `start_ms` to `end_ms` of the video; `title` is one line in the video's language."""

    start_ms: int
    end_ms: int
    title: str


def chapters_at(starts: Sequence[tuple[float, str]], duration_s: Fraction | float) -> tuple[Chapter, ...]:
    """Chapters from where they begin (seconds) and their titles, each up to the next; the last to the end.

    The first begins with the video, wherever it is said to begin. InputError when two begin at the same time, when
    they run backwards, or when one begins after the end.
    """
    if not starts:
        return ()
    end_ms = round(duration_s * 1000)
    begins = [0, *(round(start_s * 1000) for start_s, _ in starts[1:]), end_ms]
    for number, (before, after) in enumerate(pairwise(begins), 1):
        if after > before:
            continue
        if number == len(starts):
            raise InputError(
                f"the chapter '{starts[-1][1]}' begins at {before / 1000:g} s, but the video ends at "
                f"{after / 1000:g} s: give it an earlier time."
            )
        raise InputError(
            f"the chapter '{starts[number][1]}' begins at {after / 1000:g} s, not after the one before it "
            f"({before / 1000:g} s): put the chapters in order of time."
        )
    titles = [" ".join(title.split()) for _, title in starts]
    return tuple(Chapter(a, b, title) for (a, b), title in zip(pairwise(begins), titles, strict=True))


def found_chapters(
    cues: Sequence[Cue], language: str, shots: Sequence[float], duration_s: Fraction | float
) -> tuple[Chapter, ...]:
    """Chapters where a sentence begins after a pause or with a new shot (`shots` in seconds), about one in 45 s.

    None of a video of less than 30 s, in which nobody looks for one. Titles are the first words of the sentence.
    """
    said = sentence_starts(cues, language)
    count = min(MOST, round(float(duration_s) / USUAL_S))
    if count < 2 or not said or duration_s < LEAST_CLIPS_S:
        return ()
    least_ms = max(LEAST_MS, round(float(duration_s) * 1000 / count / 2))
    ends = [0, *(cue.end_ms for cue in cues)]
    rated = []
    for start_ms, _, text in said:
        pause_ms = start_ms - max(end for end in ends if end <= start_ms)
        cut = any(abs(start_ms - round(shot * 1000)) <= SNAP_MS for shot in shots)
        rated.append((min(pause_ms, 2000) / 1000 + 1.5 * cut, start_ms, text))
    chosen = [rated[0]]
    for one in sorted(rated[1:], key=lambda one: (-one[0], one[1])):
        near = min(abs(one[1] - other[1]) for other in chosen)
        if len(chosen) < count and near >= least_ms and duration_s * 1000 - one[1] >= least_ms:
            chosen.append(one)
    starts = [(start_ms / 1000, _title(text, language)) for _, start_ms, text in sorted(chosen, key=lambda one: one[1])]
    return chapters_at(starts, duration_s)


def _title(sentence: str, language: str) -> str:
    """The first words of a sentence that fit on one line, up to where it may be broken; "…" where more follows."""
    limits = limits_of(language)
    pieces = tied(pieces_of([Word(sentence, 0.0, 0.0)], language, limits.columns), language)
    fabric = Fabric(pieces, limits)
    room = limits.columns - 1
    fits = max((n for n in range(1, len(pieces) + 1) if fabric.width(0, n) <= room), default=1)
    if fits < len(pieces):
        fits = max(range(max(1, fits // 2), fits + 1), key=lambda n: (-pieces[n - 1].tie, n))
    title = joined(pieces[:fits]).rstrip(".。,;:，、；：،؛–—- ")
    return title if fits == len(pieces) else f"{title}…"


def chapters_vtt(chapters: Sequence[Chapter], language: str, note: str) -> str:
    """A WebVTT file for a track of kind `chapters`."""
    blocks = [(one.start_ms, one.end_ms, escaped(marked(one.title, language))) for one in chapters]
    return vtt_file(blocks, language, note)


def clips(chapters: Sequence[Chapter], page_url: str) -> list[dict[str, Any]]:
    """schema.org `Clip`s for `hasPart` of a VideoObject: name, startOffset, endOffset (whole seconds), url.

    `page_url` is the page on which the video is watched, which must understand `?t=SECONDS`. Search engines want
    whole seconds and no two clips at the same one, so chapters that would begin within the same second are joined.
    """
    found: list[dict[str, Any]] = []
    for one in chapters:
        start = round(one.start_ms / 1000)
        if found and start <= found[-1]["startOffset"]:
            continue
        if found:
            found[-1]["endOffset"] = start
        found.append(
            {
                "@type": "Clip",
                "name": one.title,
                "startOffset": start,
                "endOffset": max(start + 1, one.end_ms // 1000),
                "url": _at(page_url, start),
            }
        )
    return found


def _at(page_url: str, second: int) -> str:
    parts = urlsplit(page_url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "t"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("t", str(second))]), fragment=""))
