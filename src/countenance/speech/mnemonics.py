"""IPA in espeak-ng's own names of phones, by what the voice of a language makes of each of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_STRESS = {"ˈ": "'", "'": "'", "ˌ": ","}
_LEFT_OUT = set(". ‿͜͡|ˑʰ̯̪̩")  # what no voice needs in order to be understood
# Where a language lacks a sound, the nearest ones that it may have, best first.
_NEAR = {
    "ɹ": "rɾʁ", "r": "ɹɾʁ", "ʁ": "ʀrɹ", "ʀ": "ʁrɹ", "ɾ": "rɹ", "ɻ": "ɹr", "g": "ɡ", "ɡ": "g", "ɫ": "l", "ʍ": "w",
    "a": "ɑæɐ", "ɑ": "aɔ", "æ": "aɛ", "ɐ": "əaʌ", "ʌ": "ɐaə", "ɒ": "ɔɑ", "ɔ": "oɒ", "o": "ɔ", "e": "ɛ", "ɛ": "eæ",
    "ə": "ɐɜe", "ɜ": "əɛœ", "ɚ": "ɜə", "ɝ": "ɜɚə", "ɪ": "ie", "i": "ɪ", "ɨ": "ɪi", "ᵻ": "ɪi", "y": "ʏi", "ʏ": "yœ",
    "ø": "œɜe", "œ": "øɜɛ", "u": "ʊɯ", "ʊ": "uɯ",
    "ʉ": "uy", "ɯ": "uɨ", "ɤ": "oʌ", "ɵ": "øo", "ɶ": "œ",
    "θ": "sf", "ð": "zd", "x": "χhk", "χ": "xh", "ç": "xʃ", "ɣ": "ɡ", "ħ": "h", "ɦ": "h", "ʋ": "vw", "β": "bv",
    "ɸ": "f", "ʎ": "lj", "ɲ": "n", "ŋ": "n", "ʃ": "ʂs", "ʒ": "ʐz", "ɕ": "ʃ", "ʑ": "ʒ", "ʂ": "ʃ", "ʐ": "ʒ",
    "k": "qcɡ", "z": "sʒ", "b": "pβ", "d": "t", "v": "fʋw", "f": "ɸp", "h": "xħɦ", "w": "vʋu", "j": "i", "s": "zʃ",
    "p": "bɸ", "t": "d", "l": "ɫɾ", "m": "n", "n": "mŋ", "ɥ": "jw",
    "ɟ": "dɡ", "c": "k", "ɭ": "l", "ɳ": "n", "ʈ": "t", "ɖ": "d", "q": "k",
}  # fmt: skip


def names_for(ipa: str, sounds: Mapping[str, str]) -> tuple[str, str]:
    """espeak-ng's input for an IPA transcription, and which of its sounds the voice has not got ("" when all).

    `sounds` is what the voice says for each of its names (`espeak.sounds_of`). Sounds that are missing are replaced
    by near ones where there are any; only what has none is reported.
    """
    by_sound = _by_sound(sounds)
    longest = max(map(len, by_sound), default=1)
    rest = unicodedata.normalize("NFC", ipa)
    names: list[str] = []
    missing = ""
    while rest:
        if rest[0] in _STRESS:
            names.append(_STRESS[rest[0]])
            rest = rest[1:]
            continue
        size = next((n for n in range(min(longest, len(rest)), 0, -1) if rest[:n] in by_sound), 0)
        if size:
            names.append(by_sound[rest[:size]])
            rest = rest[size:]
            continue
        letter, rest = rest[0], rest[1:]
        if letter in _LEFT_OUT or unicodedata.category(letter) in ("Mn", "Lm"):
            if letter == "ː" and names:
                names.append(":")
            continue
        near = next((by_sound[one] for one in _NEAR.get(letter, "") if one in by_sound), None)
        if near is None:
            missing += letter
        else:
            names.append(near)
    return _joined(names, set(sounds)), missing


def _joined(names: list[str], known: set[str]) -> str:
    """Names in a row, with a bar where two would be read as another one."""
    text = ""
    for index, name in enumerate(names):
        text += name
        after = "".join(names[index + 1 : index + 3])
        if name not in _STRESS.values() and any(name + after[:n] in known for n in range(1, 4) if after[:n]):
            text += "|"
    return text


def _by_sound(sounds: Mapping[str, str]) -> dict[str, str]:
    """The name to write for each sound: the plainest of those that give it, the language's own before the general."""
    best: dict[str, tuple[tuple[bool, int, int], str]] = {}
    for place, (name, sound) in enumerate(sounds.items()):
        plain = unicodedata.normalize("NFC", sound)
        if not plain or not all(c.isalpha() or unicodedata.category(c) in ("Mn", "Lm") for c in plain):
            continue  # a name without IPA of its own, such as "r."
        cost = ((":" in name) != ("ː" in plain), len(name), -place)
        if plain not in best or cost < best[plain][0]:
            best[plain] = (cost, name)
    found = {sound: name for sound, (_, name) in best.items()}
    for sound, name in list(found.items()):  # "ä" will do for "a" where there is no other
        bare = "".join(c for c in unicodedata.normalize("NFD", sound) if unicodedata.category(c) not in ("Mn", "Lm"))
        found.setdefault(bare, name)
    return found
