"""Which pictures were painted, which were faded towards the master, which were left alone, and why."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any, Literal

import numpy as np

from countenance.quality.kept import Kept
from countenance.quality.measured import Measured
from countenance.synthesis.engine import Laid

State = Literal["painted", "faded", "untouched", "absent"]
_MOST_STEPS = 60
_MOST_STRETCHES = 1000
WHOLE, _NOTHING = 0.999, 0.001  # strengths that count as full and as none
_UNSAID = "for no given reason"


@dataclass(slots=True)
class Stretch:
    """Pictures that follow each other in one state and for one reason, with the strength of each that is faded."""

    state: State
    why: str
    from_s: float
    to_s: float
    pictures: int = 0
    strengths: array[float] = field(default_factory=lambda: array("d"))

    def record(self) -> dict[str, Any]:
        """The stretch as it stands in qc.json, its course in at most 60 steps, each with its lowest strength."""
        size = -(-len(self.strengths) // _MOST_STEPS) or 1
        course = [round(min(self.strengths[n : n + size]), 3) for n in range(0, len(self.strengths), size)]
        return {
            "state": self.state,
            "why": self.why,
            "from_s": round(self.from_s, 3),
            "to_s": round(self.to_s, 3),
            "pictures": self.pictures,
            "course": course,
        }


@dataclass
class Coverage:
    """The state of every picture of one person, kept as stretches.

    - painted: laid at full strength; faded: laid fainter, so that the master shows through; untouched: the person is
      there, and nothing or only nothingness was laid; absent: the person is not in the picture.
    - `painted_share`, `faded_share`, `untouched_share`: of the pictures that show the person. They are counts, not
      estimates; every picture is counted.
    """

    stretches: list[Stretch] = field(default_factory=list)
    _counts: Counter[State] = field(default_factory=Counter)
    _reasons: Counter[tuple[State, str]] = field(default_factory=Counter)

    def add(self, time_s: float, present: bool, laid: Sequence[Laid], left: str = "") -> None:
        """The next picture: whether the person is in it, and what was laid over that person, strongest or not.

        `left`: why nothing was to be laid there; such a picture is shown as untouched, and enters no share.
        """
        state, why, strength = _judged(present, laid)
        if left and state == "untouched":
            why = left
        else:
            self._counts[state] += 1
            if why:
                self._reasons[state, why] += 1
        last = self._entered(state, why, time_s)
        last.pictures += 1
        if state == "faded":
            last.strengths.append(strength)

    def _entered(self, state: State, why: str, time_s: float) -> Stretch:
        """The stretch that a picture belongs to, the last one or a new one."""
        last = self.stretches[-1] if self.stretches else None
        if last is not None:
            last.to_s = time_s  # a picture lasts until the next one
        if last is None or (last.state, last.why) != (state, why):
            last = Stretch(state, why, time_s, time_s)
            self.stretches.append(last)
        return last

    def state(self) -> Kept:
        return {
            "stretches": [[one.state, one.why, one.from_s, one.to_s, one.pictures] for one in self.stretches],
            "strengths": np.concatenate([np.array(one.strengths) for one in self.stretches] or [np.zeros(0)]),
            "faded": [len(one.strengths) for one in self.stretches],
            "counts": list(self._counts.items()),
            "reasons": [[*what, count] for what, count in self._reasons.items()],
        }

    def extend(self, state: Kept) -> None:
        strengths = iter(state["strengths"].tolist())
        for (kind, why, from_s, to_s, pictures), faded in zip(state["stretches"], state["faded"], strict=True):
            last = self._entered(kind, why, from_s)
            last.to_s = to_s
            last.pictures += pictures
            last.strengths.extend(islice(strengths, faded))
        for kind, count in state["counts"]:
            self._counts[kind] += count
        for kind, why, count in state["reasons"]:
            self._reasons[kind, why] += count

    @property
    def present(self) -> int:
        """How many pictures show the person."""
        return sum(count for state, count in self._counts.items() if state != "absent")

    def tell(self, found: Measured) -> None:
        """Add the figures, with the reasons counted, and the strip."""
        for state in ("painted", "faded", "untouched"):
            if self.present:
                found.figures[f"{state}_share"] = self._counts[state] / self.present
            else:
                found.none(f"{state}_share", "the master never shows the face")
        for state in ("faded", "untouched"):
            why = [f"{count} {reason}" for (kind, reason), count in self._reasons.most_common() if kind == state]
            if why:
                found.reasons[f"{state}_share"] = f"of {self.present} pictures {', '.join(why)}"
        shown = _thinned(self.stretches)
        if len(shown) < len(self.stretches):
            found.notes.append("Where the paint changes very often, the strip shows the faintest in each place.")
        found.strips.append({"label": "", "stretches": [stretch.record() for stretch in shown]})


def _thinned(stretches: Sequence[Stretch]) -> Sequence[Stretch]:
    """At most 1000 stretches: of those that begin within the same thousandth of the time only the faintest is told."""
    if len(stretches) <= _MOST_STRETCHES:
        return stretches
    start_s = stretches[0].from_s
    step_s = (stretches[-1].to_s - start_s) / _MOST_STRETCHES
    shown = []
    for _, together in groupby(stretches, lambda one: min(int((one.from_s - start_s) / step_s), _MOST_STRETCHES - 1)):
        group = list(together)
        pictures = sum(one.pictures for one in group)
        shown.append(replace(min(group, key=_paint), from_s=group[0].from_s, to_s=group[-1].to_s, pictures=pictures))
    return shown


def _paint(one: Stretch) -> float:
    """How strongly a stretch is painted where it is faintest; more than anything where nobody is there."""
    return min(one.strengths) if one.state == "faded" else {"painted": 1.0, "untouched": 0.0, "absent": 2.0}[one.state]


def strength_of(laid: Sequence[Laid]) -> float | None:
    """How strongly a person was painted: what several engines laid counts as the faintest; None without any."""
    return min((one.strength for one in laid), default=None)


def _judged(present: bool, laid: Sequence[Laid]) -> tuple[State, str, float]:
    if not present:
        return "absent", "", 0.0
    if not laid:
        return "untouched", _UNSAID, 0.0
    faintest = min(laid, key=lambda one: one.strength)
    if faintest.strength >= WHOLE:
        return "painted", "", 1.0
    state: State = "faded" if faintest.strength > _NOTHING else "untouched"
    return state, faintest.why or _UNSAID, float(faintest.strength)
