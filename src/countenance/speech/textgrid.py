"""Alignments as files: Praat's TextGrid, written and read, and JSON.

The format is that of Praat's manual, "TextGrid file formats": the long form is written; the long and the short
form are read, by the same rule as Praat's: only quoted texts, free-standing numbers and flags count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from countenance.errors import InputError
from countenance.speech.align import Alignment, Mismatch
from countenance.speech.phones import Phone, Word

_TOKEN = re.compile(r'"((?:[^"]|"")*)"|<(\w+)>|(?<!\S)([-+]?[\d.]+(?:[eE][-+]?\d+)?)%?(?!\S)|!.*|[^\s"]+')
DIGITS = 6  # a microsecond is a twentieth of a sample


class Interval(NamedTuple):
    """A labelled stretch, in seconds; in a tier of points both times are the same."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Tier:
    """A named row of intervals that cover [start_s, end_s] without gaps, or of points."""

    name: str
    start_s: float
    end_s: float
    intervals: tuple[Interval, ...]
    points: bool = False


def textgrid(alignment: Alignment) -> str:
    """The alignment as the text of a TextGrid file (write it as UTF-8) with the tiers words, phones and problems.

    Pauses are empty intervals. Words that are not said have no interval: they stand among the problems, which
    are points, as "missing: word".
    """
    end_s = alignment.phones[-1].end_s if alignment.phones else 0.0
    words = [Interval(word.start_s, word.end_s, word.text) for word in alignment.words]
    phones = [Interval(phone.start_s, phone.end_s, phone.symbol) for phone in alignment.phones]
    problems = (Interval(p.start_s, p.start_s, f"{p.kind}: {p.text}") for p in alignment.problems)
    tiers = [
        Tier("words", 0.0, end_s, _without_gaps(words, end_s)),
        Tier("phones", 0.0, end_s, _without_gaps(phones, end_s)),
        Tier("problems", 0.0, end_s, tuple(sorted(problems)), points=True),
    ]
    return write_textgrid(tiers)


def write_textgrid(tiers: Sequence[Tier]) -> str:
    """The text of a TextGrid file in the long form."""
    start_s = min((tier.start_s for tier in tiers), default=0.0)
    end_s = max((tier.end_s for tier in tiers), default=0.0)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", f"xmin = {_time(start_s)}"]
    lines += [f"xmax = {_time(end_s)}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for index, tier in enumerate(tiers, 1):
        kind, plural = ("TextTier", "points") if tier.points else ("IntervalTier", "intervals")
        lines += [f"    item [{index}]:", f'        class = "{kind}"', f"        name = {_quoted(tier.name)}"]
        lines += [f"        xmin = {_time(tier.start_s)}", f"        xmax = {_time(tier.end_s)}"]
        lines += [f"        {plural}: size = {len(tier.intervals)}"]
        for place, (first_s, last_s, text) in enumerate(tier.intervals, 1):
            lines += [f"        {plural} [{place}]:"]
            if tier.points:
                lines += [f"            number = {_time(first_s)}", f"            mark = {_quoted(text)}"]
            else:
                lines += [f"            xmin = {_time(first_s)}", f"            xmax = {_time(last_s)}"]
                lines += [f"            text = {_quoted(text)}"]
    return "\n".join(lines) + "\n"


def read_textgrid(path: str | Path) -> tuple[Tier, ...]:
    """The tiers of a TextGrid file, long or short form, UTF-8 or UTF-16. Errors: InputError."""
    try:
        raw = Path(path).read_bytes()
        wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
        return parse_textgrid(raw.decode("utf-16" if wide else "utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is neither UTF-8 nor UTF-16: save the TextGrid again with Praat.") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def parse_textgrid(text: str) -> tuple[Tier, ...]:
    """The tiers of a TextGrid file's text. Errors: InputError."""
    values = _values(text)
    try:
        if next(values) != "ooTextFile" or next(values) != "TextGrid":
            raise InputError("This is no TextGrid: it does not begin as one.")
        _number(values), _number(values)
        tiers = []
        if next(values) is True:
            tiers = [_tier(values) for _ in range(_count(values))]
        return tuple(tiers)
    except StopIteration as error:
        raise InputError("The TextGrid ends too early: copy it again, whole.") from error


def alignment_json(alignment: Alignment) -> str:
    """The alignment as JSON: lists of phones, words (with their certainty) and problems, times in seconds."""
    pairs = zip(alignment.words, alignment.certainty, strict=True)
    told = {
        "phones": [asdict(phone) for phone in alignment.phones],
        "words": [{**asdict(word), "certainty": certainty} for word, certainty in pairs],
        "problems": [asdict(problem) for problem in alignment.problems],
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def alignment_from_json(text: str) -> Alignment:
    """What `alignment_json` wrote. Errors: InputError."""
    try:
        told = json.loads(text)
        certainty = tuple(float(word.pop("certainty")) for word in told["words"])
        return Alignment(
            tuple(Phone(**phone) for phone in told["phones"]),
            tuple(Word(**word) for word in told["words"]),
            certainty,
            tuple(Mismatch(**problem) for problem in told["problems"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"This is no alignment as JSON ({error}): export it again.") from error


def _without_gaps(intervals: Sequence[Interval], end_s: float) -> tuple[Interval, ...]:
    """In order, none empty, none overlapping, and empty labels in between."""
    result, now_s, end_s = [], 0.0, round(end_s, DIGITS)
    for first_s, last_s, text in intervals:
        start_s, until_s = max(now_s, round(first_s, DIGITS)), min(round(last_s, DIGITS), end_s)
        if until_s <= start_s:
            continue
        if start_s > now_s:
            result.append(Interval(now_s, start_s, ""))
        result.append(Interval(start_s, until_s, text))
        now_s = until_s
    if end_s > now_s:
        result.append(Interval(now_s, end_s, ""))
    return tuple(result)


def _time(at_s: float) -> str:
    return f"{at_s:.{DIGITS}f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _values(text: str) -> Iterator[str | float | bool]:
    for match in _TOKEN.finditer(text):
        quoted, flag, number = match.groups()
        if quoted is not None:
            yield quoted.replace('""', '"')
        elif flag is not None:
            yield flag == "exists"
        elif number is not None:
            try:
                yield float(number)
            except ValueError:
                raise InputError(f"{number!r} in the TextGrid is no number: correct it.") from None


def _tier(values: Iterator[str | float | bool]) -> Tier:
    kind, name = _text(values), _text(values)
    if kind not in ("IntervalTier", "TextTier"):
        raise InputError(f"The TextGrid has a tier of the kind {kind!r}: only IntervalTier and TextTier are known.")
    start_s, end_s, count = _number(values), _number(values), _count(values)
    points = kind == "TextTier"
    found = []
    for _ in range(count):
        first_s = _number(values)
        found.append(Interval(first_s, first_s if points else _number(values), _text(values)))
    return Tier(name, start_s, end_s, tuple(found), points)


def _number(values: Iterator[str | float | bool]) -> float:
    value = next(values)
    if not isinstance(value, float):
        raise InputError(f"The TextGrid has {value!r} where a number belongs: correct it.")
    return value


def _count(values: Iterator[str | float | bool]) -> int:
    value = _number(values)
    if not value.is_integer() or value < 0:
        raise InputError(f"The TextGrid has {value} where a count belongs: correct it.")
    return int(value)


def _text(values: Iterator[str | float | bool]) -> str:
    value = next(values)
    if not isinstance(value, str):
        raise InputError(f"The TextGrid has {value!r} where a text belongs: correct it.")
    return value
