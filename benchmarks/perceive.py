"""Perception: pictures a second with decoding, milliseconds by part, memory, and lids and lips against the truth."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.casting import presenters
from benchmarks.footage import lengthened
from benchmarks.tables import Table, footage, median_s, peak_mib
from countenance.media.decode import decode
from countenance.media.frame import F32
from countenance.media.probe import probe
from countenance.perception.attention import MESH_PX
from countenance.perception.crop import cut_square, square_around
from countenance.perception.networks import FaceNetworks
from countenance.perception.perceive import perceive
from countenance.perception.refine import refined
from countenance.perception.shots import ShotDetector
from countenance.perception.smooth import smooth_track

CLIPS = ("liveportrait/s18.mp4", "azure-avatar/Delivering_sell_link.mp4", "retalking/1.mp4")
TOLD = (("ada", "master", "truth"), ("ada", "calibration", "calibration.truth"), ("ben", "master", "truth"))
# The truth's named points and the mesh's.
LIPS = {
    "mouth_corner_left": 291, "mouth_corner_right": 61, "upper_lip_outer": 0, "lower_lip_outer": 17,
    "upper_lip_inner": 13, "lower_lip_inner": 14,
}  # fmt: skip
LIDS = {"eyelid_upper_left": 386, "eyelid_lower_left": 374, "eyelid_upper_right": 159, "eyelid_lower_right": 145}


def run() -> list[Table]:
    media = footage()
    assert media is not None
    return [_speed(media), _parts(media / CLIPS[0]), _memory(media / CLIPS[0]), *_truth()]


def _speed(media: Path) -> Table:
    with tempfile.TemporaryDirectory() as folder:
        minute = lengthened(Path(folder) / "s18 for a minute.mp4", media / CLIPS[0], 60)
        rows = [_pace(path) for path in (*(media / name for name in CLIPS), minute)]
    columns = ("clip", "size", "perceive, pictures/s (decode included)", "decode alone, pictures/s")
    return Table("Perception, median of three runs", columns, tuple(rows))


def _pace(path: Path) -> tuple[object, ...]:
    master = probe(path)
    whole = median_s(lambda: perceive(master))
    alone = median_s(lambda: sum(1 for _ in decode(master)))
    return path.stem, f"{master.width}x{master.height}", round(master.frames / whole), round(master.frames / alone)


def _parts(path: Path) -> Table:
    """One picture after the other through each part alone."""
    networks, cuts = FaceNetworks(), ShotDetector()
    taken = {
        "shots": 0.0,
        "detector (every 12th picture)": 0.0,
        "following": 0.0,
        "lips, lids and irises (beside)": 0.0,
    }
    frames = [frame for frame in decode(probe(path), stop=60)]
    square = networks.detect(frames[0])[0].square

    def timed(name: str, start: float) -> None:
        taken[name] += time.process_time() - start

    for frame in frames:
        start = time.process_time()
        cuts.is_cut(frame)
        timed("shots", start)
        start = time.process_time()
        networks.detect(frame)
        timed("detector (every 12th picture)", start)
        start = time.process_time()
        crop = cut_square(frame, square, MESH_PX)
        points, _score = networks.follow(crop, square)
        timed("following", start)
        start = time.process_time()
        refined(points, networks.closeup(crop, square))
        timed("lips, lids and irises (beside)", start)
        square = square_around(points)
    rows = tuple((name, 1000 * seconds / len(frames)) for name, seconds in taken.items())
    return Table(f"Milliseconds of processor time a picture by part, {path.name}", ("part", "ms"), rows)


def _memory(path: Path) -> Table:
    """The same scene for 10 and for 100 seconds, each perceived by a process of its own."""
    code = "import sys; from pathlib import Path; from countenance.media.probe import probe;"
    code += "from countenance.perception.perceive import perceive; perceive(probe(Path(sys.argv[1])))"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (10, 100):
            clip = lengthened(Path(folder) / f"{seconds}.mp4", path, seconds)
            rows.append((f"{seconds} s", peak_mib(["-c", code, str(clip)])))
    return Table("Peak memory of perception", ("clip", "MiB"), tuple(rows))


def _truth() -> list[Table]:
    """Lids and lips of the presenters' clips, whose points are known exactly."""
    errors, movements = [], []
    for name, clip, told in TOLD:
        truth = _points(presenters() / name / f"{told}.json")
        edge, plain, track = _meshes(presenters() / name / f"{clip}.mp4")
        for part, points in (("lips", LIPS), ("lids", LIDS)):
            apart = [_apart(meshes, truth, points) for meshes in (edge, plain, track)]
            errors.append((f"{name}/{clip}", part, *(float(np.linalg.norm(one, axis=2).mean()) for one in apart)))
            moved = [float(np.linalg.norm(one - one.mean(axis=0), axis=2).mean()) for one in apart[1:]]
            movements.append((f"{name}/{clip}", f"movement of the {part}, %", *moved))
        for what, pair in (
            ("width of the mouth, correlation", ("mouth_corner_left", "mouth_corner_right")),
            ("opening of the lips, correlation", ("upper_lip_inner", "lower_lip_inner")),
            ("opening of the left eye, correlation", ("eyelid_upper_left", "eyelid_lower_left")),
        ):
            real = _gap(*(truth[point] for point in pair))
            found = [_gap(*(meshes[:, (LIPS | LIDS)[point], :2] for point in pair)) for meshes in (plain, track)]
            movements.append((f"{name}/{clip}", what, *(float(np.corrcoef(real, one)[0, 1]) for one in found)))
        movements.append(
            (f"{name}/{clip}", "left eye at its most shut, % open", *(_shut(one) for one in (plain, track)))
        )
    columns = ("clip", "part", "plain mesh, counted from pixel middles", "plain mesh", "refined")
    remarks = (
        "Mean distance of 6 lip and 4 lid points over all pictures; smooth tracks; distance of the outer eye corners.",
        "Much of what is left is another notion of the same point: see the movement, where mean offsets are taken off.",
        "Networks count from the crop's edge; the first column is what comes of not minding that.",
    )
    return [
        Table(
            "Lids and lips against the presenters' truth, % of the interocular distance",
            columns, tuple(errors), remarks,
        ),
        Table(
            "How lids and lips move, against the same truth",
            ("clip", "what", "plain mesh", "refined"), tuple(movements),
        ),
    ]  # fmt: skip


def _meshes(path: Path) -> tuple[F32, F32, F32]:
    """The plain mesh as it was once counted, the plain mesh, both smooth, and the meshes of the track."""
    networks, plain, steps, square = FaceNetworks(), [], [], None
    master = probe(path)
    for frame in decode(master):
        square = square or networks.detect(frame)[0].square
        points, _score = networks.follow(cut_square(frame, square, MESH_PX), square)
        steps.append(square.side / MESH_PX / 2)
        plain.append(np.concatenate([points, points[:10]]))
        square = square_around(points)
    edge = np.stack(plain)
    edge[..., :2] += np.array(steps, np.float32)[:, None, None]
    (track,) = perceive(master).tracks
    return smooth_track(edge), smooth_track(np.stack(plain)), np.array(track.mesh)


def _points(path: Path) -> dict[str, F32]:
    """Each named point `(n, 2)`, counted from the middle of the first pixel."""
    frames: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["frames"]
    return {name: np.array([f["points"][name]["px"] for f in frames], np.float32) - 0.5 for name in frames[0]["points"]}


def _apart(meshes: F32, truth: dict[str, F32], points: dict[str, int]) -> F32:
    """By how much each point lies off `(n, k, 2)`, in per cent of the distance of the outer eye corners."""
    eyes = np.linalg.norm(truth["eye_outer_left"] - truth["eye_outer_right"], axis=1)
    off = np.stack([meshes[:, number, :2] - truth[name] for name, number in points.items()], axis=1)
    return np.asarray(100 * off / eyes[:, None, None], np.float32)


def _gap(one: F32, other: F32) -> F32:
    return np.asarray(np.linalg.norm(one - other, axis=1))


def _shut(meshes: F32) -> float:
    """The least opening of the left eye in per cent of its middle one."""
    opening = meshes[:, LIDS["eyelid_lower_left"], 1] - meshes[:, LIDS["eyelid_upper_left"], 1]
    return float(100 * opening.min() / np.median(opening))
