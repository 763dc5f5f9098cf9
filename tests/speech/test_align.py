from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.errors import InputError
from countenance.media.audio import Samples, read_mono, resample
from countenance.speech.align import Alignment, align
from countenance.speech.arpabet import arpabet
from countenance.speech.espeak import speak
from countenance.speech.textgrid import read_textgrid

RATE_HZ = 16000
SCRIPT = "This coffee machine makes a fresh cup in thirty seconds, and it fits on almost any kitchen shelf."

# What the voice that spoke for ada says about its own phones: IPA and start in seconds.
TRUE_PHONES = """
ð:0.335 ɪ:0.38 s:0.45 k:0.54 ɑ:0.635 f:0.77 i:0.89 m:1 ə:1.07 ʃ:1.11 i:1.255 n:1.31 m:1.385 eɪ:1.44 k:1.555
s:1.62 ə:1.685 f:1.735 ɹ:1.855 ɛ:1.9 ʃ:1.96 k:2.05 ʌ:2.16 p:2.295 ɪ:2.5 n:2.57 θ:2.64 ɝ:2.74 d:2.925 i:2.975
s:3.075 ɛ:3.205 k:3.29 ə:3.4 n:3.475 d:3.56 z:3.585 æ:3.84 n:3.92 d:3.95 ɪ:3.985 t:4.055 f:4.115 ɪ:4.215
t:4.295 s:4.35 ɑ:4.43 n:4.54 ɔ:4.585 l:4.695 m:4.775 oʊ:4.855 s:4.965 t:5.065 ɛ:5.12 n:5.245 i:5.315 k:5.425
ɪ:5.535 tʃ:5.575 ə:5.69 n:5.74 ʃ:5.81 ɛ:5.945 l:6.065 f:6.195
"""


@cache
def ada() -> Samples:
    samples = read_mono(EXAMPLES / "ada" / "master.mp4", RATE_HZ)
    assert samples is not None
    return samples


@cache
def agreed() -> Alignment:
    return align(ada(), RATE_HZ, SCRIPT, "en")


def starts_s(found: Alignment) -> np.ndarray:
    return np.array([word.start_s for word in found.words])


def kinds(found: Alignment) -> list[str]:
    return [one.kind for one in found.problems]


def errors_s(found: Alignment) -> np.ndarray:
    """Of each true start to the nearest start of a phone that is heard alike; 1 s where there is none."""
    result = []
    for symbol, start in (one.split(":") for one in TRUE_PHONES.split()):
        alike = [p for p in found.phones if not p.silent and set(arpabet(p.symbol)) & set(arpabet(symbol))]
        result.append(min((abs(p.start_s - float(start)) for p in alike), default=1.0))
    return np.array(result)


def test_the_phones_of_a_presenter_are_found_as_they_are_known_to_lie() -> None:
    errors = errors_s(agreed())
    alike = errors[errors < 0.1]  # the voice says some sounds otherwise
    assert len(alike) > 0.9 * len(errors)
    assert np.mean(alike) < 0.015
    assert np.mean(alike <= 0.025) > 0.9


def test_phones_cover_the_sound_and_words_keep_their_order() -> None:
    phones = agreed().phones
    assert phones[0].start_s == 0 and abs(phones[-1].end_s - len(ada()) / RATE_HZ) < 1e-6
    assert all(abs(a.end_s - b.start_s) < 1e-9 for a, b in pairwise(phones))
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(agreed().words))
    assert [word.text for word in agreed().words] == SCRIPT.split()


def test_a_text_that_fits_has_no_problems_and_great_certainty() -> None:
    assert agreed().problems == ()
    assert np.mean(agreed().certainty) > 0.8


def test_what_is_not_said_is_left_out_and_nothing_else_moves() -> None:
    found = align(ada(), RATE_HZ, SCRIPT.replace("and it", "and a friend of my mother it"), "en")
    (problem,) = found.problems
    assert (problem.kind, problem.text) == ("missing", "a friend of my mother")
    assert problem.certainty > 0.9
    kept = np.r_[starts_s(found)[:11], starts_s(found)[16:]]
    assert np.abs(kept - starts_s(agreed())).max() < 0.05
    assert found.certainty[12] == 0


def test_what_is_not_written_is_found_as_extra_speech() -> None:
    found = align(
        ada(), RATE_HZ, "This coffee machine makes a fresh cup, and it fits on almost any kitchen shelf.", "en"
    )
    (problem,) = found.problems
    assert problem.kind == "extra"
    words = agreed().words
    assert abs(problem.start_s - words[7].start_s) < 0.15 and abs(problem.end_s - words[9].end_s) < 0.15
    rest = np.r_[starts_s(agreed())[:7], starts_s(agreed())[10:]]
    assert np.abs(starts_s(found) - rest).max() < 0.08


def test_another_text_is_told_in_one_sentence() -> None:
    found = align(ada(), RATE_HZ, "Der Zug nach Hamburg fährt heute leider erst um kurz nach acht Uhr ab.", "de")
    assert kinds(found) == ["language"]
    assert max(found.certainty) < 0.5


@pytest.mark.parametrize(
    ("made", "rate_hz", "within_s"),
    [
        (lambda x: resample(x, RATE_HZ, 8000), 8000, 0.05),
        (lambda x: np.stack([0 * x, 0 * x, x, 0 * x, 0 * x, 0 * x], axis=1), RATE_HZ, 0.005),
        (lambda x: np.clip(30 * x, -1, 1), RATE_HZ, 0.05),
        (lambda x: 0.002 * x, RATE_HZ, 0.03),
        (lambda x: np.where(np.arange(len(x)) % 4000 == 0, np.nan, x), RATE_HZ, 0.03),
    ],
    ids=["8 kHz", "5.1", "clipped", "faint", "broken samples"],
)
def test_poor_sound_still_finds_the_words(made: object, rate_hz: int, within_s: float) -> None:
    found = align(made(ada()), rate_hz, SCRIPT, "en")  # type: ignore[operator]
    assert np.mean(np.abs(starts_s(found) - starts_s(agreed()))) < within_s
    assert "language" not in kinds(found)


def test_a_long_pause_in_the_middle_stays_a_pause() -> None:
    cut = round(agreed().words[10].start_s * RATE_HZ) - 400
    found = align(np.concatenate([ada()[:cut], np.zeros(8 * RATE_HZ, np.float32), ada()[cut:]]), RATE_HZ, SCRIPT, "en")
    moved = starts_s(found) - starts_s(agreed())
    assert np.abs(moved[:10]).max() < 0.06
    assert np.abs(moved[10:] - 8).max() < 0.06


def test_noise_before_the_speech_is_no_speech() -> None:
    noise = np.random.default_rng(1).normal(0, 3e-4, 40 * RATE_HZ).astype(np.float32)
    found = align(np.concatenate([noise, ada()]), RATE_HZ, SCRIPT, "en")
    assert np.abs(starts_s(found) - 40 - starts_s(agreed())).max() < 0.08


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.float32),
        np.zeros(100, np.float32),
        np.zeros(600 * RATE_HZ, np.float32),
        np.random.default_rng(2).normal(0, 1e-3, 60 * RATE_HZ).astype(np.float32),
    ],
    ids=["nothing", "6 ms", "10 minutes of silence", "a minute of hiss"],
)
def test_a_recording_without_speech_is_told(sound: Samples) -> None:
    with pytest.raises(InputError, match="Nobody speaks in the recording"):
        align(sound, RATE_HZ, SCRIPT, "en")


def test_emoji_and_addresses_that_nobody_says_do_no_harm() -> None:
    found = align(ada(), RATE_HZ, f"😀 {SCRIPT} 🎉 https://example.org/a?b=c", "en")
    assert np.abs(starts_s(found)[:18] - starts_s(agreed())).max() < 0.05
    assert kinds(found) == ["missing"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Guten Morgen, wie geht es Ihnen heute?", "de"),
        ("¿Cómo está usted esta mañana?", "es"),
        ("Bonjour, comment allez-vous ce matin? Nous partons demain pour Paris avec la famille.", "fr"),
        ("我们今天去北京。", "zh"),
        ("Доброе утро, как дела?", "ru"),
    ],
)
def test_the_voice_itself_is_found_in_any_language(text: str, language: str) -> None:
    spoken = speak(text, language)
    found = align(spoken.samples, spoken.rate_hz, text, language)
    true = np.array([word.start_s for word in spoken.words])
    assert np.mean(np.abs(starts_s(found) - true)) < 0.04


@pytest.mark.footage
@pytest.mark.parametrize("name", ["acoustic", "cold"])
def test_words_of_people_who_hesitate_are_found(footage: Path, name: str) -> None:
    folder = footage / "speech-mfa"
    sound = read_mono(folder / f"{name}_corpus.wav", RATE_HZ)
    assert sound is not None
    found = align(sound, RATE_HZ, (folder / f"{name}_corpus.lab").read_text("utf-8"), "en")
    tiers = {tier.name: tier.intervals for tier in read_textgrid(folder / f"{name}_corpus.TextGrid")}
    true = [(start_s, text.lower()) for start_s, _, text in tiers["words"] if text]
    near = [
        min(abs(word.start_s - start_s) for start_s, text in true if text == word.text.lower())
        for word in found.words
        if word.text.lower() in {text for _, text in true}
    ]
    assert np.mean(near) < 0.025
    assert np.mean(np.array(near) <= 0.025) > 0.78


@pytest.mark.footage
@pytest.mark.long
def test_a_sentence_that_was_dropped_or_added_is_found_in_a_real_recording(footage: Path) -> None:
    sound = read_mono(footage / "speech-ms/de-DE.wav", RATE_HZ)
    assert sound is not None
    text = (footage / "speech-ms/de-DE.txt").read_text("utf-8-sig").split("\t")[1]
    first, second, *rest = [part + "." for part in text.strip().rstrip(".").split(". ")]
    dropped = align(sound, RATE_HZ, " ".join([first, *rest]), "de")
    extra = [one for one in dropped.problems if one.kind == "extra"]
    assert len(extra) == 1 and abs(extra[0].start_s - 9.6) < 0.3 and abs(extra[0].end_s - 14.06) < 0.3
    added = "Die Katze saß den ganzen Nachmittag auf dem warmen Dach."
    longer = align(sound, RATE_HZ, " ".join([first, added, second, *rest]), "de")
    assert [one.text for one in longer.problems if one.kind == "missing"] == [added]


@pytest.mark.footage
def test_spanish_words_on_german_speech_are_another_language(footage: Path) -> None:
    sound = read_mono(footage / "speech-ms/de-DE.wav", RATE_HZ)
    assert sound is not None
    text = (footage / "speech-ms/es-ES.txt").read_text("utf-8-sig").split("\t")[1]
    assert kinds(align(sound, RATE_HZ, text, "es")) == ["language"]


@pytest.mark.footage
@pytest.mark.long
def test_a_long_recording_is_aligned_as_its_parts_are(footage: Path) -> None:
    sound = read_mono(footage / "speech-ms/de-DE.wav", RATE_HZ)
    assert sound is not None
    text = (footage / "speech-ms/de-DE.txt").read_text("utf-8-sig").split("\t")[1].strip()
    once, often = align(sound, RATE_HZ, text, "de"), align(np.tile(sound, 6), RATE_HZ, " ".join([text] * 6), "de")
    wanted = np.concatenate([starts_s(once) + turn * len(sound) / RATE_HZ for turn in range(6)])
    assert np.mean(np.abs(starts_s(often) - wanted)) < 0.02


@pytest.mark.footage
@pytest.mark.long
def test_much_text_before_and_foreign_speech_between_move_nothing(footage: Path) -> None:
    german = read_mono(footage / "speech-ms/de-DE.wav", RATE_HZ)
    spanish = read_mono(footage / "speech-ms/es-ES.wav", RATE_HZ)
    assert german is not None and spanish is not None
    text = (footage / "speech-ms/de-DE.txt").read_text("utf-8-sig").split("\t")[1].strip()
    wanted = starts_s(align(german, RATE_HZ, text, "de"))
    other = "Der Zug nach Hamburg fährt heute leider erst um kurz nach acht Uhr ab. " * 20
    found = align(german, RATE_HZ, other + text, "de")
    assert np.abs(starts_s(found)[-len(wanted) :] - wanted).max() < 0.06
    assert found.problems[0].kind == "missing" and found.problems[0].text == other.strip()
    twice = starts_s(align(np.concatenate([german, spanish, german]), RATE_HZ, f"{text} {text}", "de"))
    later_s = (len(german) + len(spanish)) / RATE_HZ
    assert np.abs(twice - np.concatenate([wanted, wanted + later_s])).mean() < 0.01
