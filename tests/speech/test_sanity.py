"""Whether a text can be what somebody is to say."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.speech.sanity import guess, troubles

COPY = {
    "en": "This coffee machine makes a fresh cup in thirty seconds, and it fits on almost any kitchen shelf.",
    "de": "Diese Kaffeemaschine brüht in dreißig Sekunden eine frische Tasse, und sie passt auf fast jedes Regal.",
    "fr": "Cette machine à café prépare une tasse en trente secondes et tient sur presque toutes les étagères.",
    "es": "Esta cafetera prepara una taza en treinta segundos y cabe en casi cualquier estante de la cocina.",
    "it": "Questa macchina prepara una tazza di caffè in trenta secondi e sta su quasi ogni mensola della cucina.",
    "pt": "Esta máquina de café faz uma chávena fresca em trinta segundos e cabe em quase qualquer prateleira.",
    "nl": "Deze koffiemachine zet in dertig seconden een verse kop koffie en past op bijna elke keukenplank.",
    "pl": "Ten ekspres parzy świeżą kawę w trzydzieści sekund i zmieści się na niemal każdej półce w kuchni.",
    "sv": "Den här kaffemaskinen gör en färsk kopp på trettio sekunder och får plats på nästan alla hyllor.",
    "tr": "Bu kahve makinesi otuz saniyede taze bir fincan kahve yapar ve neredeyse her mutfak rafına sığar.",
    "ru": "Эта кофемашина варит свежую чашку за тридцать секунд и помещается почти на любой кухонной полке.",
    "ar": "آلة القهوة هذه تحضر فنجانا طازجا في ثلاثين ثانية وتناسب أي رف في المطبخ.",
    "hi": "यह कॉफी मशीन तीस सेकंड में एक ताज़ा कप बनाती है और रसोई की लगभग किसी भी शेल्फ पर आ जाती है।",
    "ja": "このコーヒーマシンは三十秒で新鮮な一杯を入れ、ほとんどのキッチンの棚に収まります。",
    "zh": "这台咖啡机三十秒就能冲出一杯新鲜咖啡，几乎可以放在任何厨房架子上。",
    "ko": "이 커피 머신은 삼십 초 만에 신선한 커피를 만들고 거의 모든 주방 선반에 들어갑니다.",
}
RIGHT_WITH_BRANDS = [
    ("de", "Das neue MacBook Air mit Touch ID und Retina Display – jetzt im Online Store."),
    ("de", "Mega Sale bei Media Markt: Smart TV, Gaming Laptop und Soundbar."),
    ("en", "Nike Air Max"), ("de", "Hallo"), ("en", "Okay"), ("fr", "Bonjour tout le monde"), ("pt-BR", "Olá a todos"),
    ("nb", "Det er en fin dag i dag og vi skal gå en tur"), ("zh-Hant", "你好"), ("sr", "Добар дан свима"),
    ("sr", "Dobar dan svima"), ("de", "iPhone 15 Pro Max 5G"), ("ja", "iPhone 15 を買う"), ("gsw", "Grüezi mitenand"),
]  # fmt: skip


@pytest.mark.parametrize("language", COPY)
def test_sound_copy_has_no_trouble(language: str) -> None:
    assert troubles(COPY[language], language) == ()


@pytest.mark.parametrize(("language", "text"), RIGHT_WITH_BRANDS)
def test_short_texts_and_brand_names_pass(language: str, text: str) -> None:
    assert troubles(text, language) == ()


@pytest.mark.parametrize("claimed", COPY)
@pytest.mark.parametrize("language", COPY)
def test_copy_in_another_language_is_stopped(language: str, claimed: str) -> None:
    if claimed == language:
        return
    (trouble,) = [one for one in troubles(COPY[language], claimed) if one.kind == "language"] or [None]
    if {claimed, language} in ({"es", "pt"}, {"de", "nl"}):  # relatives, which brands and dialects make too alike
        assert trouble is None
    else:
        assert trouble is not None and trouble.blocks
        assert f"The text in {claimed} is " in trouble.sentence


def test_a_few_words_in_another_language_are_told_but_stop_nothing() -> None:
    for trouble in troubles("Guten Morgen allerseits", "fr"):
        assert not trouble.blocks


@pytest.mark.parametrize(
    ("text", "kind", "blocks", "words"),
    [
        ("", "empty", True, "is empty"),
        (" \n\ufeff ", "empty", True, "has no words"),
        ("🎉🎉 🚀", "empty", True, "only emoji, signs or addresses"),
        ("https://www.example.org #sale @ada", "empty", True, "only emoji, signs or addresses"),
        ("— … !", "empty", True, "only emoji, signs"),
        ("Das ist fÃ¼r alle.", "unreadable", True, "'Ã¼'"),
        ("Das ist f\ufffdr alle.", "unreadable", True, "save it as UTF-8 again"),
        ("Das ist\x07 für alle und jeden.", "controls", False, "1 control character"),
        ("Das ist \u202efür alle und jeden.", "controls", False, "invisible direction"),
        ("Das ist für Kаffee und Kuchen.", "mixed", False, "Cyrillic and Latin letters in 'Kаffee'"),
        ("Das ist ein " + "Wort" * 12 + " für alle.", "long", False, "48 letters"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_told(text: str, kind: str, blocks: bool, words: str) -> None:
    (trouble,) = troubles(text, "de")
    assert (trouble.kind, trouble.blocks) == (kind, blocks)
    assert words in trouble.sentence and trouble.sentence.endswith(".")


def test_the_guess_names_the_language() -> None:
    assert guess("Tämä kahvikone keittää tuoreen kupin")[0][0] == "fi"


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60), language=st.sampled_from([*COPY, "qqx", "pt-BR"]))
def test_any_text_gets_an_answer(text: str, language: str) -> None:
    found = troubles(text, language)
    assert all(one.sentence.endswith(".") and "\n" not in one.sentence for one in found)
    assert all(one.sentence.startswith(f"The text in {language} ") for one in found)


def test_letter_statistics_are_not_loaded_for_plain_cases() -> None:
    code = (
        f"import sys; from countenance.speech.sanity import troubles; troubles({COPY['de']!r}, 'de'); "
        f"troubles({COPY['ja']!r}, 'ja'); print('py3langid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
