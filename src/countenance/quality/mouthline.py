"""The mouth with the phones under it, as inline SVG geometry: a line of film after the other, like a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.quality.curves import Tick
from countenance.speech.ipa import gestures

WIDTH, HEIGHT = 1120, 160  # user units; the page scales them
_FLOOR = 116  # where the lips are shut; phones stand below
LINE_S = 5.0
_MOST_LINES = 12
_LEAST_TOP = 0.1  # eye distances at the top of a line


@dataclass(frozen=True)
class Block:
    """One phone under the curve; `state` is "bilabial", "missed" or "phone"."""

    symbol: str
    x: float
    width: float
    state: str


@dataclass(frozen=True)
class Line:
    path: str
    phones: tuple[Block, ...]
    ticks: tuple[Tick, ...]
    told: str


@dataclass(frozen=True)
class MouthDrawing:
    """Lines of five seconds; what lies between `closed_y` and `floor_y` counts as closed; `more` tells what is left
    out."""

    lines: tuple[Line, ...]
    closed_y: float
    floor_y: float
    more: str = ""


def draw_mouth(mouth: Mapping[str, Any]) -> MouthDrawing:
    """The geometry of what `speaking.drawn` gives; no lines of an empty mapping. Of a long film the lines come first
    that show a missed closure."""
    if not mouth or not any(gap is not None for gap in mouth["gap"]):
        return MouthDrawing((), _FLOOR, _FLOOR)
    gaps = [gap for gap in mouth["gap"] if gap is not None]
    top = max(_LEAST_TOP, *gaps)
    end = float(mouth["times_s"][-1])
    starts = [LINE_S * n for n in range(int(end / LINE_S) + 1)]
    seen = [start for start in starts if _values(mouth, start)]
    missed = [start for start in seen if any(start <= at < start + LINE_S for at in mouth["missed_s"])]
    chosen = sorted((missed + [start for start in seen if start not in missed])[:_MOST_LINES])
    left = len(starts) - len(chosen)
    more = f"{left} more lines of {LINE_S:g} s are not drawn." if left else ""
    closed = _FLOOR - _height(mouth["closed"] or 0.0, top)
    return MouthDrawing(tuple(_line(mouth, start, top) for start in chosen), round(closed, 1), _FLOOR, more)


def _height(gap: float, top: float) -> float:
    return float((gap / top) ** 0.5 * (_FLOOR - 6))  # square roots: nearly shut shall look unlike shut


def _values(mouth: Mapping[str, Any], start: float) -> list[tuple[float, float | None]]:
    pairs = zip(mouth["times_s"], mouth["gap"], strict=True)
    inside = [(time, gap) for time, gap in pairs if start <= time < start + LINE_S]
    return inside if any(gap is not None for _, gap in inside) else []


def _x(time_s: float, start: float) -> float:
    return round(min(max((time_s - start) / LINE_S, 0.0), 1.0) * WIDTH, 1)


def _line(mouth: Mapping[str, Any], start: float, top: float) -> Line:
    path, down = [], False
    for time, gap in _values(mouth, start):
        if gap is None:
            down = False
            continue
        path.append(f"{'L' if down else 'M'}{_x(time, start):g} {_FLOOR - _height(gap, top):.1f}")
        down = True
    phones = [_block(phone, start, mouth["missed_s"]) for phone in mouth["phones"] if _heard(phone, start)]
    ticks = tuple(Tick(_x(start + n, start), f"{start + n:g}\u00a0s") for n in range(int(LINE_S)))
    said = " ".join(block.symbol for block in phones)
    return Line("".join(path), tuple(phones), ticks, f"From {start:g} s on the mouth says: {said}.")


def _heard(phone: Sequence[Any], start: float) -> bool:
    return bool(phone[0]) and phone[2] > start and phone[1] < start + LINE_S


def _block(phone: Sequence[Any], start: float, missed_s: Sequence[float]) -> Block:
    symbol, first, last = phone
    left, right = _x(first, start), _x(last, start)
    state = "phone"
    if any(part.kind == "closure" for part in gestures(symbol)):
        state = "missed" if any(first - 0.01 <= at < last for at in missed_s) else "bilabial"
    return Block(symbol, left, round(right - left, 1), state)
