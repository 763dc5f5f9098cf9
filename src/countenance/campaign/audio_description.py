"""Audio description of a variant: its script spoken in the pauses of speech. `described_sound` makes a file of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from countenance.campaign.captioning import words_of
from countenance.campaign.description_wish import Passage, passages
from countenance.campaign.ownwords import own_alignment, trusted
from countenance.campaign.soundtrack import speech_spans
from countenance.campaign.stages import key_of
from countenance.campaign.task import HEARD_HZ, Task
from countenance.delivery.descriptions import Described, Span, pauses, rooms
from countenance.delivery.said_at import starts_of
from countenance.errors import InputError
from countenance.media.audio import Samples
from countenance.speech.activity import speech_segments
from countenance.speech.fit import RATE_HZ, FittedSpeech, fit_voice
from countenance.speech.reading import reading
from countenance.speech.voice import NOBODY, Voice, VoiceWish, voice_from
from countenance.store.files import atomic_path, read_json, write_json
from countenance.store.holdings import WORK, hold
from countenance.store.secrets import find_text_secret

FASTER = 0.25  # by which a description may be hurried where the pause is short
_DESCRIPTION = "description/1"


@dataclass(frozen=True, eq=False)
class Description:
    """A script as it is spoken: for each passage that is, the sound of its voice, (n,) float32 at 48 kHz.

    `notes` say, one sentence each, what did not fit; `facts` say who spoke.
    """

    language: str
    passages: tuple[Described, ...]
    voices: tuple[Samples, ...]
    notes: tuple[str, ...]
    facts: dict[str, Any]


def describe(task: Task) -> Description | None:
    """Speak the description of a variant, or find that it was done; None where the brief has none for its language.

    The voice is the one that the brief gives the language, under the same grant. InputError for a script that places
    a passage after words that nobody says.
    """
    language, brief = task.variant.language, task.brief
    path = brief.descriptions.get(language)
    if path is None:
        return None
    script = passages(path.read_text(encoding="utf-8-sig"), path.name)
    wish = _wish(brief.voice(language))
    words = [(word.text, word.start_s, word.end_s) for word in words_of(task)]
    said = [[one.text, one.at_s, one.after] for one in script]
    lexicon = dict(brief.lexicon.of(language))
    key = key_of(_DESCRIPTION, said, wish.identity(), language, words, lexicon, task.timeline.duration)
    folder = task.project.work / "description" / key
    hold(task.project, WORK, f"description/{key}", [brief.presenter.talent, *([wish.of] if wish.of else [])])
    record, sounds = folder / "description.json", folder / "voices.npz"
    if not record.is_file():
        made = _spoken(task, script, wish)
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(sounds) as part, part.open("wb") as file:
            np.savez(file, *made.voices)
        told = [asdict(one) for one in made.passages]
        write_json(record, {"passages": told, "notes": list(made.notes), "facts": made.facts})
    facts = read_json(record)
    with np.load(sounds, allow_pickle=False) as kept:
        voices = tuple(kept[f"arr_{number}"] for number in range(len(kept.files)))
    found = tuple(Described(**one) for one in facts["passages"])
    return Description(language, found, voices, tuple(facts["notes"]), facts["facts"])


def _wish(wish: VoiceWish) -> VoiceWish:
    """Who describes: the dub's voice, but for a recording, which says nothing else; then the house voice."""
    return VoiceWish() if wish.engine == "recording" else wish


def _spoken(task: Task, script: Sequence[Passage], wish: VoiceWish) -> Description:
    duration_s = float(task.timeline.duration)
    voice = voice_from(wish, lambda name: find_text_secret(task.project, name))
    free = pauses(_speech(task), duration_s)
    found: list[Described] = []
    voices: list[Samples] = []
    notes: list[str] = []
    wanted = sorted(((_wanted_s(task, one), one) for one in script), key=lambda one: one[0])
    after_s = 0.0
    for wanted_s, passage in wanted:
        natural, options = _say(task, voice, passage.text, 1.0, 0.0), rooms(free, wanted_s, after_s, duration_s)
        speech, start_s = _fitted(task, voice, passage.text, natural, options)
        if speech is None:
            room_s = max((end - start for start, end in options), default=0.0)
            notes.append(
                f"The description at {wanted_s:.1f} s does not fit: it takes {_length_s(natural):.1f} s, and the pause "
                f"there has {room_s:.1f} s; shorten “{passage.text}”, or give it another time."
            )
            end_s = min(duration_s, wanted_s + _length_s(natural))
            found.append(Described(min(wanted_s, duration_s), end_s, passage.text, spoken=False))
            continue
        after_s = start_s + _length_s(speech)
        voices.append(_sounding(speech))
        found.append(Described(round(start_s, 3), round(after_s, 3), passage.text))
    facts = {**voice.facts, "of": wish.of or NOBODY}
    return Description(task.variant.language, tuple(found), tuple(voices), tuple(notes), facts)


def _fitted(
    task: Task, voice: Voice, text: str, natural: FittedSpeech, options: Sequence[Span]
) -> tuple[FittedSpeech | None, float]:
    """The passage as it fits into one of the rooms: at its own tempo, else a little faster; None where it does not."""
    for start_s, end_s in options:
        if _length_s(natural) <= end_s - start_s:
            return natural, start_s
    for start_s, end_s in options:
        if _length_s(natural) <= (end_s - start_s) * (1 + FASTER):
            hurried = _say(task, voice, text, end_s - start_s, FASTER)
            if _length_s(hurried) <= end_s - start_s + 0.02:
                return hurried, start_s
    return None, 0.0


def _say(task: Task, voice: Voice, text: str, target_s: float, limit: float) -> FittedSpeech:
    language = task.variant.language
    lexicon = task.brief.lexicon.of(language)
    said = reading(text, language, lexicon, "the description")
    return fit_voice(voice, said, language, target_s, limit=limit, lexicon=lexicon)


def _sounding(speech: FittedSpeech) -> Samples:
    """From its first sound to its last."""
    first_s, last_s = speech.span_s
    return np.array(speech.audio[round(first_s * RATE_HZ) : round(last_s * RATE_HZ)], np.float32)


def _length_s(speech: FittedSpeech) -> float:
    start_s, end_s = speech.span_s
    return end_s - start_s


def _wanted_s(task: Task, passage: Passage) -> float:
    if passage.at_s is not None:
        return passage.at_s
    found = starts_of(words_of(task), passage.after)
    if not found:
        raise InputError(
            f"a description comes after “{passage.after}”, which nobody says in {task.variant.language}: "
            "write words of the text, or a time."
        )
    return found[0].end_s


def _speech(task: Task) -> list[Span]:
    """When somebody speaks in the variant, as exactly as it is known."""
    if task.dub:
        return speech_spans(task.dub.speech.phones)
    if task.master.audio_codec is None:
        return []
    alignment = own_alignment(task.project, task.brief, task.seen)
    if alignment and trusted(alignment):
        return speech_spans(alignment.phones)
    heard = task.heard()
    return list(speech_segments(heard, HEARD_HZ)) if heard is not None else []
