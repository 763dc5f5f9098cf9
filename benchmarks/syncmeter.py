"""The sync meter: planted offsets, repeatability, how far clips in sync lie apart, false figures, drift."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.casting import presenters
from benchmarks.tables import Table, footage
from countenance.media.audio import read_audio, read_mono
from countenance.media.decode import decode
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS
from countenance.quality.lips import lip_gap
from countenance.quality.sync import LOUDNESS, PHONES, Offset, av_offset
from countenance.speech.align import align
from countenance.speech.phones import Phones

RATE_HZ = 16000
PLANTED_MS = (-200, -80, -40, -20, 20, 40, 80, 200)
GRID = {
    "bbaf2n": "bin blue at f two now", "id2_vcd_swwp2s": "set white with p two soon",
    "lbax4n": "lay blue at x four now", "lbbc2a": "lay blue by c two again", "lrwp9a": "lay red with p nine again",
    "pwij3p": "place white in j three please", "sbia1a": "set blue in a one again",
    "sbwe5n": "set blue with e five now",
}  # fmt: skip
OTHERS = (
    "azure-avatar/Asking_a_question.mp4", "azure-avatar/Delivering_sell_link.mp4",
    "azure-avatar/Introducing_the_product.mp4", "azure-avatar/Requesting_a_five-star_review.mp4",
    "retalking/1.mp4", "retalking/5.mp4", "multi/noisy_restaurant.mp4", "multi/dark-talking.mov",
    "latentsync/demo1_video.mp4", "latentsync/demo2_video.mp4",
)  # fmt: skip
REPEATED = ("ada", "grid/id2_vcd_swwp2s", "grid/sbwe5n")


@dataclass(frozen=True, eq=False)
class Clip:
    """One mouth and its sound; `kind` "rendered", "studio" (both in sync) or "unknown"."""

    name: str
    kind: str
    path: Path
    times_s: NDArray[np.float64]
    opening: NDArray[np.float64]
    sound: NDArray[np.float32]
    text: str = ""

    def offset(self, sound: NDArray[np.float32] | None = None, phones: Phones | None = None) -> Offset:
        return av_offset(self.times_s, self.opening, self.sound if sound is None else sound, RATE_HZ, phones)


def run() -> list[Table]:
    media = footage()
    assert media is not None
    clips = list(_clips(media))
    return [
        _absolute(clips),
        _planted([clip for clip in clips if clip.offset().offset_ms is not None]),
        _repeated([clip for clip in clips if clip.name in REPEATED]),
        _null(clips),
        _drift([clip for clip in clips if clip.name in ("ada", "latentsync/demo2_video")]),
    ]


def _clips(media: Path) -> Iterator[Clip]:
    for name, file, script in (
        ("ada", "master", "script"),
        ("ada", "calibration", "calibration"),
        ("ben", "master", "script"),
    ):
        folder = presenters() / name
        text = (folder / f"{script}.txt").read_text(encoding="utf-8")
        yield _clip(name if file == "master" else f"{name}/{file}", "rendered", folder / f"{file}.mp4", text)
    for name, text in GRID.items():
        yield _clip(f"grid/{name}", "studio", media / "grid" / f"{name}.mpg", text)
    for other in OTHERS:
        yield _clip(str(Path(other).with_suffix("")), "unknown", media / other)


def _clip(name: str, kind: str, path: Path, text: str = "") -> Clip:
    times, opening = _mouth(path)
    sound = read_mono(path, RATE_HZ, probe(path).origin_s)
    assert sound is not None
    return Clip(name, kind, path, times, opening, sound, text)


def _mouth(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    master = probe(path)
    opening = np.full(master.frames, np.nan)
    for track in perceive(master).of_person(0):
        opening[track.frames] = [lip_gap(mesh[:POINTS]) for mesh in track.mesh]
    return np.array([float(value * master.time_base) for value in master.pts]), opening


def _absolute(clips: list[Clip]) -> Table:
    """Every other clip in sync, by name, gave the natural lead; the rest say how good it is."""
    synced = sorted(clip.name for clip in clips if clip.kind != "unknown")
    rows: list[tuple[object, ...]] = []
    found: dict[tuple[str, str], list[float]] = {}
    for clip in clips:
        half = ("calibration", "test")[synced.index(clip.name) % 2] if clip.name in synced else "-"
        phones = align(clip.sound, RATE_HZ, clip.text, "en").phones if clip.text else None
        cells: list[object] = [clip.name, clip.kind, half]
        for way, offset in (
            ("sound alone", clip.offset()),
            ("with phones", clip.offset(phones=phones) if phones else None),
        ):
            if offset is None or offset.offset_ms is None:
                cells.append("-" if offset is None else f"none ({offset.confidence:.2f})")
                continue
            cells.append(f"{offset.offset_ms:+.0f} ({offset.low_ms:+.0f} to {offset.high_ms:+.0f})")
            found.setdefault((half, way), []).append(offset.offset_ms)
        rows.append(tuple(cells))
    remarks = [
        f"Natural lead taken off: {LOUDNESS.lead_ms:g} ms (loudness), {PHONES.lead_ms:g} ms (phones).",
        "Plus: the sound is early. In brackets the 95 % interval. `none`: not sure enough; its confidence.",
    ]
    for (half, way), values in sorted(found.items()):
        if half != "-":
            size = np.abs(values)
            remarks.append(
                f"{half} half, {way}: {len(values)} clips, mean {np.mean(values):+.1f}, standard deviation "
                f"{np.std(values):.1f}, worst {size.max():.0f} ms"
            )
    columns = ("clip", "kind", "half", "offset, sound alone, ms", "offset with the script's phones, ms")
    return Table("Clips in sync: how far their offsets lie from nought", columns, tuple(rows), tuple(remarks))


def _planted(clips: list[Clip]) -> Table:
    rows = []
    worst = 0.0
    for clip in clips:
        own = clip.offset().offset_ms
        assert own is not None
        errors: list[object] = []
        for planted in PLANTED_MS:
            value = clip.offset(_early(clip.sound, planted)).offset_ms
            errors.append("none" if value is None else round(value - own - planted, 1))
            if value is not None and abs(own + planted) < 350:
                worst = max(worst, abs(value - own - planted))
        rows.append((clip.name, *errors))
    columns = ("clip", *(f"{planted:+d}" for planted in PLANTED_MS))
    remark = f"Error of what was found against the clip's own offset plus what was planted; worst {worst:.1f} ms."
    return Table("Planted offsets: error, ms", columns, tuple(rows), (remark,))


def _early(sound: NDArray[np.float32], by_ms: float) -> NDArray[np.float32]:
    count = round(abs(by_ms) * RATE_HZ / 1000)
    return sound[count:] if by_ms > 0 else np.concatenate([np.zeros(count, np.float32), sound])


def _repeated(clips: list[Clip]) -> Table:
    """The same take through other encodes, sizes, cuts, noise and rates, each perceived anew."""
    rows = []
    for clip in clips:
        own = clip.offset().offset_ms
        assert own is not None
        cells: list[object] = []
        with tempfile.TemporaryDirectory() as folder:
            for change in CHANGES:
                path = _changed(clip.path, Path(folder) / "changed.mp4", change)
                times, opening = _mouth(path)
                sound = read_mono(path, RATE_HZ, probe(path).origin_s)
                assert sound is not None
                value = av_offset(times, opening, sound, RATE_HZ).offset_ms
                cells.append("none" if value is None else round(value - own, 1))
        rows.append((clip.name, *cells))
    sizes = [abs(value) for row in rows for value in row[1:] if isinstance(value, float)]
    remark = f"Median {np.median(sizes):.1f}, worst {max(sizes):.1f} ms."
    columns = ("clip", *CHANGES)
    return Table("Repeatability: difference from the same take as it was, ms", columns, tuple(rows), (remark,))


CHANGES = ("CRF 32", "half size", "cropped", "noise", "every picture twice", "29.97/s", "24/s", "AAC 32 kb/s")


def _changed(source: Path, target: Path, change: str) -> Path:
    master = probe(source)
    samples = read_audio(source, 48000, master.origin_s)
    assert samples is not None
    if change == "AAC 32 kb/s":
        spectrum = np.fft.rfft(samples, axis=0)
        spectrum[round(len(spectrum) * 5000 / 24000) :] = 0  # what such a rate leaves of the treble
        samples = np.fft.irfft(spectrum, len(samples), axis=0).astype(np.float32)
    rate = {"29.97/s": Fraction(30000, 1001), "24/s": Fraction(24)}.get(change)
    frames = _pictures(source, change) if rate is None else _at_rate(source, rate)
    first = next(frames)
    encode(
        target, _chained(first, frames), size=first.size, time_base=first.time_base,
        frame_rate=rate or master.frame_rate * (2 if change == "every picture twice" else 1),
        sound=Sound(samples=samples), picture=Picture(preset="veryfast", crf=32 if change == "CRF 32" else 20),
    )  # fmt: skip
    return target


def _chained(first: Frame, rest: Iterator[Frame]) -> Iterator[Frame]:
    yield first
    yield from rest


def _pictures(source: Path, change: str) -> Iterator[Frame]:
    master = probe(source)
    random = np.random.default_rng(0)
    step = 1 / master.frame_rate
    for number, frame in enumerate(decode(master)):
        rgb = frame.rgb()
        if change == "half size":
            rgb = cv2.resize(rgb, (rgb.shape[1] // 4 * 2, rgb.shape[0] // 4 * 2), interpolation=cv2.INTER_AREA)
        if change == "cropped":
            rgb = np.ascontiguousarray(rgb[rgb.shape[0] // 20 :, rgb.shape[1] // 10 :])
        if change == "noise":
            rgb = np.clip(rgb + random.normal(0, 6, rgb.shape), 0, 255).astype(np.uint8)
        if change == "every picture twice":
            yield Frame.from_rgb(rgb, 2 * number, step / 2)
            yield Frame.from_rgb(rgb, 2 * number + 1, step / 2)
        else:
            yield Frame.from_rgb(rgb, number, step)


def _at_rate(source: Path, rate: Fraction) -> Iterator[Frame]:
    """Each moment shows the picture whose time on the screen holds the middle of the new one's."""
    master = probe(source)
    frames = list(decode(master))
    starts = [frame.pts * frame.time_base for frame in frames]
    place = 0
    for number in range(int(master.duration * rate)):
        middle = (number + Fraction(1, 2)) / rate
        while place + 1 < len(frames) and starts[place + 1] <= middle:
            place += 1
        yield Frame.from_rgb(frames[place].rgb(), number, 1 / rate)


def _null(clips: list[Clip]) -> Table:
    """Each mouth with the sound of other clips, as it is and backwards."""
    rows = []
    false = asked = 0
    for clip in clips:
        own = 0
        others = [other for other in clips if other.name.split("/")[0] != clip.name.split("/")[0]]
        for other in others:
            for sound in (np.resize(other.sound, len(clip.sound)), np.resize(other.sound[::-1], len(clip.sound))):
                own += clip.offset(sound).offset_ms is not None
        rows.append((clip.name, 2 * len(others), own))
        false, asked = false + own, asked + 2 * len(others)
    remark = f"{false} of {asked}: {100 * false / asked:.1f} %."
    return Table(
        "False figures: mouths with sounds that are not theirs", ("clip", "asked", "figures"), tuple(rows), (remark,)
    )


def _drift(clips: list[Clip]) -> Table:
    rows = []
    for clip in clips:
        length = float(clip.times_s[-1] + np.diff(clip.times_s).mean())
        for seconds in (60, 300):
            rounds = int(seconds / length) + 1
            times = np.concatenate([clip.times_s + turn * length for turn in range(rounds)])
            opening, kept = np.tile(clip.opening, rounds), times < seconds
            whole = np.resize(np.resize(clip.sound, round(length * RATE_HZ)), seconds * RATE_HZ)
            for per_minute in (0, 50, 100, -100):
                at = np.arange(len(whole)) * (1 + per_minute / 60000)
                sound = np.interp(at, np.arange(len(whole)), whole).astype(np.float32)
                offset = av_offset(times[kept], opening[kept], sound, RATE_HZ)
                found = "none" if offset.drift_ms is None else round(offset.drift_ms)
                rows.append((clip.name, f"{seconds} s", per_minute * seconds // 60, found, offset.drifts))
    columns = ("clip, looped", "length", "drift from beginning to end, ms", "found, ms", "said to drift")
    return Table("Drift", columns, tuple(rows), ("Less than 40 ms in all is not called drift.",))
