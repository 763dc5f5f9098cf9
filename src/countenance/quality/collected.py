"""What a meter has found in the pictures that it saw, and the figures that follow from it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from countenance.quality.coverage import Coverage
from countenance.quality.kept import Keeps, Kept
from countenance.quality.lips import Lips
from countenance.quality.look import Look
from countenance.quality.measured import Measured
from countenance.quality.motion import Motion, Seen
from countenance.quality.recognition import Recognition
from countenance.quality.sheet import ContactSheet
from countenance.quality.speaking import Speaking
from countenance.quality.steadiness import Steadiness
from countenance.quality.tally import Tally
from countenance.synthesis.engine import Laid


@dataclass
class Collected:
    """The estimators of one variant, or of a section of it; `coverage` and `speaking` where they apply.

    `doubtful` is the number of the picture that was looked at for the sake of a doubtful face alone (see `Spaced`).
    """

    recognition: Recognition
    motion: Motion
    look: Look
    sheet: ContactSheet
    coverage: Coverage | None
    speaking: Speaking | None
    steadiness: Steadiness = field(default_factory=Steadiness)
    tally: Tally = field(default_factory=Tally)
    times: array[float] = field(default_factory=lambda: array("d"))
    doubtful: int | None = None

    def begin(self, first: int) -> None:
        """The section begins at this picture."""
        self.sheet.begin(first)
        self.recognition.begin(first)

    def cut(self) -> None:
        """What follows is another shot."""
        self.steadiness.cut()
        self.look.cut()

    def skip(self, opening: float = float("nan")) -> None:
        """A picture without the face, or one that is not measured."""
        self.steadiness.skip(opening)
        self.look.cut()

    def cover(self, time_s: float, present: bool, laid: Sequence[Laid], left: str) -> None:
        """The next picture, as for `Coverage`."""
        if self.coverage is not None:
            self.coverage.add(time_s, present, laid, left)

    def speaks(self, number: int, time_s: float) -> bool:
        """Whether it is to be seen here how the mouth speaks."""
        return self.speaking is not None and self.speaking.due(number, time_s)

    def say(self, time_s: float, face: Seen | None) -> None:
        """The next picture, as for `Speaking`."""
        if self.speaking is not None:
            self.speaking.add(time_s, face)

    def lips(self) -> Lips | None:
        """The lips of one who speaks, over all pictures."""
        return None if self.speaking is None else self.speaking.lips()

    def named(self) -> dict[str, Keeps]:
        """All that holds anything, by name."""
        parts: dict[str, Keeps | None] = {
            "tally": self.tally,
            "sheet": self.sheet,
            "recognition": self.recognition,
            "steadiness": self.steadiness,
            "motion": self.motion,
            "look": self.look,
            "coverage": self.coverage,
            "speaking": self.speaking,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def state(self) -> Kept:
        kept: Kept = {name: part.state() for name, part in self.named().items()}
        return {**kept, "times": np.array(self.times), "doubtful": self.doubtful}

    def extend(self, state: Kept) -> None:
        """Take up the section that follows."""
        wanted = self.recognition.wants(state["recognition"])
        for name, part in self.named().items():
            part.extend(state[name])
        self.times.extend(state["times"])
        if state["doubtful"] is not None and not wanted:
            self.steadiness.after.opening[state["doubtful"]] = float("nan")  # one meter would not have looked

    def tell(self, found: Measured) -> None:
        """Add what the picture alone tells."""
        self.recognition.tell(found)
        if self.look.painted or self.coverage is not None:
            self.motion.tell(found)
            self.look.tell(found)
        self.steadiness.tell(found)
        self.tally.tell(found)
        if self.coverage is not None:
            self.coverage.tell(found)
