from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError
from countenance.speech.ssml import is_ssml, read_ssml, read_text, written
from countenance.speech.utterance import Break, Point, Run, Utterance, cut, utterance

_TEN = [f"<!ENTITY {one} '{f'&{other};' * 10}'>" for one, other in zip("bcdefgh", "abcdefg", strict=True)]
LAUGHS = f"<!DOCTYPE lolz [<!ENTITY a 'ha'>{''.join(_TEN)}]><speak>&h;</speak>"


def test_plain_text_is_not_ssml() -> None:
    assert read_text("Tom <b> & Jerry") == utterance("Tom <b> & Jerry")
    assert not is_ssml("to <speak> up") and not is_ssml("<speaker/>") and not is_ssml("")


@pytest.mark.parametrize("start", ["", "\ufeff", "\n  ", "<?xml version='1.0'?>\n", "<!-- hi -->"])
def test_ssml_is_known_by_its_first_element(start: str) -> None:
    assert is_ssml(f"{start}<speak version='1.1'>Hello.</speak>")
    assert written(f"{start}<speak version='1.1'>Hello.</speak>") == "Hello."


def test_every_element_has_its_part() -> None:
    text = (
        "<speak>One<break time='300ms'/><mark name='m'/>two "
        "<prosody rate='90%' pitch='+2st' volume='-6dB'>three</prosody> "
        "<sub alias='World Wide Web'>WWW</sub> <phoneme alphabet='ipa' ph='kaˈfeː'>coffee</phoneme> "
        "<say-as interpret-as='characters'>AB</say-as></speak>"
    )
    parts = read_ssml(text).parts
    assert parts[0] == Run("One") and parts[1] == Run(" ") and parts[2] == Break(0.3) and parts[3] == Point("m")
    three = next(part for part in parts if isinstance(part, Run) and part.text == "three")
    assert three.rate == 0.9 and three.pitch == pytest.approx(2 ** (2 / 12)) and three.volume_db == -6
    assert Run("WWW", said="World Wide Web") in parts and Run("coffee", ipa="kaˈfeː") in parts
    assert Run("AB", spelt=True) in parts
    assert read_ssml(text).text == "One two three WWW coffee AB"


def test_manners_in_each_other_multiply() -> None:
    text = "<speak><prosody rate='50%' volume='-6dB'><prosody rate='150%' volume='-6dB'>x</prosody></prosody></speak>"
    assert read_ssml(text).parts == (Run("x", rate=0.75, volume_db=-12.0),)


def test_paragraphs_and_sentences_end() -> None:
    parts = read_ssml("<speak><p><s>One</s><s>Two</s></p><p>Three</p></speak>").parts
    assert parts == (Run("One"), Run(" "), Break(), Run("Two"), Run(" "), Break(), Run("Three"), Run(" "), Break())


def test_white_space_is_one_blank() -> None:
    assert read_ssml("<speak>\n  Hello,\n\n  dear\tworld.\n</speak>").text.strip() == "Hello, dear world."


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("time='300ms'", 0.3), ("time='1.5s'", 1.5), ("strength='none'", 0.0), ("", 0.4), ("strength='x-strong'", 1.0),
    ],
)  # fmt: skip
def test_breaks_have_their_seconds(text: str, seconds: float) -> None:
    assert Break(seconds) in read_ssml(f"<speak>a<break {text}/>b</speak>").parts


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("<speak>\n<audio src='x'/></speak>", 2, "<audio> is not understood"),
        ("<speak>\n\n<break time='soon'/></speak>", 3, "write 300ms"),
        ("<speak><break time='90s'/></speak>", 1, "longer than 60 s"),
        ("<speak><break strength='huge'/></speak>", 1, "'huge' is not understood"),
        ("<speak><break>x</break></speak>", 1, "holds no text"),
        ("<speak><prosody>x</prosody></speak>", 1, "asks for nothing"),
        ("<speak><prosody rate='fastish'>x</prosody></speak>", 1, "'fastish' is not understood"),
        ("<speak><prosody rate='900%'>x</prosody></speak>", 1, "too much"),
        ("<speak><prosody pitch='+20Hz'>x</prosody></speak>", 1, "'.20Hz' is not understood"),
        ("<speak><prosody volume='11'>x</prosody></speak>", 1, "'11' is not understood"),
        ("<speak><prosody range='high'>x</prosody></speak>", 1, "has no 'range'"),
        ("<speak><say-as interpret-as='roman'>x</say-as></speak>", 1, "does not know 'roman'"),
        ("<speak><say-as>x</say-as></speak>", 1, "needs 'interpret-as'"),
        ("<speak><phoneme ph='K AH0'>x</phoneme></speak>", 1, "is not IPA"),
        ("<speak><phoneme alphabet='x-sampa' ph='k'>x</phoneme></speak>", 1, "alphabet 'x-sampa'"),
        ("<speak><sub alias='x'/></speak>", 1, "holds no text"),
        ("<speak><sub alias='x'>a<break/></sub></speak>", 1, "holds plain text only"),
        ("<speak><mark name=''/></speak>", 1, "needs 'name'"),
        ("<speak><speak>x</speak></speak>", 1, "stands once"),
        ("<speak>a", 1, "not well-formed"),
        ("<speak>a</p></speak>", 1, "not well-formed"),
        ("<speak>&nbsp;</speak>", 1, "not well-formed"),
        ("<speak>" + "<p>" * 40 + "</p>" * 40 + "</speak>", 1, "deep in each other"),
        ("<!DOCTYPE speak SYSTEM 'file:///etc/passwd'><speak>x</speak>", 1, "document type"),
        (LAUGHS, 1, "document type"),
    ],
)
def test_what_is_not_understood_is_told_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(InputError, match=what) as told:
        read_text(text, name="script.txt")
    assert str(told.value).startswith(f"script.txt, line {line}: ") and str(told.value).endswith(".")


def test_a_text_of_megabytes_is_refused() -> None:
    with pytest.raises(InputError, match="longer than"):
        read_text("<speak>" + "a" * (1 << 20) + "</speak>")


@given(st.text(max_size=60))
def test_anything_in_elements_is_read_or_told(text: str) -> None:
    try:
        read_text(f"<speak>{text}</speak>")
    except InputError:
        return


@given(st.text(st.characters(exclude_characters="<&\x00\ufffe\uffff", exclude_categories=["Cs", "Cc"]), max_size=60))
def test_words_pass_as_they_are(text: str) -> None:
    assert written(f"<speak>{text}</speak>").split() == text.split()


@given(st.lists(st.sampled_from([Run("ab "), Run("c", said="see"), Break(0.5), Point("m"), Run("d e. ")]), max_size=8))
def test_pieces_together_are_the_whole(parts: list[Run | Break | Point]) -> None:
    whole = Utterance(tuple(parts))
    for end in range(len(whole.text)):
        pieces = cut(whole, [end, end + 2])
        assert "".join(piece.text for piece in pieces) == whole.text
        points = [one for one in whole.parts if isinstance(one, Point)]
        assert [one for piece in pieces for one in piece.parts if isinstance(one, Point)] == points
