"""The picture mark beside other open marks, on the same pictures through the same attacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.attacks import STILL, VIDEO, Attack, recode
from benchmarks.peers.marks import Bgr, Mark, Read, id_of, peers
from benchmarks.tables import Table, footage
from countenance.provenance.still import mark_still
from countenance.provenance.watermark_read import read_mark

FOOTAGE = footage() or Path()
CLIPS = (FOOTAGE / "liveportrait/d18.mp4", FOOTAGE / "pyfeat/WolfgangLanger_Pexels.mp4")
STILLS = tuple(FOOTAGE / f"stock/stock-emotions-{name}.jpg" for name in ("a-1", "b-5"))
PICTURES = 12
READ = 4  # of them by the peers, whose reading is slow; ours reads the same four
ATTACKS = tuple(VIDEO[number] for number in (0, 1, 2, 3, 5, 6, 10, 12, 17))
INSTALL = "pip install --no-deps invisible-watermark blind-watermark PyWavelets"


def beside_peers(key: bytes, mark_id: int) -> Table:
    """One column for each mark; each row an attack, the last ones what the mark costs."""
    marks: dict[str, tuple[Mark, Callable[[Sequence[Bgr]], int | None]]] = {"ours": _ours(key)}
    marks |= {name: (mark, _voted(read)) for name, (mark, read) in peers().items()}
    clips = [_colour(clip) for clip in CLIPS]
    stills = [np.asarray(cv2.imread(str(still)), np.uint8) for still in STILLS]
    columns: dict[str, list[str]] = {}
    for name, (mark, read) in marks.items():
        start = time.process_time()
        marked = [[mark(picture, mark_id) for picture in clip] for clip in clips]
        each_s = (time.process_time() - start) / (len(clips) * PICTURES)
        cells = []
        for attack in ATTACKS:
            seen = [_attacked(clip, attack)[:: PICTURES // READ] for clip in marked]
            cells.append(_share([read(pictures) == mark_id for pictures in seen]))
        marked_stills = [mark(still, mark_id) for still in stills]
        for _name, change in STILL[:5]:
            seen = [_at_size([_by_channel(still, change)], still) for still in marked_stills]
            cells.append(_share([read(pictures) == mark_id for pictures in seen]))
        psnr = [_psnr_db(a, b) for plain, after in zip(clips, marked, strict=True)
                for a, b in zip(plain, after, strict=True)]  # fmt: skip
        columns[name] = [*cells, f"{np.mean(psnr):.1f} dB", f"{1000 * each_s:.0f} ms"]
    names = [attack.name for attack in ATTACKS] + [f"still: {name}" for name, _change in STILL[:5]]
    names += ["mean PSNR of R'G'B', clips", "marking a picture, CPU"]
    rows = tuple((name, *(cells[place] for cells in columns.values())) for place, name in enumerate(names))
    remarks = [
        f"{len(clips)} clips of {PICTURES} pictures, of which {READ} are read together, and {len(stills)} stills; "
        "64 bits each. The peers have no search, so they are given every picture back in its own size, and over "
        "several pictures the majority of each bit. Ours is told nothing.",
    ]
    if len(marks) == 1:
        remarks.append(f"The peers are not installed: `{INSTALL}`.")
    return Table("Picture mark beside others, exact ids", ("attack", *columns), rows, tuple(remarks))


def _ours(key: bytes) -> tuple[Mark, Callable[[Sequence[Bgr]], int | None]]:
    def mark(picture: Bgr, mark_id: int) -> Bgr:
        return mark_still(picture, key, mark_id)

    def read(pictures: Sequence[Bgr]) -> int | None:
        lumas = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8) for picture in pictures]
        found = read_mark(lumas, key)
        return found.mark_id if found else None

    return mark, read


def _voted(read: Read) -> Callable[[Sequence[Bgr]], int | None]:
    return lambda pictures: id_of([read(picture) for picture in pictures])


def _colour(path: Path) -> list[Bgr]:
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="bgr24") for _n, frame in zip(range(PICTURES), container.decode(video=0))]  # noqa: B905
    return [np.asarray(one[: one.shape[0] // 2 * 2, : one.shape[1] // 2 * 2], np.uint8) for one in pictures]


def _attacked(pictures: Sequence[Bgr], attack: Attack) -> list[Bgr]:
    """Through the attack in colour, and back to the size that it was."""
    changed = [_by_channel(one, attack.change) if attack.change else one for one in pictures]
    planes = [cv2.cvtColor(one, cv2.COLOR_BGR2YUV_I420) for one in map(_even, changed)]
    options = {"crf": str(attack.crf), "preset": attack.preset, **attack.options}
    decoded = recode([np.asarray(one, np.uint8) for one in planes], attack.codec, options, colour=True)
    return _at_size([np.asarray(cv2.cvtColor(one, cv2.COLOR_YUV2BGR_I420), np.uint8) for one in decoded], pictures[0])


def _by_channel(picture: Bgr, change: Callable[[Bgr], Bgr]) -> Bgr:
    return np.dstack([change(np.ascontiguousarray(picture[..., channel])) for channel in range(3)])


def _even(picture: Bgr) -> Bgr:
    return np.ascontiguousarray(picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2])


def _at_size(pictures: Sequence[Bgr], like: Bgr) -> list[Bgr]:
    size = like.shape[1::-1]
    return [np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_CUBIC), np.uint8) for one in pictures]


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits)} of {len(hits)}"


def _psnr_db(a: Bgr, b: Bgr) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, float(np.mean((a.astype(float) - b) ** 2)))))
