"""What is said, as text to read: plain, with times, and as a part of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from countenance.delivery.bidi import is_right_to_left
from countenance.delivery.cue import Cue
from countenance.speech.sentences import sentences


def transcript(text: str) -> str:
    """The script as readable text: one paragraph for each block of lines, ending in a newline."""
    paragraphs = [" ".join(block.split()) for block in re.split(r"\n[^\S\n]*\n", text.replace("\r\n", "\n"))]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def timed_transcript(cues: Sequence[Cue], language: str) -> str:
    """The captions as a text of whole sentences, each line with the time at which it begins: "[0:12] Ada: …"."""
    told = []
    speaker = ""
    for start_ms, voice, text in sentence_starts(cues, language):
        named = f"{voice}: " if voice and voice != speaker else ""
        speaker = voice or speaker
        told.append(f"[{clock(start_ms)}] {named}{text}")
    return "\n".join(told) + "\n" if told else ""


def transcript_html(cues: Sequence[Cue], language: str) -> str:
    """A fragment for the page that shows the video: a paragraph for each speaker's turn, in it one element a sentence.

    Each sentence carries its time as `data-start` in seconds, for a script that jumps there; without one it is plain
    text. Language and direction are set, so that it reads right on a page in another language.
    """
    direction = "rtl" if is_right_to_left(language) else "ltr"
    parts = [f'<div class="transcript" lang="{escape(language)}" dir="{direction}">']
    open_turn: str | None = None
    for start_ms, voice, text in sentence_starts(cues, language):
        if voice != open_turn:
            parts.append("</p>\n<p>" if open_turn is not None else "\n<p>")
            parts.append(f"<b><bdi>{escape(voice)}</bdi></b> " if voice else "")
            open_turn = voice
        parts.append(f'<span data-start="{start_ms / 1000:.3f}">{escape(text)}</span> ')
    parts.append("</p>\n</div>\n" if open_turn is not None else "</div>\n")
    return "".join(parts)


def clock(ms: int) -> str:
    """A time as people write it: "0:05", "12:34", "1:02:03"."""
    seconds = ms // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"


def sentence_starts(cues: Sequence[Cue], language: str) -> list[tuple[int, str, str]]:
    """(start in ms, speaker, text) of the sentences that the captions hold; notes of sounds stand alone."""
    found: list[tuple[int, str, str]] = []
    for turn in _turns(cues):
        gap = "" if len(turn) > 1 and not any(" " in cue.text for cue in turn) else " "
        starts: list[tuple[int, int]] = []  # where in the text each caption begins, and when
        text = ""
        for cue in turn:
            text += gap if text else ""
            starts.append((len(text), cue.start_ms))
            text += cue.text
        for sentence in sentences(text, language):
            began = max(start for start in starts if start[0] <= sentence.start)
            found.append((began[1], turn[0].voice, sentence.text))
    return found


def _turns(cues: Sequence[Cue]) -> list[list[Cue]]:
    turns: list[list[Cue]] = []
    for cue in cues:
        if not turns or cue.voice != turns[-1][-1].voice or cue.sound or turns[-1][-1].sound:
            turns.append([])
        turns[-1].append(cue)
    return turns
