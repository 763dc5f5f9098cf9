"""One person's way of speaking, from footage: how far, how wide and how early for each class of sounds.

The blend of `coarticulation` is linear in what each viseme asks for. So what a person asks for follows from the
measured mouth and the phones by least squares, drawn towards the table where the footage says little (ridge).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from countenance.errors import InputError
from countenance.speech.coarticulation import Curve, blend
from countenance.speech.ipa import VISEMES
from countenance.speech.phones import Phones, span
from countenance.speech.style import NEUTRAL, Style
from countenance.speech.visemes import mouth_targets

LEAST_S = 1.5  # of seen speech; of a second alone the lead is a guess, and others' words fit worse than before
LEADS_S = tuple(round(0.02 * step, 2) for step in range(-3, 7))
LEAD_COST = 0.03  # of correlation, for a lead 100 ms away from the usual
RIDGE_S = 0.4  # seconds of footage that count as much as the table
MOST_GAIN, LEAST_GAIN = 2.0, 0.2
MOST_SHIFT = 0.35
SPEECH_MARGIN_S = 0.2
_OWN = "own"


@dataclass(frozen=True)
class Habits:
    """How one person moves the mouth.

    `style` is for `mouth_targets`, whose values then lie on the person's own scale: aperture 0 at `aperture[0]` and
    1 at `aperture[1]` (5th and 95th percentile of what was measured), width 0 at `width[1]`, -1 at `width[0]` and +1
    at `width[2]` (5th, 50th and 95th). `seen` tells by viseme for how many seconds it was looked at. `likeness` holds
    the correlation of aperture and width with the measured ones, first as the table has them, then with the style.
    """

    style: Style
    aperture: tuple[float, float]
    width: tuple[float, float, float]
    seen: dict[str, float]
    likeness: tuple[tuple[float, float], tuple[float, float]]

    def measured(self, targets: NDArray[np.float32]) -> NDArray[np.float32]:
        """Aperture and width (n, 2) of `mouth_targets` (n, 4) in the units that were measured."""
        low, high = self.aperture
        narrow, rest, wide = self.width
        spread = targets[:, 1]
        width = rest + np.where(spread > 0, spread * (wide - rest), spread * (rest - narrow))
        return np.stack([low + targets[:, 0] * (high - low), width], axis=1).astype(np.float32)


def style_of(phones: Phones, times_s: ArrayLike, aperture: ArrayLike, width: ArrayLike) -> Habits:
    """A person's habits from phones and the mouth that was measured meanwhile, each `(n,)` at `times_s` `(n,)`.

    Aperture and width may have any unit (eye distances, pixels of a steadied picture); NaN where the mouth was not
    seen. Two seconds give gains and a lead, ten seconds targets for the usual visemes; what was not seen stays as
    the table has it. Errors: InputError when less than 1.5 s of speech is seen, or the mouth never moves.
    """
    times = np.asarray(times_s, np.float64)
    opened, spread = np.asarray(aperture, np.float64), np.asarray(width, np.float64)
    first_s, last_s = span(phones)
    seen = np.isfinite(opened) & np.isfinite(spread)
    seen &= (times > first_s - SPEECH_MARGIN_S) & (times < last_s + SPEECH_MARGIN_S)
    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    if seen.sum() * step_s < LEAST_S:
        raise InputError(
            f"Only {seen.sum() * step_s:.1f} s of speech show the mouth: give footage with at least {LEAST_S:g} s."
        )
    times, opened, spread = times[seen], opened[seen], spread[seen]
    low, high = (float(value) for value in np.percentile(opened, [5, 95]))
    narrow, rest, wide = (float(value) for value in np.percentile(spread, [5, 50, 95]))
    if high - low <= 1e-6 * max(abs(high), 1e-9):
        raise InputError("The mouth never opens while the phones sound: give footage of the person speaking.")
    aperture_own = (opened - low) / (high - low)
    width_own = np.where(
        spread > rest, (spread - rest) / max(wide - rest, 1e-9), (spread - rest) / max(rest - narrow, 1e-9)
    )
    style = _fitted(phones, times, aperture_own, width_own, step_s)
    return Habits(
        style,
        (low, high),
        (narrow, rest, wide),
        _seconds(phones, times, step_s),
        (
            _likeness(phones, times, aperture_own, width_own, NEUTRAL),
            _likeness(phones, times, aperture_own, width_own, style),
        ),
    )


def _fitted(phones: Phones, times: Curve, aperture: Curve, width: Curve, step_s: float) -> Style:
    lead_s = max(LEADS_S, key=lambda lead: _fit_at(phones, times, aperture, lead))
    plain = Style(_OWN, lead_s=lead_s, breath=NEUTRAL.breath)
    made = blend(phones, plain)
    targets = mouth_targets(phones, times, plain).astype(np.float64)
    free = 1 - np.maximum(targets[:, 2], targets[:, 3])  # where no gate decides
    jaw = _gain(targets[:, 0], aperture)
    lips = _gain(targets[:, 1], width)
    opening_shares = made.at(times, made.openings).astype(np.float64) * free[:, None]
    rounding_shares = made.at(times, made.rounding).astype(np.float64) * free[:, None]
    openings = _shifts(opening_shares, aperture - jaw * targets[:, 0], jaw, step_s)
    widths = _shifts(rounding_shares, width - lips * targets[:, 1], lips, step_s)
    return Style(_OWN, jaw, lips, lead_s, breath=NEUTRAL.breath, openings=openings, widths=widths)


def _fit_at(phones: Phones, times: Curve, aperture: Curve, lead_s: float) -> float:
    curve = mouth_targets(phones, times, Style(_OWN, lead_s=lead_s))[:, 0]
    return _correlation(curve, aperture) - LEAD_COST * abs(lead_s - NEUTRAL.lead_s) / 0.1


def _gain(wanted: Curve, measured: Curve) -> float:
    """How far the measured curve swings for each unit of the wanted one, about their means."""
    swing = wanted - wanted.mean()
    power = float(swing @ swing)
    gain = float(swing @ (measured - measured.mean())) / power if power > 1e-9 else 1.0
    # Noise in the phones' times flattens the slope; the spread of both curves says how far the mouth really swings.
    spread = float(measured.std() / max(wanted.std(), 1e-9))
    return float(np.clip((max(gain, 0.0) * spread) ** 0.5 if gain > 0 else LEAST_GAIN, LEAST_GAIN, MOST_GAIN))


def _shifts(shares: Curve, missing: Curve, gain: float, step_s: float) -> tuple[tuple[str, float], ...]:
    """By viseme, what to add to its target so that the curve comes near: least squares, drawn towards nothing."""
    design = np.column_stack([shares[:, 1:], np.ones(len(shares))]) * gain
    ridge = np.full(design.shape[1], RIDGE_S / step_s * gain**2 * 0.25)
    ridge[-1] *= 0.1
    found = np.linalg.solve(design.T @ design + np.diag(ridge), design.T @ missing)
    # What is missing everywhere alike is shared by all sounds, not by silence.
    values = np.clip(found[:-1] + found[-1], -MOST_SHIFT, MOST_SHIFT)
    return tuple((name, round(float(value), 4)) for name, value in zip(VISEMES[1:], values, strict=True))


def _seconds(phones: Phones, times: Curve, step_s: float) -> dict[str, float]:
    made = blend(phones, NEUTRAL)
    seconds = made.at(times, made.openings).sum(axis=0) * step_s
    return {name: round(float(value), 3) for name, value in zip(VISEMES, seconds, strict=True)}


def _likeness(phones: Phones, times: Curve, aperture: Curve, width: Curve, style: Style) -> tuple[float, float]:
    made = mouth_targets(phones, times, style)
    return round(_correlation(made[:, 0], aperture), 3), round(_correlation(made[:, 1], width), 3)


def _correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    a, b = one - one.mean(), other - other.mean()
    power = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / power if power > 1e-12 else 0.0
