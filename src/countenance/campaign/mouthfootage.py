"""Whose mouths speak in a variant: those of the master and of the talent's own clips, with their words where known."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from countenance.campaign.brief import clip_hashes
from countenance.campaign.ownwords import own_alignment, trusted
from countenance.campaign.plan import Part
from countenance.campaign.task import HEARD_HZ, Task
from countenance.errors import InputError
from countenance.media.audio import read_mono
from countenance.media.frame import F32
from countenance.media.probe import Master, probe
from countenance.models.catalogue import CATALOGUE
from countenance.perception.identity import SAME_PERSON
from countenance.perception.perceive import perceive
from countenance.perception.tracks import FaceTrack, Perception
from countenance.speech.activity import speech_span
from countenance.speech.align import align
from countenance.speech.phones import Phones
from countenance.speech.wording import wording_of
from countenance.synthesis.mouthclips import Filmed, Footage, filmed
from countenance.synthesis.mouthfile import kept_mouths
from countenance.synthesis.mouths import MouthLibrary, library_of

_LEAST_SEEN_S = 1.0
_LEAST_FACE_PX = 48  # eye to eye it is about half of that


def mouths_of(task: Task, part: Part) -> MouthLibrary:
    """The library of the person who is dubbed.

    Raises InputError when the person is not seen in the master, and for a clip that shows somebody else, too little of
    the face or too small a face.
    """
    tracks = task.seen.perception.of_person(part.track)
    clips = [filmed(Footage(task.master, tracks, _own_phones(task, part)))]
    language, models = task.brief.script.language, [model.sha256 for model in CATALOGUE]
    for path in task.brief.talents[part.seen].clips:
        take = partial(film_clip, path, language, tracks[0].embedding)
        clips.append(kept_mouths(task.project, part.seen, [*clip_hashes(path), language, *models], take))
    return library_of(clips)


def film_clip(path: Path, language: str, who: F32) -> Filmed:
    """The mouths of a talent's clip, of the person whose embedding is `who` `(128,)`.

    What is said in it stands in a text file of the same name beside it, in `language`; without one, or where sound and
    text do not match, only shapes are learnt from it. InputError as for `mouths_of`.
    """
    clip = probe(path)
    return filmed(Footage(clip, _tracks_of(clip, perceive(clip), who), _phones(clip, language)))


def _tracks_of(clip: Master, seen: Perception, who: F32) -> tuple[FaceTrack, ...]:
    """The tracks of the person in a clip who is meant, whoever else is in it."""
    gaps = {
        person: min(float(np.linalg.norm(track.embedding - who)) for track in seen.of_person(person))
        for person in range(seen.people)
    }
    person = min(gaps, key=lambda one: gaps[one], default=None)
    if person is None:
        raise InputError(f"{clip.path}: no face is seen in this clip; take it out of `clips` or film it closer.")
    if gaps[person] >= SAME_PERSON:
        raise InputError(
            f"{clip.path}: this clip does not show the person of the master (distance {gaps[person]:.2f}, the same "
            f"person is below {SAME_PERSON:.2f}); take it out of `clips`."
        )
    tracks = seen.of_person(person)
    seen_s = sum(len(track.frames) for track in tracks) / float(clip.frame_rate)
    if seen_s < _LEAST_SEEN_S:
        raise InputError(
            f"{clip.path}: the face is seen for only {seen_s:.1f} s; take a clip that shows it for "
            f"{_LEAST_SEEN_S:.0f} s or longer."
        )
    width = float(np.median([np.ptp(track.mesh[len(track.mesh) // 2][:, 0]) for track in tracks]))
    if width < _LEAST_FACE_PX:
        raise InputError(
            f"{clip.path}: the face is only {width:.0f} pixels wide in this clip; take one with "
            f"{_LEAST_FACE_PX} or more."
        )
    return tracks


def _phones(clip: Master, language: str) -> Phones | None:
    """What is said in a clip, if a script beside it tells and the sound agrees."""
    script = clip.path.with_suffix(".txt")
    if not script.is_file():
        return None
    heard = read_mono(clip.path, HEARD_HZ, clip.origin_s)
    if heard is None or speech_span(heard, HEARD_HZ) is None:
        return None
    try:
        text = script.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise InputError(f"{script}: this is not UTF-8 text; save it as UTF-8.") from problem
    alignment = align(heard, HEARD_HZ, wording_of(text, language).spoken, language)
    return alignment.phones if trusted(alignment) else None


def _own_phones(task: Task, part: Part) -> Phones | None:
    """What the presenter says in the master; None where nobody knows."""
    if part is not task.variant.presenter:
        return None
    alignment = own_alignment(task.project, task.brief, task.seen)
    return alignment.phones if alignment is not None and trusted(alignment) else None
