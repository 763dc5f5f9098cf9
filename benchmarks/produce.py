"""A whole swap job against the plain transcode of the same clip with the same encoder settings, in one run.

One face at 1280x720 and two at 1920x1080, where a job's time goes, and its memory by the length of the clip.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections import deque
from pathlib import Path

from benchmarks.campaigns import countenance, write_campaign, write_duet
from benchmarks.footage import lengthened, side_by_side
from benchmarks.stopwatch import Stopwatch
from benchmarks.tables import Table, footage, peak_mib
from countenance.campaign.produce import produce
from countenance.media.decode import decode
from countenance.media.encode import WEB, Sound, encode
from countenance.media.probe import probe
from countenance.store.project import init_project

CLIP = "liveportrait/s18.mp4"
DUET = ("latentsync/demo1_video.mp4", "latentsync/demo2_video.mp4")
ROUNDS = 3
LONG_S, DUET_S, PROFILE_S = 60, 30, 20
MEMORY_S = (10, 100, 600)

# Where the stages and their parts are looked up when they are called.
STAGES = (
    ("countenance.campaign.stages:perceive", "perceive"),
    ("countenance.campaign.painting:_looked_at", "look"),
    ("countenance.campaign.painting:_paint", "paint and measure"),
    ("countenance.campaign.release:_encode", "release encode"),
)
PARTS = (
    ("countenance.media.decode:house_planes", "every pass: the decoder's planes into a frame"),
    ("countenance.synthesis.occlusion:Occlusion.see", "look: what is in front of the face"),
    ("countenance.synthesis.swap:SwapPainter.paint", "paint: the face"),
    ("countenance.synthesis.compose:Compositor.compose", "paint: compose"),
    ("countenance.quality.meter:Meter.see", "paint, beside: the meters, picture by picture"),
    ("countenance.quality.meter:Meter.finish", "paint: the meters, at the end"),
    ("countenance.synthesis.patchfile:PatchWriter.add", "paint, beside: store the painted box"),
    ("countenance.synthesis.patchfile:_record", "release: read the painted box"),
    ("countenance.provenance.badge:Badge.draw", "release: badge"),
    ("countenance.provenance.watermark:Marker.embed", "release: picture mark"),
    ("countenance.media.pieces:coded_picture", "release: hand over to the encoder"),
)


def run() -> list[Table]:
    media = footage()
    assert media is not None
    root = Path(tempfile.mkdtemp(prefix="countenance-bench-"))
    try:
        long = lengthened(root / "one.mp4", media / CLIP, LONG_S)
        duet = side_by_side(root / "two.mp4", media / DUET[0], media / DUET[1], DUET_S)
        return [
            _ratio(root / "one", long, f"{CLIP} lengthened, one face", duet=False),
            _ratio(root / "two", duet, f"{DUET[0]} and {DUET[1]} side by side, two faces", duet=True),
            *_profile(root, media / CLIP),
            _memory(root, media / CLIP),
        ]
    finally:
        shutil.rmtree(root)


def _ratio(root: Path, clip: Path, name: str, *, duet: bool) -> Table:
    root.mkdir()
    master = probe(clip)
    rounds = []
    for number in range(ROUNDS):  # both in turn, so that a busy moment hits both
        plain = _transcode(root / "plain.mp4", clip)
        folder = root / f"swap{number}"
        brief = write_duet(folder, clip) if duet else write_campaign(folder, clip, faces=("ben",), languages=("en",))
        start = time.monotonic()
        done = countenance("--project", str(folder), "produce", str(brief), "--out", str(folder / "out"),
                           "--approve-as", "Bench", "--json")  # fmt: skip
        whole = time.monotonic() - start
        (variant,) = json.loads(done.stdout)["variants"]
        assert variant["state"] == "released", done.stdout + done.stderr
        rounds.append((plain, whole))
        shutil.rmtree(folder)
    plain, whole = (statistics.median(side) for side in zip(*rounds, strict=True))
    ratio = statistics.median(whole / plain for plain, whole in rounds)
    rows = (
        ("plain transcode (x264 medium, CRF 18)", plain, 1000 * plain / master.frames, 1.0),
        ("whole swap job, from the brief to the sealed package", whole, 1000 * whole / master.frames, ratio),
    )
    title = (
        f"{name}: {master.width}x{master.height}, {float(master.duration):.0f} s, {master.frames} pictures, "
        f"median of {ROUNDS} rounds"
    )
    return Table(
        title,
        ("job", "seconds", "ms a picture", "ratio"),
        rows,
        ("The job includes starting Python, loading networks, rights, quality report and seal.",),
    )


def _transcode(target: Path, clip: Path) -> float:
    start = time.monotonic()
    master = probe(clip)
    encode(
        target, decode(master), size=(master.width, master.height), time_base=master.time_base,
        frame_rate=master.frame_rate, sound=Sound(copy_from=clip) if master.audio_codec else None, picture=WEB,
    )  # fmt: skip
    return time.monotonic() - start


def _profile(root: Path, clip: Path) -> list[Table]:
    """Where the time of a job goes: the stages one after another, and the parts inside them."""
    folder = root / "profile"
    folder.mkdir()
    long = lengthened(folder / "master.mp4", clip, PROFILE_S)
    pictures = probe(long).frames
    start = time.process_time()
    deque(decode(probe(long)), maxlen=0)
    decode_cpu = time.process_time() - start
    _transcode(folder / "plain.mp4", long)
    plain_cpu = time.process_time() - start - decode_cpu
    brief = write_campaign(folder / "job", long, faces=("ben",), languages=("en",))
    watch, start, cpu = Stopwatch(), time.monotonic(), time.process_time()
    with watch.on(*STAGES, *PARTS):
        produce(init_project(folder / "job"), brief, folder / "out", approve_as="Bench")
    whole, whole_cpu = time.monotonic() - start, time.process_time() - cpu
    names = [part for _place, part in STAGES]
    staged = [(name, watch.wall_s[name], watch.whole_s[name]) for name in names]
    rest = ("everything else", whole - sum(s[1] for s in staged), whole_cpu - sum(s[2] for s in staged))
    rows = [(name, wall, 1000 * wall / pictures, 1000 * cpu / pictures) for name, wall, cpu in (*staged, rest)]
    stages = Table(
        f"Profile of a swap job in one process: {clip.name} lengthened to {PROFILE_S} s, {pictures} pictures, one face",
        ("stage", "seconds", "ms a picture", "processor ms a picture, all threads"),
        (
            *rows,
            ("to compare: decoding alone, which each stage does once", "-", "-", 1000 * decode_cpu / pictures),
            ("to compare: plain transcode", "-", "-", 1000 * plain_cpu / pictures),
        ),
        ("Everything else: loading networks, face model, rights, quality report, seal, package; not starting Python.",),
    )
    parts = [(part, 1000 * watch.own_s[part] / pictures) for _place, part in PARTS]
    inside = Table(
        "Profile of the same job: the parts inside the stages",
        ("part", "processor ms a picture, its own thread"),
        tuple(parts),
        ("The threads of the decoder, of x264 and of OpenCV are not in these figures; they are in the table above.",),
    )
    return [stages, inside]


def _memory(root: Path, clip: Path) -> Table:
    rows = []
    for seconds in MEMORY_S:
        folder = root / f"memory{seconds}"
        folder.mkdir()
        long = lengthened(folder / "master.mp4", clip, seconds)
        brief = write_campaign(folder, long, faces=("ben",), languages=("en",))
        peak = peak_mib(["-m", "countenance.cli", "--project", str(folder), "produce", str(brief), "--out",
                         str(folder / "out"), "--approve-as", "Bench", "--quiet"])  # fmt: skip
        rows.append((f"{seconds} s", peak))
        shutil.rmtree(folder)
    return Table("Peak memory of a whole swap job, 1280x720, with sound", ("clip", "MiB"), tuple(rows))
