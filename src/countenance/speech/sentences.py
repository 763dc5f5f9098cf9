"""Where sentences end, in any script, by what stands around the mark that could end one.

The rules are those of Unicode's text segmentation (UAX #29, sentence boundaries), with what it leaves to each language:
abbreviations, initials, and figures with a full stop that are ordinals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from countenance.speech.figures import abbreviations
from countenance.speech.languages import canonical

_STRONG = "!?‽¡¿؟።፧。！？｡।॥۔"  # end a sentence wherever they stand
_WEAK = ".…．"  # may also end an abbreviation, or trail off
_CLOSING = "\"'”’“»«›‹)]}」』）】〉》"
_OPENING = "\"'“‘„«»‹›([{「『（【〈《¡¿—–-"
_END = re.compile(rf"([{re.escape(_STRONG + _WEAK)}]+)((?:[{re.escape(_CLOSING)}]|[ \u00a0\u202f][»›])*)")
_BREAK = re.compile(r"\n[^\S\n]*\n\s*")
_FULL_WIDTH = "。！？｡．"
# Languages that write "3." for "third".
_DOTTED = ("de", "da", "no", "nb", "nn", "fi", "et", "lv", "cs", "sk", "pl", "sl", "hr", "sr", "bs", "hu", "tr", "is")
_ADDED = {
    "en": "mr mrs ms dr prof st jr sr gen col sgt capt lt rev hon vs no fig vol approx dept est inc ltd co corp "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun a.m p.m u.s u.k e.g i.e cf al",
    "de": "hr fr dr prof nr bzw ca evtl ggf inkl zzgl vgl str abs art bd hrsg st usw z b d h u a s o i v dipl ing "
    "jan feb mär apr jun jul aug sep okt nov dez mo di mi do fr sa so max min mio mrd tel mwst",
    "fr": "m mm mme mlle dr me st ste av bd env art p ex fig vol cf janv févr avr juil sept oct nov déc tél",
    "es": "sr sra srta dr dra d dña ud uds av avda pág págs núm tel aprox p ej ee uu art cap fig vol",
    "it": "sig sigg dott prof avv ing ecc pag art fig vol cap tel p es ca",
    "pt": "sr sra dr dra prof profa av pág págs tel aprox p ex art fig vol núm",
    "nl": "dhr mevr dr prof ir ing mr bijv enz nr blz tel ca incl excl st o a d w z m",
    "pl": "np itd itp tzn tj ok dr prof mgr inż ul nr r godz tel m in św al",
    "sv": "t ex bl a d v s o osv dvs ca nr kl tel prof dr st m fl",
    "ru": "г гг т д др п р ул стр руб коп тыс млн млрд им проф см рис",
    "tr": "dr prof sn vb vs no tel cad sok",
}


@dataclass(frozen=True)
class Sentence:
    """One sentence and where it stands in the text: characters [start, end), no blanks at its ends."""

    text: str
    start: int
    end: int


def sentences(text: str, language: str) -> tuple[Sentence, ...]:
    """The sentences of a text in a BCP-47 language, in order; none of an empty text.

    Every visible character belongs to one sentence. A blank line always ends one.
    """
    found: list[Sentence] = []
    first = 0
    for last in [*_ends(text, canonical(language).split("-")[0]), len(text)]:
        part = text[first:last]
        if part.strip():
            start = first + len(part) - len(part.lstrip())
            found.append(Sentence(part.strip(), start, start + len(part.strip())))
        first = last
    return tuple(found)


def _ends(text: str, language: str) -> Iterator[int]:
    marks = [match.end() for match in _END.finditer(text) if _ends_sentence(text, match, language)]
    yield from sorted({*marks, *(match.start() for match in _BREAK.finditer(text))})


def _ends_sentence(text: str, mark: re.Match[str], language: str) -> bool:
    after = text[mark.end() :]
    if not after.strip():
        return True
    if mark[1].strip("¡¿") == "":  # they open one
        return False
    if after.lstrip()[0] in ",;:،、，；：":
        return False
    if any(c in _FULL_WIDTH for c in mark[1]):
        goes_on = mark[2] and "\u3041" <= after[0] <= "\u309f"  # a particle in hiragana, as after a quotation
        return not after[0].islower() and not goes_on
    if not after[0].isspace() and not (mark[1].strip(_WEAK) and not after[0].isalnum()):
        return mark[1][-1] in "।॥۔؟" or (mark[1].strip(_WEAK) != "" and after[0] in _OPENING and not mark[2])
    following = after.lstrip().lstrip(_OPENING)
    if following[:1].islower():
        return not mark[2] and _starts_anew(following)
    if mark[1].strip(_WEAK):
        return True
    return len(mark[1]) > 1 or mark[1] != "." or not _belongs_to_word(text[: mark.start()], following, language)


def _starts_anew(following: str) -> bool:
    """Whether a small letter may begin a sentence: names such as iPhone do."""
    return bool(re.match(r"[a-z][A-Z]", following))


def _belongs_to_word(before: str, following: str, language: str) -> bool:
    """Whether a full stop belongs to the word before it: an abbreviation, an initial, an ordinal."""
    match = re.search(r"[^\s" + re.escape(_OPENING) + r"]+$", before)
    word = match[0] if match else ""
    if re.fullmatch(r"\d{1,2}", word):
        return language in _DOTTED and following[:1].isalpha()
    if (
        re.fullmatch(r"[^\W\d_](?:\.-?[^\W\d_])*", word)
        and word[-1].isupper()
        and word not in ("I", "A", "O", "Y", "E")
    ):
        return language not in ("ja", "zh", "ko")  # an initial: J. K. Rowling
    return word.lower() in _abbreviations(language)


@cache
def _abbreviations(language: str) -> frozenset[str]:
    """Words that take a full stop without ending a sentence, in small letters."""
    said = {part.lower() for short in abbreviations(language) for part in _parts(short)}
    return frozenset({*said, *_ADDED.get(language, "").split()} - {"usw", "etc", "ecc", "enz", "itd", "itp", "osv"})


def _parts(short: str) -> Iterator[str]:
    if not short.endswith("."):
        return
    yield short.rstrip(".").replace(" ", "")
    yield from (part.rstrip(".") for part in short.split())
