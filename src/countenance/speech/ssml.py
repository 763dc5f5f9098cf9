"""The part of SSML 1.1 (W3C, 2010) that our voices understand, read into an `Utterance`.

Read by expat alone: a document type or an entity of its own ends the reading, so that nothing is ever expanded
("billion laughs") or fetched. Whatever is not understood is an error with its line, never left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from xml.parsers import expat

from countenance.errors import InputError
from countenance.speech.lexicon import is_ipa
from countenance.speech.utterance import Break, Part, Point, Run, Utterance, utterance

LONGEST = 1 << 20  # characters
DEEPEST = 32  # elements in elements
LONGEST_BREAK_S = 60.0
LEAST_FACTOR, GREATEST_FACTOR = 0.3, 3.0
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.6}
PITCHES = {"x-low": 0.7, "low": 0.85, "medium": 1.0, "default": 1.0, "high": 1.18, "x-high": 1.4}
VOLUMES_DB = {"silent": -96.0, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 6.0, "x-loud": 9.0}
STRENGTHS_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.0}
SAY_AS = ("date", "time", "cardinal", "ordinal", "characters", "telephone", "currency")

_ATTRIBUTES = {
    "speak": ("version", "xml:lang", "xmlns", "xmlns:xsi", "xsi:schemaLocation"),
    "p": (), "s": (), "break": ("time", "strength"), "prosody": ("rate", "pitch", "volume"),
    "say-as": ("interpret-as", "format"), "phoneme": ("alphabet", "ph"), "mark": ("name",), "sub": ("alias",),
}  # fmt: skip
_NEEDED = {"say-as": "interpret-as", "phoneme": "ph", "mark": "name", "sub": "alias"}
_TIME = re.compile(r"\+?(\d+(?:\.\d+)?|\.\d+)(ms|s)")
_PERCENT = re.compile(r"([+-]?)(\d+(?:\.\d+)?)%")
_SEMITONES = re.compile(r"([+-]\d+(?:\.\d+)?)st")
_DECIBELS = re.compile(r"([+-]\d+(?:\.\d+)?)dB")

# How the text inside a say-as is spoken: kind, format ("" when not given), text -> words; ValueError when it is none.
SayAs = Callable[[str, str, str], str]


def is_ssml(text: str) -> bool:
    """Whether a text means to be SSML: it begins with `<speak`, perhaps after what XML may have before it."""
    start = text.lstrip("\ufeff \t\r\n")
    return re.match(r"<speak[\s>/]", start) is not None or (
        start.startswith(("<?xml", "<!DOCTYPE", "<!--")) and re.search(r"<speak[\s>/]", start) is not None
    )


def read_text(text: str, say_as: SayAs | None = None, name: str = "the text") -> Utterance:
    """Plain text, or SSML where it begins with `<speak`. Errors: InputError with the line, after `name`."""
    return read_ssml(text, say_as, name) if is_ssml(text) else utterance(text)


def written(text: str) -> str:
    """The words of a text as captions show them, whether it is SSML or not."""
    return " ".join(read_text(text).text.split()) if is_ssml(text) else text


def read_ssml(text: str, say_as: SayAs | None = None, name: str = "the text") -> Utterance:
    """An SSML document as an utterance. Without `say_as`, what stands in a say-as is spoken as it is written."""
    if len(text) > LONGEST:
        raise InputError(f"{name} is longer than {LONGEST} characters of SSML: cut it in several.")
    reader = _Reader(name, say_as or (lambda _kind, _format, inner: inner))
    try:
        reader.parser.Parse(text.lstrip("\ufeff \t\r\n").encode(), True)
    except expat.ExpatError as problem:
        what = expat.ErrorString(problem.code)
        raise InputError(f"{name}, line {problem.lineno}: this is not well-formed SSML ({what}): correct it.") from None
    return Utterance(tuple(reader.parts))


@dataclass(frozen=True)
class _Manner:
    """How text is said at this depth. `kind` names the element that takes plain text alone, if one is open."""

    rate: float = 1.0
    pitch: float = 1.0
    volume_db: float = 0.0
    kind: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class _Reader:
    def __init__(self, name: str, say_as: SayAs) -> None:
        self.parts: list[Part] = []
        self._name, self._say_as = name, say_as
        self._manners = [_Manner()]
        self._open: list[str] = []
        self._inner = ""
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._words
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse

    def _refuse(self, *_: object) -> int:
        raise self._problem("a document type or an entity of its own is never read: remove it")

    def _problem(self, message: str) -> InputError:
        return InputError(f"{self._name}, line {self.parser.CurrentLineNumber}: {message}.")

    def _start(self, tag: str, found: dict[str, str]) -> None:
        if tag not in _ATTRIBUTES:
            known = ", ".join(one for one in _ATTRIBUTES if one != "speak")
            raise self._problem(f"<{tag}> is not understood (known: {known})")
        if (tag == "speak") != (not self._open):
            raise self._problem("<speak> stands once, around everything")
        if len(self._open) >= DEEPEST:
            raise self._problem(f"elements stand more than {DEEPEST} deep in each other")
        unknown = next((one for one in found if one not in _ATTRIBUTES[tag]), None)
        if unknown:
            raise self._problem(f"<{tag}> has no '{unknown}' here (known: {', '.join(_ATTRIBUTES[tag]) or 'none'})")
        if tag in _NEEDED and not found.get(_NEEDED[tag], "").strip():
            raise self._problem(f"<{tag}> needs '{_NEEDED[tag]}'")
        now = self._manners[-1]
        if now.kind:
            raise self._problem(f"<{now.kind}> holds plain text only, not <{tag}>")
        self._open.append(tag)
        self._manners.append(self._manner(now, tag, found))
        if tag in ("p", "s"):
            self._end_sentence()
        elif tag == "break":
            self._blank()
            self.parts.append(Break(self._break_s(found)))
        elif tag == "mark":
            self.parts.append(Point(found["name"]))

    def _manner(self, now: _Manner, tag: str, found: Mapping[str, str]) -> _Manner:
        if tag == "prosody":
            if not found:
                raise self._problem("<prosody> asks for nothing: give rate, pitch or volume")
            rate = now.rate * (self._factor("rate", found["rate"], RATES) if "rate" in found else 1)
            pitch = now.pitch * (self._factor("pitch", found["pitch"], PITCHES) if "pitch" in found else 1)
            volume_db = now.volume_db + (self._decibels(found["volume"]) if "volume" in found else 0)
            return replace(now, rate=rate, pitch=pitch, volume_db=volume_db)
        if tag in ("say-as", "phoneme", "sub", "break", "mark"):
            self._inner = ""
            return replace(now, kind=tag, attributes=tuple(found.items()))
        return now

    def _words(self, data: str) -> None:
        manner = self._manners[-1]
        if manner.kind:
            self._inner += data
            return
        text = re.sub(r"\s+", " ", data)
        if text.strip() or (self.parts and isinstance(self.parts[-1], Run) and not self.parts[-1].text.endswith(" ")):
            if self.parts and isinstance(self.parts[-1], Run) and self.parts[-1].text.endswith(" "):
                text = text.lstrip(" ")
            self.parts.append(Run(text, rate=manner.rate, pitch=manner.pitch, volume_db=manner.volume_db))

    def _end(self, tag: str) -> None:
        manner = self._manners.pop()
        self._open.pop()
        if tag in ("p", "s"):
            self._end_sentence()
        elif manner.kind:
            inner = " ".join(self._inner.split())
            if tag in ("break", "mark"):
                if inner:
                    raise self._problem(f"<{tag}> holds no text: close it with />")
                return
            run = self._special(tag, dict(manner.attributes), inner)
            self.parts.append(replace(run, rate=manner.rate, pitch=manner.pitch, volume_db=manner.volume_db))

    def _special(self, tag: str, found: Mapping[str, str], inner: str) -> Run:
        if not inner:
            raise self._problem(f"<{tag}> holds no text: write what captions are to show")
        if tag == "sub":
            return Run(inner, said=found["alias"].strip())
        if tag == "phoneme":
            if found.get("alphabet", "ipa") != "ipa":
                raise self._problem(f"the alphabet {found['alphabet']!r} is not understood: write IPA")
            if not is_ipa(found["ph"]):
                raise self._problem(f"{found['ph']!r} is not IPA: write sounds such as ˈkaʊntənəns")
            return Run(inner, ipa=found["ph"].strip())
        kind, form = found["interpret-as"], found.get("format", "")
        if kind not in SAY_AS:
            raise self._problem(f"say-as does not know {kind!r} (known: {', '.join(SAY_AS)})")
        if kind == "characters":
            return Run(inner, spelt=True)
        try:
            said = self._say_as(kind, form, inner)
        except ValueError as problem:
            raise self._problem(f"{inner!r} is no {kind}: {problem}") from None
        return Run(inner) if said == inner else Run(inner, said=said)

    def _end_sentence(self) -> None:
        """Where a p or s begins or ends, captions get a blank and the voice comes to an end."""
        if not self._blank():
            return
        if not any(isinstance(part, Break) for part in self.parts[-2:]):
            self.parts.append(Break())

    def _blank(self) -> bool:
        """See that what comes next is another word for captions as well; False when nothing came before."""
        runs = [part for part in self.parts if isinstance(part, Run)]
        if runs and not runs[-1].text.endswith(" "):
            self.parts.append(Run(" "))
        return bool(runs)

    def _break_s(self, found: Mapping[str, str]) -> float:
        if "time" not in found:
            strength = found.get("strength", "medium")
            if strength not in STRENGTHS_S:
                raise self._problem(f"the strength {strength!r} is not understood (known: {', '.join(STRENGTHS_S)})")
            return STRENGTHS_S[strength]
        match = _TIME.fullmatch(found["time"].strip())
        if not match:
            raise self._problem(f"the time {found['time']!r} is not understood: write 300ms or 1.5s")
        seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
        if seconds > LONGEST_BREAK_S:
            raise self._problem(f"a break of {seconds:g} s is longer than {LONGEST_BREAK_S:g} s")
        return seconds

    def _factor(self, key: str, value: str, names: Mapping[str, float]) -> float:
        value = value.strip()
        factor = names.get(value)
        if factor is None and (percent := _PERCENT.fullmatch(value)):
            share = float(percent[2]) / 100
            factor = {"": share, "+": 1 + share, "-": 1 - share}[percent[1]]
        if factor is None and key == "pitch" and (steps := _SEMITONES.fullmatch(value)):
            factor = 2 ** (min(36.0, float(steps[1])) / 12)
        if factor is None:
            example = "+10%, -2st" if key == "pitch" else "90%, +10%"
            raise self._problem(f"the {key} {value!r} is not understood: write {example} or {', '.join(names)}")
        if not LEAST_FACTOR <= factor <= GREATEST_FACTOR:
            raise self._problem(f"the {key} {value!r} is too much: stay within {LEAST_FACTOR:.0%} to 300%")
        return factor

    def _decibels(self, value: str) -> float:
        value = value.strip()
        if value in VOLUMES_DB:
            return VOLUMES_DB[value]
        match = _DECIBELS.fullmatch(value)
        if not match or abs(float(match[1])) > 40:
            raise self._problem(f"the volume {value!r} is not understood: write -6dB or {', '.join(VOLUMES_DB)}")
        return float(match[1])
