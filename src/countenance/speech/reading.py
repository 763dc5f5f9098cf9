"""From a text file's words, plain or SSML, to an utterance in which figures and signs are said in words."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from countenance.speech.figures import Figures, figures_of
from countenance.speech.lexicon import matches
from countenance.speech.ssml import read_text
from countenance.speech.utterance import Part, Run, Utterance
from countenance.speech.wording import wording_of

_ORDERS = ("dmy", "mdy", "ymd", "dm", "md", "my", "ym", "y")


def reading(text: str, language: str, lexicon: Mapping[str, str] | None = None, name: str = "the text") -> Utterance:
    """What is to be said for a text in a BCP-47 language, which is SSML where it begins with `<speak`.

    Words of the lexicon are left to it. Errors: InputError for SSML that is not understood, with its line after `name`.
    """
    whole = read_text(text, _say_as(language), name)
    parts: list[Part] = []
    for part in whole.parts:
        if isinstance(part, Run) and part.plain_text:
            parts += _worded(part, language, lexicon or {})
        else:
            parts.append(part)
    return Utterance(tuple(parts))


def _worded(run: Run, language: str, lexicon: Mapping[str, str]) -> Iterator[Run]:
    taken = matches(run.text, lexicon, language)
    at = 0
    for piece in wording_of(run.text, language).pieces:
        if any(piece.start < one.end and one.start < piece.end for one in taken):
            continue
        if piece.start > at:
            yield replace(run, text=run.text[at : piece.start])
        yield replace(run, text=run.text[piece.start : piece.end], said=piece.spoken)
        at = piece.end
    if at < len(run.text):
        yield replace(run, text=run.text[at:])


def _say_as(language: str) -> Callable[[str, str, str], str]:
    def say(kind: str, form: str, text: str) -> str:
        figures = figures_of(language)
        if not any(c.isdecimal() for c in text):
            raise ValueError("it holds no figures")
        if figures is None:
            return text  # the voice reads it by its own rules
        said = _READERS[kind](figures, form, text, language)
        return text if said is None else said

    return say


def _cardinal(figures: Figures, _form: str, text: str, _language: str) -> str | None:
    if not re.fullmatch(rf"[-−]?{figures.number}", text):
        raise ValueError(f"write it as {figures.language} does, such as 1234")
    bare = text.lstrip("-−")
    said = figures.read(bare)
    return said if said is None or bare == text else f"{figures.minus()} {said}"


def _ordinal(figures: Figures, _form: str, text: str, _language: str) -> str | None:
    number = re.fullmatch(r"(\d{1,9})(?:\.|st|nd|rd|th|er|re|e|ème|º|ª|o|a|\.º|\.ª|:[ae])?", text, re.I)
    if not number:
        raise ValueError("write a whole number")
    return figures.ordinal(int(number[1]))


def _date(figures: Figures, form: str, text: str, language: str) -> str | None:
    numbers = re.findall(r"\d+", text)
    if form and form not in _ORDERS:
        raise ValueError(f"the format {form!r} is none of {', '.join(_ORDERS)}")
    if not form:
        said = wording_of(text, language).spoken
        if said == text and re.fullmatch(r"[\d./ -]+", text):
            raise ValueError("give it a format such as dmy, or write 2026-05-03")
        return said
    if len(numbers) != len(form):
        raise ValueError(f"the format {form!r} wants {len(form)} numbers")
    found = dict(zip(form, map(int, numbers), strict=True))
    year = found.get("y")
    if year is not None and year < 100:
        year += 2000
    if "d" not in found:
        said_year = figures.year(year or 2000)
        month = figures.months.get(found.get("m", 0), "")
        if "m" in found and not month:
            raise ValueError("there is no such month")
        return None if said_year is None else f"{month} {said_year}".strip()
    try:
        datetime.date(year or 2000, found["m"], found["d"])
    except ValueError:
        raise ValueError("there is no such day") from None
    return figures.date(found["d"], found["m"], year)


def _telephone(figures: Figures, _form: str, text: str, language: str) -> str | None:
    said = wording_of(text, language)
    if said.pieces and said.pieces[0].start == 0 and said.pieces[0].end == len(text) and text[0] in "+0":
        return said.spoken
    groups = [figures.one_by_one(group) for group in re.findall(r"\d+", text)]
    return None if None in groups else ", ".join(group for group in groups if group)


def _time(figures: Figures, form: str, text: str, language: str) -> str | None:
    if not re.search(r"\d\s?[:.h]\s?\d|\d\s*[^\W\d_]", text):
        raise ValueError("write it as the language does, such as 14:30")
    return _worded_whole(figures, form, text, language)


def _worded_whole(_figures: Figures, _form: str, text: str, language: str) -> str | None:
    said = wording_of(text, language).spoken
    if said == text:
        raise ValueError("write it as the language does, such as 14:30 or €12.50")
    return said


_READERS: Mapping[str, Callable[[Figures, str, str, str], str | None]] = {
    "cardinal": _cardinal, "ordinal": _ordinal, "date": _date, "time": _time, "currency": _worded_whole,
    "telephone": _telephone,
}  # fmt: skip
