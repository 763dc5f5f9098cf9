"""What is said where a text has figures and signs: "5 km" is "five kilometers", and captions still show "5 km".

A `Wording` keeps both texts and which part of the one is which part of the other, so that the times of spoken words can
be given back to the written ones. What no rule knows is left as it stands, for the voice to read in its own way.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from countenance.speech.figures import CURRENCIES, UNITS, Figures, figures_of
from countenance.speech.kanji import readings
from countenance.speech.phones import Word

Rule = Callable[["_Reader"], Iterator["Piece"]]

_EMOJI = re.compile(
    "(?:[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\U000e0020-\U000e007f]"
    "|[0-9#*]\ufe0f?\u20e3|[©®™\u203c\u2049]\ufe0f?)[\ufe0f\u200d\u20e3\U0001f3fb-\U0001f3ff]*"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ENDS = "com|org|net|info|eu|de|at|ch|fr|es|it|pt|br|nl|be|pl|se|no|dk|fi|uk|ie|us|ca|jp|cn|in|io|ai|app|shop|dev|tv"
_ADDRESS = re.compile(
    rf"(?<![\w@.-])(?:(?:https?://|www\.)[^\s<>\"“”]+|(?:[a-z0-9-]+\.)+(?:{_ENDS})(?![\w.-]*\w)(?:/[^\s<>\"“”]*)?)",
    re.I,
)
_TAG = re.compile(r"(?<!\w)([#@])(\w*[^\W\d_]\w*)")
_HUMPS = re.compile(r"[^\W\d_][^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|\d+|[^\W_]+")
_TELEPHONE = re.compile(r"(?<![\w.,])(?:\+|0)\d[\d ()/\u00a0-]{5,}\d(?!\w)")
_ISO = re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])")
_IN_FIGURES = re.compile(r"(?<![\w./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?!\w|[./-]\d)")
_NO_YEAR = re.compile(r"(?<![\w./-])(\d{1,2})\.(\d{1,2})\.(?!\d)")
_NOT_BEFORE = r"(?<!\w)(?<!\d[.,:/\-–])(?<![#@+])"
_NOT_AFTER = r"(?!\w)(?![.,:/]\d)"
_WHOLE = r"(?!\d|[.,]\d)"
_DASH = "[-–—]"
_OCLOCK = " o'clock"
_CLOSING = ("etc.", "usw.", "ecc.", "enz.", "itd.", "itp.", "osv.", "o. Ä.", "u. Ä.", "m.m.")


@dataclass(frozen=True)
class Piece:
    """Characters [start, end) of the written text, and what is said instead ("" for nothing)."""

    start: int
    end: int
    spoken: str


@dataclass(frozen=True)
class Wording:
    """A written text, what is said, and the pieces in which they differ, in order and without overlaps."""

    text: str
    language: str
    pieces: tuple[Piece, ...]

    @property
    def spoken(self) -> str:
        """The text as it is said."""
        return "".join(said for _, _, said in self._runs())

    def written(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """The times of spoken words, given to the written words that they stand for.

        Takes the words of the spoken text in order; gives words that make up the written text, whole and in order.
        A written piece that is said in several words is one word from the first one's start to the last one's end.
        """
        places = self._places()
        said = sum(_visible(word.text) for word in words)
        if not places or not said:
            return ()
        groups: list[tuple[int, int, Word]] = []  # written start and end, and the time
        at = 0
        for word in words:
            first = places[at * len(places) // said]  # in step, also where a voice changed a letter or two
            at += _visible(word.text)
            last = places[max(at - 1, 0) * len(places) // said]
            start, end = self._whole(first[0], last[1]) if said != len(places) else (first[0], last[1])
            if groups and start < groups[-1][1]:
                before_start, before_end, before = groups.pop()
                groups.append((before_start, max(before_end, end), replace(before, end_s=word.end_s)))
            else:
                groups.append((start, end, word))
        return tuple(self._cut(groups))

    def _whole(self, start: int, end: int) -> tuple[int, int]:
        """The characters with the rest of the words that they are in."""
        while start and self._inside(start):
            start -= 1
        while end < len(self.text) and self._inside(end):
            end += 1
        return start, end

    def _inside(self, place: int) -> bool:
        left, right = self.text[place - 1], self.text[place]
        return not left.isspace() and not right.isspace() and _spaced(left, right)

    def _cut(self, groups: Sequence[tuple[int, int, Word]]) -> Iterator[Word]:
        """Cut the written text where the groups begin; what nobody says goes with the word before it."""
        starts = [0, *(start for start, _, _ in groups[1:]), len(self.text)]
        for (first, last), (_, _, word) in zip(pairwise(starts), groups, strict=True):
            part = self.text[first:last]
            yield Word(" ".join(part.split()), word.start_s, word.end_s, part[-1:].isspace() or last == len(self.text))

    def _places(self) -> list[tuple[int, int]]:
        """For each visible character that is said, the written characters that it stands for."""
        found: list[tuple[int, int]] = []
        for start, end, said in self._runs():
            changed = said != self.text[start:end]
            for offset, character in enumerate(said):
                if not character.isspace():
                    found.append((start, end) if changed else (start + offset, start + offset + 1))
        return found

    def _runs(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, said) of all of the text, changed or not."""
        at = 0
        for piece in self.pieces:
            yield at, piece.start, self.text[at : piece.start]
            yield piece.start, piece.end, piece.spoken
            at = piece.end
        yield at, len(self.text), self.text[at:]


def wording_of(text: str, language: str) -> Wording:
    """How a text is said in a BCP-47 language; the text itself where the language has no rules."""
    reader = _Reader(text, language, figures_of(language))
    taken: list[Piece] = []
    for rule in _RULES:
        for piece in rule(reader):
            place = bisect_right(taken, piece.start, key=_start)
            free = (place == 0 or taken[place - 1].end <= piece.start) and (
                place == len(taken) or piece.end <= taken[place].start
            )
            if free and piece.spoken != text[piece.start : piece.end]:
                taken.insert(place, piece)
    return Wording(text, language, tuple(_apart(text, taken)))


def unspoken(text: str) -> str:
    """What is left of a text without emoji, addresses and tags: its words."""
    left = text
    for form in (_EMOJI, _MAIL, _ADDRESS, re.compile(r"(?<!\w)[#@]\w+")):
        left = form.sub(" ", left)
    return left


@dataclass(frozen=True)
class _Reader:
    text: str
    language: str
    figures: Figures | None

    def find(self, form: str, flags: int = 0) -> Iterator[re.Match[str]]:
        """Where a form stands in the text. Beside Chinese and Japanese letters a figure stands for itself."""
        spaceless = self.figures is not None and self.figures.table.get("together")
        return re.finditer(form, self.text, flags | re.ASCII if spaceless else flags)

    def sign(self, name: str) -> str | None:
        """What a language calls a sign such as "at"; None where that is not known."""
        return self.figures.table.get(name) if self.figures else None


def _emoji(reader: _Reader) -> Iterator[Piece]:
    for match in _EMOJI.finditer(reader.text):
        yield Piece(*match.span(), "")


def _addresses(reader: _Reader) -> Iterator[Piece]:
    at, dot = reader.sign("at"), reader.sign("dot")
    if dot is None:
        return
    for match in _MAIL.finditer(reader.text):
        yield Piece(*match.span(), _spelt(reader, match[0].replace("@", f" {at} ")))
    for match in _ADDRESS.finditer(reader.text):
        shown = match[0].rstrip(".,;:!?)")
        plain = re.sub(r"^https?://", "", shown, flags=re.I).partition("?")[0].partition("#")[0].rstrip("/")
        yield Piece(match.start(), match.start() + len(shown), _spelt(reader, re.sub(r"^www\.", "W W W.", plain)))


def _spelt(reader: _Reader, address: str) -> str:
    for mark, name in ((".", "dot"), ("/", "slash"), ("-", "dash"), ("_", "underscore"), ("+", "plus")):
        said = reader.sign(name)
        address = address.replace(mark, f" {said} " if said else " ")
    return " ".join(address.split())


def _tags(reader: _Reader) -> Iterator[Piece]:
    hashtag, at = reader.sign("hashtag"), reader.sign("at")
    for match in _TAG.finditer(reader.text):
        name = " ".join(_HUMPS.findall(match[2].replace("_", " ")))
        mark = hashtag if match[1] == "#" else at
        yield Piece(*match.span(), f"{mark} {name}" if mark else name)


def _telephones(reader: _Reader) -> Iterator[Piece]:
    for match in _TELEPHONE.finditer(reader.text):
        parts = re.findall(r"\d+", match[0])
        spoken = [reader.figures.one_by_one(part) for part in parts] if reader.figures else [None]
        if len("".join(parts)) >= 7 and None not in spoken:
            plus = [reader.sign("plus") or "plus"] if match[0].startswith("+") else []
            yield Piece(*match.span(), " ".join([*plus, ", ".join(one for one in spoken if one)]))


def _dates(reader: _Reader) -> Iterator[Piece]:
    figures = reader.figures
    if figures is None:
        return

    def said(match: re.Match[str], day: int, month: int, year: int | None) -> Iterator[Piece]:
        start, to = match.start(), reader.sign("to")
        first = re.search(rf"(?<![\w.])(\d{{1,2}})\.?\s?{_DASH}\s?$", reader.text[:start])
        start = first.start() if first else start
        before = re.search(r"(\w+)\s*$", reader.text[:start])
        front = figures.date(int(first[1]), month, None, before[1] if before else "") if first else None
        spoken = figures.date(day, month, year, before[1] if before else "")
        if spoken is not None and (not first or (front and to)):
            opening = front.replace(figures.months[month], "").split() if front else []
            yield Piece(start, match.end(), " ".join([*opening, to or "", spoken]) if opening else spoken)

    for match in _ISO.finditer(reader.text):
        yield from said(match, int(match[3]), int(match[2]), int(match[1]))
    for match in _IN_FIGURES.finditer(reader.text):
        day, month = (1, 3) if figures.day_first or match[2] == "." else (3, 1)
        year = int(match[4]) if len(match[4]) == 4 else 2000 + int(match[4])
        yield from said(match, int(match[day]), int(match[month]), year)
    for match in _NO_YEAR.finditer(reader.text) if figures.language.startswith("de") else ():
        yield from said(match, int(match[1]), int(match[2]), None)
    for pattern in _written_dates(figures.language):
        for match in reader.find(pattern, re.I):
            groups = match.groupdict()
            month = int(groups["n"]) if groups.get("n") else figures.month_names[groups["month"].lower()]
            yield from said(match, int(groups["d"]), month, int(groups["y"]) if groups.get("y") else None)
    for match in reader.find(figures.table.get("year", "(?!)")):
        spoken = figures.year(int(match["y"]))
        if spoken is not None:
            yield Piece(*match.span(), spoken)


@cache
def _written_dates(language: str) -> tuple[str, ...]:
    figures = figures_of(language)
    assert figures is not None
    names = sorted(figures.month_names, key=len, reverse=True)
    month = f"(?P<month>{'|'.join(map(re.escape, names)) or '(?!)'})"
    forms = figures.table.get("written", ())
    return tuple(rf"(?<![\w.,])(?:{form.replace('{month}', month)})(?!\w)" for form in forms)


def _times(reader: _Reader) -> Iterator[Piece]:
    figures = reader.figures
    if figures is None or "time" not in figures.table:
        return
    clock, after = figures.table.get("clock", ":"), figures.table.get("after_time", "")
    english = figures.language.startswith("en")
    half = r"(?:\s?(?P<half>[ap])\.?m\b\.?)?" if english else ""
    for match in reader.find(rf"(?<![\w:.,])(\d{{1,2}}){clock}([0-5]\d)(?!\w|:\d){half}{after}", re.I):
        if int(match[1]) < 24:
            spoken = figures.time(int(match[1]), int(match[2]))
            if english and match["half"] and spoken is not None:
                spoken = f"{spoken.removesuffix(_OCLOCK)} {match['half'].upper()} M"
            if spoken is not None:
                yield Piece(*match.span(), spoken)
    for match in reader.find(r"(?<![\w:.,])(\d{1,2})\s?([ap])\.?m\b\.?", re.I) if english else ():
        yield Piece(*match.span(), f"{figures.cardinal(int(match[1]))} {match[2].upper()} M")
    for match in reader.find(r"(?<![\w:.,])(\d{1,2}) ?h(?!\w)") if "h" in clock else ():
        spoken = figures.time(int(match[1]), 0) if int(match[1]) < 24 else None
        if spoken is not None:
            yield Piece(*match.span(), spoken)


def _money(reader: _Reader) -> Iterator[Piece]:
    figures = reader.figures
    if figures is None:
        return
    scales: dict[str, str] = figures.table.get("scales", {})
    scale = rf"(?:\s?(?P<scale>{'|'.join(map(re.escape, sorted(scales, key=len, reverse=True)))})(?!\w))?"
    scale = scale if scales else "(?P<scale>)"
    sign = rf"(?P<sign>{'|'.join(map(re.escape, sorted(CURRENCIES, key=len, reverse=True)))})"
    number = rf"(?P<number>{figures.number})"
    for form in (
        rf"(?<![\w]){sign}\s?{number}{_WHOLE}{scale}",
        rf"{_NOT_BEFORE}{number}{scale}\s?{sign}(?!\w)",
    ):
        for match in reader.find(form):
            spoken = figures.price(match["number"], CURRENCIES[match["sign"]], scales.get(match["scale"] or "", ""))
            if spoken is not None:
                yield Piece(*match.span(), spoken)
    for match in reader.find(r"(?<=[^\W\d_] )[€$£¥₹](?!\w)"):
        yield Piece(*match.span(), figures.currency(CURRENCIES[match[0]], figures.value("1000000")))


def _quantities(reader: _Reader) -> Iterator[Piece]:
    figures = reader.figures
    if figures is None:
        return
    units = "|".join(map(re.escape, sorted(UNITS, key=len, reverse=True)))
    front = rf"(?P<minus>(?<![^\s(])[-−])?(?:(?P<from>{figures.number})\s?{_DASH}\s?)?"
    form = rf"{_NOT_BEFORE}{front}(?P<number>{figures.number})\s?(?P<unit>{units})"
    for match in reader.find(rf"{form}(?![\w²³/])"):
        first, to = match["from"], reader.sign("to")
        before = figures.read(first) if first else None
        if first and (before is None or to is None):
            continue
        together = "" if figures.table.get("together") else " "
        front = f"{before}{together}{to}" if first else figures.minus() if match["minus"] else ""
        spoken = figures.quantity(match["number"], UNITS[match["unit"]], front)
        if spoken is not None:
            yield Piece(*match.span(), spoken)


def _ordinals(reader: _Reader) -> Iterator[Piece]:
    figures = reader.figures
    if figures is None:
        return
    for key, name in (("ordinals", "ordinal"), ("ordinals_feminine", "ordinal_feminine")):
        for match in reader.find(figures.table.get(key, "(?!)")):
            start, end = match.span()
            before, number = "", next(one for one in match.groups() if one and one.isdecimal())
            if "before" in match.groupdict():
                before = match["before"]
                start += len(before) + 1
            ending = "-n" if before.lower() in ("dem", "den", "am", "im", "zum", "zur", "vom", "beim") else ""
            spoken = figures.ordinal(int(number), name, ending)
            if spoken is not None:
                yield Piece(start, end, spoken)


def _numbers(reader: _Reader) -> Iterator[Piece]:
    figures = reader.figures
    if figures is None or not figures.table.get("digits", True):
        return
    to, together = reader.sign("to"), "" if figures.table.get("together") else " "
    for match in reader.find(rf"{_NOT_BEFORE}(\d+)\s?–\s?(\d+){_NOT_AFTER}"):
        spoken = [_plain(figures, one) for one in match.groups()]
        if None not in spoken and to:
            yield Piece(*match.span(), f"{spoken[0]}{together}{to}{together}{spoken[1]}")
    for match in reader.find(rf"{_NOT_BEFORE}(?P<minus>(?<![^\s(])[-−])?(?P<n>{figures.number}){_NOT_AFTER}"):
        noun = re.match(r"\s([^\W\d_]+)", reader.text[match.end() :])
        said = _plain(figures, match["n"], figures.before(noun[1]) if noun else "alone")
        if said is not None:
            yield Piece(*match.span(), f"{figures.minus()} {said}" if match["minus"] else said)


def _plain(figures: Figures, number: str, gender: str = "alone") -> str | None:
    year = figures.table.get("years") and len(number) == 4 and number.isdecimal() and 1100 <= int(number) <= 2099
    return figures.year(int(number)) if year else figures.read(number, gender)


def _short(reader: _Reader) -> Iterator[Piece]:
    if reader.figures is None:
        return
    table = reader.figures.table
    for key, said in table.get("short", {}).items():
        escaped = re.escape(key[1:]).replace(r"\ ", r"\s?")
        form = rf"(?<![\w.])[{key[0].lower()}{key[0].upper()}]{escaped}" + ("" if key.endswith(".") else r"(?!\w)")
        form += r"(?=\s?\d)" if key in table.get("before_figure", ()) else ""
        form += r"(?=\s[^\W\d_])" if key in table.get("before_name", ()) else ""
        for match in reader.find(form):
            if match[0][0] != key[0] and key[0].isupper():
                continue
            spoken = said[0].upper() + said[1:] if match[0][0] != key[0] else said
            after = reader.text[match.end() :]
            ends = not after.strip() or (
                key in _CLOSING and re.match(r"\s+[^\W\d_]", after) and after.strip()[0].isupper()
            )
            yield Piece(*match.span(), spoken + ("." if key.endswith(".") and ends else ""))


def _signs(reader: _Reader) -> Iterator[Piece]:
    for form, name in ((r"(?<=\s)&(?=\s)|(?<=\w)&(?=\w)", "and"), (r"(?<=\s)\+(?=\s)", "plus")):
        said = reader.sign(name)
        for match in reader.find(form) if said else ():
            yield Piece(*match.span(), said or "")


def _kanji(reader: _Reader) -> Iterator[Piece]:
    if reader.language.lower().startswith("ja"):
        for start, end, said in readings(reader.text):
            yield Piece(start, end, said)


_RULES: tuple[Rule, ...] = (
    _emoji, _addresses, _tags, _dates, _times, _telephones, _money, _quantities, _ordinals, _short, _numbers, _signs,
    _kanji,
)  # fmt: skip


def _start(piece: Piece) -> int:
    return piece.start


def _apart(text: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Keep what is said from running into the letters beside it."""
    for piece in pieces:
        spoken = piece.spoken
        if spoken and piece.start and text[piece.start - 1].isalnum() and _spaced(text[piece.start - 1], spoken[0]):
            spoken = f" {spoken}"
        if spoken and piece.end < len(text) and text[piece.end].isalnum() and _spaced(spoken[-1], text[piece.end]):
            spoken = f"{spoken} "
        if not spoken and piece.start > 0 and piece.end < len(text):
            spoken = " " if text[piece.start - 1].isalnum() and text[piece.end].isalnum() else ""
        yield replace(piece, spoken=spoken)


def _spaced(left: str, right: str) -> bool:
    """Whether two letters side by side would be one word; in Chinese and Japanese everything is."""
    return all(ord(c) < 0x2E80 for c in (left, right))


def _visible(text: str) -> int:
    return sum(not character.isspace() for character in text)
