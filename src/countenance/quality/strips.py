"""The strip over time that shows which pictures were painted: where its blocks lie, and what it says in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from countenance.quality.curves import Tick, time_ticks
from countenance.quality.page import number

WIDTH, HEIGHT = 1120, 32  # user units; the page stretches them
TOP, BASE = 2, 32  # where a block at full strength begins, and where all end
_LEAST_WIDTH = 2.0
_LEAST_HEIGHT = 4.0
_MOST_ROWS = 40
_WORDS = {"painted": "painted", "faded": "faded to the original", "untouched": "left as shot"}


@dataclass(frozen=True)
class Block:
    """A stretch of pictures in one state: an SVG path, as high as the paint is strong."""

    path: str
    state: str
    title: str


@dataclass(frozen=True)
class Row:
    """A stretch that was not painted in full, in words."""

    when: str
    frames: str
    what: str
    why: str


@dataclass(frozen=True)
class Strip:
    """`ticks` lie in percent of the width."""

    label: str
    blocks: tuple[Block, ...]
    ticks: tuple[Tick, ...]
    rows: tuple[Row, ...]
    more: int  # rows that are left out
    told: str


def draw_strip(strip: Mapping[str, Any]) -> Strip:
    """The geometry of one strip of qc.json: label, and stretches with state, why, from_s, to_s, pictures
    and, where it fades, the course of its strength."""
    stretches = strip["stretches"]
    end = max((float(one["to_s"]) for one in stretches), default=0.0) or 1.0

    def x(time_s: float) -> float:
        return round(time_s / end * WIDTH, 2)

    blocks = [
        Block(_path(one, x(one["from_s"]), x(one["to_s"])), one["state"], _told(one))
        for one in stretches
        if one["state"] != "absent"
    ]
    rows = [_row(one) for one in stretches if one["state"] in ("faded", "untouched")]
    return Strip(
        label=str(strip.get("label") or ""),
        blocks=tuple(blocks),
        ticks=time_ticks(end, lambda time_s: round(100 * time_s / end, 2)),
        rows=tuple(rows[:_MOST_ROWS]),
        more=max(len(rows) - _MOST_ROWS, 0),
        told="; ".join(_told(one) for one in stretches[:_MOST_ROWS] if one["state"] != "absent") + ".",
    )


def _path(one: Mapping[str, Any], left: float, right: float) -> str:
    """The outline of a stretch: level when painted or left as shot, in steps where it fades."""
    left = min(left, WIDTH - _LEAST_WIDTH)
    right = max(right, left + _LEAST_WIDTH)
    course = one["course"] or [float(one["state"] == "painted")]
    step = (right - left) / len(course)
    tops = [BASE - max(strength * (BASE - TOP), _LEAST_HEIGHT) for strength in course]
    steps = "".join(f"V{top:.1f}H{left + (n + 1) * step:.1f}" for n, top in enumerate(tops))
    return f"M{left:.1f} {BASE}{steps}V{BASE}Z"


def _row(one: Mapping[str, Any]) -> Row:
    what = _WORDS[one["state"]]
    if one["state"] == "faded":
        what += f", down to {number(100 * min(one['course']), 0)}\u00a0%"
    return Row(_when(one), str(one["pictures"]), what, str(one["why"]))


def _told(one: Mapping[str, Any]) -> str:
    why = f" ({one['why']})" if one["why"] else ""
    return f"{_when(one)} {_WORDS[one['state']]}{why}"


def _when(one: Mapping[str, Any]) -> str:
    return f"{number(one['from_s'], 2)}\u2013{number(one['to_s'], 2)}\u00a0s"
