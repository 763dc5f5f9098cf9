"""The second witness of an alignment: a reading warped onto a recording."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from countenance.errors import InputError
from countenance.media.audio import Samples, resample
from countenance.speech.espeak import speak
from countenance.speech.phones import Speech, Word
from countenance.speech.warp import RATE_HZ, Witnessed, witness

TEXT = "The birch canoe slid on the smooth planks and the crew was glad to be home."


def recording(speech: Speech) -> Samples:
    return resample(speech.samples[:, None], speech.rate_hz, RATE_HZ)[:, 0]


def with_pauses(speech: Speech, every: int, pause_s: float) -> tuple[Samples, list[float]]:
    """The speech cut open before every n-th word, and where each word then starts."""
    sound = recording(speech)
    parts, starts, cut, shift_s = [], [], 0, 0.0
    for index, word in enumerate(speech.words):
        if index and index % every == 0:
            at = round(word.start_s * RATE_HZ)
            parts += [sound[cut:at], np.zeros(round(pause_s * RATE_HZ), np.float32)]
            cut, shift_s = at, shift_s + pause_s
        starts.append(word.start_s + shift_s)
    return np.concatenate([*parts, sound[cut:]]), starts


def errors_ms(found: Witnessed, true_starts: list[float]) -> list[float]:
    return [1000 * abs(w.start_s - at_s) for w, at_s in zip(found.words, true_starts, strict=True)]


def test_a_reading_finds_itself() -> None:
    spoken = speak(TEXT, "en")
    found = witness(recording(spoken), spoken)
    assert max(errors_ms(found, [word.start_s for word in spoken.words])) < 10
    assert max(found.unlike) < 0.05


@pytest.mark.parametrize("voice, rate_wpm", [("f2", 160), ("m3", 120), ("f4", 220)])
def test_another_voice_at_another_pace_is_followed(voice: str, rate_wpm: int) -> None:
    other = speak(TEXT, "en", rate_wpm, voice)
    found = witness(recording(other), speak(TEXT, "en"))
    errors = errors_ms(found, [word.start_s for word in other.words])
    assert np.mean(errors) < 20
    symbols = [phone.symbol for phone in found.phones if phone.symbol]
    assert symbols == [phone.symbol for phone in speak(TEXT, "en").phones if phone.symbol]


@pytest.mark.parametrize("pause_s", [0.3, 3.0])
def test_pauses_between_words_are_pauses(pause_s: float) -> None:
    spoken = speak(TEXT, "en", voice="f2")
    sound, starts = with_pauses(spoken, 4, pause_s)
    found = witness(sound, speak(TEXT, "en"))
    assert np.mean(errors_ms(found, starts)) < 25
    silence_s = sum(phone.end_s - phone.start_s for phone in found.phones if phone.silent)
    assert silence_s > 0.9 * (len(sound) - len(recording(spoken))) / RATE_HZ


def test_noise_does_not_lead_astray() -> None:
    spoken = speak(TEXT, "en", voice="f2")
    sound, starts = with_pauses(spoken, 5, 1.0)
    noise = np.random.default_rng(1).standard_normal(len(sound)).astype(np.float32)
    loud = float(np.sqrt(np.mean(recording(spoken) ** 2)))
    found = witness(sound + 0.1 * loud * noise, speak(TEXT, "en"))
    assert np.mean(errors_ms(found, starts)) < 40


def test_phones_cover_the_recording_in_order() -> None:
    spoken = speak(TEXT, "en", voice="m3")
    sound, _ = with_pauses(spoken, 3, 0.5)
    found = witness(sound, speak(TEXT, "en"))
    assert found.phones[0].start_s == 0 and found.phones[-1].end_s == len(sound) / RATE_HZ
    assert all(a.end_s == b.start_s and a.end_s > a.start_s for a, b in pairwise(found.phones))
    assert all(a.start_s <= b.start_s for a, b in pairwise(found.words))
    assert len(found.unlike) == len(found.words)


def test_another_text_is_unlike() -> None:
    spoken = speak(TEXT, "en", voice="f2")
    other = speak("Meanwhile a hundred angry lawyers argued over nothing at all in Parliament.", "en")
    assert np.mean(witness(recording(spoken), other).unlike) > 1.5 * np.mean(
        witness(recording(spoken), speak(TEXT, "en")).unlike
    )


def test_a_recording_that_is_too_short_for_the_text_is_refused() -> None:
    spoken = speak(TEXT, "en")
    with pytest.raises(InputError, match="too short for a text that takes"):
        witness(recording(spoken)[:RATE_HZ], spoken)


def test_a_silent_reading_is_refused() -> None:
    nothing = Speech(np.zeros(RATE_HZ, np.float32), RATE_HZ, (), (Word("a", 0.0, 0.0),))
    with pytest.raises(InputError, match="The reading is silent"):
        witness(np.zeros(RATE_HZ, np.float32), nothing)


@pytest.mark.parametrize("kind", ["silence", "steady tone", "clipped"])
def test_sound_without_speech_gives_an_answer_all_the_same(kind: str) -> None:
    spoken = speak("Good morning.", "en")
    times = np.arange(3 * RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 220 * times)
    sound = {"silence": 0 * tone, "steady tone": tone, "clipped": np.sign(tone)}[kind]
    found = witness(sound.astype(np.float32), spoken)
    assert [word.text for word in found.words] == [word.text for word in spoken.words]
    assert all(np.isfinite([w.start_s, w.end_s]).all() for w in found.words)
