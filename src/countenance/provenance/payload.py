"""The 64-bit mark id as a code word that can be read back out of noise.

id (64 bits) + CRC-24 → tail-biting convolutional code of rate 1/4 and constraint length 15 → 352 code signs.
Decoding is soft: each code sign comes as a real number whose size says how sure it is. Where the ids that were
ever issued are known, `Register` finds the likeliest of them, which takes half the signal that `decode` needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ID_BITS = 64
CRC_BITS = 24
MESSAGE_BITS = ID_BITS + CRC_BITS
CONSTRAINT = 15
GENERATORS = (0o46321, 0o51271, 0o63667, 0o70535)  # the rate 1/4 code of the Galileo probe
CODE_SIGNS = MESSAGE_BITS * len(GENERATORS)  # 88 * 4 = 352

_AT_ONCE = 1 << 14  # code words compared in one go

_STATES = 1 << (CONSTRAINT - 1)
_CRC_POLYNOMIAL = 0x864CFB
_CRC_START = 0xB704CE


class Word(NamedTuple):
    """A decoded mark id and its `fit`: the correlation (0..1) of what was read with the id's code word."""

    mark_id: int
    fit: float


def crc24(data: bytes) -> int:
    """CRC-24 of RFC 9580, section 6.1."""
    remainder = _CRC_START
    for byte in data:
        remainder ^= byte << 16
        for _ in range(8):
            remainder <<= 1
            if remainder & 0x1000000:
                remainder ^= 0x1000000 | _CRC_POLYNOMIAL
    return remainder


def encode(mark_id: int) -> NDArray[np.float32]:
    """Return the 352 code signs (+1 or -1, float32) of a 64-bit `mark_id`."""
    if not 0 <= mark_id < 1 << ID_BITS:
        raise ValueError(f"a mark id has 64 bits, {mark_id} does not fit")
    message = (mark_id << CRC_BITS) | _crc_of_id(mark_id)
    bits = [message >> (MESSAGE_BITS - 1 - place) & 1 for place in range(MESSAGE_BITS)]
    state = 0
    for bit in bits[1 - CONSTRAINT :]:  # tail-biting: the register starts as it will end
        state = _shift_in(bit, state) >> 1
    signs = []
    for bit in bits:
        register = _shift_in(bit, state)
        signs += [1 - 2 * ((register & generator).bit_count() & 1) for generator in GENERATORS]
        state = register >> 1
    return np.array(signs, np.float32)


def decode(soft: NDArray[np.floating]) -> Word | None:
    """Find the mark id in 352 `soft` code signs (any common scale); None when the CRC does not agree.

    Maximum likelihood by the Viterbi algorithm; the ring is walked twice and the middle round kept, so that
    neither the unknown start nor the unknown end of the path matters.
    """
    steps = np.asarray(soft, np.float32).reshape(MESSAGE_BITS, len(GENERATORS))
    bits = _most_likely_path(np.concatenate([steps, steps]))[MESSAGE_BITS // 2 :][:MESSAGE_BITS]
    message = int("".join(map(str, np.roll(bits, MESSAGE_BITS // 2))), 2)
    mark_id, crc = message >> CRC_BITS, message & ((1 << CRC_BITS) - 1)
    if crc != _crc_of_id(mark_id):
        return None
    energy = float(np.linalg.norm(steps)) * np.sqrt(CODE_SIGNS)
    return Word(mark_id, float(encode(mark_id) @ steps.ravel()) / max(float(energy), 1e-12))


class Register:
    """The code words of all ids that were issued, to look for the likeliest one among them.

    352 bytes an id; looking at 100,000 ids takes some 50 ms.
    """

    def __init__(self, ids: Iterable[int]) -> None:
        self.ids = np.array(sorted(set(ids)), np.uint64)
        zero, basis = _code_basis()
        places = np.arange(ID_BITS, dtype=np.uint64)
        kind = np.float32 if len(self.ids) <= _AT_ONCE else np.int8  # the first is faster, the second smaller
        self._signs = np.empty((len(self.ids), CODE_SIGNS), kind)
        for start in range(0, len(self.ids), _AT_ONCE):
            some = self.ids[start : start + _AT_ONCE]
            bits = ((some[:, None] >> places) & np.uint64(1)).astype(np.float32)
            parity = (bits @ basis + zero).astype(np.int16) & 1
            self._signs[start : start + _AT_ONCE] = 1 - 2 * parity

    def __len__(self) -> int:
        return len(self.ids)

    def likeliest(self, soft: NDArray[np.floating]) -> Word | None:
        """The issued id whose code word fits 352 `soft` code signs best; None from an empty register."""
        if not len(self.ids):
            return None
        read = np.asarray(soft, np.float32)
        fits = np.concatenate(
            [
                self._signs[start : start + _AT_ONCE].astype(np.float32, copy=False) @ read
                for start in range(0, len(self.ids), _AT_ONCE)
            ]
        )
        best = int(fits.argmax())
        energy = float(np.linalg.norm(read)) * CODE_SIGNS**0.5
        return Word(int(self.ids[best]), float(fits[best]) / max(energy, 1e-12))


@cache
def _code_basis() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The code of id 0 (352,) and what each id bit flips in it (64, 352), as 0 and 1: the code is affine."""
    zero = encode(0) < 0
    flips = [(encode(1 << place) < 0) ^ zero for place in range(ID_BITS)]
    return zero.astype(np.float32), np.array(flips, np.float32)


def _crc_of_id(mark_id: int) -> int:
    return crc24(mark_id.to_bytes(ID_BITS // 8, "big"))


def _shift_in(bit: int, state: int) -> int:
    return bit << (CONSTRAINT - 1) | state


@cache
def _branch_signs() -> NDArray[np.float32]:
    """Code signs (2, states, 4) on the way into each state from its even and its odd predecessor."""
    states = np.arange(_STATES)
    bit = states >> (CONSTRAINT - 2)
    even = bit << (CONSTRAINT - 1) | (states << 1) & (_STATES - 1)
    registers = np.stack([even, even | 1])[..., None] & np.array(GENERATORS)
    return np.asarray(1.0 - 2.0 * (np.bitwise_count(registers) & 1), np.float32)


def _most_likely_path(steps: NDArray[np.float32]) -> list[int]:
    branches = _branch_signs()
    score = np.zeros(_STATES, np.float32)
    from_odd = np.empty((len(steps), _STATES), bool)
    for place, step in enumerate(steps):
        before = score.reshape(-1, 2)  # state s has the predecessors 2s and 2s+1, modulo the number of states
        even = np.tile(before[:, 0], 2) + branches[0] @ step
        odd = np.tile(before[:, 1], 2) + branches[1] @ step
        np.greater(odd, even, out=from_odd[place])
        score = np.maximum(even, odd)
    state = int(score.argmax())
    bits = []
    for choice in from_odd[::-1]:
        bits.append(state >> (CONSTRAINT - 2))
        state = (state << 1) & (_STATES - 1) | int(choice[state])
    return bits[::-1]
