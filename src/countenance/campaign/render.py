"""Painting one variant: every picture once through the engines, the compositor and the meter.

Nothing that could leave the house is written here: only the painted boxes, the figures and pictures of the
quality report, and, where people will review it, a small preview that says on its face that it is not released.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from countenance.campaign.stages import Progress, key_of
from countenance.campaign.task import Task, shown_frames
from countenance.media.beside import Beside
from countenance.media.encode import PREVIEW, encode
from countenance.media.frame import F32, Box, Frame
from countenance.media.loudness import integrated_lufs, true_peak_dbtp
from countenance.perception.networks import FaceNetworks
from countenance.provenance.badge import Badge
from countenance.quality.gate import Verdict, judge
from countenance.quality.meter import Measured, Meter
from countenance.quality.report import render_report
from countenance.speech.fit import RATE_HZ
from countenance.speech.visemes import mouth_targets
from countenance.store.files import atomic_path, locked, read_json, sha256_file, sweep, write_bytes, write_json
from countenance.synthesis import lipsync, swap
from countenance.synthesis.compose import Compositor
from countenance.synthesis.engine import Laid, Painter
from countenance.synthesis.likeness import Likeness, build_likeness
from countenance.synthesis.mouths import collect_mouths
from countenance.synthesis.patchfile import PatchWriter, union

ENGINES: Mapping[str, dict[str, Any]] = {
    "swap": {"version": "1", **swap.SETTINGS},
    "lipsync": {"version": "1", **lipsync.SETTINGS},
}
_RENDER = "render/1"


@dataclass(frozen=True)
class Rendering:
    """Where a rendered variant lies, and what is known of it (the content of render.json)."""

    folder: Path
    facts: dict[str, Any]

    @property
    def patches(self) -> Path:
        return self.folder / "patches.bin"

    @property
    def qc(self) -> dict[str, Any]:
        return dict(read_json(self.folder / "qc.json"))


def render_variant(task: Task, progress: Progress, *, preview: bool) -> Rendering:
    """Paint a variant, or find that it was done. The same inputs give the same pictures, bit for bit."""
    brief, variant = task.brief, task.variant
    references = [sha256_file(p) for p in brief.talents[variant.face].references] if variant.swaps else []
    speech = task.dub.sound.parent.name if task.dub else None
    used = {name: ENGINES[name] for name in task.engines}
    key = key_of(
        _RENDER, task.variant_id, task.seen.sha256, references, speech, used, brief.presenter.track, brief.gate
    )
    folder = task.project.work / "render" / key
    done = folder / "render.json"
    with locked(task.project.work / "jobs" / f"render-{key}.lock"):  # two jobs may want the same variant
        if not done.is_file():
            sweep(folder)
            _render(task, folder, progress, preview)
    return Rendering(folder, read_json(done))


def _render(task: Task, folder: Path, progress: Progress, preview: bool) -> None:
    started, cpu = time.monotonic(), time.process_time()
    folder.mkdir(parents=True, exist_ok=True)
    pictures_sha256, measured = _paint(task, folder, progress, preview)
    verdict = _judged(task, measured)
    change = task.timeline.change
    qc = {
        "variant": {
            "id": task.variant_id, "key": task.variant.key, "face": task.variant.face,
            "language": task.variant.language, "campaign": task.brief.campaign,
        },
        "figures": [figure.record() for figure in verdict.figures],
        "curves": measured.curves,
        "verdict": verdict.record(),
        "notes": [change] if change else [],
    }  # fmt: skip
    write_json(folder / "qc.json", qc)
    write_bytes(folder / "qc.html", render_report(qc, measured.pictures).encode())
    dub = task.dub
    write_json(
        folder / "render.json",
        {
            "pictures_sha256": pictures_sha256,
            "pictures": len(task.timeline.source),
            "engines": {name: ENGINES[name] for name in task.engines},
            "timeline": change or "as shot",
            "voice": {"rate_factor": dub.rate_factor, "shortfall_s": dub.shortfall_s} if dub else None,
            "passed": verdict.passed,
            "failed": list(verdict.failed),
            "cost": {"wall_s": time.monotonic() - started, "cpu_s": time.process_time() - cpu},
        },
    )


def _paint(task: Task, folder: Path, progress: Progress, preview: bool) -> tuple[str, Measured]:
    """Write the painted boxes; returns the pictures' digest and what was measured on the way."""
    timeline, total = task.timeline, len(task.timeline.source)
    painters, wanted = _painters(task)
    shots = set(task.seen.perception.shots)
    replaced = task.seen.perception.of_person(task.brief.presenter.track)[0].embedding
    meter = Meter(
        FaceNetworks(),
        total,
        wanted=wanted,
        replaced=None if wanted is None else replaced,
        cuts=[number for number, source in enumerate(timeline.source) if source in shots],
    )
    with atomic_path(folder / "patches.bin") as part, part.open("wb") as stream:
        writer = PatchWriter(stream, f"{task.seen.sha256} {timeline.source} {timeline.pts}")
        with Beside() as beside:
            frames = _composed(task, painters, meter, writer, beside)
            counted = _counted(frames, lambda done: progress(f"paint {task.variant.key}", done, total))
            if preview:
                _write_preview(task, folder / "preview.mp4", counted)
            else:
                deque(counted, maxlen=0)
        pictures_sha256 = writer.close()
    return pictures_sha256, meter.finish(task.samples(), RATE_HZ)


def _painters(task: Task) -> tuple[list[Painter], F32 | None]:
    """The prepared engines, and the wanted person's embeddings where the face is replaced."""
    tracks = task.seen.perception.of_person(task.brief.presenter.track)
    painters: list[Painter] = []
    wanted = None
    if task.dub:
        targets = mouth_targets(task.dub.speech.phones, task.timeline.times_s())
        faces = [task.presenter(source) for source in task.timeline.source]
        poses = np.stack([face.pose if face else np.zeros(3, np.float32) for face in faces])
        painters.append(lipsync.prepare_lipsync(collect_mouths(task.master, tracks), targets, poses))
    if task.variant.swaps:
        likeness = _likeness(task.brief.talents[task.variant.face].references)
        wanted = likeness.embeddings
        painters.append(swap.prepare_swap(likeness, tracks))
    return painters, wanted


@lru_cache(maxsize=8)
def _likeness(references: tuple[Path, ...]) -> Likeness:
    """A talent's likeness, built once per process: every language shows the same face."""
    return build_likeness(references, FaceNetworks())


def _composed(
    task: Task, painters: list[Painter], meter: Meter, writer: PatchWriter, beside: Beside
) -> Iterator[Frame]:
    """Paint and compose, picture by picture; measuring and storing go on beside."""
    compositor, shots = Compositor(), set(task.seen.perception.shots)
    for number, source, frame in shown_frames(task.master, task.timeline):
        if source in shots:
            compositor = Compositor()  # another shot has another light
        before = frame.copy() if painters else frame
        face = task.presenter(source)
        box: Box | None = None
        laid: list[Laid] = []
        for painter in painters if face else ():
            assert face is not None
            patch = painter.paint(frame, face, number)
            if patch is not None:
                laid.append(compositor.compose(frame, patch, painter.name))
                box, face = union(box, patch.box), patch.face
        if box is not None:
            beside.do(writer.add, number, box, frame)
        beside.do(meter.see, number, float(frame.time), before, frame, face, laid)
        yield frame


def _counted(frames: Iterator[Frame], report: Any) -> Iterator[Frame]:
    for done, frame in enumerate(frames, start=1):
        yield frame
        report(done)


def _write_preview(task: Task, target: Path, frames: Iterator[Frame]) -> None:
    """A half-size film for reviewers, marked on every picture."""
    badge = Badge("corner", text="IN REVIEW - NOT RELEASED")

    def marked() -> Iterator[Frame]:
        for frame in frames:
            shown = frame.copy()
            badge.draw(shown.planes, shown.time)
            yield shown

    with atomic_path(target) as part:
        encode(
            part,
            marked(),
            size=(task.master.width, task.master.height),
            time_base=task.master.time_base,
            frame_rate=task.master.frame_rate,
            sound=task.sound(),
            picture=PREVIEW,
        )


def _judged(task: Task, measured: Measured) -> Verdict:
    """The gate's verdict on picture and sound. The master's own sound is told, but not judged: nobody changed it."""
    figures, reasons = dict(measured.figures), dict(measured.reasons)
    samples = task.samples()
    if samples is not None and samples.size:
        loudness, peak = integrated_lufs(samples, RATE_HZ), true_peak_dbtp(samples, RATE_HZ)
        figures["loudness_lufs"], figures["true_peak_dbtp"] = (loudness, peak) if task.dub else (None, None)
        if not task.dub:
            kept = "the master's own sound is kept as shot"
            reasons["loudness_lufs"] = f"{kept}, at {loudness:.1f} LUFS"
            reasons["true_peak_dbtp"] = f"{kept}, peaking at {peak:.1f} dBTP"
    return judge(figures, task.brief.gate, reasons)
