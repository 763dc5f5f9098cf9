"""Judges the measured figures of one variant at a gate; the limits are data in gates.toml."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from countenance.errors import CountenanceError, InputError
from countenance.store.documents import nearest


@dataclass(frozen=True)
class Limit:
    """An allowed range, both ends included; None leaves an end open."""

    least: float | None = None
    most: float | None = None
    magnitude: bool = False

    def allows(self, value: float) -> bool:
        """Whether the value lies in the range. NaN never does."""
        size = abs(value) if self.magnitude else value
        above = self.least is None or size >= self.least
        below = self.most is None or size <= self.most
        return above and below and not math.isnan(size)

    def moved(self, by: float) -> Limit:
        """The same range elsewhere."""
        least, most = (None if end is None else end + by for end in (self.least, self.most))
        return Limit(least, most, self.magnitude)


@dataclass(frozen=True)
class Kind:
    """What is known about a figure whatever its value."""

    key: str
    label: str
    unit: str
    means: str
    decimals: int = 2
    scale: float = 1.0  # the number that people read = value * scale
    shown: tuple[float, float] = (0.0, 1.0)  # the stretch of values that a gauge covers
    magnitude: bool = False
    group: str = ""
    worse: str = "higher"  # which of two values is the worse one: "higher", "lower" or "away from 1"


@dataclass(frozen=True)
class Figure:
    """One measured figure and its judgement; `passed` is None when it could not or need not be judged."""

    kind: Kind
    value: float | None
    limit: Limit
    passed: bool | None
    reason: str = ""  # why there is no value

    def record(self) -> dict[str, Any]:
        """The figure as it stands in qc.json."""
        return {
            "key": self.kind.key,
            "label": self.kind.label,
            "value": self.value if self.value is not None and math.isfinite(self.value) else None,
            "unit": self.kind.unit,
            "limit": {"min": self.limit.least, "max": self.limit.most},
            "passed": self.passed,
            "means": self.kind.means,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Verdict:
    passed: bool
    failed: tuple[str, ...]
    gate: str
    figures: tuple[Figure, ...] = ()

    def record(self) -> dict[str, Any]:
        """The verdict as it stands in qc.json, without the figures."""
        return {"passed": self.passed, "failed": list(self.failed), "gate": self.gate}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("countenance.quality").joinpath("gates.toml").read_text(encoding="utf-8"))


def gate_names() -> tuple[str, ...]:
    """The gates, from the most to the least forgiving."""
    return tuple(_data()["gates"])


def _kind(key: str, facts: Mapping[str, Any]) -> Kind:
    low, high = facts["shown"]
    return Kind(key, **{**facts, "shown": (float(low), float(high))})


def kinds() -> dict[str, Kind]:
    """Every figure that can be judged, in the order in which reports show them."""
    return {key: _kind(key, facts) for key, facts in _data()["figures"].items()}


def _gate(name: str) -> dict[str, dict[str, float]]:
    gates: dict[str, dict[str, dict[str, float]]] = _data()["gates"]
    if name not in gates:
        raise InputError(f"there is no gate '{name}'{nearest(name, gates)} (known: {', '.join(gates)})")
    return gates[name]


def limit(key: str, gate: str) -> Limit:
    """The limit of one figure at one gate; open at both ends when the gate does not judge it."""
    ends = _gate(gate).get(key, {})
    return Limit(ends.get("min"), ends.get("max"), kinds()[key].magnitude)


def judge(
    values: Mapping[str, float | None],
    gate: str,
    reasons: Mapping[str, str] | None = None,
    shifts: Mapping[str, float] | None = None,
) -> Verdict:
    """Judge measured values at a gate.

    `values` maps keys of gates.toml to numbers in base units (shares 0..1). A key that is absent does not
    apply to this variant; None means that it could not be measured, and `reasons` may say why: such a figure
    is shown but neither passes nor fails. `shifts` moves both ends of a limit, where another aim than the usual one
    was asked for: a loudness, say. A gate at which nothing at all could be judged is not passed.
    Raises InputError for an unknown gate, CountenanceError for an unknown figure.
    """
    known = kinds()
    _gate(gate)
    for key in values:
        if key not in known:
            raise CountenanceError(f"no gate knows the figure '{key}'{nearest(key, known)}")
    reasons, shifts = reasons or {}, shifts or {}
    figures = tuple(
        _judged(kind, values[key], limit(key, gate).moved(shifts.get(key, 0.0)), reasons.get(key, ""))
        for key, kind in known.items()
        if key in values
    )
    failed = tuple(figure.kind.key for figure in figures if figure.passed is False)
    judged = any(figure.passed is not None for figure in figures)
    return Verdict(judged and not failed, failed, gate, figures)


def _judged(kind: Kind, value: float | None, allowed: Limit, reason: str) -> Figure:
    if value is None:
        return Figure(kind, None, allowed, None, reason or "could not be measured in this clip")
    if math.isnan(value):
        return Figure(kind, value, allowed, False, "the measurement gave no number")
    if math.isinf(value):
        return Figure(kind, value, allowed, allowed.allows(value), f"beyond every number ({value:+})")
    if allowed.least is None and allowed.most is None:
        return Figure(kind, value, allowed, None, "this gate sets no limit")
    return Figure(kind, value, allowed, allowed.allows(value))
