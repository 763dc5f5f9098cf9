"""Where the master's own sentences lie, and a dub whose sentences lie there too."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaigns import write_campaign
from clips import picture

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.phrases import master_phrases
from countenance.campaign.stages import Seen, own_speech, speak_dub
from countenance.media.audio import Samples, resample, write_wav
from countenance.media.encode import Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.perception.tracks import Perception
from countenance.speech.espeak import speak
from countenance.speech.phones import Word
from countenance.store.files import sha256_file
from countenance.store.project import Project, init_project

ENGLISH = ("This machine makes a cup.", "It takes half a minute.", "And it cleans itself every evening.")
GERMAN = ("Diese Maschine macht Kaffee.", "Sie braucht kaum Zeit.", "Und sie spült sich jeden Abend.")
STARTS_S = (0.5, 3.2, 6.0)


def sound_of(sentences: tuple[str, ...], starts_s: tuple[float, ...], seconds: float) -> Samples:
    """Sentences whose first phones begin at these moments, at 48 kHz."""
    whole = np.zeros(round(seconds * 48000), np.float32)
    for sentence, start_s in zip(sentences, starts_s, strict=True):
        speech = speak(sentence, "en", voice="m3")
        samples = resample(speech.samples, speech.rate_hz, 48000)
        at = round((start_s - speech.span_s[0]) * 48000)
        whole[at : at + len(samples)] += samples[: len(whole) - at]
    return whole


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    path = tmp_path_factory.mktemp("phrases") / "master.mp4"
    sound = sound_of(ENGLISH, STARTS_S, 9.0)
    frames = (Frame(number, Fraction(1, 25), picture(number % 5, 64, 64).planes) for number in range(225))
    encode(path, frames, size=(64, 64), time_base=Fraction(1, 25), frame_rate=Fraction(25), sound=Sound(samples=sound))
    return Seen(probe(path), sha256_file(path), Perception(225, (0,), ()))  # nobody is seen


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return init_project(tmp_path_factory.mktemp("project"))


def brief_of(folder: Path, seen: Seen, script: str, translation: str, **changes: Any) -> Brief:
    path = write_campaign(folder, seen.master.path, faces=("keep",), **changes)
    (folder / "script.txt").write_text(script, encoding="utf-8")
    (folder / "script.de.txt").write_text(translation, encoding="utf-8")
    return load_brief(path)


def starts_of(words: tuple[Word, ...]) -> list[float]:
    """When each sentence begins."""
    ended = True
    found = []
    for word in words:
        if ended:
            found.append(word.start_s)
        ended = word.text.endswith(".")
    return found


def test_sentences_are_found_by_their_words(project: Project, seen: Seen, tmp_path: Path) -> None:
    start_s, end_s = own_speech(seen.master)
    slots = master_phrases(project, brief_of(tmp_path, seen, " ".join(ENGLISH), GERMAN[0]), seen, start_s)
    assert len(slots) == 3 and slots[0][0] == 0.0
    assert [start_s + start for start, _ in slots] == pytest.approx(STARTS_S, abs=0.15)
    assert start_s + slots[2][1] == pytest.approx(end_s, abs=0.2)


def test_one_sentence_has_no_phrases(project: Project, seen: Seen, tmp_path: Path) -> None:
    assert master_phrases(project, brief_of(tmp_path, seen, "Only one.", GERMAN[0]), seen, 0.5) == ()


def test_the_dubs_sentences_begin_with_the_masters(project: Project, seen: Seen, tmp_path: Path) -> None:
    dub = speak_dub(project, brief_of(tmp_path, seen, " ".join(ENGLISH), " ".join(GERMAN)), seen, "de")
    assert dub.voice["phrases"] == 3 and dub.timeline.is_as_shot
    assert starts_of(dub.speech.words) == pytest.approx(STARTS_S, abs=0.2)
    assert [word.text for word in dub.speech.words] == " ".join(GERMAN).split()


def test_another_number_of_sentences_is_fitted_as_one(project: Project, seen: Seen, tmp_path: Path) -> None:
    dub = speak_dub(project, brief_of(tmp_path, seen, " ".join(ENGLISH), " ".join(GERMAN[:2])), seen, "de")
    assert dub.voice["phrases"] == 1


@pytest.mark.parametrize(("seconds", "what"), [(14.0, "The picture is held for"), (3.0, "are trimmed")])
def test_a_recording_that_is_longer_or_shorter_than_the_picture_moves_the_picture(
    project: Project, seen: Seen, tmp_path: Path, seconds: float, what: str
) -> None:
    starts_s = (0.2, seconds - 6.0, seconds - 3.0)[: 3 if seconds > 6 else 1]
    sound = sound_of(GERMAN[: len(starts_s)], starts_s, seconds)
    write_wav(tmp_path / "studio.wav", sound, 48000)
    translation = " ".join(GERMAN[: len(starts_s)])
    voices = {"de": {"recording": str(tmp_path / "studio.wav"), "of": "nobody"}}
    dub = speak_dub(project, brief_of(tmp_path, seen, " ".join(ENGLISH), translation, voices=voices), seen, "de")
    assert what in dub.timeline.change and dub.rate_factor == 1.0
    assert [word.text for word in dub.speech.words] == translation.split()
    assert dub.speech.duration_s == pytest.approx(float(dub.timeline.duration), abs=1e-3)
