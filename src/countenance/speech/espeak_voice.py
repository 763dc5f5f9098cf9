"""The voice of espeak-ng for all that an utterance can ask: pauses, manner, pronunciations, points."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log

from countenance.errors import InputError
from countenance.speech.espeak import FASTEST_WPM, NATURAL_WPM, SLOWEST_WPM, raw_speech, sounds_of, speak
from countenance.speech.events import PHONE, TextEvent, speech_from_events
from countenance.speech.ipa import segments
from countenance.speech.lexicon import matches
from countenance.speech.mnemonics import names_for
from countenance.speech.phones import Phone, Phones, Speech
from countenance.speech.points import louder, marked
from countenance.speech.utterance import Break, Point, Run, Utterance

ENGINE, VERSION = "espeak-ng", "1.52"
# How espeak-ng answers to a change of pitch by p (1: its +100 %): about exp(0.49 p), measured on two voices.
_PITCH_LAW = 0.49
_QUOTES = ("Ps", "Pe", "Pi", "Pf")
_STOPS = ".!?…。！？。>"


@dataclass(frozen=True)
class EspeakVoice:
    """espeak-ng; `variant` is one of its voice variants such as "f2". It is nobody's voice."""

    variant: str | None = None
    tempos: int = 5
    of: str | None = None

    @property
    def name(self) -> str:
        return f"espeak-ng {self.variant}" if self.variant else "espeak-ng"

    @property
    def facts(self) -> dict[str, object]:
        """What the receipt says about it."""
        return {"engine": ENGINE, **({"variant": self.variant} if self.variant else {})}

    def say(
        self, said: Utterance, language: str, rate: float = 1.0, lexicon: Mapping[str, str] | None = None
    ) -> Speech:
        """Speak at `rate` times 160 words a minute; times come from the synthesiser, exact to a millisecond or two.

        Errors: InputError for an unknown language or variant, a rate out of range, or nothing to speak.
        """
        wpm = round(NATURAL_WPM * rate)
        words = lexicon or {}
        if said.plain and not matches(said.text, words, language):
            return speak(said.text, language, wpm, self.variant)
        if not said.says_something:
            raise InputError(f"There is nothing to speak in {said.text!r}: give a text with words.")
        if not SLOWEST_WPM <= wpm <= FASTEST_WPM:
            raise InputError(f"A rate of {wpm} words a minute cannot be spoken: choose {SLOWEST_WPM} to {FASTEST_WPM}.")
        bare = said.unmarked and not matches(said.spoken, words, language)
        writing = _Writing(language, words, bare=bare)
        writing.write(said)
        events, samples, rate_hz = raw_speech(writing.markup, language, wpm, self.variant, markup=not bare)
        events = [event._replace(position=writing.written_at(event.position)) for event in events]
        speech = speech_from_events(said.text, events, samples, rate_hz)
        if speech.span_s == (0.0, 0.0):
            raise InputError(f"espeak-ng finds nothing to speak in {said.text!r}: write it in {language!r}.")
        notes = [*writing.notes, *_unlike(writing.wanted, events, said.text), *_read_aloud(events, said.text)]
        speech = replace(speech, notes=tuple(dict.fromkeys(notes)))
        return marked(louder(speech, said), said)


class _Writing:
    """An utterance in espeak-ng's SSML, with the place in the written text that each character stands for.

    `bare` leaves the markup out, for an utterance that is `unmarked`.
    """

    def __init__(self, language: str, lexicon: Mapping[str, str], *, bare: bool) -> None:
        self._bare = bare
        self.markup = ""
        self.notes: list[str] = []
        self.wanted: list[tuple[int, int, str]] = []  # characters of the written text, and the IPA that is due there
        self._language, self._lexicon = language, lexicon
        self._from: list[int] = []  # where each stretch of the markup begins,
        self._to: list[int] = []  # and the place in the written text for which it stands
        self._at = 0
        self._last = False

    def write(self, said: Utterance) -> None:
        if not self._bare:
            self._tag("<speak>")  # never closed: the tag would keep a full stop before it from being one
        runs = [index for index, part in enumerate(said.parts) if isinstance(part, Run) and part.text.strip()]
        for index, part in enumerate(said.parts):
            self._last = index == runs[-1] and not _manner(part)
            if isinstance(part, Break):
                if part.seconds is None:
                    self._end_sentence()
                else:
                    self._tag(f'<break time="{round(part.seconds * 1000)}ms"/>')
            elif isinstance(part, Run):
                self._run(part)
            else:
                assert isinstance(part, Point)  # found by its place afterwards: the library loses some of its own

    def written_at(self, position: int) -> int:
        """The place in the written text for one in the markup."""
        return self._to[max(0, bisect_right(self._from, position) - 1)]

    def _run(self, run: Run) -> None:
        manner = _manner(run)
        if manner:
            self._tag(f"<prosody {manner}>")
        start = self._at
        if run.ipa is not None:
            self._sounds(run.text, run.ipa)
        elif run.spelt:
            self._tag('<say-as interpret-as="characters">')
            self._tag(_escaped(run.text))
            self._tag("</say-as>")
        elif run.said is not None:
            self._words(run.said, written=False)
        else:
            self._words(run.text, written=True)
        self._at = start + len(run.text)
        if manner:
            self._tag("</prosody>")

    def _words(self, text: str, *, written: bool) -> None:
        done = 0
        for match in matches(text, self._lexicon, self._language):
            self._plain(text[done : match.start], written)
            self._sounds(text[match.start : match.end], match.ipa, written)
            done = match.end
        self._plain(text[done:], written)

    def _plain(self, text: str, written: bool) -> None:
        safe = text if self._bare else text.replace("[[", "  ").replace("]]", "  ")
        for index, character in enumerate(safe):
            # Right after phones the library reads signs by their names that it only pauses at elsewhere.
            after_phones = self.markup.endswith("]]")
            if after_phones and character == "." and not self._ends(safe[index + 1 :]):
                character = ","
            if not (after_phones and _is_quote(character)):
                self._stretch(character if self._bare else _escaped(character))
            self._at += written

    def _ends(self, after: str) -> bool:
        """Whether the library takes a full stop for one by what follows."""
        if after.strip():
            return after[0].isspace() and after.lstrip()[0].isupper()
        return self._last

    def _end_sentence(self) -> None:
        bare = self.markup.rstrip()
        if bare and bare[-1] not in _STOPS:
            self.markup = bare  # a full stop that stands apart is read as a word
            self._stretch(". ")

    def _sounds(self, text: str, ipa: str, written: bool = True) -> None:
        """A word by its phones; by the language's own rules where its voice lacks one of them."""
        names, missing = names_for(ipa, sounds_of(self._language))
        if missing:
            self.notes.append(
                f"The voice for {self._language} has no sound {missing!r}: '{text}' is said as it is written."
            )
            self._plain(text, written)
            return
        # A bracket right before the phones makes the library forget them.
        self._stretch(f" [[{names}]]")
        self.wanted.append((self._at, self._at + len(text) * written, ipa))
        self._at += len(text) * written

    def _tag(self, markup: str) -> None:
        """Markup of our own; after phones the library must see a blank first, or it reads the tag aloud."""
        self._stretch(f" {markup}" if re.search(r"\]\]\W?$", self.markup) else markup)

    def _stretch(self, markup: str) -> None:
        self._from.append(len(self.markup))
        self._to.append(self._at)
        self.markup += markup


def _manner(part: Break | Point | Run) -> str:
    """The attributes of a prosody element; "" where none is needed."""
    if not isinstance(part, Run):
        return ""
    rate = [f'rate="{round(part.rate * 100)}%"'] if part.rate != 1 else []
    percent = max(-95, min(100, round(100 * log(part.pitch) / _PITCH_LAW)))
    return " ".join([*rate, *([f'pitch="{percent:+d}%"'] if percent else [])])


def _is_quote(character: str) -> bool:
    return character == '"' or unicodedata.category(character) in _QUOTES


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unlike(wanted: list[tuple[int, int, str]], events: list[TextEvent], text: str) -> list[str]:
    """Where the phones that came out are not those that were asked for, as far as a listener would notice."""
    found = []
    for start, end, ipa in wanted:
        heard = [e.name for e in events if e.type == PHONE and start <= e.position < max(end, start + 1)]
        if _classes(heard) != _classes([ipa]):
            said = "".join(heard).translate(str.maketrans("", "", "ˈˌ"))
            found.append(f"'{text[start:end]}' was to be said {ipa} and is said {said or 'not at all'}.")
    return found


def _read_aloud(events: list[TextEvent], text: str) -> list[str]:
    """Signs that the library has read by their names, which no author means."""
    aloud = {text[e.position : e.position + 1] for e in events if e.type == PHONE and e.name}
    return [f"The sign {sign!r} is read aloud." for sign in sorted(aloud & set('.,;:!?"()'))]


def _classes(names: list[str]) -> list[str]:
    """The visemes of phones, neighbours that are equal taken as one."""
    plain = unicodedata.normalize("NFC", "".join(names)).translate(str.maketrans("", "", "ˈˌ. ͜͡"))
    sequence: Phones = (Phone(plain, 0.0, 1.0),) if plain else ()
    visemes = [segment.gesture.viseme for segment in segments(sequence)]
    return [one for index, one in enumerate(visemes) if index == 0 or one != visemes[index - 1]]
