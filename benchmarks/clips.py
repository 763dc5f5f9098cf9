"""Real clips, four variants each: identity, steadiness, proof, and proof after a hard re-encode."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import av
import c2pa

from benchmarks.campaigns import countenance, write_campaign
from benchmarks.tables import Table, footage
from countenance.media.decode import decode
from countenance.media.encode import Picture, encode
from countenance.media.probe import probe
from countenance.provenance.authority import anchor_pem
from countenance.store.project import open_project

CLIPS = (
    "retalking/1.mp4",
    "azure-avatar/Delivering_sell_link.mp4",
    "latentsync/demo2_video.mp4",
    "latentsync/demo1_video.mp4",
)
_EKUS = "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n"
_FIGURES = ("identity_wanted", "identity_replaced", "jitter_ratio", "flicker_ratio", "av_offset_ms", "outside_exact")


def run() -> list[Table]:
    media = footage()
    assert media is not None
    keep = os.environ.get("COUNTENANCE_BENCH_KEEP")
    root = Path(keep) if keep else Path(tempfile.mkdtemp(prefix="countenance-bench-"))
    try:
        rows = [row for clip in CLIPS for row in _clip(root / Path(clip).stem, media / clip)]
    finally:
        if not keep:
            shutil.rmtree(root)
    columns = ("clip", "variant", *_FIGURES, "verify", "c2pa reader", "after CRF 28, no metadata")
    return [Table("Real clips, four variants each", columns, tuple(rows))]


def _clip(folder: Path, clip: Path) -> list[tuple[object, ...]]:
    brief = write_campaign(folder, clip)
    out = folder / "out"
    made = countenance(
        "--project", str(folder), "produce", str(brief), "--out", str(out), "--approve-as", "Bench", "--json"
    )
    told = json.loads(made.stdout)
    return [_variant(folder, out, clip, variant) for variant in told["variants"]]


def _variant(folder: Path, out: Path, clip: Path, variant: dict[str, str]) -> tuple[object, ...]:
    package = out / variant["id"]
    name = f"{clip.parent.name}/{clip.stem}"
    key = f"{variant['face']}-{variant['language']}"
    if not package.is_dir():
        return (name, key, *("-" for _ in _FIGURES), f"not released: {variant['failed']}", "-", "-")
    figures = {f["key"]: f["value"] for f in json.loads((package / "qc.json").read_text())["figures"]}
    video = package / "video.mp4"
    again = folder / "again.mp4"
    _reencoded(video, again)
    release = json.loads((package / "receipt.json").read_text())["record"]["release_id"]
    verified = countenance("--project", str(folder), "verify", str(video), "--json").returncode
    found = json.loads(countenance("--project", str(folder), "verify", str(again), "--json").stdout)
    named = "named" if release in json.dumps(found) else "NOT FOUND"
    cells = tuple("-" if figures.get(key) is None else figures[key] for key in _FIGURES)
    return (name, key, *cells, "ok" if verified == 0 else f"exit {verified}", _trust(folder, video), named)


def _reencoded(source: Path, target: Path) -> None:
    """x264 CRF 28 of the pictures alone: no sound, no metadata, no history."""
    master = probe(source)
    encode(
        target, decode(master), size=(master.width, master.height), time_base=master.time_base,
        frame_rate=master.frame_rate, picture=Picture(crf=28),
    )  # fmt: skip
    with av.open(str(target)) as container:
        assert not container.streams.audio


def _trust(folder: Path, video: Path) -> str:
    """What c2pa-python's own Reader says with the project's anchor."""
    settings = {"trust": {"user_anchors": anchor_pem(open_project(folder)), "trust_config": _EKUS}}
    with c2pa.Context.from_dict(settings) as context, c2pa.Reader(str(video), context=context) as reader:
        return str(reader.get_validation_state())
