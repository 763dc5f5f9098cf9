"""Finding the sound mark in what is left of it after codecs, cuts and another speed.

How the level of each cell of time and frequency differs from its neighbours in frequency is added up over all
periods of the pattern. Where the pilot stands out of that, at some phase and some speed, there is a mark, and the
other cells vote for the signs of its id. Nothing but levels is used, so polarity and phase do not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from countenance.provenance import payload
from countenance.provenance.sound_heard import PHASES, PLAIN, PLAIN_TONES, Heard, Pace, Sight, listen
from countenance.provenance.sound_pattern import SoundPattern, keyed_sound_pattern

WIDEST_SPEED, SPEED_STEP = 0.045, 0.0025  # films go to television 4.2 % faster; half a step moves 15 s by 19 ms
PRESENT_Z, PRESENT_PACED_Z = 6.0, 6.7  # at the plain pace; at any of the many others
TRY_PLAIN_Z, TRY_Z = 4.3, 5.0  # from here on the id is tried, likewise
TRIES = 4  # ids, where the pilot stands out most
LEAST_FIT = 0.2
FALSE_NAME = 2.0**-payload.CRC_BITS  # how likely an id is read from noise when it is tried


@dataclass(frozen=True)
class SoundReading:
    """What was read: the `mark_id`, or None where the sound is marked but the id cannot be told.

    `confidence` 0..1: one minus the bound on how likely an unmarked sound is to be taken for marked in all that was
    tried. `seconds`: how much sound the reading rests on. `pilot_z`: how far the pilot stands out, in standard
    deviations; `fit`: correlation (0..1) of the votes with the id's code word, 0 without an id. `tempo`, `pitch`: how
    much faster and higher than the original it plays. `start_s`: where the window read begins.
    """

    mark_id: int | None
    confidence: float
    seconds: float
    pilot_z: float
    fit: float
    tempo: float
    pitch: float
    start_s: float


def read_sound_mark(
    samples: NDArray[np.float32], rate_hz: int, key: bytes, issued: payload.Register | None = None
) -> SoundReading | None:
    """Find the mark of `key` in a sound (n,) or (n, channels) float32 of any rate; None where there is none.

    The id is mostly read from 6 s on, and from 15 s of speech for sure; the mark's presence may be seen earlier.
    Of a sound with several marks the first that can be named is told. `issued`: the ids that were ever given
    out; one of them is recognised in less sound than an unknown id takes.
    """
    present: SoundReading | None = None
    for heard in listen(samples, rate_hz):
        reading = read_heard(heard, key, issued)
        if reading is not None and reading.mark_id is not None:
            return reading
        if reading is not None and (present is None or reading.pilot_z > present.pilot_z):
            present = reading
    return present


def read_heard(heard: Heard, key: bytes, issued: payload.Register | None = None) -> SoundReading | None:
    """What `read_sound_mark` finds in one window."""
    pattern = keyed_sound_pattern(key)
    plainly = sorted((heard.sight(pattern, pace) for pace in (PLAIN, PLAIN_TONES)), key=lambda one: -one.pilot_z)
    for sight in plainly:
        word = _word(sight, pattern, issued) if sight.pilot_z >= TRY_PLAIN_Z else None
        if word is not None:
            return _named(heard, sight, word, 2 * PHASES)
    plain = plainly[0]
    sights = [plain, *(heard.sight(pattern, pace) for pace in paces()[1:])]
    tries = PHASES * (1 + len(sights))
    closest: Sight | None = None
    for sight in sorted(sights, key=lambda one: -one.pilot_z)[:TRIES]:
        if sight.pilot_z < TRY_Z:
            break
        near = [heard.sight(pattern, pace) for pace in _near(sight.pace)]
        tries += PHASES * len(near)
        closer = max([sight, *near], key=lambda one: one.pilot_z)
        word = _word(closer, pattern, issued)
        if word is not None:
            return _named(heard, closer, word, tries)
        if closest is None or closer.pilot_z > closest.pilot_z:
            closest = closer
    if plain.pilot_z >= PRESENT_Z:
        return _reading(heard, plain, chance_of_false_alarm(plain.pilot_z, 2 * PHASES))
    if closest is None or closest.pilot_z < PRESENT_PACED_Z:
        return None
    return _reading(heard, closest, chance_of_false_alarm(closest.pilot_z, tries))


def paces() -> tuple[Pace, ...]:
    """What is tried: the plain pace first, then faster and slower with the pitch that goes along, then without."""
    count = round(WIDEST_SPEED / SPEED_STEP)
    steps = sorted((step for step in range(-count, count + 1) if step), key=abs)
    played = [(1 + SPEED_STEP) ** step for step in steps]
    return (PLAIN, *(Pace(speed, speed) for speed in played), *(Pace(speed, 1.0) for speed in played))


def chance_of_false_alarm(pilot_z: float, tries: int) -> float:
    """Bound on the probability that a pilot unrelated to the sound stands out by `pilot_z` in one of `tries` tries.

    The pilot's signs are independent and fair, so its normalised sum is sub-Gaussian whatever the sound is
    (Hoeffding 1963): each try passes with a probability of at most exp(-z²/2).
    """
    return min(1.0, tries * math.exp(-0.5 * max(pilot_z, 0.0) ** 2))


def least_fit(issued: int) -> float:
    """The fit from which on one of `issued` ids is believed.

    Under a key that has nothing to do with the sound, the signs of the votes are fair coins: one code word fits
    by f or better with a probability of exp(-176 f²) at most (Hoeffding), whatever the sound.
    """
    return math.sqrt(2 * math.log(max(1, issued) / FALSE_NAME) / payload.CODE_SIGNS)


def _near(pace: Pace) -> list[Pace]:
    """The paces between this and the next ones tried."""
    shares = [1 + share * SPEED_STEP for share in (-0.4, -0.2, 0.2, 0.4)]
    return [
        pace._replace(tempo=pace.tempo * share, pitch=pace.pitch if pace.pitch == 1 else pace.pitch * share)
        for share in shares
    ]


def _word(sight: Sight, pattern: SoundPattern, issued: payload.Register | None) -> payload.Word | None:
    votes = pattern.votes(sight.cells)
    if issued is not None:
        word = issued.likeliest(votes)
        if word is not None and word.fit >= least_fit(len(issued)):
            return word
    word = payload.decode(votes)
    return word if word is not None and word.fit >= LEAST_FIT else None


def _named(heard: Heard, sight: Sight, word: payload.Word, tries: int) -> SoundReading:
    chance = chance_of_false_alarm(sight.pilot_z, tries) * FALSE_NAME * TRIES
    return replace(_reading(heard, sight, chance), mark_id=word.mark_id, fit=word.fit)


def _reading(heard: Heard, sight: Sight, chance: float) -> SoundReading:
    return SoundReading(
        mark_id=None,
        confidence=1 - chance,
        seconds=heard.seconds,
        pilot_z=sight.pilot_z,
        fit=0.0,
        tempo=sight.pace.tempo,
        pitch=sight.pace.pitch,
        start_s=heard.start_s,
    )
