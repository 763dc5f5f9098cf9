"""A voice behind an HTTP service with OpenAI's interface for speech (`POST /audio/speech`).

Only what the brief names is sent: the text, the name of the model and of the voice, the tempo. The sound that comes
back is aligned with its text here.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from countenance.errors import CountenanceError, InputError
from countenance.media.audio import Samples, mono, read_audio
from countenance.speech.align import align
from countenance.speech.assemble import Stretch, joined, stretches
from countenance.speech.lexicon import matches
from countenance.speech.phones import Speech
from countenance.speech.points import as_written, louder, marked
from countenance.speech.recording import alignment_notes, within, words_of
from countenance.speech.remote import Limits, check_address, post_json
from countenance.speech.utterance import Run, Utterance

RATE_HZ = 48000
MOST_CHARACTERS = 4096  # of one request, as the services have it
SLOWEST, FASTEST = 0.25, 4.0
PATH = "/audio/speech"
_ENDINGS = {"audio/mpeg": ".mp3", "audio/flac": ".flac", "audio/aac": ".aac", "audio/ogg": ".ogg"}


class HttpVoice:
    """One voice of a service at `url` (the part before /audio/speech)."""

    def __init__(
        self, url: str, model: str, name: str, key: str | None, of: str | None = None, limits: Limits | None = None
    ) -> None:
        self._host = str(check_address(url, secret=key is not None).hostname)
        self._url = url.rstrip("/").removesuffix(PATH) + PATH
        self._model, self._name, self._key, self._limits = model, name, key, limits
        self.of, self.tempos = of, 3
        self._requests = self._characters = 0

    @property
    def name(self) -> str:
        return f"{self._name} of {self._model} at {self._host}"

    @property
    def facts(self) -> dict[str, Any]:
        """Also what was sent so far, and to whom."""
        return {
            "engine": "http",
            "host": self._host,
            "model": self._model,
            "name": self._name,
            "requests": self._requests,
            "characters": self._characters,
        }

    def say(
        self, said: Utterance, language: str, rate: float = 1.0, lexicon: Mapping[str, str] | None = None
    ) -> Speech:
        """Ask for the text, stretch by stretch, and find its words in what comes back.

        Errors: those of `remote.post_json`; InputError for a text without words, longer than a request may be between
        two pauses, or a rate out of range; CountenanceError for an answer that is no sound.
        """
        if not said.says_something:
            raise InputError(f"There is nothing to speak in {said.text!r}: give a text with words.")
        parts = stretches(said)
        sounds = [self._sound(part, rate) for part in parts]
        samples, _ = joined(sounds, [part.pause_s for part in parts], RATE_HZ)
        alignment = align(samples, RATE_HZ, said.spoken, language, words_of(said, language, lexicon))
        notes = [*self._unmet(said, language, lexicon or {}), *alignment_notes(self.name, alignment)]
        words = as_written(alignment.words, said)
        speech = Speech(samples, RATE_HZ, within(alignment.phones, samples, RATE_HZ), words, (), tuple(notes))
        return marked(louder(speech, said), said)

    def _sound(self, part: Stretch, rate: float) -> Samples:
        text = part.said.spoken.strip()
        speed = round(rate * part.rate, 3)
        if len(text) > MOST_CHARACTERS:
            raise InputError(f"{len(text)} characters are too many for one request: set pauses, or cut the text.")
        if not SLOWEST <= speed <= FASTEST:
            raise InputError(f"A tempo of {speed:g} cannot be asked for: choose {SLOWEST} to {FASTEST:g}.")
        body: dict[str, Any] = {
            "model": self._model, "input": text, "voice": self._name, "response_format": "wav",
            **({"speed": speed} if speed != 1 else {}),
        }  # fmt: skip
        self._requests += 1
        self._characters += len(text)
        answer = post_json(self._url, body, self._key, self._limits)
        return _decoded(answer.content, answer.media_type, self._host)

    def _unmet(self, said: Utterance, language: str, lexicon: Mapping[str, str]) -> list[str]:
        """What the utterance asks and the service has no word for."""
        runs = [part for part in said.parts if isinstance(part, Run)]
        words = {
            run.spoken[one.start : one.end]
            for run in runs if run.ipa is None
            for one in matches(run.spoken, lexicon, language)
        } | {run.text.strip() for run in runs if run.ipa}  # fmt: skip
        notes = [
            f"{self.name} cannot be told how to say '{word}': write it as it sounds (SSML: sub)."
            for word in sorted(words)
        ]
        if any(run.pitch != 1 for run in runs):
            notes.append(f"{self.name} cannot change its pitch: it stays as it is.")
        return notes


def _decoded(content: bytes, media_type: str, host: str) -> Samples:
    """The sound of an answer, (n,) at RATE_HZ."""
    handle, path = tempfile.mkstemp(suffix=_ENDINGS.get(media_type, ".wav"))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        sound = read_audio(path, RATE_HZ)
    except InputError:
        sound = None
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(path).unlink()
    if sound is None or len(sound) == 0:
        raise CountenanceError(f"what {host} answers is no sound that can be read ({media_type or 'unnamed'}).")
    return mono(sound)
