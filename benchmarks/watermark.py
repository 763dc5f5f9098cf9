"""What the picture mark costs and survives, in video and in stills, beside other open marks; how often it errs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.attacks import STILL, VIDEO, Attack, Luma, filmed, fitted, in_a_picture, recode, seen_askew
from benchmarks.falsemarks import BATCHES, false_alarms, trials, whole_readings
from benchmarks.markpeers import beside_peers
from benchmarks.tables import REPOSITORY, Table, footage
from countenance.media.sample import luma_of
from countenance.provenance.fingerprint import FEATURES, Stored, describe
from countenance.provenance.payload import Register
from countenance.provenance.recovery import recover
from countenance.provenance.still import mark_still
from countenance.provenance.watermark import Marker, read_mark

FOOTAGE = footage() or Path()
ADA = REPOSITORY / "examples" / "ada" / "master.mp4"
# A clip and the second from which on it is shown.
CLIPS: tuple[tuple[Path, float], ...] = (
    (ADA, 0), (ADA, 5),
    (FOOTAGE / "liveportrait/s18.mp4", 0), (FOOTAGE / "azure-avatar/Delivering_sell_link.mp4", 0),
    (FOOTAGE / "latentsync/demo2_video.mp4", 8), (FOOTAGE / "liveportrait/d9.mp4", 3),
    (FOOTAGE / "pyfeat/WolfgangLanger_Pexels.mp4", 6), (FOOTAGE / "grid/bbaf2n.mpg", 0),
    (FOOTAGE / "grid/lrwp9a.mpg", 0), (FOOTAGE / "multi/noisy_restaurant.mp4", 2),
    (FOOTAGE / "multi/dance-360p.mp4", 4), (FOOTAGE / "liveportrait/d18.mp4", 1),
    (FOOTAGE / "retalking/1.mp4", 1), (FOOTAGE / "liveportrait/s20.mp4", 2),
)  # fmt: skip
LENGTH_S, CUT_S, CUTS_FROM_S = 3.0, 2.0, (0.0, 0.44, 1.0)
KEY = bytes(range(32))
MARK_ID = 0x0123_4567_89AB_CDEF
ISSUED = 10_000  # ids in the register
WORKERS = 2
RECOVERED_CLIPS = (0, 2, 9)
RECODED = {"crf": "28", "preset": "medium"}


@dataclass(frozen=True)
class Reading:
    """One cut of one attacked clip: whether its id was read from the picture alone, and with the register."""

    alone: bool
    registered: bool
    cpu_s: float


@dataclass(frozen=True)
class Clip:
    """What one clip gave: its costs, and its readings by attack."""

    name: str
    size: str
    psnr_db: float
    ssim_loss: float
    readings: dict[str, list[Reading]]


def run() -> list[Table]:
    """Tables of what is survived, by attack and by clip, beside peers, in stills, recovered, costs, false alarms."""
    with ProcessPoolExecutor(WORKERS) as pool:
        clips = [pool.submit(measure, clip) for clip in CLIPS]
        batches = [pool.submit(trials, KEY, issued(), number) for number in range(BATCHES)]
        rest = [
            pool.submit(stills),
            pool.submit(beside_peers, KEY, MARK_ID),
            pool.submit(recovered),
            pool.submit(costs),
        ]
        in_vain = pool.submit(whole_readings, issued())
        measured = [clip for clip in (one.result() for one in clips) if clip]
        alarms = false_alarms([one.result() for one in batches], in_vain.result(), issued())
        return [_by_attack(measured), _by_clip(measured), *(one.result() for one in rest), alarms]


@cache
def issued() -> Register:
    draw = random.Random(3)
    return Register([MARK_ID, *(draw.getrandbits(64) for _ in range(ISSUED - 1))])


def measure(clip: tuple[Path, float], attacks: Sequence[Attack] = VIDEO) -> Clip | None:
    """Mark one clip, put it through all attacks, and read cuts of it; None when it is not there."""
    cv2.setNumThreads(1)
    path, start_s = clip
    if not path.is_file():
        return None
    plain, rate = section(path, start_s, LENGTH_S)
    marked = mark(plain)
    readings = {}
    for attack in attacks:
        attacked = attack(marked)
        after = rate * 6 / 5 if attack.from_25_to_30 else rate
        length = round(CUT_S * after)
        starts = sorted({min(round(start * after), max(0, len(attacked) - length)) for start in CUTS_FROM_S})
        readings[attack.name] = [_read(attacked[start : start + length]) for start in starts]
    return Clip(
        f"{path.parent.name}/{path.name} from {start_s:g} s",
        "x".join(map(str, reversed(plain[0].shape))),
        min(map(psnr_db, plain, marked)),
        float(np.mean([1 - ssim(a, b) for a, b in zip(plain[::10], marked[::10], strict=True)])),
        readings,
    )


def section(path: Path, start_s: float, length_s: float) -> tuple[list[Luma], float]:
    """The luma planes of a part of a clip, with even sides, and its frame rate."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate)
        first, count = round(start_s * rate), round(length_s * rate)
        lumas: list[Luma] = []
        for number, picture in enumerate(container.decode(stream)):
            if number >= first + count:
                break
            if number >= first:
                luma = luma_of(picture)
                lumas.append(luma[: luma.shape[0] // 2 * 2, : luma.shape[1] // 2 * 2].copy())
    return lumas, rate


def mark(lumas: Sequence[Luma], mark_id: int = MARK_ID) -> list[Luma]:
    marker = Marker(KEY, mark_id)
    copies = [luma.copy() for luma in lumas]
    for luma in copies:
        marker.embed(luma)
    return copies


def _read(lumas: Sequence[Luma]) -> Reading:
    start = time.process_time()
    reading = read_mark(lumas, KEY)
    taken = time.process_time() - start
    alone = reading is not None and reading.mark_id == MARK_ID
    if alone:
        return Reading(True, True, taken)
    reading = read_mark(lumas, KEY, issued=issued())
    return Reading(False, reading is not None and reading.mark_id == MARK_ID, taken)


def _by_attack(clips: Sequence[Clip]) -> Table:
    rows = []
    for attack in VIDEO:
        found = [reading for clip in clips for reading in clip.readings[attack.name]]
        alone, registered = sum(one.alone for one in found), sum(one.registered for one in found)
        best = registered / max(1, len(found))
        rows.append(
            (attack.name, f"{attack.bar:.0%}", f"{alone} of {len(found)}", f"{registered} of {len(found)}",
             f"{best:.1%}", "yes" if best >= attack.bar else "no", round(max(one.cpu_s for one in found), 1))
        )  # fmt: skip
    columns = ("attack", "bar", "exact id, picture alone", "exact id, with the register", "share", "met",
               "slowest reading, CPU s")  # fmt: skip
    remarks = (
        f"{len(clips)} sections of clips, {CUT_S:g} s cut out of each after the attack at up to {len(CUTS_FROM_S)} "
        "places; x264 medium, x265 fast; a reading is the whole search, which is told nothing.",
        f"With the register: the reader knows the {ISSUED:,} ids that were issued, as `verify` does.",
    )
    return Table("Picture mark, by attack", columns, tuple(rows), remarks)


def _by_clip(clips: Sequence[Clip]) -> Table:
    rows = []
    for clip in clips:
        found = [reading for readings in clip.readings.values() for reading in readings]
        lost = [name for name, readings in clip.readings.items() if not all(one.registered for one in readings)]
        rows.append(
            (clip.name, clip.size, clip.psnr_db, round(clip.ssim_loss, 4),
             f"{sum(one.alone for one in found)} of {len(found)}",
             f"{sum(one.registered for one in found)} of {len(found)}", ", ".join(lost) or "none")
        )  # fmt: skip
    columns = ("clip", "size", "least luma PSNR dB", "luma SSIM loss", "picture alone", "with the register", "lost")
    return Table("Picture mark, by clip", columns, tuple(rows))


def stills() -> Table:
    """Pictures of 1000 px and more."""
    names = sorted(FOOTAGE.glob("stock/*.jpg")) + [
        FOOTAGE / name
        for name in ("azure-face/detection1.jpg", "azure-face/detection3.jpg", "c2pa/A.jpg", "c2pa/C.jpg")
    ]
    read: dict[str, list[bool]] = {name: [] for name, _change in STILL}
    psnr, loss = [], []
    for path in names:
        plain = np.asarray(cv2.imread(str(path)), np.uint8)
        luma = np.asarray(cv2.cvtColor(plain, cv2.COLOR_BGR2GRAY), np.uint8)
        marked = np.asarray(cv2.cvtColor(mark_still(plain[..., ::-1], KEY, MARK_ID), cv2.COLOR_RGB2GRAY), np.uint8)
        psnr.append(psnr_db(luma, marked))
        loss.append(1 - ssim(luma, marked))
        for name, change in STILL:
            reading = read_mark([change(marked)], KEY)
            read[name].append(reading is not None and reading.mark_id == MARK_ID)
    rows = tuple(
        (name, "99%", f"{sum(found)} of {len(found)}", "yes" if np.mean(found) >= 0.99 else "no")
        for name, found in read.items()
    )
    remark = f"{len(names)} pictures; least luma PSNR {min(psnr):.1f} dB, mean luma SSIM loss {np.mean(loss):.4f}."
    return Table("Picture mark in stills", ("attack", "bar", "exact id, picture alone", "met"), rows, (remark,))


def recovered() -> Table:
    """What informed recovery adds where the blind reader has a hard time."""
    ground, _rate = section(FOOTAGE / "pyfeat/WolfgangLanger_Pexels.mp4", 0, 2)
    changes: dict[str, Callable[[list[Luma]], list[Luma]]] = {
        "to 360 lines": lambda marked: [fitted(360)(luma) for luma in marked],
        "picture in picture, 70 % of 720 lines": lambda marked: list(map(_inlaid(0.7), marked, ground)),
        "picture in picture, 50 % of 720 lines": lambda marked: list(map(_inlaid(0.5), marked, ground)),
        "a screen seen from the side": lambda marked: [seen_askew(luma) for luma in marked],
        "a screen filmed by hand": filmed,
    }
    sections = [section(CLIPS[number][0], CLIPS[number][1], CUT_S)[0][:24] for number in RECOVERED_CLIPS]
    releases = [_remembered(number, lumas) for number, lumas in enumerate(sections)]
    known = Register(one.mark_id for one in releases)
    counts = {name: [0, 0, 0, 0.0] for name in changes}
    for number, lumas in enumerate(sections):
        marked = mark(lumas, MARK_ID + number)
        for name, change in changes.items():
            seen = recode(change(marked), "libx264", RECODED)
            blind = read_mark(seen, KEY, issued=known)
            start = time.process_time()
            found = recover(seen, releases, KEY)
            taken = time.process_time() - start
            count = counts[name]
            count[0] += blind is not None and blind.mark_id == MARK_ID + number
            count[1] += found is not None and found.release_id == f"{number}"
            count[2] += found is not None and found.mark_id == MARK_ID + number
            count[3] = max(count[3], taken)
    total = len(sections)
    rows = tuple(
        (name, *(f"{one} of {total}" for one in count[:3]), round(count[3], 1)) for name, count in counts.items()
    )
    columns = ("what", "exact id, blind", "release known", "exact id, recovered", "slowest, CPU s")
    return Table("Informed recovery, each then x264 CRF 28", columns, rows)


def costs() -> Table:
    """Speed at 1920x1080 on one core, by processor time."""
    cv2.setNumThreads(1)
    plain, _rate = section(CLIPS[3][0], 0, CUT_S)
    copies = [luma.copy() for luma in plain]
    marker = Marker(KEY, MARK_ID)
    marker.embed(copies[0])
    start = time.process_time()
    for luma in copies[1:]:
        marker.embed(luma)
    embed_s = (time.process_time() - start) / (len(copies) - 1)
    turned = VIDEO[8](mark(plain))
    blind, searched, in_vain = (
        _cpu_s(lambda lumas=lumas: read_mark(lumas, KEY))  # type: ignore[misc]
        for lumas in (mark(plain), turned, plain)
    )
    rows = (
        ("embedding, frames/s", "≥ 60", round(1 / embed_s), "yes" if embed_s <= 1 / 60 else "no"),
        ("verdict without geometry, s", "≤ 5", round(blind, 2), "yes" if blind <= 5 else "no"),
        (f"verdict with geometry ({VIDEO[8].name}), s", "≤ 15", round(searched, 2), "yes" if searched <= 15 else "no"),
        ("verdict that there is none, after the whole search, s", "≤ 15", round(in_vain, 2),
         "yes" if in_vain <= 15 else "no"),
    )  # fmt: skip
    remark = f"{len(plain)} pictures of {CLIPS[3][0].name}, processor time of one thread, without decoding."
    return Table("Picture mark: speed", ("what", "bar", "measured", "met"), rows, (remark,))


def psnr_db(a: Luma, b: Luma) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


def ssim(a: Luma, b: Luma) -> float:
    """Mean structural similarity of two planes, Gaussian windows of 11 px (Wang et al. 2004)."""

    def soft(plane: Any) -> Any:
        return cv2.GaussianBlur(plane, (11, 11), 1.5)

    x, y = a.astype(np.float32), b.astype(np.float32)
    mx, my = soft(x), soft(y)
    vx, vy, both = soft(x * x) - mx * mx, soft(y * y) - my * my, soft(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean((2 * mx * my + c1) * (2 * both + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))))


def _cpu_s(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def _inlaid(share: float) -> Callable[[Luma, Luma], Luma]:
    return lambda luma, ground: in_a_picture(luma, ground, share)


def _remembered(number: int, lumas: Sequence[Luma]) -> Stored:
    height, width = lumas[0].shape
    pictures: Iterator[Luma] = (lumas[place] for place in (0, len(lumas) // 2, len(lumas) - 1))
    return Stored(f"{number}", MARK_ID + number, width, height, tuple(describe(luma, FEATURES) for luma in pictures))
