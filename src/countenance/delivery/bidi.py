"""Marks that keep right-to-left text in order wherever a player puts it.

After the Unicode Bidirectional Algorithm (UAX #9) and the W3C's advice for it: a stretch of the other direction is
isolated, so that signs at its edges stay with it, and a line whose first strong letter is of the other direction
gets a mark that tells which way the line runs, since WebVTT looks at nothing else.
"""

from __future__ import annotations

import re
import unicodedata

from countenance.speech.languages import canonical

RLM, LRM = "\u200f", "\u200e"
RLI, LRI, PDI = "\u2067", "\u2066", "\u2069"
RLE, PDF = "\u202b", "\u202c"
_MARKS = dict.fromkeys(map(ord, (RLM, LRM, RLI, LRI, "\u2068", PDI, RLE, "\u202a", "\u202d", "\u202e", PDF)))
_LANGUAGES = (
    "ar", "arc", "ary", "arz", "ckb", "dv", "fa", "he", "iw", "ks", "lrc", "mzn", "nqo", "pnb", "prs", "ps", "sd",
    "syr", "ug", "ur", "yi",
)  # fmt: skip
_SCRIPTS = ("adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa")
_OPENING = "\"'“‘„«»‹›([{¡¿"
_CLOSING = "\"'”’“«»‹›)]}.,;:!?…،؛؟"
_TOKEN = re.compile(r"\S+|\s+")


def is_right_to_left(language: str) -> bool:
    """Whether a BCP-47 language is written from right to left."""
    first, *others = canonical(language).split("-")
    script = next((part for part in others if len(part) == 4), None)
    return script in _SCRIPTS if script else first in _LANGUAGES


def marked(line: str, language: str) -> str:
    """A line with isolates round what runs the other way, and the mark of its own direction where that is not plain."""
    rtl = is_right_to_left(language)
    told = _isolated(line, rtl)
    first = _first_strong(line)
    if first is not None and first != rtl:
        told = (RLM if rtl else LRM) + told
    return told


def embedded(line: str, language: str) -> str:
    """The same for players of SubRip, which often lay every line out from left to right: embedded as a whole."""
    told = _isolated(line, is_right_to_left(language))
    return f"{RLE}{told}{PDF}" if is_right_to_left(language) else told


def unmarked(text: str) -> str:
    """The text without any mark of direction."""
    return text.translate(_MARKS)


def _isolated(line: str, rtl: bool) -> str:
    """The line with each stretch of words of the other direction isolated, without the punctuation around it."""
    tokens = _TOKEN.findall(unmarked(line))
    opens, closes = (LRI, PDI) if rtl else (RLI, PDI)
    other = [_strong(token, not rtl) and not _strong(token, rtl) for token in tokens]
    out, at = "", 0
    while at < len(tokens):
        if not other[at]:
            out, at = out + tokens[at], at + 1
            continue
        end = at + 1
        while (more := _next_other(tokens, other, end)) is not None:
            end = more + 1
        run = "".join(tokens[at:end])
        core = run.rstrip(_CLOSING)
        head = core[: len(core) - len(core.lstrip(_OPENING))]
        out += f"{head}{opens}{core[len(head) :]}{closes}{run[len(core) :]}"
        at = end
    return out


def _next_other(tokens: list[str], other: list[bool], start: int) -> int | None:
    """The next token of the stretch, past one blank: of the other direction, or a figure in its midst."""
    at = start + 1
    if at >= len(tokens) or tokens[start - 1][-1] in _CLOSING:
        return None
    amid = tokens[at][:1].isdecimal() and at + 2 < len(tokens) and other[at + 2]
    return at if other[at] or amid else None


def _strong(text: str, rtl: bool) -> bool:
    kinds = ("R", "AL") if rtl else ("L",)
    return any(unicodedata.bidirectional(letter) in kinds for letter in text)


def _first_strong(text: str) -> bool | None:
    """Whether the first strong letter runs from right to left; None where there is none."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return None
