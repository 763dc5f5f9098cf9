"""From spoken words to the smallest pieces of text that may stand on a line of their own.

Chinese, Japanese and Thai are written without spaces, and a voice's "words" there are whole phrases or single
characters; they are cut anew into words or phrases by BudouX (Apache-2.0), their times shared out by length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from countenance.speech.languages import canonical
from countenance.speech.phones import Word

_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]"
)
_THAI, _KANA, _HAN = re.compile("[\u0e00-\u0e7f]"), re.compile("[\u3041-\u30ff]"), re.compile("[\u3400-\u9fff]")
_WIDE_PUNCTUATION = "、。，．！？：；…」』）】〉》"


@dataclass(frozen=True, slots=True)
class Piece:
    """Text with its time; `tie` is what it costs to break after it, by `caption_breaks`."""

    text: str
    start_s: float
    end_s: float
    space_after: bool = True
    tie: float = 0.0


def columns(text: str) -> int:
    """Width of a text on screen: East Asian wide characters count twice, marks over and under letters not at all."""
    return sum(map(_width, text))


def joined(pieces: Sequence[Piece]) -> str:
    """The pieces as running text, with spaces where the script writes them."""
    return "".join(piece.text + (" " if piece.space_after else "") for piece in pieces).rstrip()


def pieces_of(words: Sequence[Word], language: str, most_columns: int) -> list[Piece]:
    """The words as pieces of at most so many columns; every visible character is in one of them, in order."""
    found: list[Piece] = []
    for stretch in _stretches([part for word in words for part in _parts(word)]):
        found += _segmented(stretch, language)
    return [part for piece in found for part in _cut(piece, most_columns)]


def _parts(word: Word) -> Iterator[Piece]:
    """A word with blanks in it falls into its parts; its time is shared."""
    texts = ["".join(c for c in part if unicodedata.category(c) != "Cc") for part in word.text.split()]
    texts = [text for text in texts if text]
    length_s = max(word.end_s - word.start_s, 0.0) / max(len(texts), 1)
    for n, text in enumerate(texts):
        space = word.space_after or n + 1 < len(texts)
        yield Piece(text, word.start_s + n * length_s, word.start_s + (n + 1) * length_s, space)


def _stretches(parts: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Parts that are written together."""
    stretch: list[Piece] = []
    for number, part in enumerate(parts):
        following = parts[number + 1].text if number + 1 < len(parts) else ""
        # A voice that speaks sentence by sentence leaves a space after each, where its script writes none.
        close = following and part.text[-1] in _WIDE_PUNCTUATION and _SPACELESS.match(following)
        stretch.append(replace(part, space_after=part.space_after and not close))
        if stretch[-1].space_after:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _segmented(stretch: Sequence[Piece], language: str) -> list[Piece]:
    """A stretch as it is, or cut anew where its script has a segmenter; a stretch ends as its last part does."""
    text = "".join(part.text for part in stretch)
    parse = _parser(text, language) if _SPACELESS.search(text) else None
    if parse is None:
        return list(stretch)
    times = [time for part in stretch for time in _letter_times(part)]
    found, at = [], 0
    for chunk in parse(text):
        start_s, end_s = times[at][0], times[at + len(chunk) - 1][1]
        found.append(Piece(chunk, start_s, max(start_s, end_s), False))
        at += len(chunk)
    found[-1] = replace(found[-1], space_after=stretch[-1].space_after)
    return found


def _letter_times(part: Piece) -> list[tuple[float, float]]:
    step_s = max(0.0, part.end_s - part.start_s) / len(part.text)
    return [(part.start_s + n * step_s, part.start_s + (n + 1) * step_s) for n in range(len(part.text))]


def _parser(text: str, language: str) -> Callable[[str], list[str]] | None:
    """What cuts this text, by its letters; the language decides between the scripts of Chinese."""
    tag = canonical(language)
    if _THAI.search(text):
        return _load("thai")
    if _KANA.search(text) or (tag.startswith("ja") and _HAN.search(text)):
        return _load("japanese")
    if _HAN.search(text):
        traditional = any(part in tag.split("-") for part in ("hant", "tw", "hk", "mo", "yue"))
        return _load("traditional_chinese" if traditional else "simplified_chinese")
    return None


@cache
def _load(name: str) -> Callable[[str], list[str]]:
    import budoux

    parse: Callable[[str], list[str]] = getattr(budoux, f"load_default_{name}_parser")().parse
    return parse


def _cut(piece: Piece, most_columns: int) -> Iterator[Piece]:
    """A piece that is wider than a line falls apart between characters, marks staying with their letters."""
    if columns(piece.text) <= most_columns:
        yield piece
        return
    texts = [""]
    for cluster in re.findall(r".[\u0300-\u036f\u200d\ufe0f]*", piece.text, re.S):
        if texts[-1] and columns(texts[-1] + cluster) > most_columns:
            texts.append("")
        texts[-1] += cluster
    step_s = (piece.end_s - piece.start_s) / len(texts)
    for n, text in enumerate(texts):
        last = n + 1 == len(texts)
        yield Piece(
            text, piece.start_s + n * step_s, piece.start_s + (n + 1) * step_s, piece.space_after and last, piece.tie
        )


def _width(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
