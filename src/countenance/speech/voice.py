"""Voices: whatever speaks a text, each with the same verb, and which of them a wish means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from countenance.errors import InputError
from countenance.speech.espeak_voice import EspeakVoice
from countenance.speech.phones import Speech
from countenance.speech.utterance import Utterance
from countenance.store.files import sha256_file

ENGINES = ("espeak", "piper", "http", "recording")
NOBODY = "nobody"  # whose voice a synthetic house voice is


class Voice(Protocol):
    """Something that speaks. Equal wishes give equal samples, but for a remote voice."""

    @property
    def name(self) -> str:
        """For people, such as "espeak-ng f2"."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """What a receipt says about it; no secrets, no paths."""
        ...

    @property
    def tempos(self) -> int:
        """How many tempos are worth trying for the best fit; 1 for a voice that has one tempo only."""
        ...

    def say(
        self, said: Utterance, language: str, rate: float = 1.0, lexicon: Mapping[str, str] | None = None
    ) -> Speech:
        """Speak in a BCP-47 language at `rate` times the natural tempo: float32 mono, phones, words and marks.

        `lexicon` gives words their IPA. What the voice cannot do of all that is asked stands in the notes of the
        speech. Errors: InputError for an unknown language, a rate out of range, or a text without words.
        """
        ...


@dataclass(frozen=True)
class VoiceWish:
    """A voice as asked for: `engine` is one of ENGINES, the rest what that engine needs.

    `of` names the talent whose voice it is, recorded or cloned; None for nobody's.
    """

    engine: str = "espeak"
    variant: str | None = None
    model: Path | None = None  # piper: the .onnx file
    speaker: str | None = None  # piper: of a model with several
    recording: Path | None = None
    url: str | None = None  # http: up to, but without, /audio/speech
    remote_model: str | None = None
    remote_name: str | None = None
    key: str | None = None  # http: the name of the secret
    of: str | None = None

    def identity(self) -> list[str | None]:
        """What makes this voice this voice, with hashes instead of paths: for keys and digests."""
        files = [sha256_file(path) if path else None for path in (self.model, self._config, self.recording)]
        words = [self.variant, self.speaker, self.url, self.remote_model, self.remote_name, self.of]
        return [self.engine, *files, *words]

    @property
    def _config(self) -> Path | None:
        return self.model.with_name(self.model.name + ".json") if self.model else None


def voice_from(wish: VoiceWish, secret: Callable[[str], str | None] = lambda _name: None) -> Voice:
    """The voice that a wish means; `secret` gives the text of a named secret.

    Errors: InputError for files that are missing or no voice, a secret that is not there, or an engine that is not
    installed.
    """
    if wish.engine == "espeak":
        return EspeakVoice(wish.variant, of=wish.of)
    if wish.engine == "piper":
        from countenance.speech.piper import load_piper

        assert wish.model is not None
        return load_piper(wish.model, wish.speaker, wish.of)
    if wish.engine == "http":
        from countenance.speech.http_voice import HttpVoice

        assert wish.url and wish.remote_model and wish.remote_name
        key = None
        if wish.key is not None and (key := secret(wish.key)) is None:
            raise InputError(
                f"there is no secret named {wish.key!r}; store it by `countenance keys secret {wish.key}`."
            )
        return HttpVoice(wish.url, wish.remote_model, wish.remote_name, key, wish.of)
    if wish.engine == "recording":
        from countenance.speech.recording import RecordedVoice

        assert wish.recording is not None
        return RecordedVoice(wish.recording, wish.of)
    raise InputError(f"there is no voice engine {wish.engine!r}; choose one of {', '.join(ENGINES)}.")
