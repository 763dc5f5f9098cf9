"""A recording as a voice: what a person said in a studio, used as it is and aligned with its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import InputError
from countenance.media.audio import Samples, at_most_stereo, mono, read_audio, sound_rate_hz
from countenance.speech.align import Alignment, align
from countenance.speech.lexicon import matches
from countenance.speech.phones import Phones, Speech, covering
from countenance.speech.points import as_written, marked
from countenance.speech.utterance import Break, Run, Utterance
from countenance.store.files import sha256_file

RATE_HZ = 48000
NARROW_HZ = 16000  # below this rate the sharp sounds are missing
FULL = 0.999  # of full scale
CLIPPED_RUN = 3  # samples at full scale in a row that no clean recording has
CLIPPED_SHARE = 1e-4


@dataclass(frozen=True)
class RecordedVoice:
    """The sound of a media file; mono, stereo or surround, at any rate. It is never stretched."""

    path: Path
    of: str | None = None
    tempos: int = 1

    @property
    def name(self) -> str:
        return f"recording {self.path.name}"

    @property
    def facts(self) -> dict[str, Any]:
        return {"engine": "recording", "file": self.path.name, "sha256": sha256_file(self.path)}

    def say(
        self, said: Utterance, language: str, rate: float = 1.0, lexicon: Mapping[str, str] | None = None
    ) -> Speech:
        """The recording, with the phones and words of `said` found in it; its tempo is its own whatever `rate` is.

        Errors: InputError when the file has no sound that decodes, nobody speaks in it, or the text has no words.
        """
        if not said.says_something:
            raise InputError(f"There is nothing to speak in {said.text!r}: give a text with words.")
        sound = read_audio(self.path, RATE_HZ)
        if sound is None:
            raise InputError(f"{self.path} has no sound: give a recording of the text.")
        samples = mono(at_most_stereo(sound))
        try:
            alignment = align(samples, RATE_HZ, said.spoken, language, words_of(said, language, lexicon))
        except InputError as problem:
            raise InputError(f"{self.path}: {problem}") from problem
        notes = [
            *_sound_notes(self.path, sound),
            *alignment_notes(self.path.name, alignment),
            *_unmet(said, self.path.name),
        ]
        words = as_written(alignment.words, said)
        return marked(
            Speech(samples, RATE_HZ, within(alignment.phones, samples, RATE_HZ), words, (), tuple(notes)), said
        )


def words_of(said: Utterance, language: str, lexicon: Mapping[str, str] | None) -> dict[str, str]:
    """How words are said, for the aligner: of the lexicon, those that the text has in the right case, and the
    author's own."""
    found = {said.spoken[match.start : match.end]: match.ipa for match in matches(said.spoken, lexicon or {}, language)}
    own = {part.text.strip(): part.ipa for part in said.parts if isinstance(part, Run) and part.ipa}
    return {**found, **own}


def within(phones: Phones, samples: Samples, rate_hz: int) -> Phones:
    """Phones that end exactly where the samples do: the aligner listens at a rate of its own."""
    return covering(list(phones), len(samples) / rate_hz)


def alignment_notes(name: str, alignment: Alignment) -> list[str]:
    """Where sound and text do not agree, in words."""
    what = {
        "missing": "{name} does not say {text}",
        "extra": "{name} says something that is not in the text",
        "language": "{name} does not sound like the text's language",
        "unsure": "Where {name} says {text} is not sure",
    }
    return [
        what[one.kind].format(name=name, text=repr(one.text)) + f", at {one.start_s:.1f}-{one.end_s:.1f} s."
        for one in alignment.problems
    ]


def is_clipped(sound: NDArray[np.floating[Any]]) -> bool:
    """Whether a recording was too loud for its medium: whole runs of samples lie at full scale."""
    for channel in sound.T if sound.ndim == 2 else [sound]:
        full = (np.abs(channel) >= FULL * max(FULL, float(np.abs(channel).max(initial=0)))).astype(np.int8)
        if float(np.abs(channel).max(initial=0)) < FULL:
            continue
        runs = np.convolve(full, np.ones(CLIPPED_RUN, np.int8), mode="valid") == CLIPPED_RUN
        if runs.sum() > CLIPPED_SHARE * len(channel):
            return True
    return False


def _sound_notes(path: Path, sound: Samples) -> list[str]:
    notes = []
    if is_clipped(sound):
        notes.append(f"{path.name} is clipped: it was recorded too loud, and sounds distorted; record it again.")
    rate_hz = sound_rate_hz(path)
    if rate_hz < NARROW_HZ:
        notes.append(f"{path.name} was recorded at {rate_hz} Hz, like a telephone: sharp sounds are missing in it.")
    return notes


def _unmet(said: Utterance, name: str) -> list[str]:
    """What an utterance asks of a voice and a recording cannot give."""
    asked = []
    if any(isinstance(part, Break) and part.seconds is not None for part in said.parts):
        asked.append("pauses")
    if any(isinstance(part, Run) and (part.rate, part.pitch, part.volume_db) != (1, 1, 0) for part in said.parts):
        asked.append("rate, pitch and volume")
    return [f"{name} is a recording: its {' and its '.join(asked)} stay as they are."] if asked else []
