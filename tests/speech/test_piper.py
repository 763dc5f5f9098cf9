from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pipers import HOP, RATE_HZ, tone_hz, write_piper

from countenance.errors import InputError
from countenance.speech.phones import Speech
from countenance.speech.piper import load_piper
from countenance.speech.reading import reading
from countenance.speech.voice import VoiceWish, voice_from

BRAND = {"Countenance": "ˈkaʊntənəns"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_piper(tmp_path_factory.mktemp("piper") / "tiny.onnx")


def say(model: Path, text: str, rate: float = 1.0, lexicon: dict[str, str] | None = None) -> Speech:
    return load_piper(model).say(reading(text, "en", lexicon), "en", rate, lexicon)


def heard_hz(speech: Speech, start: int) -> float:
    """The tone that sounds for the next five hops."""
    frame = speech.samples[start : start + 5 * HOP]
    spectrum = np.abs(np.fft.rfft(frame * np.hanning(len(frame)), 1 << 15))
    return float(np.argmax(spectrum) * speech.rate_hz / (1 << 15))


@pytest.mark.parametrize("rate", [0.85, 1.0, 1.15])
def test_each_phone_lies_exactly_where_its_tone_sounds(model: Path, rate: float) -> None:
    speech = say(model, "Hello Countenance, at the end of the day. It works!", rate, BRAND)
    sounding = [phone for phone in speech.phones if not phone.silent]
    assert len(sounding) > 30
    for phone in sounding:
        start = round(phone.start_s * RATE_HZ)
        owners = [tone_hz(sign) for sign in (phone.symbol[0], "ˈ", "ˌ")]
        assert min(abs(heard_hz(speech, start) - tone) for tone in owners) < 6, phone
    for phone, after in zip(speech.phones, speech.phones[1:], strict=False):
        if after.silent and not phone.silent:  # and it ends where silence begins
            end = round(phone.end_s * RATE_HZ)
            assert np.abs(speech.samples[end : end + 5 * HOP]).max() < 0.02
            assert np.abs(speech.samples[end - 3 * HOP : end]).max() > 0.2


def test_phones_cover_the_sound_and_words_the_text(model: Path) -> None:
    text = "Hello Countenance, at the end of the day. It works! Of course (it does)."
    speech = say(model, text, lexicon=BRAND)
    assert speech.rate_hz == RATE_HZ and speech.samples.dtype == np.float32
    assert speech.phones[0].start_s == 0 and speech.phones[-1].end_s == pytest.approx(speech.duration_s)
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in zip(speech.phones, speech.phones[1:], strict=False))
    assert " ".join(word.text for word in speech.words) == text
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in zip(speech.words, speech.words[1:], strict=False))


def test_the_lexicon_is_spoken_as_it_stands(model: Path) -> None:
    speech = say(model, "Say Countenance.", lexicon={"Countenance": "zɪgˈzæg"})
    word = speech.words[1]
    own = [p.symbol for p in speech.phones if not p.silent and word.start_s <= p.start_s < word.end_s]
    assert "".join(own) == "zɪgzæg" or "".join(own) == "zɪɡzæɡ"


def test_equal_texts_give_equal_samples_whatever_came_between(model: Path) -> None:
    first = say(model, "The same words.")
    say(model, "Others.")
    assert np.array_equal(first.samples, say(model, "The same words.").samples)


def test_a_higher_rate_is_shorter(model: Path) -> None:
    assert say(model, "Many words.", 1.3).duration_s < 0.9 * say(model, "Many words.").duration_s


def test_pauses_marks_and_manners(model: Path) -> None:
    text = (
        "<speak>Hello <mark name='a'/>dear<break time='700ms'/> <sub alias='World Wide Web'>WWW</sub>. "
        "<prosody rate='50%'>Slow</prosody> <phoneme ph='kaˈfeː'>coffee</phoneme>.</speak>"
    )
    speech = say(model, text)
    hello, dear, web, slow, coffee = speech.words
    assert [w.text for w in speech.words] == ["Hello", "dear", "WWW.", "Slow", "coffee."]
    assert web.start_s - dear.end_s == pytest.approx(0.7, abs=0.02)
    assert speech.marks[0].at_s == dear.start_s > hello.start_s
    each = (slow.end_s - slow.start_s) / 4  # s l o ʊ, twice as long as k a f eː at the usual rate
    assert each == pytest.approx(2 * (coffee.end_s - coffee.start_s) / 4, rel=0.35)


def test_a_model_that_tells_no_times_is_aligned(tmp_path: Path) -> None:
    mute = write_piper(tmp_path / "mute.onnx", told=False)
    speech = say(mute, "Hello dear world.")
    assert [word.text for word in speech.words] == ["Hello", "dear", "world."]
    assert speech.phones[-1].end_s == pytest.approx(speech.duration_s)


def test_speakers_of_one_model_differ(tmp_path: Path) -> None:
    both = write_piper(tmp_path / "both.onnx", speakers=("anna", "bert"))
    said = reading("Hello.", "en")
    anna, bert = (voice_from(VoiceWish("piper", model=both, speaker=one)).say(said, "en") for one in ("anna", "bert"))
    assert anna.phones == bert.phones and not np.array_equal(anna.samples, bert.samples)
    with pytest.raises(InputError, match=r"no speaker 'carl' \(anna, bert\)"):
        load_piper(both, "carl")


def test_pitch_and_unknown_sounds_are_told(model: Path) -> None:
    speech = say(model, "<speak><prosody pitch='+2st'>Hello</prosody> <phoneme ph='ǂa'>click</phoneme>.</speak>")
    assert any("pitch" in note for note in speech.notes) and any("'ǂ'" in note for note in speech.notes)


def test_another_language_is_refused(model: Path) -> None:
    with pytest.raises(InputError, match="speaks en-us, not de"):
        load_piper(model).say(reading("Hallo.", "de"), "de")
    load_piper(model).say(reading("Hello.", "en-GB"), "en-GB")


def test_nothing_to_say_is_told(model: Path) -> None:
    with pytest.raises(InputError, match="nothing to speak"):
        say(model, "…")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"audio": None}, "not the description"),
        ({"phoneme_id_map": {"_": [0]}}, "not the description"),
        ({"audio": {"sample_rate": 1}}, "not the description"),
        ({"phoneme_type": "text"}, "other sounds"),
    ],
)
def test_a_description_that_is_not_pipers_is_told(tmp_path: Path, change: dict[str, object], what: str) -> None:
    path = write_piper(tmp_path / "x.onnx")
    config = path.with_name("x.onnx.json")
    config.write_text(json.dumps({**json.loads(config.read_text(encoding="utf-8")), **change}), encoding="utf-8")
    with pytest.raises(InputError, match=what):
        load_piper(path)


def test_files_that_are_missing_or_damaged_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_piper(tmp_path / "none.onnx")
    path = write_piper(tmp_path / "x.onnx")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="no network that can be run"):
        load_piper(path).say(reading("Hello.", "en"), "en")
    path.with_name("x.onnx.json").unlink()
    with pytest.raises(InputError, match="comes with the Piper voice"):
        load_piper(path)
