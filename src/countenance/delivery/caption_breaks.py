"""Where a text may be broken without tearing apart what belongs together.

After the rules that subtitlers share: break after punctuation, before conjunctions and prepositions; never between
article and noun, preposition and its phrase, title and name, figure and unit.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from countenance.delivery.caption_words import Piece
from countenance.speech.languages import canonical
from countenance.speech.sentences import sentences

# What a break costs, from the best place to one that only a line's end can force.
SENTENCE, CLAUSE, JOINT, PLAIN, CLOSE, NEVER, GLUED = 0.0, 0.15, 0.4, 0.6, 0.85, 1.0, 3.0

_CLAUSE_END = ",;:–—、，；：،؛"
_CLOSING = "\"'”’“»›)]}」』）】〉》"
_SENTENCE_END = ".!?…。！？؟।"
_NOT_FIRST = "!?.,;:…%)]}”’»›、。，．！？：；」』）】〉》〜ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々؟،؛।"
_NOT_LAST = "([{“„«‹「『（【〈《¿¡"
_OPENING = "\"'“‘„«»‹›([{¿¡「『（【〈《"
_DASH = re.compile(r"[–—-]+")
_NOUNS_ARE_CAPITAL = ("de", "lb")
_ALIASES = {"no": "nb", "nn": "nb", "yue": "zh", "iw": "he"}


def tied(pieces: Sequence[Piece], language: str) -> list[Piece]:
    """The pieces, each with what it costs to break after it, from `SENTENCE` to `GLUED`."""
    ends = _sentence_ends(pieces, language)
    words = _words(language)
    capital = canonical(language).split("-")[0] not in _NOUNS_ARE_CAPITAL
    found = []
    for number, piece in enumerate(pieces):
        if number + 1 == len(pieces):
            found.append(replace(piece, tie=SENTENCE))
            continue
        after = pieces[number + 1]
        named = capital and number > 0 and number - 1 not in ends
        found.append(replace(piece, tie=_tie(piece, after, number in ends, words, named)))
    return found


def ends_sentence(text: str) -> bool:
    """Whether a text ends with a mark that ends sentences."""
    return text.rstrip(_CLOSING)[-1:] in tuple(_SENTENCE_END)


def _tie(piece: Piece, after: Piece, ends: bool, words: dict[str, frozenset[str]], named: bool) -> float:
    text, following = piece.text, after.text
    if following[0] in _NOT_FIRST or text[-1] in _NOT_LAST or _DASH.fullmatch(following):
        return GLUED
    if not piece.space_after and not after.space_after and _one_word(text, following):
        return GLUED if text[-1].isdecimal() else CLOSE
    if ends:
        return SENTENCE
    if text.rstrip(_CLOSING)[-1:] in tuple(_CLAUSE_END):
        return CLAUSE
    before, behind = _plain(text), _plain(following)
    if before in words["ties"]:
        return NEVER
    if text.endswith(".") or (before[-1:].isdecimal() and _is_unit(following)):
        return NEVER  # a title before its name, a figure before its unit
    if before in words["leads"]:
        return NEVER if behind in words["ties"] else CLOSE + 0.1
    if before in words["joins"]:
        return CLOSE + 0.05
    if named and text[:1].isupper() and following.lstrip(_OPENING)[:1].isupper():
        return CLOSE
    if before in words["bears"]:
        return CLOSE - 0.1
    if behind in words["joins"] or behind in words["leads"]:
        return JOINT
    return PLAIN


def _one_word(text: str, following: str) -> bool:
    """Whether two pieces without a space between them are better not parted: figures, a lone character."""
    return text[-1].isdecimal() or (len(text) == 1 and len(following) == 1)


def _is_unit(text: str) -> bool:
    """Whether what follows a figure is counted by it."""
    return text[:1].isalpha() or text[:1] in "%°€$£"


def _plain(text: str) -> str:
    return text.lower().replace("’", "'").strip('"“”„«»‹›()[]{}¿¡.,;:!?…')


def _sentence_ends(pieces: Sequence[Piece], language: str) -> frozenset[int]:
    """The numbers of the pieces that end a sentence."""
    text, stops = "", []
    for piece in pieces:
        text += piece.text
        stops.append(len(text))
        text += " " if piece.space_after else ""
    ends = {sentence.end for sentence in sentences(text, language or "en")}
    return frozenset(number for number, stop in enumerate(stops) if stop in ends)


@cache
def _words(language: str) -> dict[str, frozenset[str]]:
    lists = _table()
    first = canonical(language).split("-")[0]
    own = lists.get(_ALIASES.get(first, first), {})
    return {kind: frozenset(own.get(kind, "").split()) for kind in ("ties", "leads", "joins", "bears")}


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("countenance.delivery").joinpath("function_words.toml").read_text(encoding="utf-8"))
