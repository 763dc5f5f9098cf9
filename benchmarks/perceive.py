"""Perception: pictures a second with decoding, milliseconds by part, and memory on a short and a long clip."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.footage import lengthened
from benchmarks.tables import Table, footage, median_s, peak_mib
from countenance.media.decode import decode
from countenance.media.probe import probe
from countenance.perception.crop import square_around
from countenance.perception.networks import FaceNetworks
from countenance.perception.perceive import perceive
from countenance.perception.shots import ShotDetector

CLIPS = ("liveportrait/s18.mp4", "azure-avatar/Delivering_sell_link.mp4", "retalking/1.mp4")


def run() -> list[Table]:
    media = footage()
    assert media is not None
    return [_speed(media), _parts(media / CLIPS[0]), _memory(media / CLIPS[0])]


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
    return path.stem, f"{master.width}x{master.height}", master.frames / whole, master.frames / alone


def _parts(path: Path) -> Table:
    """One picture after the other through each part alone."""
    networks, cuts, taken = FaceNetworks(), ShotDetector(), {"shots": 0.0, "detector": 0.0, "mesh": 0.0, "irises": 0.0}
    frames = [frame for frame in decode(probe(path), stop=60)]
    square = networks.detect(frames[0])[0].square

    def timed(name: str, start: float) -> None:
        taken[name] += time.monotonic() - start

    for frame in frames:
        start = time.monotonic()
        cuts.is_cut(frame)
        timed("shots", start)
        start = time.monotonic()
        networks.detect(frame)
        timed("detector", start)
        start = time.monotonic()
        mesh, _score = networks.mesh(frame, square)
        timed("mesh", start)
        start = time.monotonic()
        networks.irises(frame, mesh)
        timed("irises", start)
        square = square_around(mesh)
    rows = tuple((name, 1000 * seconds / len(frames)) for name, seconds in taken.items())
    return Table(f"Milliseconds a picture by part, {path.name}", ("part", "ms"), rows)


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
