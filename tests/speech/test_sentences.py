"""Where sentences end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.speech.sentences import sentences

SPLIT = [
    ("en", "It works.|Really?|Yes!"),
    ("en", "Dr. Smith paid $3.50 at 5 p.m. in Washington.|Then he left."),
    ("en", "J. K. Rowling wrote it.|I read it."),
    ("en", "See e.g. the manual, fig. 3, etc.|Then stop."),
    ("en", '"Are you coming?" he asked.|"No."'),
    ("en", "He said \"Stop!\"|Nobody moved."),
    ("en", "Wait...|What?!|Oh…|Fine."),
    ("en", "Visit example.org or mail a.b@example.org now.|iPhone users too."),
    ("en", "A first line\n\n|and another paragraph"),
    ("en", "version 3.2.1 is out.|It was me, not I.|We know."),
    ("de", "Am 3. Oktober 2026 kam Hr. Dr. Maier z. B. mit 3,5 kg.|Danach nicht."),
    ("de", "„Kommst du?“, fragte sie.|„Nein.“"),
    ("de", "Es gibt Äpfel, Birnen usw.|Das Jahr war 2026.|Danach kam 2027."),
    ("fr", "M. Dupont arrive. |« Bonjour ! » dit-il.|Il part."),
    ("es", "¿Cómo estás?|¡Bien!|El Sr. López llega."),
    ("pl", "To kosztuje np. 5 zł.|Był 3. Maja u nas?"),
    ("ja", "これはテストです。|「はい！」と言った。|3.5キロです。"),
    ("zh", "你好！|今天是2026年3月21日。|好吗？"),
    ("ar", "كيف حالك؟| أنا بخير.|شكرا!"),
    ("hi", "यह एक परीक्षण है।|क्या यह ठीक है?|हाँ।"),
    ("th", "สวัสดีครับ"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "marked"), SPLIT)
def test_sentences_end_where_people_end_them(language: str, marked: str) -> None:
    text = marked.replace("|", " ") if language not in ("ja", "zh") else marked.replace("|", "")
    wanted = [part.strip() for part in marked.split("|")]
    assert [one.text for one in sentences(text, language)] == wanted


def test_nothing_has_no_sentences() -> None:
    assert sentences("", "en") == sentences(" \n ", "de") == ()


@settings(max_examples=300, deadline=None)
@given(
    text=st.text("ab AB.!?…\"“”'(1 ।。？\n日", max_size=40), language=st.sampled_from(["en", "de", "ja", "hi", "qqx"])
)
def test_every_visible_character_belongs_to_one_sentence(text: str, language: str) -> None:
    found = sentences(text, language)
    assert all(one.text == text[one.start : one.end] == one.text.strip() for one in found)
    assert "".join("".join(one.text.split()) for one in found) == "".join(text.split())
