"""What a meter found out about one variant, and how the findings about several people become one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.errors import CountenanceError
from countenance.quality.gate import Kind, kinds
from countenance.quality.lips import Lips
from countenance.quality.sheet import stacked


@dataclass(frozen=True)
class Measured:
    """What a meter found.

    `figures` maps keys of gates.toml to values, None where there was nothing to measure, and `reasons` says why;
    keys that do not apply are absent. `curves`, `strips`, `notes` and `pictures` are as `render_report` takes
    them. `opening` is the inner lip gap in eye distances at `times_s`, NaN where no face was seen: what
    `av_offset` takes. `mouth` is what `mouthline.draw_mouth` takes, empty where no words were dubbed; `lips` are
    the curves that it rests on, one value for each output picture.
    """

    figures: dict[str, float | None]
    reasons: dict[str, str]
    curves: list[dict[str, Any]]
    pictures: dict[str, bytes]
    times_s: NDArray[np.float64]
    opening: NDArray[np.float64]
    strips: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    mouth: dict[str, Any] = field(default_factory=dict)
    lips: Lips | None = None

    def none(self, key: str, reason: str) -> None:
        """The figure could not be measured."""
        self.figures[key], self.reasons[key] = None, reason


def together(parts: Mapping[str, Measured]) -> Measured:
    """The measurements of several people in one variant as one; `parts` maps their names to them.

    Each figure is the worst of all people's, and its reason names the person. Curves and strips carry the
    names, the contact sheets lie one above the other, and `opening` is that of the first person. Raises
    CountenanceError without a person.
    """
    if not parts:
        raise CountenanceError("nobody was measured: a variant's figures need at least one person")
    people = list(parts.values())
    if len(people) == 1:
        return people[0]
    lips = next((part.lips for part in people if part.lips is not None), None)
    one = Measured({}, {}, [], {}, people[0].times_s, people[0].opening, lips=lips)
    for key in dict.fromkeys(key for part in people for key in part.figures):
        _worst(one, key, {name: part for name, part in parts.items() if key in part.figures})
    for name, part in parts.items():
        one.curves.extend({**curve, "label": f"{curve['label']}, {name}"} for curve in part.curves)
        one.strips.extend({**strip, "label": name} for strip in part.strips)
        one.notes.extend(f"{name}: {note}" for note in part.notes)
        one.mouth.update(part.mouth if not one.mouth else {})
    sheets = {name: part.pictures["contact_sheet"] for name, part in parts.items() if "contact_sheet" in part.pictures}
    if sheets:
        one.pictures["contact_sheet"] = stacked(sheets)
    return one


def _worst(one: Measured, key: str, parts: Mapping[str, Measured]) -> None:
    known = {name: value for name, part in parts.items() if (value := part.figures[key]) is not None}
    if known:
        name = max(known, key=lambda name: _badness(kinds()[key], known[name]))
        one.figures[key] = known[name]
        if len(parts) > 1:
            one.reasons[key] = _told(name, parts[name].reasons.get(key, ""))
        return
    one.none(key, "; ".join(_told(name, part.reasons.get(key, "")) for name, part in parts.items()))


def _badness(kind: Kind, value: float) -> float:
    """Larger is worse; what is no number is worst."""
    if math.isnan(value):
        return math.inf
    if kind.worse == "away from 1":
        return abs(math.log(max(value, 1e-9)))
    size = abs(value) if kind.magnitude else value
    return -size if kind.worse == "lower" else size


def _told(name: str, reason: str) -> str:
    return f"{name}: {reason}" if reason else name
