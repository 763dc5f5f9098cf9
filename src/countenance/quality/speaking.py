"""How a dubbed mouth speaks, collected picture by picture: what `articulation` measures, on a variant."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import numpy as np

from countenance.quality.articulation import (
    CLOSURE_LEAD_S,
    articulation_rate,
    closed_below,
    closures,
    mouth_jitter,
    opening_ratio,
    silence_motion,
)
from countenance.quality.kept import Kept
from countenance.quality.lips import Lips, mouth_of, on_screen
from countenance.quality.measured import Measured
from countenance.quality.motion import Seen
from countenance.quality.mouthline import LINE_S
from countenance.speech.ipa import segments
from countenance.speech.phones import Phones

_WHOLE = 300  # pictures: in a clip of so many the lips are looked at in every one
_STRETCH, _SHARE = 75, 5  # in a longer one in evenly spread stretches of 3 s, a fifth of the clip
_MOST = 1500
_MOST_CLOSURES = 100  # closures that are looked at besides
_OWN_UNKNOWN = "what the person says in the master is not known, so that there is nothing to compare with"


@dataclass(frozen=True)
class Own:
    """The person's own way of speaking: the lips in the master, and what they say there."""

    lips: Lips
    phones: Phones


@dataclass
class Speaking:
    """The lips of a variant, by the closer look, in the pictures that say most: all of a short clip; of a longer one
    evenly spread stretches of 3 s, and the pictures of up to 100 evenly spread closures, in which lips must meet.

    What is looked at follows from the picture's number and time alone, so that a section of a clip knows it too."""

    pictures: int
    phones: Phones
    _times: array[float] = field(default_factory=lambda: array("d"))
    _mouths: array[float] = field(default_factory=lambda: array("d"))  # gap, width and jaw of each picture
    _closures: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        closures = [part for part in segments(self.phones) if part.gesture.kind == "closure"]
        count = min(_MOST_CLOSURES, len(closures))
        parts = (closures[int((n + 0.5) * len(closures) / count)] for n in range(count))
        # A picture stays on the screen for a while: one that comes up to 40 ms before is still seen then.
        self._closures = [(part.start_s - 2 * CLOSURE_LEAD_S, part.end_s) for part in parts]

    def due(self, number: int, time_s: float) -> bool:
        """Whether the lips are to be looked at in this output picture."""
        if self.pictures <= _WHOLE or self._in_stretch(number):
            return True
        while self._closures and self._closures[0][1] < time_s:
            self._closures.pop(0)
        return bool(self._closures) and self._closures[0][0] <= time_s

    def _in_stretch(self, number: int) -> bool:
        wanted = min(_MOST, max(_WHOLE, self.pictures // _SHARE))
        period = self.pictures * _STRETCH / wanted
        return (number % period) < _STRETCH

    def add(self, time_s: float, face: Seen | None) -> None:
        """The next picture, and the face as found in it; None where none was found or it was not looked for."""
        self._times.append(time_s)
        self._mouths.extend(mouth_of(None if face is None else face.closer))

    def state(self) -> Kept:
        return {"times": np.array(self._times), "mouths": np.array(self._mouths)}

    def extend(self, state: Kept) -> None:
        self._times.extend(state["times"])
        self._mouths.extend(state["mouths"])

    def lips(self) -> Lips:
        """The curves, one value for each output picture."""
        return Lips(*on_screen(np.array(self._times)), *np.array(self._mouths).reshape(-1, 3).T)


def speech_figures(lips: Lips, phones: Phones, own: Own | None) -> dict[str, float | None]:
    """The figures of `articulation` by their keys in gates.toml, None where one cannot be measured.

    `lips` and `phones` are on one clock, of a whole film or of a shot in it (`Lips.between`).
    """
    theirs = None if own is None else opening_ratio(own.lips, own.phones)
    mine = opening_ratio(lips, phones)
    return {
        "closure_rate": closures(lips, phones, _closed(lips, own)).rate,
        "silence_motion": silence_motion(lips, phones),
        "articulation_rate": None if own is None else articulation_rate(lips, phones, own.lips, own.phones),
        "opening_kept": mine / theirs if mine is not None and theirs else None,
        "lip_tremble": mouth_jitter(lips),
    }


def tell_speech(found: Measured, lips: Lips, phones: Phones, own: Own | None) -> None:
    """Add the figures with the reasons where there are none, and what the report draws of mouth and phones."""
    reasons = {
        "closure_rate": "no p, b or m is heard while the mouth is seen",
        "silence_motion": "there is no pause long enough to look at",
        "articulation_rate": _OWN_UNKNOWN if own is None else "there is too little speech",
        "opening_kept": _OWN_UNKNOWN if own is None else "open vowels or closures are not seen",
        "lip_tremble": "the mouth is not seen in enough pictures in a row",
    }
    for key, value in speech_figures(lips, phones, own).items():
        if value is None:
            found.none(key, reasons[key])
        else:
            found.figures[key] = value
    closed = _closed(lips, own)
    closing = closures(lips, phones, closed)
    if closing.rate is not None:
        told = f"Lips were looked at during {closing.count} closures (p b m)"
        found.notes.append(f"{told}; {_open(closing.missed_s)}.")
    found.mouth.update(drawn(lips, phones, closed, closing.missed_s))


def _closed(lips: Lips, own: Own | None) -> float:
    return closed_below(lips.gap if own is None else own.lips.gap)


def drawn(lips: Lips, phones: Phones, closed: float, missed_s: tuple[float, ...]) -> dict[str, Any]:
    """Mouth and phones as they stand in qc.json: times in s, gaps in eye distances, None where not looked at.

    Of pictures in a row that were not looked at only the first is told, and the very last one; phones that are further
    than a line of the drawing from any that was looked at are left out.
    """
    seen = np.isfinite(lips.gap)
    told = seen | np.append(True, seen[:-1])
    told[-1:] = True
    times = lips.times_s[seen]
    near = [np.diff(np.searchsorted(times, [one.start_s - LINE_S, one.end_s + LINE_S]))[0] > 0 for one in phones]
    return {
        "times_s": [round(float(t), 3) for t in lips.times_s[told]],
        "gap": [None if not np.isfinite(gap) else round(float(gap), 4) for gap in lips.gap[told]],
        "closed": None if not np.isfinite(closed) else round(closed, 4),
        "phones": [[one.symbol, round(one.start_s, 3), round(one.end_s, 3)] for one in compress(phones, near)],
        "missed_s": [round(start, 3) for start in missed_s],
    }


def _open(missed_s: tuple[float, ...]) -> str:
    if not missed_s:
        return "all were closed"
    shown = ", ".join(f"{start:.2f} s" for start in missed_s[:8])
    more = len(missed_s) - 8
    return f"the lips stayed open at {shown}" + (f" and {more} more" if more > 0 else "")
