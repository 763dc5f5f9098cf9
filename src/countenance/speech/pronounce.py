"""How a text is said: the phones of each of its words, from espeak-ng and the brand's own lexicon."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from countenance.errors import InputError
from countenance.speech.arpabet import JOINED
from countenance.speech.espeak import speak
from countenance.speech.lexicon import matches
from countenance.speech.phones import Speech, Word
from countenance.speech.variants import other_ways

LONGEST_PIECE = 300  # characters spoken at once: context reaches no further than a sentence
TIES = "͜͡‿"
DIPHTHONGS = {pair for pair in JOINED if len(pair) == 2 and "ː" not in pair and "ɹ" not in pair}
UNSEEN = "\u00ad\u200b\u2060\ufeff\ufe0f\u20e3"  # soft hyphens, joints, what makes a picture of a sign
FIRST_PICTURE = 0x2190  # arrows, then emoji; the degree sign and others that are read lie before
STRESS = "ˈˌ'.|‖-–"


@dataclass(frozen=True, slots=True)
class Pronounced:
    """One written word with its punctuation and its phones in IPA, without stress marks.

    `others` are further ways to say it. `space_after` is False inside scripts written without spaces.
    """

    text: str
    phones: tuple[str, ...]
    others: tuple[tuple[str, ...], ...] = ()
    space_after: bool = True


def pronounce(text: str, language: str, lexicon: Mapping[str, str] | None = None) -> tuple[Pronounced, ...]:
    """The words of `text` in order, as a speaker of the BCP-47 `language` says them in this sentence.

    `lexicon` maps a word to its IPA, as `lexicon.matches` finds it in the text, and goes before espeak-ng; entries of
    several words do not count here. Marks that are not spoken stay with the word beside them; emoji are left out.
    Errors: InputError for an unknown language or a text in which nothing can be spoken.
    """
    own = _own(text, language, lexicon or {})
    words = [word for piece in _pieces(text) for word in _spoken(piece, language, own) if word.phones]
    if not words:
        raise InputError(f"There is nothing to speak in {text[:60]!r}: give a text with words.")
    known = {(_bare(word.text), word.phones) for word in words if _core(word.text) not in own}
    others = other_ways(known, language)
    return tuple(replace(word, others=others.get((_bare(word.text), word.phones), ())) for word in words)


def ipa_phones(said: str) -> tuple[str, ...]:
    """ "ˈkaʊntənəns" cut into phones: letters with what marks them, tied letters and blanks as they are written."""
    phones: list[str] = []
    tied = False
    for character in unicodedata.normalize("NFC", said):
        if character.isspace() or character in STRESS:
            tied = False
        elif character in TIES:
            tied = True
        elif phones and (
            tied or phones[-1] + character in DIPHTHONGS or unicodedata.category(character) in ("Mn", "Lm", "Sk")
        ):
            phones[-1] += character
            tied = False
        else:
            phones.append(character)
    return tuple(phones)


def _own(text: str, language: str, lexicon: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The lexicon's phones for each bare word of the text that it speaks about."""
    words = {_core(token) for token in text.split()} if lexicon else set()
    found = {word: matches(word, lexicon, language) for word in words}
    return {
        word: ipa_phones(one[0].ipa)
        for word, one in found.items()
        if one and (one[0].start, one[0].end) == (0, len(word)) and ipa_phones(one[0].ipa)
    }


def _spoken(piece: str, language: str, own: Mapping[str, tuple[str, ...]]) -> Iterator[Pronounced]:
    clean = "".join(_spoken_character(c) for c in piece)
    if not any(c.isalnum() for c in clean):
        return
    try:
        speech = speak(clean, language)
    except InputError:
        speak("a", language)  # says so when it is the language that is unknown
        return
    for word in speech.words:
        parts = word.text.split()
        if len(parts) == 1 or sum(any(c.isalnum() for c in part) for part in parts) < 2:
            yield _pronounced(word.text, _phones_of(speech, word), own, word.space_after)
            continue
        for part in _with_marks(parts):  # espeak says some pairs of small words in one breath
            yield from _alone(part, language, own)


def _with_marks(parts: list[str]) -> list[str]:
    """Words with the marks that stand alone behind them."""
    result: list[str] = []
    for part in parts:
        if result and not any(c.isalnum() for c in part):
            result[-1] += f" {part}"
        else:
            result.append(part)
    return result


def _alone(part: str, language: str, own: Mapping[str, tuple[str, ...]]) -> Iterator[Pronounced]:
    if not any(c.isalnum() for c in part):
        return
    try:
        speech = speak(part, language)
    except InputError:
        return
    yield _pronounced(part, tuple(p.symbol for p in speech.phones if not p.silent), own, True)


def _pronounced(
    text: str, phones: tuple[str, ...], own: Mapping[str, tuple[str, ...]], space_after: bool
) -> Pronounced:
    return Pronounced(text, own.get(_core(text), phones), (), space_after)


def _phones_of(speech: Speech, word: Word) -> tuple[str, ...]:
    slack = 1e-6
    inside = (p for p in speech.phones if word.start_s - slack <= p.start_s < word.end_s - slack)
    return tuple(p.symbol for p in inside if not p.silent)


def _core(word: str) -> str:
    """Without the punctuation around it."""
    return re.sub(r"^\W+|\W+$", "", unicodedata.normalize("NFC", word))


def _bare(word: str) -> str:
    return _core(word).casefold()


def _spoken_character(character: str) -> str:
    """Itself, or a blank for an emoji (espeak would read its name, people do not), or nothing for what has no sign."""
    if character in UNSEEN:
        return ""
    kind = unicodedata.category(character)
    if kind in ("Cc", "Cn", "Co", "Cs") or (kind in ("So", "Sk") and ord(character) >= FIRST_PICTURE):
        return " "
    return character


def _pieces(text: str) -> Iterator[str]:
    """Sentences, and parts of them where they are long."""
    for sentence in re.split(r"(?<=[.!?…。！？؟।])\s+|\n+|(?<=[。！？])", text):
        rest = sentence.strip()
        while len(rest) > LONGEST_PIECE:
            cut = rest.rfind(" ", 1, LONGEST_PIECE)
            cut = cut if cut > 0 else LONGEST_PIECE
            yield rest[:cut].strip()
            rest = rest[cut:].strip()
        if rest:
            yield rest
