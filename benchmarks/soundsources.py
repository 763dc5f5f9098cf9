"""Sounds to mark: voices read, spoken and synthetic, noisy recordings, music, a telephone line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import REPOSITORY, footage
from countenance.errors import InputError
from countenance.media.audio import at_most_stereo, mono, read_audio, resample
from countenance.media.loudness import normalise
from countenance.speech.espeak import speak

Sound = NDArray[np.float32]
RATE_HZ = 48_000
LONGEST_S = 30


@dataclass(frozen=True)
class Source:
    """A sound (n, 1 or 2) float32 at 48 kHz of at least 15 s. `kind`: voice, noisy, music or telephone."""

    name: str
    kind: str
    samples: Sound

    @property
    def mark_id(self) -> int:
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "big")


def sources() -> Iterator[Source]:
    """Voices, noisy recordings, music and a telephone line, as far as the footage folder has them."""
    speech = "speech-ms/{}.wav"
    for name in ("de-DE", "es-ES", "fr-FR", "ja-JP", "ko-KR", "pt-BR"):
        yield from _joined(f"read {name}", "voice", speech.format(name))
    yield from _joined("turns of talk", "voice", "speech-leopard/diarization_test.wav")
    short = ("", "_de", "_es", "_fr", "_it")
    yield from _joined("five languages", "voice", *(f"speech-leopard/test{name}.wav" for name in short))
    yield from _joined("audio book", "voice", *(f"speech-librivox/austen-0{n}.wav" for n in (870, 880, 890, 930)))
    yield from _joined("disfluent voice", "voice", "speech-mfa/acoustic_corpus.wav")
    yield from _joined("hoarse voice", "voice", "speech-mfa/cold_corpus.wav")
    yield from _joined("driving speech", "voice", "latentsync/demo2_audio.wav")
    yield from _joined("old recording", "noisy", "speech-misc/jfk.flac", "retalking/1.wav")
    lines = ("Apologizing", "Asking_a_question", "Delivering_sell_link", "Introducing_the_product")
    last = ("Requesting_a_five-star_review",)
    films = (*(f"azure-avatar/{line}.mp4" for line in lines + last), "retalking/1.mp4")
    yield from _joined("presenters on film", "voice", *films)
    yield from _joined("interview in a hall", "noisy", "multi/interview.mp4")
    yield from _joined("restaurant and room", "noisy", "multi/noisy_restaurant.mp4", "latentsync/demo1_video.mp4")
    yield from _joined(
        "film music", "music", "liveportrait/s18.mp4", "pyfeat/no_face.mp4", "latentsync/demo2_video.mp4"
    )
    yield from _joined("telephone", "telephone", "speech-misc/demo-instruct.wav")
    yield Source("synthetic music", "music", _music())
    text = (REPOSITORY / "examples" / "ada" / "script.txt").read_text(encoding="utf-8")
    for language, voice in (("en", "f2"), ("de", "m3"), ("es", None)):
        spoken = speak(f"{text} {text} {text}", language, voice=voice)
        loud = normalise(resample(spoken.samples, spoken.rate_hz, RATE_HZ), RATE_HZ)
        yield Source(f"espeak {language}", "voice", _long_enough(loud[:, None]))
    yield from _joined("voice with as much silence", "voice", speech.format("de-DE"), pauses=True)


def _joined(name: str, kind: str, *paths: str, pauses: bool = False) -> Iterator[Source]:
    folder = footage()
    try:
        parts = [_read(folder / path) for path in paths] if folder else []
    except InputError:
        return
    if not parts:
        return
    channels = min(part.shape[1] for part in parts)
    sound = np.concatenate([part if part.shape[1] == channels else mono(part)[:, None] for part in parts])
    if pauses:
        second = np.arange(len(sound)) // RATE_HZ
        sound = np.where((second % 4 < 2)[:, None], sound, np.float32(0))
    yield Source(name, kind, _long_enough(sound))


def _read(path: Path) -> Sound:
    samples = read_audio(path, RATE_HZ)
    if samples is None:
        raise InputError(f"{path} has no sound.")
    return at_most_stereo(samples)


def _long_enough(sound: Sound) -> Sound:
    return sound[: LONGEST_S * RATE_HZ]


def _music() -> Sound:
    """Twenty seconds of chords, bass and brushes in stereo: steady tones are what shows a mark soonest."""
    rng = np.random.default_rng(5)
    t = np.arange(20 * RATE_HZ) / RATE_HZ
    sound = np.zeros((len(t), 2))
    for bar, root in enumerate(rng.choice([48, 53, 55, 57], 10)):
        since = t - 2.0 * bar
        for step, note in enumerate((0, 4, 7, 12, -12)):
            pitch = 440 * 2 ** ((root + note - 57) / 12)
            envelope = np.where(since >= 0.05 * step, np.exp(-(since - 0.05 * step).clip(0) / 0.9), 0)
            tone = sum(np.sin(2 * np.pi * pitch * part * since) / part**1.2 for part in range(1, 14))
            sound += (envelope * tone)[:, None] * np.array([1.0 - 0.15 * step, 0.4 + 0.15 * step])
    brushes = rng.standard_normal(len(t)) * np.exp(-(t % 0.5) / 0.06)
    sound += 0.6 * brushes[:, None]
    return np.asarray(sound * 0.3 / np.abs(sound).max(), np.float32)
