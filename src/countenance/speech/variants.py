"""Other ways to say a word: what a dictionary lists beside the first, and what quick speech swallows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import pocketsphinx

from countenance.speech.arpabet import arpabet
from countenance.speech.ipa import is_vowel

MOST = 4
Said = tuple[str, ...]

IPA = {
    "AA": "ɑː", "AE": "æ", "AH": "ə", "AO": "ɔː", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ", "D": "d", "DH": "ð",
    "EH": "ɛ", "ER": "ɚ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "iː", "JH": "dʒ", "K": "k",
    "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ",
    "T": "t", "TH": "θ", "UH": "ʊ", "UW": "uː", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip
# Small words of English as they sound when nothing is meant by them.
WEAK = {
    "and": ("ə n", "ə n d"), "of": ("ə v",), "to": ("t ə",), "for": ("f ɚ",), "them": ("ð ə m", "ə m"),
    "him": ("ɪ m",), "his": ("ɪ z",), "just": ("dʒ ə s t", "dʒ ə s"),
    "than": ("ð ə n",), "that": ("ð ə t",), "because": ("k ə z",), "our": ("ɑː ɹ",),
    "have": ("ə v",), "has": ("ə z",), "had": ("ə d",), "can": ("k ə n",), "was": ("w ə z",), "were": ("w ɚ",),
    "at": ("ə t",), "as": ("ə z",), "you": ("j ə",), "your": ("j ɚ",), "some": ("s ə m",), "but": ("b ə t",),
    "um": ("ə m",), "yknow": ("j ə n oʊ", "n oʊ"), "i'm": ("ə m",),
    "probably": ("p ɹ ɑː b l i",),
}  # fmt: skip
BY_WHAT_FOLLOWS = ("a", "the")  # espeak-ng already says these as the next word wants them
SWALLOWS_FINAL_STOPS = ("en", "de", "nl", "da", "sv", "nb", "no", "af")


def other_ways(words: Collection[tuple[str, Said]], language: str) -> dict[tuple[str, Said], tuple[Said, ...]]:
    """For each (bare word, phones) at most four other ways to say it, in IPA, the likeliest first."""
    root = language.split("-")[0].lower()
    listed = _listed({word for word, _ in words}.difference(BY_WHAT_FOLLOWS)) if root == "en" else {}
    result = {}
    for word, said in words:
        known = {_sound(said)}
        ways = []
        for way in (*_weak(word, root), *listed.get(word, ()), *_swallowed(said, root)):
            if len(way) >= min(2, len(said)) and _sound(way) not in known:
                known.add(_sound(way))
                ways.append(way)
        result[word, said] = tuple(ways[:MOST])
    return result


def _weak(word: str, root: str) -> Iterator[Said]:
    if root == "en":
        yield from (tuple(way.split()) for way in WEAK.get(word, ()))


def _swallowed(said: Said, root: str) -> Iterator[Said]:
    """Without schwas that are not the only vowel, without a last t or d after a consonant."""
    if sum(is_vowel(phone) for phone in said) > 1 and "ə" in said[1:]:
        yield (said[0], *(phone for phone in said[1:] if phone != "ə"))
    if root in SWALLOWS_FINAL_STOPS and len(said) > 2 and said[-1] in ("t", "d") and not is_vowel(said[-2]):
        yield said[:-1]


def _sound(said: Said) -> Said:
    return tuple(part for phone in said for part in arpabet(phone))


def _listed(words: Collection[str]) -> dict[str, list[Said]]:
    """Ways that the dictionary beside PocketSphinx's model knows."""
    result: dict[str, list[Said]] = {}
    for word in words:
        for line in re.findall(rf"^{re.escape(word)}(?:\(\d\))? (.+)$", _dictionary(word[:1]), re.MULTILINE):
            result.setdefault(word, []).append(tuple(IPA[name] for name in line.split() if name in IPA))
    return result


@cache
def _dictionary(letter: str) -> str:
    """The part of the dictionary whose words begin with a letter."""
    lines = (Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict").read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith(letter)) if letter else ""
