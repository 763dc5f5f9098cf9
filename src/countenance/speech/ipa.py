"""IPA symbols as gestures of the mouth: which of the 15 visemes, how far open, how wide, how dominant.

The 15 visemes and their order are those of MPEG-4 and OVR. Openness, width and dominance are starting values
per class of sound after Cohen and Massaro (1993) and Edwards et al. (2016), with fuller steps between vowels; reach
and dominance were then set by seven GRID speakers and the presenters (docs/visemes.md).
Every letter and diacritic of the International Phonetic Alphabet (chart of 2020) is known, with the extensions and
obsolete letters that dictionaries and synthesisers still use.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from countenance.speech.phones import Phones

VISEMES = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")
Kind = Literal["rest", "closure", "tuck", "vowel", "plosive", "fricative", "nasal", "liquid", "glide", "free"]


@dataclass(frozen=True, slots=True)
class Gesture:
    """What one sound asks of the mouth.

    `drop` is how far the jaw hangs, 0 shut to 1 the most of ordinary speech; `width` -1 rounded to +1 spread; `jaw`
    and `lips` say how strongly it insists on its opening and on its width (a vowel's jaw has 1); it reaches
    `before_s` ahead of and `after_s` behind itself.
    """

    kind: Kind
    viseme: str
    drop: float
    width: float
    jaw: float = 1.0
    lips: float = 1.0
    before_s: float = 0.072
    after_s: float = 0.072

    @property
    def aperture(self) -> float:
        """How far apart the lips are, 0 closed to 1 wide open.

        Lips and jaw are not the same: in *s* and *t* the teeth all but meet while the lips stand half open, and
        rounding closes the lips over a lower jaw. The straight line was laid through eleven measured clips.
        """
        if self.kind in ("rest", "closure", "tuck") or self.viseme == "PP":
            return self.drop
        rounded = 0.0 if self.kind == "fricative" else min(1.0, max(0.0, -self.width - 0.4) / 0.5)
        return min(1.0, PARTED - (PARTED - 0.1) * rounded + OPENING * self.drop)

    @property
    def jaw_drop(self) -> float:
        """`drop`, but of closures that of the teeth behind them: the jaw stays lower than the lips."""
        return CLOSED_DROP if self.kind in ("closure", "tuck") else self.drop


@dataclass(frozen=True, slots=True)
class Segment:
    """A gesture, its time, and the letter that it was written with ("" for silence)."""

    gesture: Gesture
    start_s: float
    end_s: float
    letter: str = ""


def _vowel(viseme: str, drop: float, width: float) -> Gesture:
    if width <= -0.4:
        return Gesture("vowel", viseme, drop, width, lips=2.2, before_s=0.08, after_s=0.07)
    return Gesture("vowel", viseme, drop, width)


def _tongue(kind: Kind, viseme: str, drop: float, jaw: float = 1.1) -> Gesture:
    """Made by the tongue alone: the lips follow the neighbours."""
    return Gesture(kind, viseme, drop, 0.0, jaw=jaw, lips=0.1, before_s=0.06, after_s=0.06)


def _narrow(kind: Kind, viseme: str, drop: float, width: float, lips: float) -> Gesture:
    return Gesture(kind, viseme, drop, width, jaw=2.0, lips=lips, before_s=0.066, after_s=0.066)


PARTED, OPENING = 0.42, 0.9  # aperture of lips over a shut jaw, and what the jaw adds
CLOSED_DROP = 0.14
REST = Gesture("rest", "sil", 0.0, 0.0, jaw=0.6, lips=0.6, before_s=0.15, after_s=0.15)
CLOSURE = Gesture("closure", "PP", 0.0, 0.0, jaw=1.5, lips=0.3, before_s=0.04, after_s=0.04)
TUCK = Gesture("tuck", "FF", 0.08, 0.1, jaw=1.5, lips=0.5, before_s=0.045, after_s=0.045)
NEAR_CLOSURE = Gesture("fricative", "PP", 0.07, -0.05, jaw=2.5, lips=0.5, before_s=0.045, after_s=0.045)
TONGUE_TO_LIP = Gesture("fricative", "TH", 0.15, 0.0, jaw=1.5, lips=0.3, before_s=0.05, after_s=0.05)
FREE = Gesture("free", "E", 0.35, 0.0, jaw=0.1, lips=0.05, before_s=0.05, after_s=0.05)
SCHWA = Gesture("vowel", "E", 0.35, 0.0, jaw=0.5, lips=0.1)
ROUND_GLIDE = Gesture("glide", "U", 0.1, -0.95, jaw=1.2, lips=1.8, before_s=0.09, after_s=0.07)

_PULMONIC: dict[str, Gesture] = {
    **{symbol: CLOSURE for symbol in "pbmʙ"},
    **{symbol: TUCK for symbol in "fvɱʋⱱȹȸ"},
    **{symbol: NEAR_CLOSURE for symbol in "ɸβ"},
    **{symbol: _tongue("fricative", "TH", 0.22, 1.3) for symbol in "θð"},
    **{symbol: _tongue("plosive", "DD", 0.18) for symbol in "tdʈɖcɟȶȡ"},
    "ɾ": _tongue("liquid", "DD", 0.22),
    **{symbol: _tongue("plosive", "kk", 0.28, 0.8) for symbol in "kgɡqɢ"},
    **{symbol: _tongue("nasal", "kk", 0.26, 0.8) for symbol in "ŋɴ"},
    **{symbol: _tongue("fricative", "kk", 0.28, 0.8) for symbol in "xɣχɰçʝ"},
    **{symbol: FREE for symbol in "hɦħʕʔʜʢʡ"},
    **{symbol: _narrow("fricative", "CH", 0.14, -0.55, 1.5) for symbol in "ʃʒɧʆʓ"},
    **{symbol: _narrow("fricative", "CH", 0.14, -0.3, 1.0) for symbol in "ʂʐ"},
    **{symbol: _narrow("fricative", "CH", 0.14, 0.0, 0.5) for symbol in "ɕʑ"},
    **{symbol: _narrow("fricative", "SS", 0.1, 0.3, 0.5) for symbol in "szɬɮꞎ"},
    **{symbol: _tongue("nasal", "nn", 0.2) for symbol in "nɲɳȵ"},
    **{symbol: _tongue("liquid", "nn", 0.24) for symbol in "lɫʎɭʟɺȴ"},
    **{symbol: _narrow("liquid", "RR", 0.2, -0.55, 1.0) for symbol in "ɹɻ"},
    **{symbol: _tongue("liquid", "RR", 0.25) for symbol in "rɽʁʀ"},
    **{symbol: ROUND_GLIDE for symbol in "wʍɥ"},
    "j": Gesture("glide", "I", 0.2, 0.5, jaw=0.8, lips=0.6, before_s=0.06, after_s=0.06),
}
_NON_PULMONIC: dict[str, Gesture] = {
    **{symbol: CLOSURE for symbol in "ɓƥʘ"},
    **{symbol: _tongue("plosive", "DD", 0.18) for symbol in "ɗᶑʄƭƈǀǃǂǁʇʗʖ"},
    **{symbol: _tongue("plosive", "kk", 0.28, 0.8) for symbol in "ɠʛƙʠʞ"},
}
_VOWELS: dict[str, Gesture] = {
    **{symbol: _vowel("aa", 0.92, 0.1) for symbol in "aɑᴀ"},
    "æ": _vowel("aa", 0.85, 0.35),
    "ɐ": _vowel("aa", 0.7, 0.05),
    "ʌ": _vowel("aa", 0.65, 0.05),
    "ɶ": _vowel("aa", 0.7, -0.4),
    "ɛ": _vowel("E", 0.6, 0.25),
    "ᴇ": _vowel("E", 0.52, 0.4),
    "e": _vowel("E", 0.45, 0.5),
    **{symbol: SCHWA for symbol in "əɘ"},
    "ɜ": _vowel("E", 0.45, -0.05),
    "ɞ": _vowel("O", 0.45, -0.4),
    **{symbol: _vowel("RR", 0.35, -0.25) for symbol in "ɚɝ"},
    "i": _vowel("I", 0.22, 0.7),
    **{symbol: _vowel("I", 0.3, 0.45) for symbol in "ɪɩ"},
    "ɨ": _vowel("I", 0.25, 0.3),
    "ᵻ": _vowel("I", 0.28, 0.25),
    **{symbol: _vowel("I", 0.16, 0.2) for symbol in "ɿʅ"},
    **{symbol: _vowel("U", 0.16, -0.6) for symbol in "ʮʯ"},
    "ɯ": _vowel("U", 0.24, 0.1),
    "ɤ": _vowel("O", 0.4, 0.0),
    "ɔ": _vowel("O", 0.6, -0.5),
    "ɒ": _vowel("O", 0.75, -0.35),
    "o": _vowel("O", 0.4, -0.7),
    "ɵ": _vowel("O", 0.35, -0.55),
    "œ": _vowel("O", 0.5, -0.55),
    "ø": _vowel("O", 0.35, -0.65),
    "u": _vowel("U", 0.16, -0.95),
    **{symbol: _vowel("U", 0.25, -0.65) for symbol in "ʊɷ"},
    "ʉ": _vowel("U", 0.18, -0.85),
    "y": _vowel("U", 0.18, -0.85),
    "ʏ": _vowel("U", 0.25, -0.7),
    "ᵿ": _vowel("U", 0.25, -0.5),
}
LETTERS: dict[str, Gesture] = {**_PULMONIC, **_NON_PULMONIC, **_VOWELS}
_WRITTEN_AS = {
    "ʦ": "ts", "ʣ": "dz", "ʧ": "tʃ", "ʤ": "dʒ", "ʨ": "tɕ", "ʥ": "dʑ", "ʩ": "fŋ", "ʪ": "ls", "ʫ": "lz",
    "ꭧ": "tʂ", "ꭦ": "dʐ",
    # Greek for Latin and the other way round
    "ε": "ɛ", "\ua7b5": "β", "Φ": "ɸ", "φ": "ɸ", "\uab53": "χ", "γ": "ɣ", "λ": "ʎ",
    # Names for which espeak-ng has no IPA come in the ASCII of Kirshenbaum (1992).
    "A": "ɑ", "B": "β", "C": "ç", "D": "ð", "E": "ɛ", "I": "ɪ", "J": "ɟ", "N": "ŋ", "O": "ɔ", "P": "ɸ", "Q": "ɣ",
    "S": "ʃ", "T": "θ", "U": "ʊ", "V": "ʌ", "W": "œ", "X": "χ", "Y": "ø", "Z": "ʒ", "@": "ə", "&": "æ", "?": "ʔ",
}  # fmt: skip

LABIALISED = "ʷ"
_LABIAL_MARKS = "ʷᶣ̫"


def _wider(by: float) -> Callable[[Gesture], Gesture]:
    return lambda gesture: replace(gesture, width=min(1.0, max(-1.0, gesture.width + by)), lips=max(gesture.lips, 0.4))


def _opened(factor: float) -> Callable[[Gesture], Gesture]:
    return lambda gesture: replace(gesture, drop=min(1.0, gesture.drop * factor))


def _palatal(gesture: Gesture) -> Gesture:
    return _wider(0.15)(_opened(0.9)(gesture)) if gesture.kind not in ("closure", "tuck") else gesture


def _centred(gesture: Gesture) -> Gesture:
    if gesture.kind != "vowel":
        return gesture
    return replace(gesture, drop=0.7 * gesture.drop + 0.3 * SCHWA.drop, width=0.7 * gesture.width)


def _dental(gesture: Gesture) -> Gesture:
    """Of a bilabial it makes a labiodental; other consonants are dental without a change that is seen."""
    return TUCK if gesture.kind == "closure" else gesture


def _to_the_lip(gesture: Gesture) -> Gesture:
    return TONGUE_TO_LIP


_MARKS: dict[str, Callable[[Gesture], Gesture]] = {
    **{mark: _wider(-0.2) for mark in "̹͗"},  # more rounded
    **{mark: _wider(0.2) for mark in "̜͑"},  # less rounded
    **{mark: _wider(0.35) for mark in "͍"},  # labial spreading
    **{mark: _wider(-0.3) for mark in "ᵝ"},  # compressed
    **{mark: _wider(-0.15) for mark in "˞ʴʵ"},  # rhotic
    **{mark: _opened(0.85) for mark in "̝˔"},  # raised
    **{mark: _opened(1.15) for mark in "̞˕"},  # lowered
    **{mark: _centred for mark in '̽̈"'},
    **{mark: _palatal for mark in "ʲ^"},
    "̪": _dental,
    "̼": _to_the_lip,
}
_SYLLABIC, _NON_SYLLABIC = "̩̍", "̯̑"
# Marks that change the sound and not what is seen, or whose effect (length, stress) lies in the times already.
_UNSEEN = (
    "̥̊̃̄́̀̂̌̋̏᷄᷅᷇᷆᷈᷉̆̇"  # voiceless, nasal, tones, extra-short
    "̴̬̤̰̺̻̟̠̘̙͆͊͋͌̓̒̐̚̕͜͢͡"  # voiced, breathy, creaky, apical, laminal, advanced, retracted, tongue root, ties
    "˖˗˭ː:ˑ'ˈˌʼ’ʰʱˠˤ̢̡ⁿˡʳʶᵊᵐᵑᶮᶯᶰᶿˣˢᶻᶠᵛᵖᵇᵗᵈᵏᶢꟸᵡᶴᶾʻ`ʽ"
    "˥˦˧˨˩꜒꜓꜔꜕꜖ꜛꜜ↗↘0123456789¹²³⁴⁵.|‖‿-_ ˀˁ#[]!~;,"
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One letter with its marks, as a gesture, and whether it is a short or a long part of its phone."""

    letter: str
    gesture: Gesture
    weight: float = 1.0


@cache
def _parsed(symbol: str) -> tuple[tuple[_Part, ...], str]:
    """The parts of a phone name in order, and what in it is no IPA."""
    parts: list[_Part] = []
    unknown = ""
    for letter in _letters(symbol):
        if letter in LETTERS:
            parts.append(_Part(letter, LETTERS[letter]))
        elif letter in _LABIAL_MARKS:
            if not parts or parts[-1].gesture.kind != "vowel":
                parts.append(_Part(LABIALISED, ROUND_GLIDE))
            else:
                parts[-1] = replace(parts[-1], gesture=_wider(-0.4)(parts[-1].gesture))
        elif letter in _MARKS:
            if parts:
                parts[-1] = replace(parts[-1], gesture=_MARKS[letter](parts[-1].gesture))
        elif letter in _SYLLABIC:
            if parts:
                parts[-1] = replace(parts[-1], weight=2.0)
        elif letter in _NON_SYLLABIC:
            if parts:
                parts[-1] = replace(parts[-1], weight=0.6)
        elif letter not in _UNSEEN:
            unknown += letter
    return tuple(parts), unknown


def gestures(symbol: str) -> tuple[Gesture, ...]:
    """The gestures of one phone name, in order; ("rest",) for silence, a schwa for a name without known
    letters.

    Stress, length, tones and ties change nothing (their length is in the times); ʷ adds a rounding; marks of lip
    rounding, height, palatalisation and place change the letter before them.
    """
    if not symbol:
        return (REST,)
    return tuple(part.gesture for part in _parsed(symbol)[0]) or (SCHWA,)


def not_ipa(symbol: str) -> str:
    """The characters of a phone name that are neither letters nor marks of the IPA; "" when all are known."""
    return _parsed(symbol)[1]


def segments(phones: Phones) -> tuple[Segment, ...]:
    """Phones cut into gestures: diphthongs 60/40, affricates 30/70, a vowel with a consonant about 2/1."""
    result = []
    for phone in phones:
        parts = gestures(phone.symbol)
        letters = [part.letter for part in _parsed(phone.symbol)[0]] or ["ə" if phone.symbol else ""]
        start_s, length_s = phone.start_s, phone.end_s - phone.start_s
        for part, letter, share in zip(parts, letters, _shares(phone.symbol, parts), strict=True):
            result.append(Segment(part, start_s, start_s + share * length_s, letter))
            start_s += share * length_s
    return tuple(result)


def is_plosive(symbol: str) -> bool:
    """Whether a phone begins with a stop of the air (an affricate does, a nasal does not)."""
    first = _first(symbol)
    return first in "pbɓƥʘȹȸ" or _kind(first) == "plosive" if first else False


def is_vowel(symbol: str) -> bool:
    """Whether a phone begins with a vowel."""
    return _first(symbol) in _VOWELS


def is_voiced_consonant(symbol: str) -> bool:
    """Whether a phone ends with a voiced consonant."""
    letters = [part.letter for part in _parsed(symbol)[0] if part.letter != LABIALISED]
    return bool(letters) and letters[-1] in "bdɡgɓɗɟɖɢmnŋɲɳɱɴvzðʒʑʐβɣʝʁɹrɾlɫɭʎɻwjɥʋʙʀɽɮʟɰʄɠʛᶑⱱȸȡȵȴ"


def _first(symbol: str) -> str:
    return next((part.letter for part in _parsed(symbol)[0] if part.letter != LABIALISED), "")


def _kind(letter: str) -> str:
    gesture = LETTERS.get(letter)
    return gesture.kind if gesture else ""


def _letters(symbol: str) -> str:
    """Letters and marks one by one; ç is a letter of its own, joined letters come apart."""
    apart = unicodedata.normalize("NFD", symbol).replace("c\u0327", "\u00e7")
    return "".join(_WRITTEN_AS.get(letter, letter) for letter in apart)


def _shares(symbol: str, parts: Sequence[Gesture]) -> list[float]:
    known = _parsed(symbol)[0]
    weights = []
    for index, part in enumerate(parts):
        before = parts[index - 1].kind if index else ""
        after = parts[index + 1].kind if index + 1 < len(parts) else ""
        if part.kind == "vowel":
            weight = 2.0 if before == "vowel" else 3.0
        elif part.kind in ("plosive", "closure") and after in ("fricative", "tuck"):
            weight = 0.9
        elif before in ("plosive", "closure") and part.kind in ("fricative", "tuck"):
            weight = 2.1
        else:
            weight = 1.5
        weights.append(weight * (known[index].weight if known else 1.0))
    total = sum(weights)
    return [weight / total for weight in weights]
