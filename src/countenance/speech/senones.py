"""The acoustic model in PocketSphinx's wheel, read as tables: what each English phone sounds like.

A phone has three states, begin, middle and end; how a state sounds depends on the phones beside it. Each state
is a "senone": for each of three streams (cepstra, their slopes, their curvature) a mixture of the 128 Gaussians
that belong to the phone (phonetically tied mixtures). The tables are small (6 MB), so that own searches can
score any state at any time, which the library's own search does not offer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from countenance.errors import ModelError

Table = NDArray[np.float32]
Index = NDArray[np.int64]

STATES = 3
STREAMS = 3
WEIGHT_STEP = 1024 * np.log(1.0001)  # weights are stored as -log in steps of this size
INSIDE, FIRST, LAST, ALONE = 0, 1, 2, 3
SILENCE, NOISE, SPEECH_NOISE = "SIL", "+NSN+", "+SPN+"
VARIANCE_FLOOR = 1e-4
DENSITY = 128
BLOCK = 128
FAR = -30.0


@dataclass(frozen=True, eq=False)
class AcousticModel:
    """Gaussians and weights of all senones; log-likelihoods are natural logarithms."""

    names: tuple[str, ...]  # of the 42 phones: 39 of English, SIL and two kinds of noise
    shape: Table  # (streams, phones, 128, 26): what x squared and x are multiplied with
    level: Table  # (streams, phones, 128)
    weights: Table  # (streams, 128, senones)
    owner: Index  # (senones,) the phone whose Gaussians a senone uses
    plain: Index  # (phones, 3) senones without regard to neighbours
    triples: Index  # sorted keys of phones with their neighbours
    triple_states: Index  # (triples, 3) senones
    stay: Table  # (phones, 3) log-probability of staying in a state for another 10 ms

    def states(self, phones: Sequence[str], before: str = SILENCE, after: str = SILENCE) -> Index:
        """(n, 3) senones of a word's phones between its neighbours; without neighbours where the model lacks them."""
        ids = [self.names.index(name) for name in (before, *phones, after)]
        result = np.empty((len(phones), STATES), np.int64)
        for place in range(len(phones)):
            left, own, right = ids[place : place + 3]
            result[place] = self._triple(own, left, right, _position(place, len(phones)))
        return result

    def _triple(self, own: int, left: int, right: int, position: int) -> Index:
        for at in (position, INSIDE, FIRST, LAST, ALONE):
            key = self._key(own, left, right, at)
            found = int(np.searchsorted(self.triples, key))
            if found < len(self.triples) and self.triples[found] == key:
                return np.asarray(self.triple_states[found])
        return np.asarray(self.plain[own])

    def _key(self, own: int, left: int, right: int, position: int) -> int:
        count = len(self.names)
        return ((own * count + left) * count + right) * 4 + position

    def score(self, features: Table, senones: Index) -> Table:
        """(n, k) log-likelihood of each wanted senone in each row of (n, 39) features."""
        result = np.zeros((len(features), len(senones)), np.float32)
        owners, group = np.unique(self.owner[senones], return_inverse=True)
        members = [np.flatnonzero(group == index) for index in range(len(owners))]
        for stream in range(STREAMS):
            part = features[:, stream * 13 : stream * 13 + 13]
            both = np.hstack([part * part, part])
            shape = self.shape[stream, owners].reshape(-1, 26).T
            level = self.level[stream, owners].ravel()
            weights = [self.weights[stream][:, senones[member]] for member in members]
            for first in range(0, len(features), BLOCK):
                rows = slice(first, first + BLOCK)
                near = (both[rows] @ shape + level).reshape(-1, len(owners), DENSITY)
                top = near.max(axis=2)
                near -= top[:, :, None]
                np.maximum(near, FAR, out=near)  # also keeps the processor away from denormal numbers
                np.exp(near, out=near)
                for index, member in enumerate(members):
                    result[rows, member] += np.log(near[:, index] @ weights[index]) + top[:, index, None]
        return result


@cache
def acoustic_model() -> AcousticModel:
    """The English model of the installed PocketSphinx. Errors: ModelError when it is not as expected."""
    folder = Path(pocketsphinx.get_model_path()) / "en-us" / "en-us"
    try:
        return _read(folder)
    except (OSError, ValueError, IndexError) as error:
        raise ModelError(
            f"The acoustic model in {folder} cannot be read ({error}): install pocketsphinx again."
        ) from error


def _read(folder: Path) -> AcousticModel:
    names, entries, sequences, own_states = _read_definition((folder / "mdef").read_bytes())
    means = _read_gaussians(folder / "means")
    variances = np.maximum(_read_gaussians(folder / "variances"), VARIANCE_FLOOR)
    level = -0.5 * (np.log(2 * np.pi * variances) + means**2 / variances).sum(axis=-1)
    shape = np.concatenate([-0.5 / variances, means / variances], axis=-1)
    senones = int(sequences.max()) + 1
    owner = np.zeros(senones, np.int64)
    owner[sequences[entries["senones"]]] = np.where(
        np.arange(len(entries)) < len(names), np.arange(len(entries)), entries["own"]
    )[:, None]
    triples = entries[len(names) :]
    keys = ((triples["own"].astype(np.int64) * len(names) + triples["left"]) * len(names) + triples["right"]) * 4
    keys += triples["position"]
    order = np.argsort(keys)
    return AcousticModel(
        names,
        np.swapaxes(shape, 0, 1).astype(np.float32).copy(),
        np.swapaxes(level, 0, 1).astype(np.float32).copy(),
        _read_weights((folder / "sendump").read_bytes(), senones),
        owner,
        own_states,
        keys[order],
        sequences[triples["senones"][order]].astype(np.int64),
        _read_stays(folder / "transition_matrices"),
    )


ENTRY = np.dtype(
    [("senones", "<i4"), ("matrix", "<i4"), ("position", "u1"), ("own", "u1"), ("left", "u1"), ("right", "u1")]
)


def _read_definition(data: bytes) -> tuple[tuple[str, ...], NDArray[np.void], Index, Index]:
    """Names of the phones, entries of phones without and with neighbours, senones of each sequence of states."""
    start = 12 + int.from_bytes(data[8:12], "little")
    plain, entries, _, _, _, _, sequences, _, nodes, _ = np.frombuffer(data, "<i4", 10, start).tolist()
    place = start + 40
    names = []
    for _ in range(plain):
        end = data.index(b"\0", place)
        names.append(data[place:end].decode("ascii"))
        place = end + 1
    place = start + -(-(place - start) // 4) * 4 + 8 * nodes
    table = np.frombuffer(data, ENTRY, entries, place)
    place += ENTRY.itemsize * entries + 4
    states = np.frombuffer(data, "<i2", STATES * sequences, place).reshape(-1, STATES).astype(np.int64)
    return tuple(names), table, states, states[table["senones"][:plain]]


def _read_gaussians(path: Path) -> NDArray[np.float64]:
    """(phones, streams, 128, 13)."""
    data = path.read_bytes()
    start = data.index(b"endhdr\n") + 11
    phones, streams, density = np.frombuffer(data, "<i4", 3, start).tolist()
    widths = np.frombuffer(data, "<i4", streams, start + 12).tolist()
    values = np.frombuffer(data, "<f4", phones * density * sum(widths), start + 16 + 4 * streams)
    return values.reshape(phones, streams, density, widths[0]).astype(np.float64)


def _read_weights(data: bytes, senones: int) -> Table:
    """(streams, 128, senones)."""
    place = 0
    while size := int.from_bytes(data[place : place + 4], "little"):
        place += 4 + size
    density, count = np.frombuffer(data, "<i4", 2, place + 4).tolist()
    if count < senones:
        raise ValueError(f"{count} senones instead of {senones}")
    steps = np.frombuffer(data, np.uint8, STREAMS * density * count, place + 12).reshape(STREAMS, density, count)
    return np.asarray(np.exp(-WEIGHT_STEP * steps[:, :, :senones]), dtype=np.float32)


def _read_stays(path: Path) -> Table:
    data = path.read_bytes()
    start = data.index(b"endhdr\n") + 11
    phones, states, targets = np.frombuffer(data, "<i4", 3, start).tolist()
    counts = np.frombuffer(data, "<f4", phones * states * targets, start + 16).reshape(phones, states, targets)
    stays = np.stack([counts[:, state, state] for state in range(states)], axis=1)
    return np.asarray(np.log(np.clip(stays / counts.sum(axis=2), 0.05, 0.98)), dtype=np.float32)


def _position(place: int, count: int) -> int:
    if count == 1:
        return ALONE
    return FIRST if place == 0 else LAST if place == count - 1 else INSIDE
