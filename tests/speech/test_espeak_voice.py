from __future__ import annotations

import numpy as np
import pytest

from countenance.errors import InputError
from countenance.media.loudness import integrated_lufs
from countenance.speech.espeak import speak
from countenance.speech.espeak_voice import EspeakVoice
from countenance.speech.phones import Speech
from countenance.speech.reading import reading
from countenance.speech.voice import VoiceWish, voice_from

BRAND = {"Countenance": "ˈkaʊntənəns"}
BRAND_PHONES = ["k", "aʊ", "n", "t", "ə", "n", "ə", "n", "s"]


def say(text: str, language: str = "en", rate: float = 1.0, lexicon: dict[str, str] | None = None) -> Speech:
    return EspeakVoice().say(reading(text, language, lexicon), language, rate, lexicon)


def phones_of(speech: Speech, word: str) -> list[str]:
    own = next(one for one in speech.words if word in one.text)
    return [p.symbol for p in speech.phones if not p.silent and own.start_s <= p.start_s < own.end_s]


def pitch_hz(speech: Speech) -> float:
    """The median of the voice's pitch, by autocorrelation."""
    found = []
    for start in range(0, len(speech.samples) - 1024, 512):
        frame = speech.samples[start : start + 1024].astype(float)
        frame -= frame.mean()
        if frame.std() > 0.03:
            own = np.correlate(frame, frame, "full")[1023:]
            lag = 63 + int(np.argmax(own[63:400]))
            found.append(speech.rate_hz / lag)
    return float(np.median(found))


def test_plain_text_is_spoken_as_before() -> None:
    assert np.array_equal(say("The same words.").samples, speak("The same words.", "en").samples)


def test_the_house_voice_is_espeak() -> None:
    voice = voice_from(VoiceWish(variant="f2"))
    assert voice.name == "espeak-ng f2" and voice.facts == {"engine": "espeak-ng", "variant": "f2"}


@pytest.mark.parametrize(
    "text",
    [
        "We say Countenance here.", "Countenance.", "It is Countenance", "(Countenance) is it.", 'It is "Countenance".',
        "We call it Countenance. it works.", "Countenance, Countenance; Countenance!", "So: Countenance… yes",
        "<speak>Say Countenance.<break time='200ms'/>And more.</speak>",
        "<speak><prosody rate='80%'>Say Countenance.</prosody></speak>",
    ],
)  # fmt: skip
def test_the_lexicons_phones_really_come_out_and_no_sign_is_read_aloud(text: str) -> None:
    speech = say(text, lexicon=BRAND)
    assert phones_of(speech, "Countenance") == BRAND_PHONES
    assert speech.notes == ()
    last = [p.symbol for p in speech.phones if not p.silent][-3:]
    assert last != ["d", "ɑː", "t"] and last != ["p", "iː", "k"]


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "pl", "it"])
def test_a_brand_keeps_its_sounds_in_every_language(language: str) -> None:
    speech = EspeakVoice().say(reading("Countenance.", language, BRAND), language, 1.0, BRAND)
    heard = "".join(phones_of(speech, "Countenance"))
    assert [c for c in heard if c in "kntsd"] == list("kntnns") and speech.notes == ()


def test_an_english_possessive_follows() -> None:
    assert phones_of(say("At Countenance's best.", lexicon=BRAND), "Countenance")[-2:] == ["ɪ", "z"]


def test_a_sound_that_the_voice_lacks_is_told() -> None:
    speech = say("Click here.", lexicon={"Click": "ʗ"})
    assert any("has no sound 'ʗ'" in note for note in speech.notes)
    assert phones_of(speech, "Click") == ["k", "l", "ɪ", "k"]


@pytest.mark.parametrize("rate", [0.75, 1.0, 1.3])
@pytest.mark.parametrize("milliseconds", [150, 700, 2500])
def test_breaks_last_as_long_as_they_should(rate: float, milliseconds: int) -> None:
    speech = say(f"<speak>Hello dear<break time='{milliseconds}ms'/>world.</speak>", rate=rate)
    dear, world = speech.words[1], speech.words[2]
    assert world.start_s - dear.end_s == pytest.approx(milliseconds / 1000, abs=0.025)


def test_marks_have_the_time_of_the_next_word_or_of_the_end() -> None:
    text = (
        "<speak><mark name='first'/>Hello dear<mark name='before'/><break time='500ms'/><mark name='after'/> world."
        "<mark name='between'/> More <mark name='last'/></speak>"
    )
    speech = say(text)
    times = {mark.name: mark.at_s for mark in speech.marks}
    hello, dear, world, more = speech.words
    assert times == {
        "first": hello.start_s, "before": dear.end_s, "after": world.start_s, "between": more.start_s,
        "last": more.end_s,
    }  # fmt: skip


def test_a_slow_word_is_slow_and_its_neighbours_are_not() -> None:
    usual, slow = (
        say("Say hello dear world."),
        say("<speak>Say <prosody rate='50%'>hello</prosody> dear world.</speak>"),
    )
    lengths = [[w.end_s - w.start_s for w in speech.words] for speech in (usual, slow)]
    assert lengths[1][1] > 1.6 * lengths[0][1]
    assert lengths[1][3] == pytest.approx(lengths[0][3], rel=0.15)


@pytest.mark.parametrize(("pitch", "factor"), [("+20%", 1.2), ("-15%", 0.85), ("+4st", 2 ** (4 / 12))])
def test_pitch_follows(pitch: str, factor: float) -> None:
    usual, other = (
        pitch_hz(say(f"<speak><prosody pitch='{one}'>Now we are all moving on again.</prosody></speak>"))
        for one in ("medium", pitch)
    )
    assert other / usual == pytest.approx(factor, rel=0.06)


@pytest.mark.parametrize("decibels", [-12, -6, 3])
def test_volume_is_exact(decibels: int) -> None:
    usual, other = (
        integrated_lufs(speech.samples, speech.rate_hz)
        for speech in (
            say("Now we are all moving on again."),
            say(f"<speak><prosody volume='{decibels:+d}dB'>Now we are all moving on again.</prosody></speak>"),
        )
    )
    assert other - usual == pytest.approx(decibels, abs=0.25)


def test_substitutes_are_spoken_and_captions_show_what_is_written() -> None:
    speech = say(
        "<speak>The <sub alias='World Wide Web'>WWW</sub>, by <say-as interpret-as='characters'>AB</say-as>.</speak>"
    )
    assert [word.text for word in speech.words] == ["The", "WWW,", "by", "AB."]
    assert phones_of(speech, "WWW")[:2] == ["w", "ɜː"] and phones_of(speech, "AB") == ["eɪ", "b", "iː"]


def test_figures_are_said_in_words() -> None:
    speech = say("It costs €12.50 for 5 km.")
    assert [word.text for word in speech.words] == ["It", "costs", "€12.50", "for", "5 km."]


def test_sentences_that_are_marked_have_a_pause_between_them() -> None:
    speech = say("<speak><s>One here</s><s>Two there</s></speak>")
    assert speech.words[2].start_s - speech.words[1].end_s > 0.2


def test_markup_signs_in_words_are_only_text() -> None:
    speech = say("Tom [[x]] <b> & Countenance", lexicon=BRAND)
    assert phones_of(speech, "Countenance") == BRAND_PHONES and speech.words[0].text == "Tom"


def test_equal_requests_give_equal_samples() -> None:
    text = "<speak>Hello <prosody rate='80%'>Countenance</prosody>.</speak>"
    assert np.array_equal(say(text, lexicon=BRAND).samples, say(text, lexicon=BRAND).samples)


@pytest.mark.parametrize("text", ["<speak></speak>", "<speak><break/></speak>", "<speak> … </speak>", "", "😀"])
def test_nothing_to_say_is_told(text: str) -> None:
    with pytest.raises(InputError, match="nothing to speak"):
        say(text)


def test_a_rate_beyond_reason_is_told() -> None:
    with pytest.raises(InputError, match="80 to 450"):
        say("<speak>Hello <mark name='x'/>.</speak>", rate=9.0)
