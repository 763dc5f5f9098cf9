"""The stages before painting, each keyed by what goes into it, so that it is done once and found again.

A stage's result lies in the project's work folder under a key made of its inputs' hashes and the stage's version.
It is written whole or not at all; whoever comes later, also after a crash, finds and uses it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countenance.campaign.brief import Brief
from countenance.campaign.timeline import Timeline, fitted, of_photo
from countenance.errors import InputError
from countenance.media.audio import read_mono, write_wav
from countenance.media.probe import Master, probe
from countenance.models.catalogue import CATALOGUE
from countenance.perception.perceive import perceive
from countenance.perception.tracks import LAST_FILE, Perception, load_perception, save_perception
from countenance.speech.activity import speech_span
from countenance.speech.fit import RATE_HZ, fit_voice
from countenance.speech.phones import Mark, Phone, Speech, Word, place
from countenance.speech.reading import reading
from countenance.speech.voice import NOBODY, voice_from
from countenance.store.files import atomic_path, read_json, sha256_file, write_json
from countenance.store.holdings import WORK, hold
from countenance.store.places import is_shared
from countenance.store.project import Project
from countenance.store.results import bring, share
from countenance.store.secrets import find_text_secret

_HEARD_HZ = 16000
_PHOTO_START_S = 0.4
Progress = Callable[[str, int, int], None]  # stage, done, of
_PERCEPTION, _SPEECH = "perception/6", "speech/3"


def key_of(*parts: Any) -> str:
    """A short name for a set of inputs: 24 hex digits of their SHA-256."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def perception_key(sha256: str) -> str:
    """Under which key lies what was seen in the master of this hash."""
    return key_of(_PERCEPTION, sha256, [model.sha256 for model in CATALOGUE])


def at_hand(project: Project, name: str, mark: Path) -> bool:
    """Whether a result is whole on this machine; it is brought here if another has made it.

    `mark` is the file of it that is written last.
    """
    return mark.exists() or (is_shared(project) and bring(project, name) and mark.exists())


@dataclass(frozen=True)
class Seen:
    """The master, its hash, and everything that was seen in it."""

    master: Master
    sha256: str
    perception: Perception


def see(project: Project, brief: Brief, progress: Progress) -> Seen:
    """Probe and perceive the master, or find that it was done."""
    master = probe(brief.master, stills=True)
    sha256 = sha256_file(brief.master)
    folder = project.work / "perception" / perception_key(sha256)
    hold(project, WORK, f"perception/{folder.name}", (face.talent for face in brief.seen))
    if not at_hand(project, f"perception/{folder.name}", folder / LAST_FILE):
        folder.mkdir(parents=True, exist_ok=True)
        save_perception(
            folder, perceive(master, lambda done: progress("perceive", done, master.frames), scratch=folder)
        )
    share(project, f"perception/{folder.name}", folder, campaign=brief.campaign, owner=brief.owner)
    perception = load_perception(folder)
    for face in brief.seen:
        if face.track >= perception.people:
            seen = "no face" if not perception.people else f"{perception.people} face(s), numbered from 0"
            raise InputError(
                f"{brief.master}: the brief's '{face.name}' is track {face.track}, but the master shows {seen}."
            )
    return Seen(master, sha256, perception)


@dataclass(frozen=True)
class Dub:
    """What is said in another language, on the output's clock, and the timeline that gives it room."""

    speech: Speech
    timeline: Timeline
    rate_factor: float
    shortfall_s: float
    sound: Path
    voice: dict[str, Any]  # for the receipt: who spoke, and what was sent to whom for it


def speak_dub(project: Project, brief: Brief, seen: Seen, language: str) -> Dub:
    """Speak the translation to the length of the master's speech, or find that it was done.

    The brief says who speaks; nothing is sent anywhere unless it names a voice behind an address.
    """
    wish = brief.voice(language)
    folder = project.work / "speech" / speech_key(brief, seen.sha256, language)
    hold(project, WORK, f"speech/{folder.name}", [brief.presenter.talent, *([wish.of] if wish.of else [])])
    record = folder / "dub.json"
    if not at_hand(project, f"speech/{folder.name}", record):
        _speak(project, brief, seen, language, folder)
    share(project, f"speech/{folder.name}", folder, campaign=brief.campaign, owner=brief.owner)
    facts = read_json(record)
    samples = _read_samples(folder / "samples.npy")
    speech = Speech(
        samples,
        RATE_HZ,
        tuple(Phone(**phone) for phone in facts["phones"]),
        tuple(Word(**word) for word in facts["words"]),
        tuple(Mark(**mark) for mark in facts["marks"]),
        tuple(facts["notes"]),
    )
    base = seen.master.time_base
    duration = base * facts["duration_ticks"]
    timeline = Timeline(tuple(facts["source"]), tuple(facts["pts"]), base, duration, facts["change"])
    return Dub(speech, timeline, facts["rate_factor"], facts["shortfall_s"], folder / "dub.wav", facts["voice"])


def speech_key(brief: Brief, sha256: str, language: str) -> str:
    """Under which key lies what is spoken in a language over the master of this hash."""
    own = brief.script.language
    said = [language, brief.text(language), own, brief.text(own), dict(brief.lexicon.of(language))]
    return key_of(_SPEECH, sha256, said, brief.voice(language).identity(), brief.presenter.track, _PERCEPTION)


def _speak(project: Project, brief: Brief, seen: Seen, language: str, folder: Path) -> None:
    from countenance.campaign.phrases import master_phrases  # it needs what is seen, which is made here

    start_s, end_s = own_speech(seen.master)
    lexicon = brief.lexicon.of(language)
    said = reading(brief.text(language), language, lexicon, brief.text_path(language).name)
    voice = voice_from(brief.voice(language), lambda name: find_text_secret(project, name))
    photo, person = seen.master.is_still, brief.presenter.track
    slots = () if photo else master_phrases(project, brief, seen, start_s)
    limit = {"limit": 0.0} if photo else {}  # nothing to fit it to: the voice speaks as is natural to it
    fit = fit_voice(voice, said, language, end_s - start_s, slots=slots, lexicon=lexicon, **limit)
    spoken_s = fit.span_s[1] - fit.span_s[0]
    if photo:
        timeline = of_photo(seen.master, start_s + spoken_s)
    else:
        timeline = fitted(
            seen.master, seen.perception, person, speech_start_s=start_s, speech_s=spoken_s, own_end_s=end_s
        )
    speech = place(fit.speech, start_s, float(timeline.duration))
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / "samples.npy") as part:
        np.save(part, speech.samples)
    with atomic_path(folder / "dub.wav") as part:
        write_wav(part, speech.samples, RATE_HZ)
    write_json(
        folder / "dub.json",
        {
            "phones": [asdict(phone) for phone in speech.phones],
            "words": [asdict(word) for word in speech.words],
            "marks": [asdict(mark) for mark in speech.marks],
            "notes": list(speech.notes),
            "voice": {**voice.facts, "of": brief.voice(language).of or NOBODY, "phrases": fit.phrases},
            "rate_factor": fit.rate_factor,
            "shortfall_s": 0.0 if photo else fit.shortfall_s,
            "source": timeline.source,
            "pts": timeline.pts,
            "duration_ticks": round(timeline.duration / timeline.time_base),
            "change": timeline.change,
        },
    )


def own_speech(master: Master) -> tuple[float, float]:
    """Start and end in seconds of the master's own speech; the whole clip when it is silent, a second of a photo."""
    if master.is_still:
        return _PHOTO_START_S, _PHOTO_START_S + 1.0
    heard = read_mono(master.path, _HEARD_HZ, master.origin_s)
    span = None if heard is None else speech_span(heard, _HEARD_HZ)
    duration = float(master.duration)
    return span or (min(0.2, duration / 4), max(duration - 0.2, duration * 3 / 4))


def _read_samples(path: Path) -> Any:
    return np.load(path, allow_pickle=False)
