from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from countenance.errors import InputError
from countenance.speech import espeak
from countenance.speech.espeak import close_helper, speak, spoken_languages
from countenance.speech.ipa import gestures

PANGRAMS = {
    "en": "The quick brown fox jumps over a lazy dog, measuring the judge's church.",
    "de": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. Pfau, Garage, ich, Chef.",
    "fr": "Portez ce vieux whisky au juge blond qui fume. Un bon vin blanc, huit agneaux.",
    "es": "El veloz murciélago hindú comía feliz cardillo y kiwi. La cigüeña tocaba el saxofón.",
    "it": "Quel vituperabile xenofobo zelante assaggia il whisky ed esclama: gnocchi, sciare!",
    "pt-BR": "Um pequeno jabuti xereta viu dez cegonhas felizes. Não, mãe!",
    "nl": "Pa's wijze lynx bezag vroom het fikse aquaduct. Huis, leuk, goed.",
    "pl": "Pchnąć w tę łódź jeża lub ośm skrzyń fig.",
    "sv": "Flygande bäckasiner söka hwila på mjuka tuvor. Sjuk, kjol.",
    "tr": "Pijamalı hasta yağız şoföre çabucak güvendi.",
    "ru": "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "ar": "نص حكيم له سر قاطع وذو شأن عظيم",
    "hi": "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण",
    "cmn": "你好世界，今天天气很好。知识，去，绿色。",
    "ja": "こんにちは、げんきですか。ふうふ、つづき。",
    "ko": "다람쥐 헌 쳇바퀴에 타고파.",
}


def only_process(text: str) -> subprocess.Popen[bytes]:
    """The one process that speaks after a new start."""
    close_helper()
    speak(text, "en")
    (process,) = [helper.process for helper in espeak._pool.helpers if helper.process is not None]
    return process


def test_a_sentence_is_spoken_with_its_phones() -> None:
    speech = speak("Peter saw my baby.", "en")
    assert speech.rate_hz == 22050 and speech.samples.dtype == np.float32 and speech.samples.ndim == 1
    assert [p.symbol for p in speech.phones if not p.silent] == [
        "p",
        "iː",
        "ɾ",
        "ɚ",
        "s",
        "ɔː",
        "m",
        "aɪ",
        "b",
        "eɪ",
        "b",
        "i",
    ]
    assert [w.text for w in speech.words] == ["Peter", "saw", "my", "baby."]
    assert 0.2 < np.abs(speech.samples).max() <= 1


@pytest.mark.parametrize("language", sorted(PANGRAMS))
def test_phones_cover_the_audio_and_words_the_text(language: str) -> None:
    text = PANGRAMS[language]
    speech = speak(text, language)
    assert speech.phones[0].start_s == 0
    assert speech.phones[-1].end_s == pytest.approx(speech.duration_s)
    assert all(p.end_s > p.start_s for p in speech.phones)
    assert all(a.end_s == b.start_s for a, b in zip(speech.phones, speech.phones[1:], strict=False))
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in zip(speech.words, speech.words[1:], strict=False))
    assert "".join(w.text + " " * w.space_after for w in speech.words).strip() == text


@pytest.mark.parametrize("language", sorted(PANGRAMS))
def test_every_phone_of_a_language_is_a_known_gesture(language: str) -> None:
    unknown = gestures("☃")
    symbols = {p.symbol for p in speak(PANGRAMS[language], language).phones if not p.silent}
    assert {s for s in symbols if gestures(s) == unknown and "ə" not in s and "ɘ" not in s} == set()


def test_silent_phones_are_silent_and_the_others_are_not() -> None:
    speech = speak("One sentence ends here. Another one begins, and stops.", "en")
    for phone in speech.phones:
        part = speech.samples[round(phone.start_s * 22050) : round(phone.end_s * 22050)]
        loudest = float(np.abs(part).max(initial=0))
        assert loudest < 0.001 if phone.silent else loudest > 0.005


def test_equal_requests_give_equal_samples_whatever_came_between() -> None:
    first = speak("The same words again.", "en")
    speak("Ganz andere Wörter dazwischen.", "de", 120)
    again = speak("The same words again.", "en")
    assert np.array_equal(first.samples, again.samples) and first.phones == again.phones


def test_a_higher_rate_is_shorter_and_a_variant_sounds_different() -> None:
    slow, fast = speak("A few words to say.", "en", 120), speak("A few words to say.", "en", 220)
    assert fast.duration_s < 0.75 * slow.duration_s
    assert not np.array_equal(speak("Yes.", "en").samples[:2000], speak("Yes.", "en", voice="f2").samples[:2000])


def test_what_cannot_be_spoken_is_said_in_one_sentence() -> None:
    with pytest.raises(InputError, match="'tlh-XX'"):
        speak("nuqneH", "tlh-XX")
    with pytest.raises(InputError, match="nobody"):
        speak("Hello", "en", voice="nobody")
    with pytest.raises(InputError, match="nothing to speak"):
        speak(" … – !", "en")
    with pytest.raises(InputError, match="80 to 450"):
        speak("Hello", "en", 20)


def test_markup_and_control_characters_are_only_text() -> None:
    speech = speak("Tom <b>&\x00\n Jerry [[x]]", "en")
    assert speech.words[0].text == "Tom" and any(w.text == "Jerry" for w in speech.words)


def test_a_long_text_loses_no_event() -> None:
    text = " ".join(["Many little words go by so fast."] * 60)
    assert len(speak(text, "en", 450).words) == 7 * 60


def test_the_process_comes_back_after_it_died() -> None:
    before = speak("Still here.", "en")
    process = only_process("One.")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert np.array_equal(speak("Still here.", "en").samples, before.samples)


def test_many_threads_may_ask_at_once() -> None:
    texts = [f"Number {word}." for word in ("one", "two", "three", "four", "five", "six")]
    alone = [speak(text, "en").samples for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: speak(text, "en").samples, texts))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_closing_ends_the_process_and_the_next_request_starts_another() -> None:
    process = only_process("One.")
    close_helper()
    assert process.poll() == 0
    assert speak("Two.", "en").words


def test_a_program_that_speaks_ends_cleanly_without_warnings() -> None:
    code = "from countenance.speech.espeak import speak; print(len(speak('Bye.', 'en').words))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "1", "")


def test_the_library_is_loaded_in_the_helper_only() -> None:
    speak("Here.", "en")
    assert "espeakng_loader" not in sys.modules


def test_more_than_a_hundred_languages_are_spoken() -> None:
    assert len(spoken_languages()) > 100 and {"de", "fr", "pt-br"} <= set(spoken_languages())


def test_several_processes_answer_at_once_and_no_more_than_are_needed() -> None:
    close_helper()
    speak("One.", "en")
    speak("Two.", "en")
    assert sum(helper.process is not None for helper in espeak._pool.helpers) == 1
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda n: speak(f"Number {n % 3}.", "en").samples.tobytes(), range(24)))
    assert len(set(together)) == 3
    assert 1 <= len(espeak._pool.helpers) <= espeak.MOST_HELPERS


def test_a_pool_of_processes_is_deterministic_when_one_of_them_dies() -> None:
    pool = espeak._Pool(2)
    request = {"text": "Still here.", "voice": "gmw/en-US", "rate_wpm": 160}
    first = pool.ask(request)
    process = pool.helpers[0].process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with ThreadPoolExecutor(4) as threads:
        assert all(again == first for again in threads.map(lambda _: pool.ask(request), range(6)))
    pool.close()
    assert all(helper.process is None for helper in pool.helpers)
