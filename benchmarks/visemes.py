"""The mouth that phones ask for, by the general table of sounds, against the mouth that was seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import selfdub
from benchmarks.casting import presenters
from benchmarks.tables import Table, footage
from countenance.media.audio import read_mono
from countenance.media.probe import probe
from countenance.perception.perceive import perceive
from countenance.perception.pose import apply, steady_frame
from countenance.perception.topology import POINTS
from countenance.perception.tracks import FaceTrack
from countenance.speech.align import align
from countenance.speech.arkit import ARKIT_NAMES
from countenance.speech.phones import Phone, Phones, span
from countenance.speech.style import STYLES
from countenance.speech.visemes import VisemeCurve, mouth_targets

Curve = NDArray[np.float64]
_HEARD_HZ = 16_000
_TRUTHS = ("ada/truth", "ada/calibration.truth", "ben/truth")
_SHAPES = ("jawOpen", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthPressLeft", "mouthLowerDownLeft")
_RATES = (Fraction(24), Fraction(25), Fraction(30000, 1001))
_RANDOM = 2000  # utterances
_SOUNDS = ["", "p", "b", "m", "f", "a", "iː", "u", "oʊ", "aɪ", "s", "t", "k", "ə", "pː", "w"]
_MARGIN_S = 0.2


@dataclass(frozen=True, eq=False)
class Watched:
    """One person speaking: phones, and opening and width of the mouth at the middle of each picture."""

    name: str
    phones: Phones
    times_s: Curve
    opening: Curve
    width: Curve


def run() -> list[Table]:
    rows = [_row(one) for one in _watched()]
    return [
        Table(
            "Visemes: the mouth that phones ask for against the one that the face tracker saw",
            ("clip", "opening", "width", "motion of the opening"),
            tuple(rows),
            (
                "Correlations over all that is said. Motion: mean change from picture to picture in speech, the "
                "table's over the measured one.",
                "Reach and dominance of the table were set with the help of the presenters' and GRID's clips; "
                "retalking/1 was not looked at. In grid/sbia1a the letter a is taken for the article.",
            ),
        ),
        Table(
            "Visemes: ARKit weights against the presenters' truth (another table, another blend)",
            ("presenter", *_SHAPES),
            tuple(_against_truth(name) for name in _TRUTHS),
            ("Correlation / mean error over all pictures.",),
        ),
        _closures(),
    ]  # fmt: skip


def _watched() -> Iterator[Watched]:
    for name in _TRUTHS:
        phones, _, _ = _truth(name)
        stem = "calibration" if "calibration" in name else "master"
        yield _seen(
            f"{name.split('/')[0]}/{stem}",
            presenters() / name.split("/")[0] / f"{stem}.mp4",
            phones,
        )
    media = footage()
    assert media is not None
    yield _seen("retalking/1", media / "retalking" / "1.mp4", selfdub._RETALKING)
    for path in sorted((media / "grid").glob("*.mpg")):
        yield _seen(f"grid/{path.stem}", path, selfdub.grid_words(path))


def _seen(name: str, path: Path, said: Phones | str) -> Watched:
    master = probe(path)
    if isinstance(said, str):
        heard = read_mono(path, _HEARD_HZ, master.origin_s)
        assert heard is not None
        said = align(heard, _HEARD_HZ, said, "en").phones
    track = max(perceive(master).of_person(0), key=lambda one: len(one.frames))
    opening, width = _lips(track)
    times = [float(master.pts[number] * master.time_base + 1 / (2 * master.frame_rate)) for number in track.frames]
    return Watched(name, said, np.array(times), opening, width)


def _lips(track: FaceTrack) -> tuple[Curve, Curve]:
    """Gap of the inner lips and width of the mouth `(n,)` in eye distances of a steadied face."""
    reference = track.mesh[len(track.mesh) // 2]
    unit = float(np.linalg.norm(reference[33, :2] - reference[263, :2]))
    shapes = np.stack([apply(steady_frame(mesh, reference), mesh[:POINTS, :2]) for mesh in track.mesh])
    gap = np.linalg.norm(shapes[:, 14] - shapes[:, 13], axis=1) / unit
    return gap.astype(np.float64), (np.linalg.norm(shapes[:, 291] - shapes[:, 61], axis=1) / unit).astype(np.float64)


def _row(one: Watched) -> tuple[object, ...]:
    first_s, last_s = span(one.phones)
    spoken = (one.times_s > first_s - _MARGIN_S) & (one.times_s < last_s + _MARGIN_S)
    opening, width = _likeness(one, spoken)
    return one.name, f"{opening:.2f}", f"{width:.2f}", f"{_motion(one, spoken):.2f}"


def _likeness(one: Watched, where: NDArray[np.bool_]) -> tuple[float, float]:
    made = mouth_targets(one.phones, one.times_s)[where]
    opening, width = (np.corrcoef(made[:, k], seen[where])[0, 1] for k, seen in enumerate((one.opening, one.width)))
    return float(opening), float(width)


def _motion(one: Watched, spoken: NDArray[np.bool_]) -> float:
    low, high = np.percentile(one.opening[spoken], [5, 95])
    made = mouth_targets(one.phones, one.times_s[spoken], frames=True)[:, 0]
    return float(np.abs(np.diff(made)).mean() / np.abs(np.diff(one.opening[spoken] / (high - low))).mean())


def _truth(name: str) -> tuple[Phones, Curve, Curve]:
    told = json.loads((presenters() / f"{name}.json").read_text(encoding="utf-8"))
    phones = tuple(Phone(phone["ipa"], phone["start"], phone["end"]) for phone in told["phones"])
    times = (np.arange(told["n_frames"]) + 0.5) / told["fps"]
    return phones, times, np.array([[f["weights"].get(shape, 0.0) for shape in _SHAPES] for f in told["frames"]])


def _against_truth(name: str) -> tuple[object, ...]:
    phones, times, true = _truth(name)
    made = VisemeCurve(phones, frames=True).arkit(times)[:, [ARKIT_NAMES.index(shape) for shape in _SHAPES]]
    cells = [
        f"{np.corrcoef(made[:, k], true[:, k])[0, 1]:.2f} / {np.abs(made[:, k] - true[:, k]).mean():.3f}"
        for k in range(len(_SHAPES))
    ]
    return name, *cells


def _closures() -> Table:
    random, styles = np.random.default_rng(1), list(STYLES.values())
    rows = []
    for rate in _RATES:
        closures = shown = 0
        for number in range(_RANDOM):
            count = int(random.integers(2, 14))
            ends = np.concatenate([[0.0], np.cumsum(random.uniform(0.03, 0.3, count))])
            names = [str(name) for name in random.choice(_SOUNDS, count)]
            phones = tuple(Phone(name, float(a), float(b)) for name, a, b in zip(names, ends, ends[1:], strict=False))
            times = np.arange(-1, ends[-1] + 1, float(1 / rate)) + random.uniform(0, float(1 / rate))
            rows_of = mouth_targets(phones, times, styles[number % len(styles)], frames=True)
            for phone in phones:
                if phone.symbol[:1] in ("p", "b", "m"):
                    near = np.abs(times - (phone.start_s + phone.end_s) / 2) < (
                        phone.end_s - phone.start_s
                    ) / 2 + 0.5 / float(rate)
                    closures += 1
                    shown += bool(((rows_of[:, 2] > 0.99) & (rows_of[:, 0] < 0.01) & near).any())
        rows.append((f"{float(rate):.2f}", closures, f"{100 * shown / closures:.2f} %"))
    return Table(
        "Visemes: closures of p b m that a picture shows fully shut, random utterances in all styles",
        ("pictures a second", "closures", "shown"),
        tuple(rows),
    )
