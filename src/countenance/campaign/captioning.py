"""The captions, the transcript and the chapters of one variant, of all that is known about it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from countenance.campaign.ownwords import own_words
from countenance.campaign.task import Task
from countenance.delivery.captions import cues, problems
from countenance.delivery.chapters import Chapter, chapters_at, chapters_vtt, clips, found_chapters
from countenance.delivery.cue import Cue, Turn
from countenance.delivery.extras import CHAPTERS, TRANSCRIPT
from countenance.delivery.said_at import starts_of
from countenance.delivery.sound_notes import with_sounds
from countenance.delivery.transcript import timed_transcript, transcript, transcript_html
from countenance.delivery.webvtt import srt, webvtt
from countenance.errors import InputError
from countenance.speech.phones import Word

TIMED = "transcript.times.txt"


@dataclass(frozen=True)
class Captioning:
    """The captions of a variant; `notes` say, one sentence each, where a limit could not be kept."""

    cues: tuple[Cue, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TextFiles:
    """What is written beside the video; `chapters_vtt` is None and `clips` is empty where there are no chapters."""

    captions_vtt: str
    captions_srt: str
    transcript: str
    timed_transcript: str
    transcript_html: str
    chapters_vtt: str | None
    chapters: tuple[Chapter, ...]

    @property
    def beside(self) -> dict[str, str]:
        """The files of a package that only some packages have, by their names."""
        found = {TRANSCRIPT: self.transcript_html, TIMED: self.timed_transcript}
        return {**found, CHAPTERS: self.chapters_vtt} if self.chapters_vtt else found

    def clips(self, page_url: str) -> list[dict[str, Any]]:
        """The chapters for `hasPart` of the VideoObject, on the page where the video is watched."""
        return clips(self.chapters, page_url)


def words_of(task: Task) -> tuple[Word, ...]:
    """What is said in the variant, with times on the output's clock."""
    return task.dub.speech.words if task.dub else own_words(task.project, task.brief, task.seen).words


def shot_starts(task: Task) -> tuple[float, ...]:
    """When each shot but the first begins, in seconds on the output's clock."""
    cuts, times = task.seen.perception.shots, task.timeline.times_s().tolist()
    shots = [bisect_right(cuts, source) for source in task.timeline.source]
    return tuple(time for (before, after), time in zip(pairwise(shots), times[1:], strict=True) if before != after)


def captions_of(task: Task) -> Captioning:
    """The captions of a variant, with its notes of sounds."""
    wish, language = task.brief.captions, task.variant.language
    turns = (Turn(0.0, wish.speaker),) if wish.speaker else ()
    spoken = _spoken(words_of(task), language, shot_starts(task), turns)
    sounds = [(note.start_s, note.end_s, note.text) for note in wish.sounds.get(language, ())]
    whole, untold = with_sounds(spoken, sounds, language)
    end_ms = round(task.timeline.duration * 1000)
    shown = tuple(replace(cue, end_ms=max(cue.start_ms + 1, min(cue.end_ms, end_ms))) for cue in whole)
    return Captioning(shown, (*problems(shown, language), *untold))


def chapters_of(task: Task, shown: Captioning) -> tuple[Chapter, ...]:
    """The chapters of a variant, as the brief lists them or as they are found; InputError for words nobody says."""
    wish, language, duration = task.brief.chapters, task.variant.language, task.timeline.duration
    if wish.auto:
        return found_chapters(shown.cues, language, shot_starts(task), duration)
    starts = []
    for mark in wish.marks:
        at_s = mark.at_s if mark.at_s is not None else _said_at(task, mark.words[language])
        starts.append((at_s, mark.titles[language]))
    return chapters_at(starts, duration)


def text_files(task: Task, note: str) -> TextFiles:
    """All texts of a variant's package; `note` is the disclosure of its release record."""
    language, shown = task.variant.language, captions_of(task)
    chapters = chapters_of(task, shown)
    return TextFiles(
        captions_vtt=webvtt(shown.cues, language, note),
        captions_srt=srt(shown.cues, language),
        transcript=transcript(task.brief.words(language)),
        timed_transcript=timed_transcript(shown.cues, language),
        transcript_html=transcript_html(shown.cues, language),
        chapters_vtt=chapters_vtt(chapters, language, note) if chapters else None,
        chapters=chapters,
    )


@lru_cache(maxsize=4)
def _spoken(
    words: tuple[Word, ...], language: str, shots: tuple[float, ...], turns: tuple[Turn, ...]
) -> tuple[Cue, ...]:
    """The captions of speech alone; kept, because every section of a long film asks for them and they take seconds."""
    return tuple(cues(words, language, shots=shots, turns=turns))


def _said_at(task: Task, wanted: str) -> float:
    found = starts_of(words_of(task), wanted)
    if not found:
        raise InputError(
            f"a chapter begins with “{wanted}”, which nobody says in {task.variant.language}: write words of the text, "
            "or give its time as `at`."
        )
    return found[0].start_s
