"""What is said where a text has figures and signs, and how the times of what is said come back to what is written."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.speech.espeak import speak
from countenance.speech.phones import Word
from countenance.speech.wording import Wording, wording_of

WORDED = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "zh")
ALL = (*WORDED, "ja", "ar", "hi", "en-GB", "pt-BR", "tr", "qqx")

SAID = [
    ("en", "It costs $5.99 & ships in 3–5 days.", "It costs five dollars ninety-nine and ships in three to five days."),
    ("en", "Sale from $1, up to $2.5 million", "Sale from one dollar, up to two point five million dollars"),
    ("en", "On March 21st, 2026 at 2:30 pm", "On March twenty-first, twenty twenty-six at two thirty P M"),
    ("en", "On 3/4/2026", "On March fourth, twenty twenty-six"),
    ("en-GB", "On 3/4/2026", "On April third, twenty twenty-six"),
    ("en", "1st, 50% off, -5 °C, 80kg", "first, fifty percent off, minus five degrees Celsius, eighty kilograms"),
    ("en", "Dr. Smith, e.g. No. 7, etc.", "Doctor Smith, for example number seven, et cetera."),
    ("en", "No. Not that one.", "No. Not that one."),
    ("en", "at 9:05 and 10:00", "at nine oh five and ten o'clock"),
    ("en", "support@example.org", "support at example dot org"),
    ("en", "https://www.example.org/new-shop/.", "W W W dot example dot org slash new dash shop."),
    ("en", "Call +49 30 1234567", "Call plus four nine, three zero, one two three four five six seven"),
    ("en", "#SummerSale by @ada", "hashtag Summer Sale by at ada"),
    ("en", "Coffee ☕ for two 👩‍👩‍👧 now", "Coffee  for two  now"),
    ("en", "B2B, MP3, H2O, 4K, v1.2.3 and 3.2.1", "B2B, MP3, H2O, 4K, v1.2.3 and 3.2.1"),  # the voice knows better
    ("de", "Am 3. Oktober 2026 um 14:30 Uhr", "Am dritten Oktober zweitausendsechsundzwanzig um vierzehn Uhr dreißig"),
    ("de", "der 3. Oktober, vom 1.–5. Mai", "der dritte Oktober, vom ersten bis fünften Mai"),
    ("de", "Der 2. Platz am 2. Tag", "Der zweite Platz am zweiten Tag"),
    ("de", "z. B. 5,99 € inkl. 19 %", "zum Beispiel fünf Euro neunundneunzig inklusive neunzehn Prozent"),
    ("de", "1.299 Euro, 5 Mio. €", "eintausendzweihundertneunundneunzig Euro, fünf Millionen Euro"),
    ("de", "1 Stunde, 1 Kilometer, 1,5 m", "eine Stunde, ein Kilometer, eins Komma fünf Meter"),
    ("de", "24-Stunden-Service in 1994", "vierundzwanzig-Stunden-Service in neunzehnhundertvierundneunzig"),
    ("de", "Version 3.25", "Version 3.25"),  # neither a German number nor a date
    ("fr", "Le 1er mai à 14h30, la 2e fois", "Le premier mai à quatorze heures trente, la deuxième fois"),
    ("fr", "1 234 567 km et 5,25 €", "un million deux cent trente-quatre mille cinq cent soixante-sept kilomètres "
     "et cinq euros vingt-cinq"),
    ("es", "21 km y 1.ª vez, 21 días", "veintiún kilómetros y primera vez, veintiún días"),
    ("es", "el 21 de marzo de 2026", "el veintiuno de marzo de dos mil veintiséis"),
    ("it", "Il 1º maggio, 5,50 €", "Il primo maggio, cinque euro e cinquanta"),
    ("pt", "1º de maio às 14h30: R$ 5, 2 horas", "primeiro de maio às catorze e trinta: cinco reais, duas horas"),
    ("nl", "2e keer om 14:30 uur, €5", "tweede keer om veertien uur dertig, vijf euro"),
    ("pl", "21 marca 2026 r., 2 min, 5 zł", "dwudziestego pierwszego marca dwa tysiące dwudziestego szóstego roku, "
     "dwie minuty, pięć złotych"),
    ("sv", "kl. 14:30, 1:a gången, 5 kr", "klockan fjorton och trettio, första gången, fem kronor"),
    ("zh", "2026年3月21日，50%，5km", "二零二六年三月二十一日，百分之五十，五公里"),
    ("ja", "5kmと50%、¥500", "5 キロメートルと50パーセント、500えん"),  # figures are for the voice
    ("ar", "50% من", "50 في المئة من"),
    ("hi", "50% छूट 🎉", "50% छूट "),  # no rules: the voice reads it, but nobody says an emoji
    ("qqx", "5 km 🎉 ok", "5 km  ok"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "said"), SAID)
def test_figures_and_signs_are_said_as_people_say_them(language: str, text: str, said: str) -> None:
    assert wording_of(text, language).spoken == said


def test_a_day_that_no_month_has_is_left_alone() -> None:
    assert wording_of("31.02.2026", "de").spoken == "31.02.2026"


@pytest.mark.parametrize("language", WORDED)
@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 10**12))
def test_every_whole_number_has_words(language: str, number: int) -> None:
    spoken = wording_of(f"x {number} x" if language != "zh" else f"有{number}个", language).spoken
    assert not re.search(r"\d", spoken)


def spoken_words(wording: Wording) -> list[Word]:
    return [Word(text, n / 2, n / 2 + 0.4) for n, text in enumerate(wording.spoken.split())]


@settings(max_examples=300, deadline=None)
@given(
    language=st.sampled_from(ALL),
    text=st.lists(
        st.one_of(
            st.sampled_from([text for _, text, _ in SAID]),
            st.sampled_from(
                ["«Bonjour»,", "🎉", "(5 km)", "5€!", "„12“", "a-b", "日本語5km", "\n", "@ada", "1.", "%", "3×"]
            ),
            st.text("ab1.,-–:€$%#@ °é日🎉", max_size=12),
        ),
        max_size=6,
    ).map(" ".join),
)
def test_words_come_back_to_the_whole_written_text_in_order(language: str, text: str) -> None:
    wording = wording_of(text, language)
    words = spoken_words(wording)
    written = wording.written(words)
    assert bool(written) is bool(words)
    if written:
        assert "".join(one.text + " " * one.space_after for one in written).split() == text.split()
        assert written[0].start_s == words[0].start_s and written[-1].end_s == words[-1].end_s
        assert all(a.end_s <= b.start_s for a, b in pairwise(written))


def test_a_phrase_in_many_words_is_one_written_word() -> None:
    wording = wording_of("It was 5.99 km, in 1994.", "en")
    assert [one.text for one in wording.written(spoken_words(wording))] == ["It", "was", "5.99 km,", "in", "1994."]


def test_spoken_words_of_a_real_voice_come_back() -> None:
    wording = wording_of("Das kostet 5,99 € – am 3. Oktober 🎉, z. B. bei example.org!", "de")
    written = wording.written(speak(wording.spoken, "de").words)
    assert [one.text for one in written] == [
        "Das", "kostet", "5,99 € –", "am", "3. Oktober 🎉,", "z. B.", "bei", "example.org!",
    ]  # fmt: skip


def test_a_voice_that_changes_letters_loses_no_word() -> None:
    wording = wording_of("Only 5 km to go now", "en")
    heard = [Word(text, n, n + 1) for n, text in enumerate(["only", "five", "kilometre", "to", "go", "now"])]
    written = wording.written(heard)
    assert " ".join(one.text for one in written) == "Only 5 km to go now"


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(categories=["L", "Zs"]), max_size=60), language=st.sampled_from(ALL))
def test_plain_words_are_said_as_written(text: str, language: str) -> None:
    said = wording_of(text, language).spoken
    if language == "ja":  # where a blank tells the voice that a phrase begins
        assert "".join(said.split()) == "".join(text.split()) or any(ord(c) > 0x3000 for c in text)
    else:
        assert said == text
