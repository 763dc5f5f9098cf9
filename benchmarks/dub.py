"""A whole dub job at 1280x720 against the plain transcode of the same clip with the same encoder settings, in one run.

What the voice costs is told apart: the job is compared without the time that speaking takes.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from benchmarks.campaigns import write_campaign
from benchmarks.footage import lengthened
from benchmarks.produce import PARTS as SWAP_PARTS
from benchmarks.produce import STAGES, _transcode
from benchmarks.stopwatch import Stopwatch
from benchmarks.tables import REPOSITORY, Table, footage
from countenance.campaign.produce import produce
from countenance.media.audio import read_audio
from countenance.media.decode import decode
from countenance.media.encode import Picture, Sound, encode
from countenance.media.frame import Frame
from countenance.media.probe import Master, probe
from countenance.store.project import init_project

CLIP, SIZE = "azure-avatar/Delivering_sell_link.mp4", (1280, 720)
LONG_S, ROUNDS, PROFILE_S = 60, 3, 20
SAID = "Diese Kaffeemaschine brüht in dreißig Sekunden eine frische Tasse, und sie passt auf fast jedes Regal. "
SAID_S = 6.5  # of that sentence, about
SPEAK = ("countenance.campaign.order:speak_dub", "speak")
PARTS = (
    *(part for part in SWAP_PARTS if "SwapPainter" not in part[0]),
    ("countenance.synthesis.lipsync:LipPainter.paint", "paint: the mouth"),
    ("countenance.campaign.painting:mouths_of", "paint: the mouth library, once"),
    ("countenance.campaign.painting:plan_mouths", "paint: the path through it, once"),
)


def run() -> list[Table]:
    media = footage()
    assert media is not None
    root = Path(tempfile.mkdtemp(prefix="countenance-bench-"))
    try:
        small = _scaled(root / "small.mp4", media / CLIP)
        long = lengthened(root / "long.mp4", small, LONG_S)
        return [_ratio(root, long), *_profile(root, small)]
    finally:
        shutil.rmtree(root)


def _scaled(target: Path, clip: Path) -> Path:
    """The clip at 1280x720, with its sound."""
    master = probe(clip)

    def frames(master: Master) -> Iterator[Frame]:
        for frame in decode(master):
            planes = [
                cv2.resize(plane, (SIZE[0] // part, SIZE[1] // part), interpolation=cv2.INTER_AREA)
                for plane, part in zip(frame.planes, (1, 2, 2), strict=True)
            ]
            yield Frame(frame.pts, frame.time_base, (planes[0], planes[1], planes[2]))

    samples = read_audio(clip, 48_000, master.origin_s)
    assert samples is not None
    encode(
        target, frames(master), size=SIZE, time_base=master.time_base, frame_rate=master.frame_rate,
        sound=Sound(samples=samples), picture=Picture(preset="fast", crf=14),
    )  # fmt: skip
    return target


def _brief(folder: Path, clip: Path) -> Path:
    path = write_campaign(folder, clip, faces=("keep",), languages=("de",))
    sentences = max(1, round(float(probe(clip).duration) / SAID_S))
    (folder / "script.de.txt").write_text(SAID * sentences, encoding="utf-8")
    return path


def _ratio(root: Path, clip: Path) -> Table:
    master = probe(clip)
    rounds = []
    for number in range(ROUNDS):  # both in turn, so that a busy moment hits both
        plain = _transcode(root / "plain.mp4", clip)
        folder = root / f"dub{number}"
        _brief(folder, clip)
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.dub", str(folder)], cwd=REPOSITORY, capture_output=True, text=True
        )
        whole = time.monotonic() - start
        assert done.returncode == 0, done.stderr
        spoken = json.loads(done.stdout.splitlines()[-1])["speak_s"]
        rounds.append((plain, whole - spoken, spoken))
        shutil.rmtree(folder)
    plain, whole, spoken = (statistics.median(side) for side in zip(*rounds, strict=True))
    ratio = statistics.median(whole / plain for plain, whole, _ in rounds)
    rows = (
        ("plain transcode (x264 medium, CRF 18)", plain, 1000 * plain / master.frames, 1.0),
        ("whole dub job but the voice", whole, 1000 * whole / master.frames, ratio),
        ("the voice: speaking, fitting, mixing", spoken, 1000 * spoken / master.frames, spoken / plain),
    )
    title = (
        f"{CLIP} at {SIZE[0]}x{SIZE[1]}, lengthened to {LONG_S} s, {master.frames} pictures, one mouth, "
        f"median of {ROUNDS} rounds"
    )
    return Table(
        title,
        ("job", "seconds", "ms a picture", "ratio"),
        rows,
        ("The job includes starting Python, loading networks, rights, quality report and seal.",),
    )


def _profile(root: Path, clip: Path) -> list[Table]:
    """Where the time of a dub job goes."""
    folder = root / "profile"
    folder.mkdir()
    long = lengthened(folder / "master.mp4", clip, PROFILE_S)
    pictures = probe(long).frames
    start = time.process_time()
    _transcode(folder / "plain.mp4", long)
    plain_cpu = time.process_time() - start
    brief = _brief(folder / "job", long)
    watch, start, cpu = Stopwatch(), time.monotonic(), time.process_time()
    with watch.on(*STAGES, SPEAK, *PARTS):
        produce(init_project(folder / "job"), brief, folder / "out", approve_as="Bench")
    whole, whole_cpu = time.monotonic() - start, time.process_time() - cpu
    names = [part for _place, part in (*STAGES, SPEAK)]
    staged = [(name, watch.wall_s[name], watch.whole_s[name]) for name in names]
    rest = ("everything else", whole - sum(s[1] for s in staged), whole_cpu - sum(s[2] for s in staged))
    stages = Table(
        f"Profile of a dub job in one process: {clip.name} lengthened to {PROFILE_S} s, {pictures} pictures",
        ("stage", "seconds", "ms a picture", "processor ms a picture, all threads"),
        (
            *((name, wall, 1000 * wall / pictures, 1000 * cpu / pictures) for name, wall, cpu in (*staged, rest)),
            ("to compare: plain transcode", "-", "-", 1000 * plain_cpu / pictures),
        ),
    )
    parts = Table(
        "Profile of the same dub job: the parts inside the stages",
        ("part", "processor ms a picture, its own thread"),
        tuple((part, 1000 * watch.own_s[part] / pictures) for _place, part in PARTS),
        ("The actress moves her hands in front of herself, so that hands are looked for in most pictures.",),
    )
    return [stages, parts]


def job(folder: Path) -> None:
    """One dub job in this process; prints how long speaking took."""
    watch = Stopwatch()
    with watch.on(SPEAK):
        produce(init_project(folder), folder / "brief.yaml", folder / "out", approve_as="Bench")
    print(json.dumps({"speak_s": watch.wall_s["speak"]}))


if __name__ == "__main__":
    job(Path(sys.argv[1]))
