"""A whole swap job against the plain transcode of the same clip with the same encoder settings, in one run."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.campaigns import countenance, write_campaign
from benchmarks.footage import lengthened
from benchmarks.tables import Table, footage, peak_mib
from countenance.media.decode import decode
from countenance.media.encode import WEB, Sound, encode
from countenance.media.probe import probe

CLIP = "liveportrait/s18.mp4"
ROUNDS = 3
LONG_S = 60


def run() -> list[Table]:
    media = footage()
    assert media is not None
    root = Path(tempfile.mkdtemp(prefix="countenance-bench-"))
    try:
        clip = media / CLIP
        long = lengthened(root / "minute.mp4", clip, LONG_S)
        return [_ratio(root / "short", clip, ROUNDS), _ratio(root / "long", long, 1), _memory(root, clip)]
    finally:
        shutil.rmtree(root)


def _ratio(root: Path, clip: Path, times: int) -> Table:
    root.mkdir()
    master = probe(clip)
    sound = Sound(copy_from=clip) if master.audio_codec else None
    rounds, stages = [], {}
    for number in range(times):  # both in turn, so that a busy moment hits both
        plain = _transcode(root / "plain.mp4", clip, sound)
        folder = root / f"swap{number}"
        brief = write_campaign(folder, clip, faces=("ben",), languages=("en",))
        start = time.monotonic()
        done = countenance("--project", str(folder), "produce", str(brief), "--out", str(folder / "out"),
                           "--approve-as", "Bench", "--json")  # fmt: skip
        whole = time.monotonic() - start
        stages = json.loads(done.stdout)["variants"][0]
        assert stages["state"] == "released", done.stdout + done.stderr
        rounds.append((plain, whole))
    plain, whole = (statistics.median(side) for side in zip(*rounds, strict=True))
    ratio = statistics.median(whole / plain for plain, whole in rounds)
    rows = (
        ("plain transcode (x264 medium, CRF 18)", plain, 1000 * plain / master.frames, 1.0),
        ("whole swap job, from the brief to the sealed package", whole, 1000 * whole / master.frames, ratio),
    )
    columns = ("job", "seconds", "ms a picture", "ratio")
    title = f"{clip.name}, {master.width}x{master.height}, {master.frames} pictures, median of {times} round(s)"
    return Table(
        title, columns, rows, ("The job includes starting Python, loading networks, rights, quality report and seal.",)
    )


def _transcode(target: Path, clip: Path, sound: Sound | None) -> float:
    start = time.monotonic()
    master = probe(clip)
    encode(
        target, decode(master), size=(master.width, master.height), time_base=master.time_base,
        frame_rate=master.frame_rate, sound=sound, picture=WEB,
    )  # fmt: skip
    return time.monotonic() - start


def _memory(root: Path, path: Path) -> Table:
    rows = []
    for seconds in (10, 100):
        folder = root / f"memory{seconds}"
        folder.mkdir()
        clip = lengthened(folder / "master.mp4", path, seconds)
        brief = write_campaign(folder, clip, faces=("ben",), languages=("en",))
        peak = peak_mib(["-m", "countenance.cli", "--project", str(folder), "produce", str(brief), "--out",
                         str(folder / "out"), "--approve-as", "Bench", "--quiet"])  # fmt: skip
        rows.append((f"{seconds} s", peak))
    return Table("Peak memory of a whole swap job, 1280x720", ("clip", "MiB"), tuple(rows))
