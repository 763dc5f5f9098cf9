"""Which pictures of a clip are measured: all of a short one, evenly spread stretches of a long one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from countenance.quality.kept import Kept

_STRETCH = 25  # pictures that follow each other: flicker and tremble are between neighbours
_WHOLE = 50  # clips up to this long are measured whole, and longer ones never less
_SHARE = 6  # of a long clip one picture in so many is measured
_MOST_STRETCHES = 120
CLOSE, _SPARSE = 3, 5  # what is costly is measured in one picture of so many
_HEARD = 200  # pictures in the middle in which the mouth is followed: enough to hear an offset


@dataclass(frozen=True)
class Sampling:
    """The plan for a clip of so many pictures: stretches of `length` from each of `starts`, and the pictures from
    `heard[0]` to before `heard[1]`, in every second of which the mouth is followed."""

    pictures: int
    starts: Sequence[int]
    length: int
    heard: tuple[int, int]

    @staticmethod
    def of(pictures: int, *, dubbed: bool = False, thorough: bool = False) -> Sampling:
        """The plan follows from the number of pictures alone, so that it is the same every time.

        `dubbed`: the mouth is followed throughout; `thorough`: every picture is measured.
        """
        middle = max(0, (pictures - _HEARD) // 2)
        heard = (0, pictures) if dubbed else (middle, min(pictures, middle + _HEARD))
        if thorough or pictures <= _WHOLE:
            return Sampling(pictures, [0], pictures, heard if not thorough else (0, pictures))
        count = min(_MOST_STRETCHES, max(_WHOLE, pictures // _SHARE) // _STRETCH)
        starts = [int((n + 0.5) * pictures / count - _STRETCH / 2) for n in range(count)]
        return Sampling(pictures, starts, _STRETCH, heard)

    def place(self, number: int) -> int | None:
        """The picture's place in its stretch, from 0; None where it is not measured."""
        index = bisect_right(self.starts, number) - 1
        place = number - self.starts[index]
        return place if index >= 0 and place < self.length else None

    def run_in(self, first: int, cuts: Collection[int]) -> int:
        """How many pictures before `first` belong to the stretch of one shot in which it is measured."""
        start = first
        while start > 0 and start not in cuts and None not in (self.place(start), self.place(start - 1)):
            start -= 1
        return first - start

    def follows_mouth(self, number: int) -> bool:
        """Whether the mouth is looked for between the stretches too: in every second picture, enough for syllables."""
        return number % 2 == 0 and self.heard[0] <= number < self.heard[1]

    @property
    def measured(self) -> int:
        return len(self.starts) * self.length

    def told(self) -> str:
        """What the report says about it; "" where everything is measured."""
        if self.measured >= self.pictures:
            return ""
        return (
            f"Motion, steadiness and detail were measured in {self.measured} of {self.pictures} pictures: "
            f"{len(self.starts)} evenly spread stretches of {self.length}. What was painted, and that all else "
            "was left alone, was checked in every picture."
        )


def close(place: int) -> bool:
    """Whether lips, lids and irises are looked at closely at this place of a stretch."""
    return place % CLOSE == CLOSE // 2


def sparse(place: int) -> bool:
    """Whether the costliest measures are due at this place of a stretch."""
    return place % _SPARSE == _SPARSE // 2


def before_sparse(place: int) -> bool:
    """Whether they are due at the next place."""
    return sparse(place + 1)


@dataclass
class Spaced:
    """Evenly spaced pictures in which something is due; where it cannot be done, the next one in which it can.

    Who measures a section of a clip does not know whether all was done that was due before. The first picture in which
    it can be done is then taken, and is `doubtful`: whoever joins the sections knows whether it was wanted.
    """

    waiting: list[int]  # the next one last
    first: int = 0  # where the section begins
    asked: bool = False
    doubtful: bool = False

    @staticmethod
    def of(pictures: int, count: int) -> Spaced:
        """The middles of `count` equal parts of a clip."""
        return Spaced(sorted({int((n + 0.5) * pictures / count) for n in range(count)}, reverse=True))

    def due(self, number: int) -> bool:
        """Whether the next one has come; those that were passed meanwhile are dropped."""
        passed = []
        while self.waiting and number >= self.waiting[-1]:
            passed.append(self.waiting.pop())
        self.doubtful = bool(passed) and passed[-1] < self.first
        self.asked = True
        return bool(passed)

    def wants(self, following: Kept) -> bool:
        """Whether what was due in this section is left to the following one, whose state is given."""
        return bool(self.waiting) and self.waiting[-1] < following["first"]

    def state(self) -> Kept:
        return {"first": self.first, "waiting": self.waiting, "asked": self.asked}

    def extend(self, state: Kept) -> None:
        if state["asked"]:  # all that was due before has come then
            self.waiting = list(state["waiting"])
