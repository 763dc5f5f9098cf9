from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from clips import EXAMPLES

from countenance.errors import InputError
from countenance.media.audio import Samples, resample, write_wav
from countenance.speech.espeak import speak
from countenance.speech.phones import Speech
from countenance.speech.reading import reading
from countenance.speech.recording import RecordedVoice, is_clipped
from countenance.speech.voice import VoiceWish, voice_from

TEXT = "This coffee machine makes a fresh cup in thirty seconds."
SPOKEN = speak(TEXT, "en", voice="m3")


def recorded(path: Path, samples: Samples, rate_hz: int) -> RecordedVoice:
    write_wav(path, samples, rate_hz)
    return RecordedVoice(path)


def say(voice: RecordedVoice, text: str = TEXT) -> Speech:
    return voice.say(reading(text, "en"), "en")


def surround(path: Path, samples: Samples, rate_hz: int) -> Path:
    """A 5.1 file with the words in its centre, and hiss around it."""
    hiss = np.random.default_rng(1).normal(0, 1e-3, (6, len(samples))).astype(np.float32)
    hiss[2] += samples
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=rate_hz, layout="5.1")
        frame = av.AudioFrame.from_ndarray(np.rint(hiss.T.reshape(1, -1) * 32000).astype(np.int16), "s16", "5.1")
        frame.sample_rate = rate_hz
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return path


def agrees(speech: Speech, tolerance_s: float = 0.1) -> bool:
    starts = [abs(a.start_s - b.start_s) for a, b in zip(speech.words, SPOKEN.words, strict=True)]
    return float(np.median(starts)) < tolerance_s


def test_a_recording_is_used_as_it_is_and_its_words_are_found(tmp_path: Path) -> None:
    voice = recorded(tmp_path / "a.wav", resample(SPOKEN.samples, SPOKEN.rate_hz, 48000), 48000)
    speech = say(voice)
    assert [word.text for word in speech.words] == TEXT.split()
    assert agrees(speech) and speech.duration_s == pytest.approx(SPOKEN.duration_s, abs=0.001)
    assert not any("clipped" in note or "Hz" in note or "stay" in note for note in speech.notes)
    assert np.array_equal(speech.samples, voice.say(reading(TEXT, "en"), "en", 1.3).samples)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_any_rate_and_mono_or_stereo(tmp_path: Path, channels: int, rate_hz: int) -> None:
    sound = resample(SPOKEN.samples, SPOKEN.rate_hz, rate_hz)
    speech = say(recorded(tmp_path / "a.wav", np.stack([sound] * channels, axis=1), rate_hz))
    assert agrees(speech) and speech.rate_hz == 48000
    assert any("8000 Hz, like a telephone" in note for note in speech.notes) == (rate_hz == 8000)


def test_surround_sound(tmp_path: Path) -> None:
    path = surround(tmp_path / "a.wav", resample(SPOKEN.samples, SPOKEN.rate_hz, 48000), 48000)
    assert agrees(say(RecordedVoice(path)))


def test_a_clipped_recording_is_used_with_a_warning(tmp_path: Path) -> None:
    sound = np.clip(12 * resample(SPOKEN.samples, SPOKEN.rate_hz, 48000), -1, 1).astype(np.float32)
    speech = say(recorded(tmp_path / "loud.wav", sound, 48000))
    assert any("loud.wav is clipped" in note for note in speech.notes)
    assert [word.text for word in speech.words] == TEXT.split()


def test_what_is_loud_but_clean_is_not_called_clipped() -> None:
    assert not is_clipped(SPOKEN.samples / np.abs(SPOKEN.samples).max())
    assert not is_clipped(np.zeros(100, np.float32)) and not is_clipped(np.zeros((0, 2), np.float32))


def test_figures_and_marks_are_found_in_it(tmp_path: Path) -> None:
    voice = recorded(tmp_path / "a.wav", SPOKEN.samples, SPOKEN.rate_hz)
    text = f"<speak>{TEXT.replace('thirty', '30').replace('seconds', '<mark name=' + repr('m') + '/>seconds')}</speak>"
    speech = say(voice, text)
    assert [word.text for word in speech.words][-3:] == ["in", "30", "seconds."]
    assert speech.marks[0].at_s == speech.words[-1].start_s


def test_a_manner_that_a_recording_cannot_take_is_told(tmp_path: Path) -> None:
    voice = recorded(tmp_path / "a.wav", SPOKEN.samples, SPOKEN.rate_hz)
    text = f"<speak><prosody rate='80%'>{TEXT}</prosody><break time='1s'/></speak>"
    assert any("pauses and its rate, pitch and volume stay" in note for note in say(voice, text).notes)


@pytest.mark.parametrize("seconds", [1.0, 20.0])
def test_silence_is_told(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(InputError, match=r"quiet.wav: Nobody speaks"):
        say(recorded(tmp_path / "quiet.wav", np.zeros(round(seconds * 16000), np.float32), 16000))


def test_files_without_sound_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"no sound")
    with pytest.raises(InputError, match="cannot be read"):
        say(RecordedVoice(tmp_path / "x.wav"))
    still = EXAMPLES / "ada" / "refs" / "1_front_neutral.jpg"
    with pytest.raises(InputError, match=r"has no sound|cannot be read"):
        say(RecordedVoice(still))


def test_a_text_without_words_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to speak"):
        say(recorded(tmp_path / "a.wav", SPOKEN.samples, SPOKEN.rate_hz), "😀 …")


def test_the_presenters_own_recording_is_a_voice() -> None:
    voice = voice_from(VoiceWish("recording", recording=EXAMPLES / "ada" / "master.mp4", of="ada"))
    text = (EXAMPLES / "ada" / "script.txt").read_text(encoding="utf-8")
    speech = voice.say(reading(text, "en"), "en")
    assert [word.text for word in speech.words] == text.split()
    starts = [word.start_s for word in speech.words]
    assert starts == sorted(starts) and speech.words[-1].end_s <= speech.duration_s
    assert voice.facts["file"] == "master.mp4" and len(voice.facts["sha256"]) == 64
