"""What a source becomes under an export profile: its sizes, its frame rate, its keyframes, and the ceilings of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from countenance.media.export import FAST_FACTOR, FAST_HZ, ExportProfile, Rung
from countenance.media.frame import Frame

# Frame rates that displays and broadcasters know (SMPTE ST 2036, EBU Tech 3299, film at 24).
_USUAL = tuple(Fraction(one) for one in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60"))
_NEAR = Fraction(1, 2000)  # a measured rate may lie so far beside a usual one; 29.97 and 30 are a thousandth apart
_CLOSE = 0.8  # a size of a ladder that is nearer to the one above it is left out


@dataclass(frozen=True, slots=True)
class Rendition:
    """One picture stream to make. `max_kbps` and `buffer_kbit` are the ceilings of its buffer (VBV), `keyframe` the
    pictures from one keyframe to the next."""

    size: tuple[int, int]
    rate: Fraction
    keyframe: int
    max_kbps: int
    buffer_kbit: int

    @property
    def short_px(self) -> int:
        return min(self.size)


def renditions(profile: ExportProfile, source: tuple[int, int], frame_rate: Fraction) -> tuple[Rendition, ...]:
    """The renditions of a source of `source` (width, height) pixels, the largest first: one, or all of a ladder.

    Nothing is enlarged, but where the profile wants one size exactly. The first has the largest size that both source
    and profile have; those of a ladder follow below it. All have the same rate and keyframes at the same pictures.
    """
    rate = rate_for(profile, frame_rate)
    fast = FAST_FACTOR if rate > FAST_HZ else Fraction(1)
    keyframe = max(1, round(rate * Fraction(profile.picture.keyframe_s).limit_denominator(1000)))
    if profile.picture.frame_px is not None:
        sizes = [(profile.picture.frame_px, profile.rungs[0])]
    else:
        sizes = [(_scaled(source, short), rung) for short, rung in _steps(profile, min(source))]
    made = tuple(
        Rendition(size, rate, keyframe, round(rung.max_kbps * fast), round(rung.buffer_kbit * fast))
        for size, rung in sizes
    )
    return made if profile.streams else made[:1]


def rate_for(profile: ExportProfile, frame_rate: Fraction) -> Fraction:
    """The constant frame rate of an export: the source's own where the profile takes it, else the nearest to it.

    A rate that is measured beside a usual one is that one. Rates above the profile's highest are halved.
    """
    usual = min(_USUAL, key=lambda one: abs(one - frame_rate))
    if abs(usual - frame_rate) > _NEAR * usual:
        usual = frame_rate.limit_denominator(1001)
    if profile.picture.rates:
        return min(profile.picture.rates, key=lambda one: (abs(one - usual), -one))
    while usual > profile.picture.most_hz:
        usual /= 2
    return usual


def retimed(frames: Iterable[Frame], rate: Fraction, count: int) -> Iterator[Frame]:
    """`count` pictures at a constant rate, from 0: at each moment the last that is due within half a picture of it.

    Pictures are left out or shown again where the rates differ; what was constant already passes unchanged.
    """
    source = iter(frames)
    shown, following = None, next(source, None)
    for number in range(count):
        until = (number + Fraction(1, 2)) / rate
        while following is not None and (shown is None or following.time < until):
            shown, following = following, next(source, None)
        if shown is None:
            return
        yield Frame(number, 1 / rate, shown.planes)


def picture_count(duration: Fraction, rate: Fraction) -> int:
    """How many pictures of a rate a programme of `duration` seconds has."""
    return max(1, round(duration * rate))


def _steps(profile: ExportProfile, short_px: int) -> Iterator[tuple[int, Rung]]:
    """Sizes by the shorter side, each with the rung whose ceilings hold for it."""
    top = min(short_px // 2 * 2, profile.rungs[0].short_px)
    yield top, min((one for one in profile.rungs if one.short_px >= top), key=lambda one: one.short_px)
    for rung in profile.rungs:
        if rung.short_px <= _CLOSE * top:
            yield rung.short_px, rung


def _scaled(source: tuple[int, int], short_px: int) -> tuple[int, int]:
    """The source's shape with a shorter side of `short_px`, both sides even."""
    scale = Fraction(short_px, min(source))
    width, height = (max(2, round(side * scale / 2) * 2) for side in source)
    return width, height
