"""Words that texts must and must not contain."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import BriefError
from countenance.speech.glossary import Glossary, check, found, hints, read_glossary

FILE = """
terms:
  - must: Countenance
  - must_not: cheap
    languages: [en]
    instead: affordable
    inflected: true
  - must_not: billig
    languages: [de]
    level: warn
  - translate: {en: coffee machine, de: Kaffeemaschine, ja: コーヒーマシン}
"""


@pytest.fixture
def glossary(tmp_path: Path) -> Glossary:
    path = tmp_path / "glossary.yaml"
    path.write_text(FILE, encoding="utf-8")
    return read_glossary(path)


def test_texts_that_keep_the_glossary_break_nothing(glossary: Glossary) -> None:
    texts = {"en": "Countenance: a coffee machine.", "de-AT": "Countenance: eine Kaffeemaschine.",
             "ja": "Countenanceのコーヒーマシンです"}  # fmt: skip
    assert check({**texts, "ja": texts["ja"].replace("のコ", " のコ")}, glossary, "en") == ()


def test_each_violation_is_one_sentence_with_the_way_out(glossary: Glossary) -> None:
    texts = {"en": "The cheapest coffee machine.", "de": "Countenance, billig wie ein Automat.", "fr": "Countenance"}
    broken = check(texts, glossary, "en")
    assert [(one.language, one.blocks, one.sentence) for one in broken] == [
        ("en", True, "The text in en must say 'Countenance' (glossary) but does not: add it."),
        ("en", True, "The text in en must not say 'cheap' (glossary) but says 'cheapest': write 'affordable'."),
        ("de", False, "The text in de must not say 'billig' (glossary) but says 'billig': write something else."),
        ("de", True, "The text in de must say 'Kaffeemaschine' where the script says 'coffee machine' (glossary): "
         "correct it."),
    ]  # fmt: skip


def test_a_term_is_asked_for_only_where_the_script_says_it(glossary: Glossary) -> None:
    assert check({"en": "Countenance.", "de": "Countenance."}, glossary, "en") == ()


@pytest.mark.parametrize(
    ("text", "word", "options", "there"),
    [
        ("a cheap trick", "cheap", {}, True),
        ("a CHEAP trick", "cheap", {}, True),
        ("a CHEAP trick", "cheap", {"exact_case": True}, False),
        ("cheaply made", "cheap", {}, False),  # whole words
        ("cheaply made", "cheap", {"inflected": True}, True),
        ("die Äpfel", "Apfel", {"inflected": True}, True),
        ("die Maschinen", "Maschine", {"inflected": True}, True),
        ("der Maschinist", "Maschine", {"inflected": True}, True),  # the price of tolerance
        ("das Maschinengewehr", "Maschine", {"inflected": True}, False),
        ("der Art nach", "Art", {"inflected": True}, True),
        ("a coffee\nmachine", "coffee machine", {}, True),
        ("a coffee-machine", "coffee machine", {}, True),
        ("this cof\u00adfee", "coffee", {}, True),  # a soft hyphen is no letter
        ("新しいコーヒーマシンです", "コーヒーマシン", {}, True),  # no spaces to stand between
        ("ﬁne print", "fine print", {}, True),
        ("Straße", "STRASSE", {}, True),
        ("C++ and .NET", "C++", {}, True),
    ],
)
def test_words_are_found_as_people_read_them(text: str, word: str, options: dict[str, bool], there: bool) -> None:
    assert (found(text, word, **options) is not None) is there


@given(st.text("abcäß日 .-", min_size=1), st.text("abcäß日", min_size=1), st.booleans(), st.booleans())
def test_a_word_that_stands_alone_is_always_found(text: str, word: str, inflected: bool, exact: bool) -> None:
    assert found(f"{text} {word} {text}", word, inflected=inflected, exact_case=exact) is not None


def test_a_translator_is_told_what_holds_for_the_language(glossary: Glossary) -> None:
    assert hints(glossary, "en", "de") == (
        "Keep 'Countenance' exactly as it is.",
        "Never write 'billig'.",
        "Translate 'coffee machine' as 'Kaffeemaschine'.",
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("terms: [{must: a, must_not: b}]", r"terms\[0\] needs one of must, must_not, translate"),
        ("terms: [{languages: [de]}]", "needs one of"),
        ("terms: [{must: '!!'}]", "'!!' is no word"),
        ("terms: [{must: a, level: stop}]", "does not know 'stop'"),
        ("terms: [{translate: {en: a}}]", "two languages or more"),
        ("words: []", "unknown key 'words'"),
    ],
)
def test_a_broken_glossary_is_told_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "glossary.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BriefError, match=f"glossary.yaml, line 1: .*{told}"):
        read_glossary(path)
