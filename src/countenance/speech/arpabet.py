"""IPA symbols of any language on the 39 phones of the English acoustic model: the nearest sound of each."""

from __future__ import annotations

import unicodedata
from functools import cache

CONSONANTS = {
    "p": "P", "ɸ": "F", "b": "B", "ɓ": "B", "β": "V", "m": "M", "ɱ": "M", "ʙ": "B", "f": "F", "v": "V", "ʋ": "V",
    "ⱱ": "V", "θ": "TH", "ð": "DH", "t": "T", "ʈ": "T", "d": "D", "ɖ": "D", "ɗ": "D", "n": "N", "ɳ": "N", "ɲ": "N",
    "s": "S", "z": "Z", "ɬ": "S", "ɮ": "Z", "ʃ": "SH", "ʂ": "SH", "ɕ": "SH", "ɧ": "SH", "ç": "SH", "ʒ": "ZH",
    "ʐ": "ZH", "ʑ": "ZH", "ʝ": "Y", "ɾ": "D", "ɺ": "L", "r": "R", "ɽ": "D", "ʀ": "R", "ʁ": "R", "ɹ": "R", "ɻ": "R",
    "l": "L", "ɫ": "L", "ɭ": "L", "ʎ": "L", "ʟ": "L", "c": "K", "ɟ": "G", "ʄ": "G", "k": "K", "g": "G", "ɡ": "G",
    "ɠ": "G", "q": "K", "ɢ": "G", "ʛ": "G", "ŋ": "NG", "ɴ": "NG", "x": "HH", "χ": "HH", "ɣ": "G", "ħ": "HH",
    "ʕ": "HH", "h": "HH", "ɦ": "HH", "ʜ": "HH", "ʢ": "HH", "ʔ": "T", "ʡ": "T", "j": "Y", "w": "W", "ʍ": "W",
    "ɥ": "Y", "ɰ": "W",
}  # fmt: skip
VOWELS = {
    "i": "IY", "y": "IY", "ɪ": "IH", "ʏ": "IH", "ᵻ": "IH", "ɨ": "IH", "e": "EH", "ø": "ER", "ɛ": "EH", "œ": "ER",
    "æ": "AE", "a": "AA", "ɑ": "AA", "ɶ": "AA", "ɐ": "AH", "ɒ": "AA", "ɔ": "AO", "o": "OW", "ʊ": "UH", "ᵿ": "UH",
    "u": "UW", "ʉ": "UW", "ɯ": "UW", "ɤ": "AH", "ə": "AH", "ɘ": "AH", "ɜ": "AH", "ɞ": "AH", "ɵ": "UH", "ʌ": "AH",
    "ɚ": "ER", "ɝ": "ER",
}  # fmt: skip
JOINED = {
    "aɪ": "AY", "ai": "AY", "aj": "AY", "ɑɪ": "AY", "aʊ": "AW", "au": "AW", "aw": "AW", "ɔɪ": "OY", "ɔʏ": "OY",
    "ɔø": "OY", "oi": "OY", "oɪ": "OY", "ɔy": "OY", "eɪ": "EY", "ei": "EY", "ej": "EY", "oʊ": "OW", "ou": "OW",
    "əʊ": "OW", "ow": "OW", "tʃ": "CH", "tɕ": "CH", "ʈʂ": "CH", "tʂ": "CH", "dʒ": "JH", "dʑ": "JH", "dʐ": "JH",
    "eː": "EY", "ɜː": "ER", "ɜɹ": "ER", "əɹ": "ER",
}  # fmt: skip
LONG = "ːˑ"
NEUTRAL = "AH"


@cache
def arpabet(symbol: str) -> tuple[str, ...]:
    """The phones of the English model that stand for one IPA phone; ("SIL",) for silence, AH for the unknown.

    A diphthong or affricate that English lacks becomes two phones. Stress, tone, ties and diacritics do not count.
    """
    if not symbol:
        return ("SIL",)
    letters = _letters(symbol)
    result: list[str] = []
    index = 0
    while index < len(letters):
        pair = letters[index : index + 2]
        if pair in JOINED:
            result.append(JOINED[pair])
            index += 2
            continue
        letter = letters[index]
        if letter not in LONG:
            result.append(CONSONANTS.get(letter) or VOWELS[letter])
        index += 1
    return tuple(result) or (NEUTRAL,)


def _letters(symbol: str) -> str:
    """Known letters without diacritics, and marks of length; ç is a letter of its own."""
    composed = unicodedata.normalize("NFC", symbol)
    bases = (c if c == "ç" else unicodedata.normalize("NFD", c)[0] for c in composed)
    return "".join(c for c in bases if c in CONSONANTS or c in VOWELS or c in LONG)
