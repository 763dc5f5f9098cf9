"""How Japanese kanji are read, for voices that know kana only; by Janome (Apache-2.0), where it is installed.

espeak-ng says "Chinese letter" for each kanji. Janome's dictionary gives the reading of most words in their place;
names and counters can be wrong, so that a script in kana is still the surest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

_KANJI = re.compile("[\u3400-\u9fff\uf900-\ufaff々〆]")
_PARTICLES = ("は", "へ")  # written so, said wa and e
_CONTENT = ("名詞", "動詞,自立", "形容詞", "形容動詞", "副詞", "連体詞", "接続詞", "接頭詞")  # what begins a phrase
_MONTH = re.compile(r"[0-9０-９]月")


def has_kanji(text: str) -> bool:
    """Whether a text has characters that are read by meaning."""
    return _KANJI.search(text) is not None


def can_read() -> bool:
    """Whether readings are to be had: the optional package is installed."""
    return _tokenizer() is not None


def readings(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, what is said) of the words that are not said as written; none where nothing is installed.

    Kanji become katakana; before each phrase stands a blank, so that a voice tells where it begins.
    """
    tokenizer = _tokenizer()
    if tokenizer is None:
        return
    at, alone, figure = 0, True, False
    for token in tokenizer.tokenize(text):
        start = text.find(token.surface, at)
        if start < 0:
            continue
        at = start + len(token.surface)
        said = token.phonetic
        if token.surface == "月" and start and _MONTH.fullmatch(text[start - 1 : at]):
            said = "ガツ"
        particle = token.surface in _PARTICLES and token.part_of_speech.startswith("助詞")
        if said == "*" or not (particle or has_kanji(token.surface)):
            said = token.surface
        kind, before = token.part_of_speech, figure
        figure = kind.startswith("名詞,数")
        begins = not alone and kind.startswith(_CONTENT) and "接尾" not in kind and not (figure and before)
        alone = not token.surface[-1].isalnum() or token.surface.isdecimal() or kind.startswith("接頭")
        if begins or said != token.surface:
            yield start, at, f" {said}" if begins else said


@cache
def _tokenizer() -> Any:
    try:
        from janome.tokenizer import Tokenizer
    except ImportError:
        return None
    return Tokenizer(mmap=True)
