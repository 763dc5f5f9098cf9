"""Figures in words: numbers, ordinals, years, dates, times, prices and quantities, as one language reads them.

How a number is spelt, and what units, currencies and months are called, comes from Unicode CLDR (by unicode-rbnf and
Babel); how a price or a date is put together stands in `wordings.toml`. What a language has no rule for gives None, and
the voice reads the figures by itself.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import get_month_names
from babel.numbers import format_decimal, get_currency_name, get_decimal_symbol, get_group_symbol
from babel.units import format_unit
from unicode_rbnf import FormatPurpose, RbnfEngine
from unicode_rbnf.engine import RbnfError

from countenance.speech.languages import canonical

LONGEST = 15  # figures of a number that is still read as one
_SPACES = "\u00a0\u202f\u2009 "
_MONTH_FIRST = ("", "us", "ca", "ph")  # regions that write 3/21/2026 in English
_EVERYDAY = {
    "USD": "dollars", "GBP": "pounds", "EUR": "euros", "JPY": "yen", "PLN": "zloty", "SEK": "kronor", "BRL": "reais",
}  # fmt: skip

UNITS: Mapping[str, str] = {
    "km/h": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour", "m/s": "speed-meter-per-second",
    "km²": "area-square-kilometer", "m²": "area-square-meter", "cm²": "area-square-centimeter", "ha": "area-hectare",
    "m³": "volume-cubic-meter", "km": "length-kilometer", "m": "length-meter", "cm": "length-centimeter",
    "mm": "length-millimeter", "ft": "length-foot", "kg": "mass-kilogram", "g": "mass-gram", "mg": "mass-milligram",
    "t": "mass-tonne", "lb": "mass-pound", "lbs": "mass-pound", "oz": "mass-ounce", "l": "volume-liter",
    "L": "volume-liter", "ml": "volume-milliliter", "mL": "volume-milliliter", "cl": "volume-centiliter",
    "dl": "volume-deciliter", "ms": "duration-millisecond", "s": "duration-second", "min": "duration-minute",
    "h": "duration-hour", "°C": "temperature-celsius", "°F": "temperature-fahrenheit", "°": "angle-degree",
    "%": "concentr-percent", "‰": "concentr-permille", "W": "power-watt", "kW": "power-kilowatt",
    "kWh": "energy-kilowatt-hour", "kcal": "energy-foodcalorie", "V": "electric-volt", "Hz": "frequency-hertz",
    "kHz": "frequency-kilohertz", "MHz": "frequency-megahertz", "GHz": "frequency-gigahertz",
    "kB": "digital-kilobyte", "KB": "digital-kilobyte", "MB": "digital-megabyte", "GB": "digital-gigabyte",
    "TB": "digital-terabyte", "px": "graphics-pixel", "bar": "pressure-bar",
}  # fmt: skip
CURRENCIES: Mapping[str, str] = {
    "€": "EUR", "US$": "USD", "R$": "BRL", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "Kč": "CZK",
    "kr": "SEK",
    **{code: code for code in ("EUR", "USD", "GBP", "JPY", "CHF", "INR", "PLN", "CZK", "SEK", "NOK", "DKK", "CNY")},
}  # fmt: skip


class Figures:
    """The figures of one language. `table` is its part of wordings.toml."""

    def __init__(self, language: str, table: Mapping[str, Any], locale: Locale) -> None:
        self.language = language
        self.table = table
        self.locale = locale
        self.decimal = get_decimal_symbol(locale)
        group = get_group_symbol(locale)
        self.groups = _SPACES + "'’" if group in _SPACES else group + "'’\u00a0\u202f"
        grouped = rf"\d{{1,3}}(?:[{re.escape(self.groups)}]\d{{3}})+"
        self.number = rf"(?:{grouped}|\d+)(?:{re.escape(self.decimal)}\d+)?"

    @cached_property
    def _spelling(self) -> RbnfEngine | None:
        if not self.table.get("digits", True):
            return None
        try:
            return RbnfEngine.for_language(canonical(self.language).split("-")[0])
        except (ValueError, FileNotFoundError):
            return None

    def value(self, figures: str) -> Decimal:
        """What a written number is worth: "1.299,50" in German is 1299.50."""
        plain = "".join(c for c in figures if c not in self.groups or c == self.decimal)
        return Decimal(plain.replace(self.decimal, "."))

    def read(self, figures: str, gender: str = "alone") -> str | None:
        """A written number in words, before a noun of that gender or "alone"; None for the voice to read."""
        if not self.table.get("digits", True):
            return figures
        whole, _, part = figures.partition(self.decimal)
        value = self.value(whole)
        if part:
            parts = self._parts(part)
            spoken = self.cardinal(int(value), "alone")
            if spoken is None or parts is None:
                return None
            return self._joined((spoken, self.table["point"], parts))
        if len(whole) > 1 and whole.startswith("0"):
            return self.one_by_one(whole)
        return self.cardinal(int(value), gender) if value < 10**LONGEST else self.one_by_one(whole)

    def cardinal(self, number: int, gender: str = "alone") -> str | None:
        """A whole number in words."""
        if gender != "alone" and number == 1 and "one" in self.table:
            return str(self.table["one"][gender])
        sets = self.table.get("cardinal", {})
        name = sets.get(gender) or sets.get("masculine")
        return self._spelt(number, FormatPurpose.CARDINAL, name)

    def ordinal(self, number: int, name: str = "ordinal", ending: str = "") -> str | None:
        """An ordinal number in words; `name` is the key of its rule set in the table."""
        rules = self.table.get(name)
        return self._spelt(number, FormatPurpose.ORDINAL, rules + ending) if rules else None

    def year(self, number: int) -> str | None:
        """A year in words."""
        if self.table.get("year_digits"):
            return self.one_by_one(str(number))
        if "tens" in self.table:  # a language whose years are ordinal in their last part
            return self._ordinal_year(number)
        return self._spelt(number, FormatPurpose.YEAR, "spellout-numbering-year")

    def minus(self) -> str:
        """What stands before a negative number."""
        return (self.cardinal(-1) or "minus").split()[0] if not self.table.get("together") else "负"

    def before(self, noun: str) -> str:
        """The gender that a number takes before a word of the text; "alone" before what is no noun."""
        if len(noun) < 3 or noun.lower() in ("por", "del", "und", "oder", "bis", "dos", "das", "que"):
            return "alone"
        form = self.table.get("feminine_noun")
        if form and noun not in self.table.get("masculine_nouns", ()) and re.match(form, noun):
            return "feminine"
        german = canonical(self.language).startswith("de")
        return "alone" if german and not noun[0].isupper() else "masculine"

    def one_by_one(self, figures: str) -> str | None:
        """Every figure for itself, as telephone numbers are read."""
        spoken = [self.cardinal(int(c)) for c in figures if c.isdecimal()]
        return None if None in spoken or not spoken else self._joined([one for one in spoken if one])

    def quantity(self, figures: str, unit: str, before: str = "") -> str | None:
        """A number with its unit (a CLDR id); `before` is what is said in front of the number, such as "ten to"."""
        spoken = self.read(figures, self._gender(unit))
        if spoken is None:
            return None
        spoken = f"{before} {spoken}".strip()
        if unit == "concentr-percent" and "percent" in self.table:
            return str(self.table["percent"]).replace("{n}", spoken)
        value = self.value(figures)
        shown = format_decimal(value, format="0.###", locale=self.locale)
        lengths: tuple[Any, ...] = ("long", "short") if self.table.get("together") else ("long",)
        for length in lengths:
            phrase = format_unit(value, unit, length, format="0.###", locale=self.locale)
            if unit not in phrase and shown in phrase:
                return " ".join(phrase.replace(shown, spoken, 1).split())
        return None

    def price(self, figures: str, currency: str, scale: str = "") -> str | None:
        """An amount of money; `currency` is a code such as EUR, `scale` a word such as "million"."""
        whole, _, part = figures.partition(self.decimal)
        split = len(part) == 2 and "money" in self.table
        name = self.currency(currency, Decimal(1000000) if scale else self.value(whole if split else figures))
        if split and not scale and int(self.value(whole)) > 0:
            major, cents = self.read(whole, self._gender(currency)), self.cardinal(int(part))
            if major is None or cents is None:
                return None
            if int(part) == 0:
                return f"{major} {name}"
            return str(self.table["money"]).format(major=major, name=name, cents=cents)
        spoken = self.read(figures, self._gender(currency) if not scale else "alone")
        return None if spoken is None else self._joined([one for one in (spoken, scale, name) if one])

    def currency(self, code: str, count: Decimal) -> str:
        """The name of a currency, for that many of it."""
        if code == "JPY" and canonical(self.language).startswith("zh"):
            code = "CNY"  # the same sign
        everyday: Sequence[str] = self.table.get(_EVERYDAY.get(code, ""), ())
        if everyday:
            form = self.locale.plural_form(count)
            forms = ("one", "few", "many", "other") if len(everyday) > 2 else ("one", "other")
            return str(everyday[forms.index(form)] if form in forms[: len(everyday)] else everyday[-1])
        name = get_currency_name(code, count, self.locale)
        return name if canonical(self.language).startswith("de") else name.lower()

    def date(self, day: int, month: int, year: int | None, before: str = "") -> str | None:
        """A date in words; `before` is the word in front of it, by which some languages inflect the day."""
        try:
            datetime.date(year or 2000, month, day)
        except ValueError:
            return None
        template = self.table.get("date")
        spoken_day, spoken_year = self._day(day, before) if template else None, "" if year is None else self.year(year)
        if template is None or spoken_day is None or spoken_year is None:
            return None
        if year is None:
            template = re.sub(r"(?:,| de)? ?\{year\}(?:年| roku)?", "", template)
        named = self.cardinal(month) if template.find("月") >= 0 else self.months[month]
        return str(template).format(day=spoken_day, month=named, year=spoken_year)

    @cached_property
    def months(self) -> Mapping[int, str]:
        """The names of the months as they stand in a date."""
        return {number: name for number, name in get_month_names("wide", "format", self.locale).items() if number <= 12}

    @cached_property
    def month_names(self) -> Mapping[str, int]:
        """Every way to write a month as a word, in small letters without a full stop."""
        found: dict[str, int] = {}
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, "format", self.locale).items():
                plain = name.rstrip(".").lower()
                if number <= 12 and len(plain) > 2 and not plain[0].isdecimal():
                    found.setdefault(plain, number)
        return found

    @property
    def day_first(self) -> bool:
        """Whether 3/4/2026 is the third of April."""
        region = canonical(self.language).partition("-")[2]
        return self.table.get("order") == "dmy" or (
            canonical(self.language).startswith("en") and region not in _MONTH_FIRST
        )

    def time(self, hour: int, minute: int) -> str | None:
        """A time of the day on a clock of 24 hours."""
        template = self.table.get("time")
        gender = self.table.get("hours", "alone")
        spoken = self.cardinal(hour, gender if gender != "alone" else self._clock_gender)
        if template is None or spoken is None:
            return None
        if hour == 1 and "one_hour" in self.table:
            return " ".join((self.table["one_hour"], *([self.cardinal(minute) or ""] * (minute > 0))))
        if minute == 0:
            return str(self.table["hour"]).format(h=spoken)
        minutes = self.cardinal(minute)
        if minute < 10 and "oh" in self.table:
            minutes = self._joined((self.table["oh"], minutes or ""))
        return str(template).format(h=spoken, m=minutes)

    @property
    def _clock_gender(self) -> str:
        return "neuter" if "one" in self.table else "alone"  # "ein Uhr", not "eins Uhr"

    def _day(self, day: int, before: str) -> str | None:
        kind = self.table["day"]
        if isinstance(kind, list):
            return str(kind[day - 1])
        if day == 1 and "first" in self.table:
            return str(self.table["first"])
        if kind == "cardinal":
            return self.cardinal(day)
        return self.ordinal(day, ending=self._day_ending(before))

    def _day_ending(self, before: str) -> str:
        """German days are inflected: der erste, am ersten, and without an article erster."""
        if not canonical(self.language).startswith("de"):
            return ""
        if before.lower() in ("der", "die", "das"):
            return ""
        return "-n" if before.lower() in _DATIVE else "-r"

    def _ordinal_year(self, number: int) -> str | None:
        head, tail = number - number % 100, number % 100
        if tail == 0:
            return None
        days, tens = self.table["day"], self.table["tens"]
        last = days[tail - 1] if tail < 20 else " ".join((tens[tail // 10], *([days[tail % 10 - 1]] * (tail % 10 > 0))))
        first = self.cardinal(head)
        return None if first is None else f"{first} {last}"

    def _parts(self, part: str) -> str | None:
        if self.table["parts"] == "digits" or len(part) > 3:
            return self.one_by_one(part)
        zeros = len(part) - len(part.lstrip("0"))
        rest = part.lstrip("0")
        spoken = [self.cardinal(0)] * zeros + ([self.cardinal(int(rest))] if rest else [])
        return None if None in spoken else self._joined([one for one in spoken if one])

    def _gender(self, what: str) -> str:
        return next((one for one in ("feminine", "neuter") if what in self.table.get(one, ())), "masculine")

    def _joined(self, words: Sequence[str]) -> str:
        return ("" if self.table.get("together") else " ").join(words)

    def _spelt(self, number: int, purpose: FormatPurpose, name: str | None) -> str | None:
        engine = self._spelling
        if engine is None or name is None:
            return None
        try:
            text = engine.format_number(number, purpose, ruleset_names=[name]).text
        except (RbnfError, ValueError, KeyError, ArithmeticError):
            return None
        return " ".join(text.replace("\xad", "").split()) or None


_DATIVE = ("am", "dem", "den", "vom", "zum", "beim", "im", "bis", "ab", "seit", "nach", "vor")


def figures_of(language: str) -> Figures | None:
    """The figures of a BCP-47 language; None where there are no rules for it."""
    tag = canonical(language)
    table = _tables().get(tag.split("-")[0])
    if table is None:
        return None
    return _figures(tag)


@cache
def _figures(tag: str) -> Figures:
    plain = tag.split("-")[0]
    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(plain)
    return Figures(tag, _tables()[plain], locale)


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    text = (Path(__file__).parent / "wordings.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def abbreviations(language: str) -> tuple[str, ...]:
    """The abbreviations that are known in a language, as they are written."""
    return tuple(_tables().get(canonical(language).split("-")[0], {}).get("short", ()))
