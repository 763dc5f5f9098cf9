"""What is to be said, with how: the common form of plain text and of SSML, which every voice takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Run:
    """Words that are said in one manner.

    `text` is what is written, and so what captions show; `said` is spoken in its place where it is not None, `ipa`
    are its sounds where the author gave them, `spelt` asks for letter by letter. `rate` and `pitch` are factors
    (1.1: 10 % faster or higher), `volume_db` is added to the voice's own loudness.
    """

    text: str
    said: str | None = None
    ipa: str | None = None
    spelt: bool = False
    rate: float = 1.0
    pitch: float = 1.0
    volume_db: float = 0.0

    @property
    def spoken(self) -> str:
        """The text that a voice reads which knows nothing but text."""
        if self.spelt:
            return " ".join("".join(self.text.split()))
        return self.text if self.said is None else self.said

    @property
    def plain_text(self) -> bool:
        """What is written is what is read, in whatever manner."""
        return self.said is None and self.ipa is None and not self.spelt

    @property
    def plain(self) -> bool:
        """Nothing is asked but to read what is written."""
        return self == Run(self.text)


@dataclass(frozen=True, slots=True)
class Break:
    """A pause in seconds; None where a sentence or paragraph ends and the voice pauses as it does."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A named point between two words."""

    name: str


Part = Run | Break | Point


@dataclass(frozen=True, slots=True)
class Utterance:
    """Parts in order; the runs hold their own white space."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """What is written, as captions show it."""
        return "".join(part.text for part in self.parts if isinstance(part, Run))

    @property
    def spoken(self) -> str:
        """What a voice reads that knows nothing but text."""
        return "".join(part.spoken for part in self.parts if isinstance(part, Run))

    @property
    def plain(self) -> bool:
        """Whether it is nothing but text."""
        return all(isinstance(part, Run) and part.plain for part in self.parts)

    @property
    def unmarked(self) -> bool:
        """Whether nothing but text is asked for, as it is written or in other words."""
        return all(isinstance(part, Run) and part == Run(part.text, part.said) for part in self.parts)

    @property
    def says_something(self) -> bool:
        return any(c.isalnum() for c in self.spoken) or any(isinstance(p, Run) and p.ipa for p in self.parts)


def utterance(text: str) -> Utterance:
    """Plain text as an utterance; what cannot be printed becomes a blank."""
    return Utterance((Run("".join(c if c.isprintable() else " " for c in text)),))


def cut(whole: Utterance, ends: Sequence[int]) -> tuple[Utterance, ...]:
    """The utterance in pieces that end at these positions of its `text`, in order, and a last one with the rest.

    A run with a pronunciation or words of its own is never cut: it goes wholly into the piece in which it begins.
    A point at an end belongs to the piece after it, a pause to the one before.
    """
    pieces: list[list[Part]] = [[]]
    waiting = list(ends)
    at = 0
    for part in whole.parts:
        if isinstance(part, Point) and waiting and waiting[0] == at:
            waiting.pop(0)
            pieces.append([])
        if not isinstance(part, Run) or not part.text:
            pieces[-1].append(part)
            continue
        rest = part
        while waiting and at + len(rest.text) > waiting[0]:
            end = waiting.pop(0)
            if end > at and rest.said is None and rest.ipa is None:
                pieces[-1].append(replace(rest, text=rest.text[: end - at]))
                rest = replace(rest, text=rest.text[end - at :])
                at = end
            elif end > at:
                waiting.insert(0, at + len(rest.text))  # too late to cut it: after it
                break
            pieces.append([])
        pieces[-1].append(rest)
        at += len(rest.text)
    return tuple(Utterance(tuple(piece)) for piece in pieces if piece)
