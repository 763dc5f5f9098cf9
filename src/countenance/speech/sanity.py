"""Whether a text can be what somebody is to say: words at all, in the language that it claims, without debris.

The language is told from the script first, then from the commonest words, and only where these do not settle it from
letter statistics (py3langid, which knows 140 languages and can be wrong about a handful of words: it stops nothing
unless it is very sure and the text is long enough).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError

from countenance.speech.languages import canonical
from countenance.speech.wording import unspoken

LONGEST_WORD = 45  # letters; German has longer ones in law, not in copy
SURE, RULED_OUT = 0.95, 0.001  # of the language that it seems to be, and of the one that it claims
LIKELY, UNLIKELY = 0.8, 0.02
ENOUGH_WORDS, ENOUGH_LETTERS = 5, 20  # below that a verdict about the language is only told
_COMMON_SHARE = 0.2

_SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "CYRILLIC": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt", "ba", "cv", "bs"),
    "GREEK": ("el", "grc"),
    "ARABIC": ("ar", "fa", "ur", "ps", "sd", "ug", "ku", "pa"),
    "HEBREW": ("he", "yi"),
    "DEVANAGARI": ("hi", "mr", "ne", "sa", "kok"),
    "BENGALI": ("bn", "as", "bpy"),
    "GURMUKHI": ("pa",),
    "GUJARATI": ("gu",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "KANNADA": ("kn",),
    "MALAYALAM": ("ml",),
    "SINHALA": ("si",),
    "ORIYA": ("or",),
    "THAI": ("th",),
    "LAO": ("lo",),
    "KHMER": ("km",),
    "MYANMAR": ("my", "shn"),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy", "hyw"),
    "ETHIOPIC": ("am", "ti"),
    "HANGUL": ("ko",),
    "KANA": ("ja",),
    "CJK": ("zh", "cmn", "yue", "hak", "ja", "ko"),
}
_ALSO_LATIN = ("sr", "bs", "kk", "tt", "ku", "uz", "az", "mn", "cmn")
_COMMON: Mapping[str, str] = {
    "en": "the a an and of to in is it that this for on with you your are at as be by from or our we not all",
    "de": "der die das und in ist ein eine einen zu den mit sie es auf für von im nicht sich dem auch wir ihr als",
    "fr": "le la les des et un une est en que qui pour dans pas vous nous avec sur ce cette du au je il elle plus",
    "es": "el la los las de y en un una es que por para con no se su lo al del más este esta como",
    "it": "il la le di e un una che per in con non si del della è sono da al i gli questo questa più come",
    "pt": "o a os as de e um uma que para com não em do da no na é por se mais este esta seu sua",
    "nl": "de het een en van in is dat op te voor met zijn je niet aan er ook als deze dit uw om bij",
    "pl": "i w na z do się nie to jest że o jak po za od dla ten ta te przez czy ale",
    "sv": "och i att det som en på är av för den med till inte om ett har du din vi kan",
}  # fmt: skip
_RELATED = (
    ("no", "nb", "nn", "da", "sv"), ("hr", "sr", "bs", "sl", "mk"), ("id", "ms", "jv"), ("cs", "sk", "ltg"),
    ("es", "gl", "pt", "ext", "an", "ca", "oc", "la"), ("it", "lij", "vec", "la"), ("de", "lb", "af", "nl", "fy"),
    ("zh", "cmn", "yue", "wuu"), ("ar", "ary", "arz", "sdh"), ("hi", "mr", "ne", "sa", "kok"), ("ru", "uk", "be", "bg"),
    ("en", "pcm"), ("fr", "gcf", "gcr", "ht", "wa", "oc", "br"), ("tr", "az", "crh", "tk"), ("fa", "ps"),
    ("he", "hbo", "yi"), ("el", "grc"), ("et", "fi"),
)  # fmt: skip
_MOJIBAKE = re.compile("Ã[\u0080-\u00bf¤¶¼Ÿ©¨ª±³]|â€[\u0099œ\u009d“”™]|Â[ °®©«»]")
_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a text: `kind` for machines, one sentence for people. What `blocks` stops the job."""

    kind: str
    sentence: str
    blocks: bool


def troubles(text: str, language: str) -> tuple[Trouble, ...]:
    """Everything that is wrong with a text that claims to be in a BCP-47 language; () where nothing is.

    kinds: empty, unreadable, language (these block, `language` only where it is sure), controls, mixed, long, unknown.
    """
    said = unspoken(text)
    if not any(c.isalnum() for c in said):
        return (_empty(text, language),)
    found = [*_debris(text, language), *_mixed(text, language), *_long(said, language)]
    wrong = None if any(one.kind == "unreadable" for one in found) else _language(said, language)
    return tuple([*found, *([wrong] if wrong else [])])


def guess(text: str) -> tuple[tuple[str, float], ...]:
    """Languages that a text could be in, with their probabilities, best first."""
    ranked: list[tuple[str, float]] = _identifier().rank(text)
    return tuple((name, float(probability)) for name, probability in ranked[:5])


def _empty(text: str, language: str) -> Trouble:
    if text.strip():
        why = "only emoji, signs or addresses"
        return Trouble("empty", f"The text in {language} has no words to say, {why}: write what is said.", True)
    return Trouble("empty", f"The text in {language} is empty: write what is said.", True)


def _debris(text: str, language: str) -> Iterator[Trouble]:
    if "\ufffd" in text or _MOJIBAKE.search(text):
        match = _MOJIBAKE.search(text)
        shown = f"'{match[0]}'" if match else "'\ufffd'"
        sentence = f"The text in {language} was saved in the wrong encoding, it has {shown}: save it as UTF-8 again."
        yield Trouble("unreadable", sentence, True)
    kinds = Counter(_kind_of(c) for c in text if _kind_of(c))
    for kind, count in kinds.items():
        sentence = f"The text in {language} has {count} {kind} character(s), which nobody can say: remove them."
        yield Trouble("controls", sentence, False)


def _kind_of(character: str) -> str:
    if character in _BIDI:
        return "invisible direction"
    category = unicodedata.category(character)
    if category == "Cc" and character not in "\n\r\t":
        return "control"
    return {"Co": "private", "Cn": "unassigned", "Cs": "broken"}.get(category, "")


def _mixed(text: str, language: str) -> Iterator[Trouble]:
    """Words of Latin letters with a Cyrillic or Greek one among them look right and are read wrong."""
    for word in re.findall(r"[^\W\d_]+", text):
        scripts = {_script(c) for c in word} & {"LATIN", "CYRILLIC", "GREEK"}
        if len(scripts) > 1:
            names = " and ".join(sorted(name.capitalize() for name in scripts))
            sentence = f"The text in {language} mixes {names} letters in '{word}': type the word again."
            yield Trouble("mixed", sentence, False)
            return


def _long(text: str, language: str) -> Iterator[Trouble]:
    for word in re.findall(r"[^\W\d_]+", text):
        if len(word) > LONGEST_WORD and _script(word[0]) not in ("CJK", "KANA", "THAI", "LAO", "KHMER", "MYANMAR"):
            shown = f"{word[:20]}…"
            sentence = (
                f"The text in {language} has a word of {len(word)} letters ('{shown}'): put spaces where they belong."
            )
            yield Trouble("long", sentence, False)
            return


def _language(text: str, language: str) -> Trouble | None:
    own = canonical(language).split("-")[0]
    letters = Counter(_script(c) for c in text if c.isalpha())
    total = sum(letters.values())
    if not total:
        return None
    script, count = letters.most_common(1)[0]
    if own == "ja" and letters["KANA"]:
        return None
    if (own == "ja" and script == "CJK" and total >= ENOUGH_LETTERS) or (own == "ko" and script == "CJK"):
        return _wrong(language, "zh", sure=total >= ENOUGH_LETTERS)
    if count > 0.6 * total and not _may_write(own, script):
        return _wrong(language, f"{script.capitalize()} letters", sure=total >= 4)
    if own == "zh" and letters["KANA"] > 0.2 * total:
        return _wrong(language, "ja", sure=True)
    if (script in _SCRIPTS and len(_SCRIPTS[script]) < 3) or own in ("zh", "yue", "cmn", "ja"):
        return None  # the letters alone say which language it is
    words = re.findall(r"[^\W\d_]+", text.lower())
    if _plainly(own, words):
        return None
    return _by_letters(text, own, language, len(words), total)


def _plainly(own: str, words: list[str]) -> bool:
    """Whether the language's commonest words are there, and no other language's as often."""
    if own not in _COMMON:
        return False
    shares = {name: sum(word in common.split() for word in words) for name, common in _COMMON.items()}
    return shares[own] >= _COMMON_SHARE * len(words) and all(
        shares[own] > share for name, share in shares.items() if name != own
    )


def _by_letters(text: str, own: str, language: str, words: int, letters: int) -> Trouble | None:
    try:
        ranked = dict(_identifier().rank(text))
    except ValueError:
        return None
    family = _family(own)
    if not family & ranked.keys():
        return None  # a language that the statistics do not know
    best = max(ranked, key=lambda name: ranked[name])
    claimed = sum(ranked.get(name, 0.0) for name in family)
    seeming = sum(ranked.get(name, 0.0) for name in _family(best) - family)
    if best in family or seeming < LIKELY or claimed > UNLIKELY:
        return None
    enough = words >= ENOUGH_WORDS and letters >= ENOUGH_LETTERS
    return _wrong(language, best, sure=enough and seeming >= SURE and claimed <= RULED_OUT)


def _family(code: str) -> set[str]:
    """A language and those that statistics mistake for it."""
    return {code, *(name for related in _RELATED if code in related for name in related)}


def _wrong(language: str, seems: str, *, sure: bool) -> Trouble:
    verb = "is" if sure else "may be"
    what = f"written in {seems}" if "letters" in seems else f"in {_named(seems)}"
    sentence = f"The text in {language} {verb} {what}: check that it is the right file."
    return Trouble("language", sentence, sure)


def _named(code: str) -> str:
    try:
        return Locale.parse(code).get_language_name("en") or code
    except (UnknownLocaleError, ValueError):
        return code


def _may_write(language: str, script: str) -> bool:
    if script == "LATIN":
        return language in _ALSO_LATIN or all(language not in names for names in _SCRIPTS.values())
    if script not in _SCRIPTS or language in _SCRIPTS[script]:
        return True
    # A rare language of which nothing is known may be written in any letters; a common one is known to be Latin.
    return len(language) > 2 and all(language not in names for names in _SCRIPTS.values())


@cache
def _script(character: str) -> str:
    """The script of a letter by its Unicode name, such as LATIN; KANA for both of Japanese."""
    name = unicodedata.name(character, "").replace("FULLWIDTH ", "").partition(" ")[0]
    return {"HIRAGANA": "KANA", "KATAKANA": "KANA", "KATAKANA-HIRAGANA": "KANA"}.get(name, name)


@cache
def _identifier() -> Any:
    # Half a second to load, so only where simpler signs do not settle it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
