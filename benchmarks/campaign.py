"""A campaign as a whole: what its variants share, what a second worker brings, and joins of many sections."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import av

from benchmarks.grids import write_grid
from benchmarks.tables import Table
from countenance.media.decode import decode
from countenance.media.encode import Picture, encode, sound_of
from countenance.media.pieces import encode_piece, join
from countenance.media.probe import probe

FACES, LANGUAGES, PICTURES, SIDE_PX = 6, 8, 50, 720
APART = (("keep", "en", 1), ("keep", "de", 7), ("ben", "en", 5), ("ben", "de", 35))  # how many of the 48 are like it
SCALED = (3, 2)  # faces and languages of the campaign that one and two workers make
SECTIONS = 20


def run() -> list[Table]:
    root = Path(tempfile.mkdtemp(prefix="countenance-bench-"))
    try:
        return [_shared(root / "shared"), _workers(root / "workers"), _joined(root / "joined")]
    finally:
        shutil.rmtree(root)


def _shared(root: Path) -> Table:
    """Processor seconds of one campaign against those of as many jobs of one variant, each in a project of its own."""
    brief = write_grid(root, FACES, LANGUAGES, pictures=PICTURES, side=SIDE_PX)
    together, made = _produced(root / "studio", brief)
    rows, apart = [], 0.0
    for face, language, alike in APART:
        one = write_grid(root / f"{face}-{language}", FACES, LANGUAGES, pictures=PICTURES, side=SIDE_PX,
                         variants={"face": [face], "language": [language]})  # fmt: skip
        took, _ = _produced(root / f"studio-{face}-{language}", one)
        rows.append((f"{face}-{language} by itself, measured once", alike, took, took * alike))
        apart += took * alike
    count = FACES * LANGUAGES
    return Table(
        f"A campaign of {FACES} faces x {LANGUAGES} languages, {PICTURES} pictures of {SIDE_PX}x{SIDE_PX}: CPU seconds",
        ("job", "of them", "CPU s each", "CPU s"),
        (
            *rows,
            (f"{count} separate jobs", count, apart / count, apart),
            (f"one campaign ({made} of {count} released)", count, together / count, together),
            ("one campaign over separate jobs, %", "", "", 100 * together / apart),
        ),
        ("CPU seconds of whole processes, start and models included. Separate jobs are one of each sort times their "
         "number: face kept or swapped, own language or dubbed.",),
    )  # fmt: skip


def _workers(root: Path) -> Table:
    """One worker on one core against two on one core each."""
    brief = write_grid(root, *SCALED, pictures=PICTURES, side=SIDE_PX)
    rows = []
    for workers in (1, 2, 2, 1):
        studio = root / f"studio-{len(rows)}"
        rows.append((workers, _paced(studio, brief, workers)))
    one, two = ([took for workers, took in rows if workers == count] for count in (1, 2))
    ratio = (sum(one) / len(one)) / (sum(two) / len(two))
    return Table(
        f"{SCALED[0] * SCALED[1]} variants by workers that have a core each",
        ("workers", "s"),
        (*rows, ("two over one, times as fast", ratio)),
        ("From the first task to the last; workers are running and warm before. By turns, on a machine that others use "
         "too.",),
    )  # fmt: skip


def _joined(root: Path) -> Table:
    """A film of twenty sections against the same film in one piece."""
    root.mkdir()
    master = probe(write_grid(root, 2, 1, pictures=163, side=SIDE_PX).parent / "master.mp4")
    size, picture = (master.width, master.height), Picture(preset="fast")
    edges = [round(n * master.frames / SECTIONS) for n in range(SECTIONS + 1)]
    pieces, alone = [], []
    for first, stop in pairwise(edges):
        piece = root / f"{first}.nut"
        encode_piece(piece, decode(master, start=first, stop=stop), size=size, time_base=master.time_base,
                     frame_rate=master.frame_rate, picture=picture)  # fmt: skip
        pieces.append(piece)
        alone += _pictures(piece)
    join(root / "joined.mp4", pieces, sound=sound_of(master))
    encode(root / "whole.mp4", decode(master), size=size, time_base=master.time_base, frame_rate=master.frame_rate,
           sound=sound_of(master), picture=picture)  # fmt: skip
    joined, whole = _pictures(root / "joined.mp4"), _pictures(root / "whole.mp4")
    samples = [_samples(root / name) for name in ("joined.mp4", "whole.mp4")]
    return Table(
        f"A film of {master.frames} pictures joined of {SECTIONS} sections",
        ("figure", "measured"),
        (
            ("pictures, joined and in one piece", f"{len(joined)} and {len(whole)}"),
            ("times equal to those of one piece", sum(a[0] == b[0] for a, b in zip(joined, whole, strict=True))),
            ("pictures equal to those of the sections, decoded alone", _alike(joined, alone)),
            ("sound: difference in samples", samples[0] - samples[1]),
            ("bytes over one piece, %", 100 * (root / "joined.mp4").stat().st_size
             / (root / "whole.mp4").stat().st_size - 100),
        ),
        ("An encoder that starts anew decides otherwise than one that runs on, so pictures are compared with the "
         "sections' own: whoever encodes a section, and in however many processes, the film is the same bits.",),
    )  # fmt: skip


def _produced(studio: Path, brief: Path) -> tuple[float, int]:
    """CPU seconds of a job from nothing, and how many variants it released."""
    before = _children_s()
    _run(studio, "init")
    out = str(studio / "out")
    said = _run(studio, "produce", str(brief), "--out", out, "--approve-as", "Bench", "-p", "1", "--json")
    return _children_s() - before, sum(row["state"] == "released" for row in json.loads(said)["variants"])


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(studio: Path, *words: str, cores: Sequence[int] = ()) -> str:
    pin = ["taskset", "-c", ",".join(map(str, cores))] if cores else []
    done = subprocess.run(
        [*pin, sys.executable, "-m", "countenance.cli", "--project", str(studio), *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1, 4):
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def _paced(studio: Path, brief: Path, workers: int) -> float:
    """Seconds of a job by so many workers, each on a core of its own; the one who asked only waits."""
    from countenance.campaign.brief import load_brief
    from countenance.campaign.graph import first_tasks, job_of
    from countenance.campaign.order import Order
    from countenance.campaign.permission import require_rights
    from countenance.campaign.plan import plan
    from countenance.jobs.graph import submit
    from countenance.jobs.state import job_state
    from countenance.jobs.state import workers as seen
    from countenance.store.project import init_project

    project = init_project(studio)
    wanted = load_brief(brief)
    require_rights(project, wanted, plan(wanted))  # puts the grants on record
    order = Order(project, wanted, wanted.digest(), plan(wanted), "Bench", False, studio / "out")
    running = [
        subprocess.Popen(
            ["taskset", "-c", str(core), sys.executable, "-m", "countenance.cli", "--project", str(studio), "worker",
             "--queues", "cpu,seal"],
            stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for core in range(workers)
    ]  # fmt: skip
    try:
        while len(seen(project)) < workers:
            time.sleep(0.1)
        job, start = job_of(order), time.monotonic()
        submit(project, job, list(first_tasks(order)))
        while not (state := job_state(project, job.id)).settled:
            time.sleep(0.1)
        if state.state != "done":
            raise RuntimeError(f"the job is {state.state}: {state.reason}")
        return time.monotonic() - start
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait()


def _pictures(path: Path) -> list[tuple[float, int]]:
    with av.open(str(path)) as container:
        return [(float(f.pts * f.time_base), hash(f.to_ndarray().tobytes())) for f in container.decode(video=0)]


def _alike(film: Sequence[tuple[float, int]], other: Sequence[tuple[float, int]]) -> int:
    return sum(a[1] == b[1] for a, b in zip(film, other, strict=True))


def _samples(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(frame.samples for frame in container.decode(audio=0))
