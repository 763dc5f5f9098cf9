"""How often a mark is seen where there is none: unmarked crops, and marked files under keys that are not theirs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.attacks import Luma
from benchmarks.tables import REPOSITORY, Table, footage
from countenance.errors import InputError
from countenance.media.sample import sample_lumas
from countenance.provenance import payload
from countenance.provenance.pattern import keyed_pattern
from countenance.provenance.payload import Register
from countenance.provenance.watermark import Marker, read_mark
from countenance.provenance.watermark_detail import add_up
from countenance.provenance.watermark_pose import Pose
from countenance.provenance.watermark_read import (
    LEAST_FIT,
    LEAST_PILOT_Z,
    fold,
    least_fit,
    name,
    readings_of,
    see,
    whitened,
)

FOOTAGE = footage() or Path()
KEYS = 50
CROPS = 2000
BATCHES = 2
PICTURES = 12  # added up of each file
WHOLE_READINGS = 8
SEED = 20


@dataclass(frozen=True)
class Trials:
    """What a batch of trials gave: how many were worth reading, how many ids were named, the fits to one fixed id."""

    worth_reading: int
    named: int
    scores: NDArray[np.float64]


def false_alarms(batches: Sequence[Trials], whole: tuple[int, int, float], issued: Register) -> Table:
    """The table of all `trials` and of `whole_readings`."""
    in_vain, files, slowest = whole
    z = np.concatenate([batch.scores for batch in batches])
    rows = (
        ("crops under other keys (trials)", f"{len(z):,}"),
        ("of them with a pilot that is worth a try at reading", f"{sum(one.worth_reading for one in batches):,}"),
        ("ids named, with the register or without", sum(one.named for one in batches)),
        ("fit to one fixed id, standard deviation (theory: 1)", round(float(z.std()), 3)),
        ("the same: largest of all (theory for 100,000: 4.4)", round(float(np.abs(z).max()), 2)),
        ("whole files read in vain, every pose tried", f"{in_vain} of {files}"),
        ("slowest of them, CPU s", round(slowest, 1)),
        (f"estimated rate of an issued id being named by chance, per file (fit ≥ {least_fit(len(issued)):.3f} with "
         f"{len(issued):,} ids)", "≤ 1e-10"),
        (f"estimated rate of any id being read by chance, per file (fit ≥ {LEAST_FIT})", "≤ 3e-10"),
    )  # fmt: skip
    remarks = (
        f"One trial: the detail of {PICTURES} pictures of a file, added up as the reader does; of that a random crop "
        "of 40 to 100 % of each side at a random size of 0.6 to 1.4; folded; then pilot, votes, register and decoder "
        f"under one of {KEYS} keys. Files: the clips and stills of the footage as they are, and every third of them "
        "marked under yet another key.",
        "The estimated rates are derived in docs/watermark.md.",
    )
    return Table("False alarms of the picture mark", ("what", "measured"), rows, remarks)


def trials(key: bytes, issued: Register, batch: int, crops: int = CROPS // BATCHES) -> Trials:
    """Some crops, each under all keys but `key`, with which some of the files were marked."""
    cv2.setNumThreads(1)
    details = _details(key)
    patterns = [keyed_pattern.__wrapped__(hashlib.sha256(b"false %d" % number).digest()) for number in range(KEYS)]
    rng = np.random.default_rng([SEED, batch])
    word = payload.encode(0x0123_4567_89AB_CDEF)
    worth = named = 0
    scores = []
    for _ in range(crops):
        spectrum = whitened(fold(_crop(details, rng)))
        for pattern in patterns:
            sight = see(spectrum, pattern, Pose(1.0, 1.0))
            votes = readings_of(sight.votes)[-1]
            scores.append(float(word @ votes / np.linalg.norm(votes)))
            if sight.pilot_z >= LEAST_PILOT_Z:
                worth += 1
                named += name(sight, issued) is not None
    return Trials(worth, named, np.array(scores))


def _details(key: bytes) -> list[NDArray[np.float32]]:
    """Mean detail of every file there is, unmarked, and of every third one marked under `key`."""
    paths = [REPOSITORY / "examples/ada/master.mp4", *sorted(FOOTAGE.glob("*/*.mp4")), *sorted(FOOTAGE.glob("*/*.m*g")),
             *sorted(FOOTAGE.glob("*/*.gif")), *sorted(FOOTAGE.glob("stock/*.jpg")),
             *sorted(FOOTAGE.glob("azure-face/detection*.jpg"))]  # fmt: skip
    found = []
    for number, path in enumerate(paths):
        try:
            lumas = sample_lumas(path, PICTURES)
        except InputError:
            continue
        if min(lumas[0].shape) < 280:
            continue
        found.append(add_up(lumas)[0])
        if number % 3 == 0:
            found.append(add_up(_marked(lumas, key))[0])
    return found


def _marked(lumas: list[Luma], key: bytes) -> list[Luma]:
    marker = Marker(key, 0x0123_4567_89AB_CDEF)
    for luma in lumas:
        marker.embed(luma)
    return lumas


def _crop(details: list[NDArray[np.float32]], rng: np.random.Generator) -> NDArray[np.float32]:
    detail = details[int(rng.integers(len(details)))]
    height, width = (max(160, round(side * rng.uniform(0.4, 1.0))) for side in detail.shape)
    top, left = (
        int(rng.integers(0, max(1, whole - part))) for whole, part in zip(detail.shape, (height, width), strict=True)
    )
    size = rng.uniform(0.6, 1.4)
    crop = detail[top : top + height, left : left + width]
    return np.asarray(cv2.resize(crop, None, fx=size, fy=size, interpolation=cv2.INTER_AREA), np.float32)


def whole_readings(issued: Register) -> tuple[int, int, float]:
    """How many of some files give no id after every pose was tried, of how many, and the slowest in CPU seconds."""
    paths = [*sorted(FOOTAGE.glob("liveportrait/*.mp4")), *sorted(FOOTAGE.glob("azure-avatar/*.mp4")),
             *sorted(FOOTAGE.glob("grid/*.mpg")), *sorted(FOOTAGE.glob("multi/*.mp4"))][:WHOLE_READINGS]  # fmt: skip
    in_vain, slowest = 0, 0.0
    for number, path in enumerate(paths):
        lumas = sample_lumas(path, PICTURES)
        if number % 2:
            lumas = _marked(lumas, bytes(32))
        start = time.process_time()
        in_vain += read_mark(lumas, bytes(range(32)), issued=issued) is None
        slowest = max(slowest, time.process_time() - start)
    return in_vain, len(paths), slowest
