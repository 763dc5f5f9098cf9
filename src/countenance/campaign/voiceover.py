"""Where lip-sync did not hold up: there the voice is laid over the mouth as shot, and the words are burnt in.

A mouth that says something else than the voice is what a voice-over looks like, and everybody knows how to read it;
a mouth that was made badly is not. So each shot is judged by the gate's limits for lips, and those that fail are
painted again without the made mouth.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from countenance.campaign.captioning import captions_of
from countenance.campaign.task import Task
from countenance.delivery.subtitles import Subtitles, unreadable
from countenance.media.frame import Frame
from countenance.perception.tracks import Face
from countenance.quality.gate import judge, kinds
from countenance.quality.measured import Measured
from countenance.quality.speaking import Own, speech_figures
from countenance.speech.phones import Phone, Phones
from countenance.synthesis.engine import Painter, Patch

LIPS = ("av_offset_ms", "closure_rate", "silence_motion", "articulation_rate", "opening_kept", "lip_tremble")


@dataclass(frozen=True)
class VoiceOver:
    """One stretch of the output that is voice-over: its pictures, its time in seconds, and which figures failed."""

    first: int
    last: int  # the one after the last
    start_s: float
    end_s: float
    failed: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """As it stands in render.json and in the receipt."""
        return {"start_s": round(self.start_s, 3), "end_s": round(self.end_s, 3), "failed": list(self.failed)}

    def note(self) -> str:
        """One sentence for the report."""
        labels = ", ".join(kinds()[key].label for key in self.failed)
        return (
            f"From {self.start_s:.1f} to {self.end_s:.1f} s lip-sync did not pass ({labels}): the voice is laid over "
            "the mouth as shot there, and the words are burnt in."
        )


def failing(task: Task, measured: Measured, failed: Sequence[str], own: Own | None, gate: str) -> tuple[VoiceOver, ...]:
    """The shots in which the presenter's made mouth fails the gate, where the variant `failed` for its lips.

    Where it fails as a whole but no shot does by itself, or where every shot with words fails, all of it is meant.
    """
    wrong = tuple(key for key in failed if key in LIPS)
    if not wrong or task.dub is None or measured.lips is None:
        return ()
    spoken = task.dub.speech.phones
    shots = [shot for shot in _shots(task) if _sounds(spoken, shot)]
    judged = []
    for shot in shots:
        figures = speech_figures(measured.lips.between(shot.first, shot.last), _within(spoken, shot), own)
        verdict = judge(figures, gate)
        judged.append(VoiceOver(shot.first, shot.last, shot.start_s, shot.end_s, verdict.failed))
    found = tuple(one for one in judged if one.failed)
    return found if 0 < len(found) < len(shots) else everywhere(task, wrong)


def everywhere(task: Task, failed: Sequence[str]) -> tuple[VoiceOver, ...]:
    """All shots, also those in which nothing is said: a mouth that is held shut there is a made one too."""
    wrong = tuple(key for key in failed if key in LIPS)
    return tuple(VoiceOver(shot.first, shot.last, shot.start_s, shot.end_s, wrong) for shot in _shots(task))


def pictures_of(stretches: Sequence[VoiceOver]) -> frozenset[int]:
    """The numbers of the output's pictures that are voice-over."""
    return frozenset(number for one in stretches for number in range(one.first, one.last))


@dataclass(frozen=True)
class Except:
    """A painter that leaves some of the output's pictures alone."""

    painter: Painter
    pictures: frozenset[int]

    @property
    def name(self) -> str:
        return self.painter.name

    def paint(self, frame: Frame, face: Face, number: int) -> Patch | None:
        return None if number in self.pictures else self.painter.paint(frame, face, number)


def is_all(over: Sequence[VoiceOver], task: Task) -> bool:
    """Whether no made mouth is left to be seen in any shot."""
    return bool(over) and len(over) == len(_shots(task))


def subtitles_of(task: Task, over: Sequence[VoiceOver | Mapping[str, Any]], foot_px: int = 0) -> Subtitles:
    """What is to be burnt in: all captions where the brief wants it so, else those where the voice is laid over.

    `over` as found or as recorded.
    """
    language = task.variant.language
    if language in task.brief.captions.burnt:
        return Subtitles(captions_of(task).cues, ((0.0, float(task.timeline.duration)),), foot_px, language)
    found = [one.record() if isinstance(one, VoiceOver) else one for one in over]
    stretches = tuple((float(one["start_s"]), float(one["end_s"])) for one in found)
    return Subtitles(captions_of(task).cues if stretches else (), stretches, foot_px, language)


def notes(task: Task, over: Sequence[VoiceOver]) -> list[str]:
    """What the report says of the voice-over: when and why, and where its words cannot be burnt in."""
    told = [one.note() for one in over]
    lost = unreadable(subtitles_of(task, over).cues)
    if lost:
        told.append(
            f"{len(lost)} lines cannot be burnt in, because their script cannot be set correctly; the caption files "
            f"hold them, and whoever shows the video must show these. The first is: {lost[0]}"
        )
    return told


def _shots(task: Task) -> list[VoiceOver]:
    """The output's shots, none of them failed."""
    timeline, cuts = task.timeline, task.seen.perception.shots
    shots = [bisect_right(cuts, source) for source in timeline.source]
    starts = [number for number, shot in enumerate(shots) if number == 0 or shot != shots[number - 1]]
    times = [*timeline.times_s().tolist(), float(timeline.duration)]
    return [
        VoiceOver(first, last, times[first], times[last], ())
        for first, last in pairwise([*starts, len(timeline.source)])
    ]


def _sounds(phones: Phones, shot: VoiceOver) -> bool:
    return any(not phone.silent for phone in _within(phones, shot))


def _within(phones: Phones, shot: VoiceOver) -> Phones:
    return tuple(
        Phone(phone.symbol, max(phone.start_s, shot.start_s), min(phone.end_s, shot.end_s))
        for phone in phones
        if phone.end_s > shot.start_s and phone.start_s < shot.end_s
    )
