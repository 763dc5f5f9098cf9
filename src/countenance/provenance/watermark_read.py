"""Read the picture mark without the original: is there one under this key, and which id does it carry?

Frames are flattened and added up (`watermark_detail`). For each pose worth trying the sum is brought back to mark
space, all tiles are folded onto one, the pilot gives the shift, and every other frequency votes for its code sign.
What a false alarm takes is worked out in docs/watermark.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from countenance.provenance import payload
from countenance.provenance.pattern import TILE_PX, Pattern, keyed_pattern
from countenance.provenance.payload import CODE_SIGNS, Register, Word
from countenance.provenance.watermark_detail import add_up
from countenance.provenance.watermark_pose import Pose, quarter_turned, usual_poses
from countenance.provenance.watermark_search import search_poses

WHITEN_BINS = 15
MOST_ATTEMPTS = 100  # at reading an id from one file, at most
LIKELY_USUAL, LIKELY_FLIPPED, LIKELY_SEARCHED = 8, 4, 6  # and one unmoved: 31 sights, three readings of each at most
LEAST_PILOT_Z = 4.2  # unmarked pictures: 4.0 ± 0.3 in one pose
LEAST_FIT = 0.575  # of an id that nobody vouches for; 2^64 words, 100 attempts: less than once in 10^9 files
FALSE_NAMES = 1e-10  # how often a file without a mark may fit an issued id
WORTH_ADDING = 0.5  # of the strongest variant's share: below, a variant is not in the pictures


@dataclass(frozen=True)
class MarkReading:
    """A mark that was found.

    `confidence` 0..1 is how well the picture fits the id's code word, `pilot_z` how far the pilot stands out
    in standard deviations, `frames` how many frames were added up, `issued` whether the id was found among
    the issued ones (else the id came out of the picture alone).
    """

    mark_id: int
    confidence: float
    frames: int
    pilot_z: float
    pose: Pose
    issued: bool = False


class Sight(NamedTuple):
    """The pilot's peak in one pose, the soft code signs (VARIANTS, 352) there, and at which shift (down, across)."""

    pilot_z: float
    votes: NDArray[np.float64]
    pose: Pose
    shift: tuple[int, int] = (0, 0)


def read_mark(
    lumas: Iterable[NDArray[np.uint8]], key: bytes, search: bool = True, issued: Register | None = None
) -> MarkReading | None:
    """Find the mark that `key` (32 bytes) wrote into `lumas` (each (h, w) uint8, all of one size).

    None when there is none, or no longer one that can be told from chance. Two seconds of video are plenty;
    frames may be any sample of it, of one shot or of several. `search`: also look for unusual sizes, turned and
    mirrored pictures. `issued`: the ids that were ever given out; one of them is recognised in half the signal
    that an unknown id takes.
    """
    pattern = keyed_pattern(key)
    detail, frames, shrunk, shots = add_up(lumas)
    height, width = detail.shape
    if min(height, width) < TILE_PX // 2 or not detail.any():
        return None
    read = _Reader(detail, shots, pattern, issued)
    usual = list(usual_poses(width, height))
    found = read.first(usual, LIKELY_USUAL) or read.unmoved(usual[0])
    if found is None and search:
        found = read.first(quarter_turned(usual), LIKELY_FLIPPED) or read.searched()
    if found is None:
        return None
    sight, word, vouched = found
    return MarkReading(word.mark_id, word.fit, frames, sight.pilot_z, sight.pose.enlarged(*shrunk), vouched)


def least_fit(issued: int) -> float:
    """The fit from which on an id of `issued` ids is believed.

    Under a key that has nothing to do with a picture, the signs of its votes are fair coins, so one code word
    fits by f or better with a chance of exp(-176 f^2) at most (Hoeffding), whatever the picture.
    """
    tries = max(1, issued) * MOST_ATTEMPTS / FALSE_NAMES
    return float(np.sqrt(2 * np.log(tries) / CODE_SIGNS))


def look(detail: NDArray[np.float32], pattern: Pattern, pose: Pose) -> Sight:
    """Bring a mean `detail` (h, w) back from `pose`, and see where the pilot stands and what the signs say."""
    return look_at_tile(fold(pose.undo(detail)), pattern, pose)


def look_at_tile(tile: NDArray[np.float32], pattern: Pattern, pose: Pose) -> Sight:
    """The same for all tiles folded onto one (256, 256)."""
    return see(whitened(tile), pattern, pose)


def whitened(tile: NDArray[np.float32]) -> NDArray[np.complex64]:
    """A folded tile's half spectrum (256, 129) by the power at each place: what is loud there says little."""
    spectrum = scipy.fft.rfft2(tile.astype(np.float32))
    power = np.roll(np.square(np.abs(spectrum)), TILE_PX // 2, axis=0)  # low frequencies side by side
    usual = cv2.blur(power, (WHITEN_BINS, WHITEN_BINS), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(spectrum / (np.roll(usual, -TILE_PX // 2, axis=0) + 1e-9), np.complex64)


def see(spectrum: NDArray[np.complex64], pattern: Pattern, pose: Pose) -> Sight:
    """The pilot's peak in a whitened half spectrum (256, 129), and the votes at its place."""
    match = pilot_match(spectrum, pattern)
    down, across = np.unravel_index(int(match.argmax()), match.shape)
    pilot_z = float(match[down, across] / (match.std() + 1e-12))
    shift = (int(down), int(across))
    return Sight(pilot_z, pattern.votes(spectrum, *shift), pose, shift)


def pilot_match(spectrum: NDArray[np.complex64], pattern: Pattern) -> NDArray[np.float32]:
    """How well the pilot fits a whitened half spectrum at each shift (256, 256), any common scale, mean 0."""
    return np.asarray(scipy.fft.irfft2(spectrum * pattern.pilot_conjugate, s=(TILE_PX, TILE_PX)), np.float32)


def fold(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add all tiles of a picture (h, w) up to one (256, 256)."""
    height, width = picture.shape
    rows, columns = -(-height // TILE_PX), -(-width // TILE_PX)
    padded = np.zeros((rows * TILE_PX, columns * TILE_PX), np.float32)
    padded[:height, :width] = picture
    return np.asarray(padded.reshape(rows, TILE_PX, columns, TILE_PX).sum((0, 2)), np.float32)


def name(sight: Sight, issued: Register | None) -> tuple[Word, bool] | None:
    """The id that a sight carries, and whether the register vouches for it; None when it may be chance."""
    return next(filter(None, (word_of(votes, issued) for votes in readings_of(sight.votes))), None)


def word_of(votes: NDArray[np.float64], issued: Register | None) -> tuple[Word, bool] | None:
    """The id that one set of soft code signs (352,) spells, and whether the register vouches for it."""
    word = issued.likeliest(votes) if issued is not None else None
    if word is not None and issued is not None and word.fit >= least_fit(len(issued)):
        return word, True
    word = payload.decode(votes)
    return (word, False) if word is not None and word.fit >= LEAST_FIT else None


def readings_of(votes: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Soft code signs (352,) to decode, from those of all variants: the loudest variant's, then several joined.

    A cut may hold shots of several variants. One that is absent gives noise; one that is there is louder than
    that, by its share of the pictures.
    """
    energy = (votes**2).sum(axis=1)
    loudest = votes[int(energy.argmax())]
    noise = float(np.sort(energy)[: len(energy) // 2].mean())
    share = np.sqrt(np.maximum(energy / max(noise, 1e-30) - 1, 0.0))
    share[share < WORTH_ADDING * share.max()] = 0.0
    return [loudest, share @ votes] if (share > 0).sum() > 1 else [loudest]


class _Reader:
    """Tries poses of a mean `detail`, likeliest first. `shots`: the detail of each shot, if there are several."""

    def __init__(
        self,
        detail: NDArray[np.float32],
        shots: tuple[NDArray[np.float32], ...],
        pattern: Pattern,
        issued: Register | None,
    ) -> None:
        self._detail, self._shots, self._pattern, self._issued = detail, shots, pattern, issued

    def first(self, poses: Iterable[Pose], likely: int) -> tuple[Sight, Word, bool] | None:
        """The id in the first of the few poses in which the pilot stands out most and an id can be read."""
        sights = sorted((look(self._detail, self._pattern, pose) for pose in poses), key=lambda one: -one.pilot_z)
        return next(filter(None, map(self._named, sights[:likely])), None)

    def unmoved(self, pose: Pose) -> tuple[Sight, Word, bool] | None:
        """The id where the tiles begin at the picture's corner: that needs no pilot, which averaging can take away."""
        spectrum = whitened(fold(pose.undo(self._detail)))
        return self._read(Sight(0.0, self._pattern.votes(spectrum), pose))

    def searched(self) -> tuple[Sight, Word, bool] | None:
        for _height, pose in search_poses(self._detail, self._pattern, LIKELY_SEARCHED):
            found = self._named(look(self._detail, self._pattern, pose))
            if found is not None:
                return found
        return None

    def _named(self, sight: Sight) -> tuple[Sight, Word, bool] | None:
        return self._read(sight) if sight.pilot_z >= LEAST_PILOT_Z else None

    def _read(self, sight: Sight) -> tuple[Sight, Word, bool] | None:
        named = name(sight, self._issued)
        if named is None and self._shots:
            named = word_of(self._shot_by_shot(sight), self._issued)
        return (sight, *named) if named else None

    def _shot_by_shot(self, sight: Sight) -> NDArray[np.float64]:
        """The soft code signs of the loudest variant of each shot, added up; each shot carries one variant only."""
        total = np.zeros(CODE_SIGNS)
        for shot in self._shots:
            votes = self._pattern.votes(whitened(fold(sight.pose.undo(shot))), *sight.shift)
            energy = (votes**2).sum(axis=1)
            noise = float(np.sort(energy)[: len(energy) // 2].mean())
            share = np.sqrt(max(float(energy.max()) / max(noise, 1e-30) - 1, 0.0))  # its signal to its noise
            total += share / max(noise, 1e-30) ** 0.5 * votes[int(energy.argmax())]
        return total
