"""Reframing: faces kept whole and how the camera moves against simpler ways, even pans, speed; thumbnails' time."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.casting import presenters
from benchmarks.tables import Table, footage, peak_mib
from countenance.delivery.camera import Camera
from countenance.delivery.reframe import plan_camera
from countenance.delivery.sightings import F64, Sightings
from countenance.delivery.thumbnail_looks import face_looks, picture_looks
from countenance.delivery.thumbnails import candidates
from countenance.delivery.viewing import View, view
from countenance.media.decode import decode
from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.media.reframe import Crop, cut, largest_crop

CLIPS = (
    "azure-avatar/Asking_a_question.mp4", "liveportrait/s18.mp4", "multi/interview.mp4", "multi/dance-360p.mp4",
    "pyfeat/WolfgangLanger_Pexels.mp4",
)  # fmt: skip
TALL = (1080, 1920)
_WAVE_PX = 40.5
_HOUR = "import benchmarks.reframe as b; b.hour()"


def run() -> list[Table]:
    media = footage()
    assert media is not None
    looked = {name: view(media / name) for name in CLIPS}
    return [_framing(looked), _pans(), _speed(looked[CLIPS[2]]), _stills(looked)]


def _framing(looked: dict[str, View]) -> Table:
    rows = []
    for name, one in looked.items():
        camera = plan_camera(one.seen, TALL, speaking=one.speaking)
        shown = np.full(one.seen.pictures, -1)
        for take in camera.takes:
            shown[take.first : take.last] = take.people[0] if take.people else 0
        ways = (_middle(one.seen), _chasing(one.seen, shown), camera.windows)
        starts = [take.first for take in camera.takes]
        rows.append((Path(name).stem, *(_whole(one.seen, shown, way) for way in ways),
                     *(_restless(one.seen, way, starts) for way in ways[1:]), _told(camera)))  # fmt: skip
    columns = (
        "clip", "middle", "window centred in each picture", "Countenance", "centred, restlessness",
        "Countenance, restlessness", "camera",
    )  # fmt: skip
    remarks = (
        "16:9 to 9:16. The first three: % of pictures in which the face of whoever speaks (else of whoever fills most "
        "of the picture) is shown whole, where it is seen.",
        "Restlessness: mean acceleration of the window, per cent of its width per second squared, cuts left out. "
        "Centring in each picture shakes with the face, and cuts those that are wider than the window.",
    )
    return Table("Faces in a tall window", columns, tuple(rows), remarks)


def _middle(seen: Sightings) -> F64:
    width, height = largest_crop(seen.size, TALL)
    return np.tile([(seen.size[0] - width) / 2, (seen.size[1] - height) / 2, width, height], (seen.pictures, 1))


def _chasing(seen: Sightings, shown: np.ndarray[tuple[int], np.dtype[np.int64]]) -> F64:
    """A window around the middle of the face of each picture; where there is none it stays."""
    windows = _middle(seen)
    for number in range(seen.pictures):
        face = seen.faces[shown[number], number]
        if np.isfinite(face[0]):
            width = windows[number, 2]
            windows[number, 0] = min(max((face[0] + face[2]) / 2 - width / 2, 0), seen.size[0] - width)
        elif number:
            windows[number] = windows[number - 1]
    return windows


def _whole(seen: Sightings, shown: np.ndarray[tuple[int], np.dtype[np.int64]], windows: F64) -> float:
    faces = seen.faces[shown, np.arange(seen.pictures)]
    known = np.isfinite(faces[:, 0])
    low, high = windows[:, :2], windows[:, :2] + windows[:, 2:]
    limits = np.array(seen.size)
    inside = (low <= np.maximum(faces[:, :2], 0) + 1e-6) & (high >= np.minimum(faces[:, 2:], limits) - 1e-6)
    inside |= np.isnan(low)  # shown whole
    return float(100 * inside[known].all(axis=1).mean())


def _restless(seen: Sightings, windows: F64, starts: list[int]) -> float:
    step_s = np.diff(seen.times_s)
    speed = np.diff(windows[:, 0]) / step_s / windows[1:, 2]
    change = np.abs(np.diff(speed)) / step_s[1:]
    beside = {start + offset for start in starts for offset in (-2, -1)}
    kept = [number for number in range(len(change)) if number not in beside and np.isfinite(change[number])]
    return float(100 * change[kept].mean()) if kept else 0.0


def _told(camera: Camera) -> str:
    found = [f"{take.way}{' (wider)' if take.why and take.way != 'whole' else ''}" for take in camera.takes]
    return ", ".join(f"{found.count(way)} {way}" for way in dict.fromkeys(found))


def _pans() -> Table:
    """A pan of a twentieth of a pixel a picture over waves whose place can be told exactly."""
    waves = 128 + 80 * np.sin(2 * np.pi * np.arange(1920) / _WAVE_PX)
    luma = np.tile(np.rint(waves).astype(np.uint8), (1080, 1))
    frame = Frame(0, Fraction(1, 25), (luma, luma[::2, ::2], luma[::2, ::2]))
    steps, rows = np.arange(101) * 0.05, []
    for name, unit in (("whole even pixels, as 4:2:0 is usually cut", 2.0), ("Countenance", 0.0)):
        places = [400 + x if not unit else round((400 + x) / unit) * unit for x in steps]
        views = [cut(frame, Crop(place, 0, 607.5, 1080), TALL).planes for place in places]
        found = []
        for plane in (0, 1):
            columns = np.arange(views[0][plane].shape[1]) * (1 + plane)
            turning = np.exp(-2j * np.pi * columns * 607.5 / 1080 / _WAVE_PX)
            phases = np.unwrap([np.angle((one[plane].mean(axis=0) - 128) @ turning) for one in views])
            moved = (phases - phases[0]) * _WAVE_PX / (2 * np.pi)
            found.append(float(np.abs(moved - steps).max()))
        rows.append((name, *found))
    return Table("A slow pan: how far pictures lie off, at most, in pixels of the source",
                 ("way", "luma", "chroma"), tuple(rows))  # fmt: skip


def hour() -> None:
    """An hour of somebody who walks about without a cut, planned."""
    times_s = np.arange(90_000) / 25
    x = 960 + 500 * np.sin(times_s / 7) + 60 * np.sin(times_s / 1.7)
    faces = np.stack([x - 65, np.full_like(x, 300), x + 65, np.full_like(x, 460)], axis=-1)[None]
    none = np.zeros((1, len(x)))
    plan_camera(Sightings((1920, 1080), times_s, (0,), faces, faces, none + 350, none), TALL)


def _speed(looked: View) -> Table:
    frames = list(decode(looked.master, stop=20))
    camera = plan_camera(looked.seen, TALL, speaking=looked.speaking)
    shot_s = _cpu_s(lambda: [camera.shoot(number, frame) for number, frame in enumerate(frames)]) / len(frames)
    rows = (
        ("cut and scale 1280x720 to 1080x1920, ms a picture", round(1000 * shot_s, 1)),
        ("plan an hour of walking about, 90,000 pictures, in one take, s", round(_cpu_s(hour), 1)),
        ("peak memory of that, MiB", round(peak_mib(["-c", _HOUR]))),
    )
    return Table("What reframing costs, processor time of one thread", ("what", "value"), rows)


def _cpu_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _stills(looked: dict[str, View]) -> Table:
    """Chosen stills against as many evenly spread ones, by the marks that both get."""
    rows = []
    master = presenters() / "ada" / "master.mp4"
    for name, one in {**looked, "ada": view(master)}.items():
        start = time.process_time()
        found = candidates(one, 5)
        took_s = time.process_time() - start
        spread = np.unique(np.linspace(0, one.master.frames - 1, 5).astype(np.int64))
        looks = picture_looks(one, face_looks(one, spread))
        bad = sum(bool(mark < 0.45) for mark in looks.marks.get("eyes", ()))
        chosen_bad = sum(mark.marks.get("eyes", 1.0) < 0.45 for mark in found)
        mean = float(np.mean([mark.score for mark in found]))
        rows.append((Path(name).stem, probe(one.master.path).frames, f"{bad} of 5", f"{chosen_bad} of 5",
                     float(looks.score.mean()), mean, round(took_s, 1)))  # fmt: skip
    columns = (
        "clip", "pictures", "eyes shut or half shut, evenly spread", "chosen", "mean score, evenly spread", "chosen",
        "choosing, processor s",
    )  # fmt: skip
    remarks = ("By our own marks: it tells that the choice works, not that people would choose the same.",)
    return Table("Thumbnails: five of each clip", columns, tuple(rows), remarks)
