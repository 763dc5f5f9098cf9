"""How kanji are read."""

from __future__ import annotations

import pytest

from countenance.speech.espeak import speak
from countenance.speech.kanji import can_read, has_kanji, readings
from countenance.speech.wording import wording_of

TEXT = "このコーヒーマシンは三十秒で新鮮な一杯を入れ、2026年3月21日に私の家へ届きます。"

needs_readings = pytest.mark.skipif(not can_read(), reason="the extra 'japanese' is not installed")


def test_kana_and_latin_letters_are_no_kanji() -> None:
    assert not has_kanji("コーヒーはおいしい ABC 123。")
    assert has_kanji("人々")


@needs_readings
def test_every_kanji_gets_its_reading_and_particles_their_sound() -> None:
    said = wording_of(TEXT, "ja").spoken
    assert said.split()[:4] == ["この", "コーヒー", "マシンワ", "サンジュービョーで"]
    assert said.endswith("3ガツ 21ニチに ワタシの イエエ トドキます。")
    assert not has_kanji(said)


@needs_readings
def test_the_voice_says_no_chinese_letter() -> None:
    phones = "".join(phone.symbol for phone in speak(wording_of(TEXT, "ja").spoken, "ja").phones)
    assert "tʃaɪniː" not in phones.replace(" ", "")
    assert "tʃaɪniː" in "".join(phone.symbol for phone in speak("家", "ja").phones)  # what it does with kanji


@needs_readings
def test_times_come_back_to_what_is_written() -> None:
    wording = wording_of(TEXT, "ja")
    written = wording.written(speak(wording.spoken, "ja").words)
    assert "".join(word.text for word in written) == TEXT
    assert len(written) > 5


def test_other_languages_keep_their_characters() -> None:
    assert wording_of("三十秒", "zh").spoken == "三十秒"


def test_places_are_those_of_the_text() -> None:
    for start, end, said in readings(TEXT):
        assert TEXT[start:end] == said.strip() or has_kanji(TEXT[start:end]) or TEXT[start:end] in "はへ"
