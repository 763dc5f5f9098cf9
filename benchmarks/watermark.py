"""What the picture mark costs and what it survives: the example presenter and a handful of real clips."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import Table
from countenance.errors import InputError
from countenance.media.sample import sample_lumas
from countenance.provenance.watermark import Marker, read_mark

Luma = NDArray[np.uint8]
REPOSITORY = Path(__file__).resolve().parent.parent
FOOTAGE = Path(os.environ.get("COUNTENANCE_FOOTAGE", REPOSITORY.parent / "shared" / "media"))
CLIPS = (
    REPOSITORY / "examples" / "ada" / "master.mp4",
    FOOTAGE / "liveportrait" / "s18.mp4",
    FOOTAGE / "azure-avatar" / "Asking_a_question.mp4",
    FOOTAGE / "latentsync" / "demo2_video.mp4",
    FOOTAGE / "liveportrait" / "d9.mp4",
    FOOTAGE / "pyfeat" / "WolfgangLanger_Pexels.mp4",
    FOOTAGE / "grid" / "bbaf2n.mpg",
)
FRAMES = 50
UNMARKED = "not marked"
KEY = bytes(range(32))
MARK_ID = 0x0123_4567_89AB_CDEF


def scale(factor: float) -> Callable[[Luma], Luma]:
    def change(luma: Luma) -> Luma:
        height, width = (2 * round(side * factor / 2) for side in luma.shape)
        return np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8)

    return change


def crop(share: float) -> Callable[[Luma], Luma]:
    def change(luma: Luma) -> Luma:
        height, width = (2 * int(side * share / 2) for side in luma.shape)
        down, across = (luma.shape[0] - height) // 3, (luma.shape[1] - width) // 3
        return luma[down : down + height, across : across + width].copy()

    return change


def turn(angle_deg: float, factor: float) -> Callable[[Luma], Luma]:
    def change(luma: Luma) -> Luma:
        height, width = luma.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, factor)
        return np.asarray(cv2.warpAffine(luma, matrix, (width, height)), np.uint8)

    return change


def same(luma: Luma) -> Luma:
    return luma


ATTACKS: tuple[tuple[str, Callable[[Luma], Luma], str, dict[str, str]], ...] = (
    ("x264 CRF 28 ultrafast", same, "libx264", {"crf": "28", "preset": "ultrafast"}),
    ("x264 CRF 28 medium", same, "libx264", {"crf": "28"}),
    ("x264 CRF 34 medium", same, "libx264", {"crf": "34"}),
    ("x265 CRF 28 ultrafast", same, "libx265", {"crf": "28", "preset": "ultrafast", "x265-params": "log-level=0"}),
    ("scale 2/3, CRF 28", scale(2 / 3), "libx264", {"crf": "28"}),
    ("scale 3/2, CRF 28", scale(3 / 2), "libx264", {"crf": "28"}),
    ("crop 75 %, CRF 28", crop(0.75), "libx264", {"crf": "28"}),
    ("crop 75 % and scale 0.9, CRF 28", lambda luma: scale(0.9)(crop(0.75)(luma)), "libx264", {"crf": "28"}),
    ("turn -7 degrees, scale 0.85, CRF 28", turn(-7, 0.85), "libx264", {"crf": "28"}),
)


def run() -> list[Table]:
    """One table: costs of the mark by clip, and which attacks it survived."""
    by_clip: dict[str, list[dict[str, Any]]] = {}
    for row in measure():
        by_clip.setdefault(row["clip"], []).append(row)
    rows = []
    for clip, found in by_clip.items():
        marked = [row for row in found if row["attack"] != UNMARKED]
        lost = [row["attack"] for row in marked if not row["exact"]]
        false_alarm = any(row["found"] for row in found if row["attack"] == UNMARKED)
        rows.append(
            (
                clip, found[0]["size"], found[0]["psnr_db"], found[0]["embed_ms"],
                max(row["read_s"] for row in found), f"{len(marked) - len(lost)} of {len(marked)}",
                ", ".join(lost) or "none", "yes" if false_alarm else "no",
            )
        )  # fmt: skip
    columns = ("clip", "size", "luma PSNR dB", "embed ms a picture", "slowest reading s", "exact id read", "not read",
               "found in the unmarked")  # fmt: skip
    attacks = ", ".join(attack for attack, *_rest in ATTACKS)
    return [Table("Picture mark", columns, tuple(rows), (f"Attacks: {attacks}.",))]


def measure(clips: Sequence[Path] = CLIPS) -> list[dict[str, Any]]:
    """One row for each clip and attack: costs of the mark, and whether the exact id was read."""
    rows = []
    for clip in clips:
        try:
            plain = sample_lumas(clip, FRAMES)
        except InputError:
            continue
        marked = [luma.copy() for luma in plain]
        embed_ms = _embed(marked)
        cost = {
            "clip": clip.parent.name + "/" + clip.name,
            "size": "x".join(map(str, reversed(plain[0].shape))),
            "psnr_db": round(min(map(_psnr_db, plain, marked)), 1),
            "embed_ms": round(embed_ms, 2),
        }
        for name, change, codec, options in ATTACKS:
            rows.append(cost | _read(name, _recode([change(luma) for luma in marked], codec, options)))
        rows.append(cost | _read(UNMARKED, plain))
    return rows


def _embed(lumas: list[Luma]) -> float:
    """Mark in place; milliseconds per frame after the first, on one core."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    marker = Marker(KEY, MARK_ID)
    marker.embed(lumas[0])
    start = time.perf_counter()
    for luma in lumas[1:]:
        marker.embed(luma)
    cv2.setNumThreads(threads)
    return 1000 * (time.perf_counter() - start) / max(1, len(lumas) - 1)


def _read(attack: str, lumas: Sequence[Luma]) -> dict[str, Any]:
    start = time.perf_counter()
    reading = read_mark(lumas, KEY)
    return {
        "attack": attack,
        "found": reading is not None,
        "exact": reading is not None and reading.mark_id == MARK_ID,
        "pilot_z": round(reading.pilot_z, 1) if reading else None,
        "fit": round(reading.confidence, 2) if reading else None,
        "read_s": round(time.perf_counter() - start, 2),
    }


def _psnr_db(a: Luma, b: Luma) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


def _recode(lumas: Sequence[Luma], codec: str, options: dict[str, str]) -> list[Luma]:
    """Encode and decode, without metadata and with grey chroma."""
    file = io.BytesIO()
    height, width = (side // 2 * 2 for side in lumas[0].shape)
    grey = np.full((height // 2, width), 128, np.uint8)
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for luma in lumas:
            planes = np.concatenate([luma[:height, :width], grey])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        return [picture.to_ndarray()[:height].copy() for picture in container.decode(video=0)]
