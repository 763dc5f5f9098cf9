from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from services import Service, service

from countenance.errors import CountenanceError, InputError
from countenance.media.loudness import integrated_lufs
from countenance.speech.http_voice import HttpVoice
from countenance.speech.reading import reading
from countenance.speech.voice import VoiceWish, voice_from


@pytest.fixture
def house() -> Iterator[Service]:
    with service() as known:
        yield known


def voice(house: Service, key: str | None = None) -> HttpVoice:
    return HttpVoice(house.url, "tts-1", "alloy", key)


def test_text_is_sent_and_the_sound_gets_its_words(house: Service) -> None:
    speech = voice(house, "k").say(reading("Peter saw my baby.", "en"), "en")
    sent = {"path": "/v1/audio/speech", "model": "tts-1", "input": "Peter saw my baby.", "voice": "alloy"}
    assert house.asked == [{**sent, "response_format": "wav"}]
    assert house.keys == ["Bearer k"]
    assert [word.text for word in speech.words] == ["Peter", "saw", "my", "baby."]
    assert speech.rate_hz == 48000 and speech.phones[-1].end_s == pytest.approx(speech.duration_s)
    assert "b" in [phone.symbol for phone in speech.phones]


def test_figures_are_sent_as_words_and_captions_keep_them(house: Service) -> None:
    speech = voice(house).say(reading("It costs €12.50 today.", "en"), "en")
    assert house.asked[0]["input"] == "It costs twelve euros fifty today."
    assert [word.text for word in speech.words] == ["It", "costs", "€12.50", "today."]


def test_a_tempo_is_asked_for(house: Service) -> None:
    slow = voice(house).say(reading("Peter saw my baby.", "en"), "en", 0.9)
    fast = voice(house).say(reading("Peter saw my baby.", "en"), "en", 1.1)
    assert [one["speed"] for one in house.asked] == [0.9, 1.1]
    assert fast.duration_s < slow.duration_s


def test_pauses_and_marks_are_where_they_were_asked_for(house: Service) -> None:
    text = "<speak>Peter saw<mark name='gap'/> <break time='900ms'/>my baby.<mark name='end'/></speak>"
    speech = voice(house).say(reading(text, "en"), "en")
    assert [one["input"] for one in house.asked] == ["Peter saw", "my baby."]
    saw, my = speech.words[1], speech.words[2]
    assert my.start_s - saw.end_s == pytest.approx(0.9, abs=0.12)
    assert [mark.name for mark in speech.marks] == ["gap", "end"]
    assert speech.marks[0].at_s == saw.end_s and speech.marks[1].at_s == speech.words[-1].end_s


def test_louder_words_are_made_louder_here(house: Service) -> None:
    def level(volume: str) -> float:
        text = f"<speak><prosody volume='{volume}'>Peter saw my baby in the garden.</prosody></speak>"
        speech = voice(house).say(reading(text, "en"), "en")
        return float(integrated_lufs(speech.samples, speech.rate_hz))

    assert level("-6dB") == pytest.approx(level("medium") - 6, abs=0.3)


def test_what_a_service_cannot_be_told_is_said_in_a_note(house: Service) -> None:
    text = "<speak>Countenance and <prosody pitch='+2st'>more</prosody>.</speak>"
    speech = voice(house).say(reading(text, "en"), "en", 1.0, {"Countenance": "ˈkaʊntənəns"})
    assert any("how to say 'Countenance'" in note for note in speech.notes)
    assert any("pitch" in note for note in speech.notes)


def test_the_receipt_names_the_host_and_how_much_was_sent(house: Service) -> None:
    one = voice(house, "s3cret")
    one.say(reading("Peter saw my baby.", "en"), "en")
    assert one.facts == {
        "engine": "http", "host": "127.0.0.1", "model": "tts-1", "name": "alloy", "requests": 1, "characters": 18,
    }  # fmt: skip
    assert "s3cret" not in repr(vars(one)["of"]) and "s3cret" not in str(one.facts)


def test_an_answer_that_is_no_sound_is_told(house: Service) -> None:
    house.always = (200, {"Content-Type": "text/html"}, b"<html>login</html>")
    with pytest.raises(CountenanceError, match="no sound that can be read"):
        voice(house).say(reading("Hello.", "en"), "en")


def test_silence_is_told(house: Service) -> None:
    silent = np.zeros(0, np.float32)
    house.always = (200, {"Content-Type": "audio/wav"}, b"RIFF" + silent.tobytes())
    with pytest.raises(CountenanceError):
        voice(house).say(reading("Hello.", "en"), "en")


def test_nothing_is_sent_for_a_text_without_words(house: Service) -> None:
    with pytest.raises(InputError, match="nothing to speak"):
        voice(house).say(reading("…!", "en"), "en")
    assert house.asked == []


def test_a_text_that_is_too_long_for_one_request_is_told(house: Service) -> None:
    with pytest.raises(InputError, match="too many for one request"):
        voice(house).say(reading("word " * 1000, "en"), "en")


def test_a_key_that_is_not_stored_is_told_by_name() -> None:
    wish = VoiceWish("http", url="https://voices.example/v1", remote_model="m", remote_name="n", key="openai")
    with pytest.raises(InputError, match="no secret named 'openai'"):
        voice_from(wish)
    assert voice_from(wish, {"openai": "k"}.get).name == "n of m at voices.example"
