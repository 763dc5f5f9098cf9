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

from countenance.campaign.brief import Brief
from countenance.campaign.plan import Variant
from countenance.campaign.stages import Dub, Progress, Seen, key_of
from countenance.campaign.timeline import Timeline, as_shot
from countenance.media.audio import read_audio
from countenance.media.beside import Beside
from countenance.media.decode import decode
from countenance.media.encode import PREVIEW, Sound, can_copy_sound, encode
from countenance.media.frame import Box, Frame
from countenance.media.loudness import integrated_lufs, true_peak_dbtp
from countenance.media.probe import Master
from countenance.perception.networks import FaceNetworks
from countenance.perception.tracks import Face
from countenance.provenance.badge import Badge
from countenance.quality.gate import judge
from countenance.quality.meter import Meter
from countenance.quality.report import render_report
from countenance.speech.fit import RATE_HZ
from countenance.speech.visemes import mouth_targets
from countenance.store.files import atomic_path, locked, read_json, sha256_file, sweep, write_bytes, write_json
from countenance.store.project import Project
from countenance.synthesis import lipsync, swap
from countenance.synthesis.compose import Compositor
from countenance.synthesis.engine import Painter
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


def render_variant(
    project: Project,
    brief: Brief,
    seen: Seen,
    variant: Variant,
    variant_id: str,
    dub: Dub | None,
    progress: Progress,
    *,
    preview: bool,
) -> Rendering:
    """Paint a variant, or find that it was done. The same inputs give the same pictures, bit for bit."""
    references = [sha256_file(p) for p in brief.talents[variant.face].references] if variant.swaps else []
    speech = dub.sound.parent.name if dub else None
    used = {name: ENGINES[name] for name in engines_of(variant)}
    key = key_of(_RENDER, variant_id, seen.sha256, references, speech, used, brief.presenter.track, brief.gate)
    folder = project.work / "render" / key
    done = folder / "render.json"
    with locked(project.work / "jobs" / f"render-{key}.lock"):  # two jobs may want the same variant
        if not done.is_file():
            sweep(folder)
            _paint(folder, brief, seen, variant, variant_id, dub, progress, preview)
    return Rendering(folder, read_json(done))


def engines_of(variant: Variant) -> tuple[str, ...]:
    """The engines that paint a variant, in their order: first the mouth, then the face over it."""
    return (("lipsync",) if variant.dubs else ()) + (("swap",) if variant.swaps else ())


def shown_frames(master: Master, timeline: Timeline) -> Iterator[tuple[int, int, Frame]]:
    """Yield (output number, master's number, frame with the output's time). Held pictures come again as copies."""
    last_use = {source: number for number, source in enumerate(timeline.source)}
    frames, ready, read = decode(master), dict[int, Frame](), 0
    for number, source in enumerate(timeline.source):
        while read <= source:
            frame = next(frames, None)
            if frame is None:
                return
            if read in last_use:
                ready[read] = frame
            read += 1
        frame = ready[source]
        if last_use[source] == number:
            del ready[source]
        else:
            frame = frame.copy()
        yield number, source, Frame(timeline.pts[number], timeline.time_base, frame.planes)


def sound_of(seen: Seen, dub: Dub | None) -> Any:
    """The variant's sound as samples at 48 kHz, or None."""
    return dub.speech.samples if dub else read_audio(seen.master.path)


def _paint(
    folder: Path,
    brief: Brief,
    seen: Seen,
    variant: Variant,
    variant_id: str,
    dub: Dub | None,
    progress: Progress,
    preview: bool,
) -> None:
    started, cpu = time.monotonic(), time.process_time()
    timeline = dub.timeline if dub else as_shot(seen.master)
    painters, wanted = _painters(brief, seen, variant, dub, timeline)
    replaced = seen.perception.of_person(brief.presenter.track)[0].embedding
    sound = sound_of(seen, dub)
    shots = set(seen.perception.shots)
    meter = Meter(
        FaceNetworks(),
        len(timeline.source),
        wanted=wanted if variant.swaps else None,
        replaced=replaced if variant.swaps else None,
        cuts=[number for number, source in enumerate(timeline.source) if source in shots],
    )
    folder.mkdir(parents=True, exist_ok=True)
    total = len(timeline.source)
    with atomic_path(folder / "patches.bin") as part, part.open("wb") as stream:
        writer = PatchWriter(stream, f"{seen.sha256} {timeline.source} {timeline.pts}")
        with Beside() as beside:
            frames = _composed(brief, seen, timeline, painters, meter, writer, beside)
            counted = _counted(frames, lambda done: progress(f"paint {variant.key}", done, total))
            if preview:
                _write_preview(folder / "preview.mp4", counted, seen, dub)
            else:
                deque(counted, maxlen=0)
        pictures_sha256 = writer.close()
    measured = meter.finish(sound, RATE_HZ)
    figures = dict(measured.figures)
    reasons = dict(measured.reasons)
    if sound is not None and sound.size:
        loudness, peak = integrated_lufs(sound, RATE_HZ), true_peak_dbtp(sound, RATE_HZ)
        figures["loudness_lufs"], figures["true_peak_dbtp"] = (loudness, peak) if dub else (None, None)
        if not dub:
            as_shot_note = "the master's own sound is kept as shot"
            reasons["loudness_lufs"] = f"{as_shot_note}, at {loudness:.1f} LUFS"
            reasons["true_peak_dbtp"] = f"{as_shot_note}, peaking at {peak:.1f} dBTP"
    verdict = judge(figures, brief.gate, reasons)
    notes = [timeline.change] if timeline.change else []
    qc = {
        "variant": {
            "id": variant_id, "key": variant.key, "face": variant.face, "language": variant.language,
            "campaign": brief.campaign,
        },
        "figures": [figure.record() for figure in verdict.figures],
        "curves": measured.curves,
        "verdict": verdict.record(),
        "notes": notes,
    }  # fmt: skip
    write_json(folder / "qc.json", qc)
    write_bytes(folder / "qc.html", render_report(qc, measured.pictures).encode())
    write_json(
        folder / "render.json",
        {
            "pictures_sha256": pictures_sha256,
            "pictures": total,
            "engines": {name: ENGINES[name] for name in engines_of(variant)},
            "timeline": timeline.change or "as shot",
            "voice": {"rate_factor": dub.rate_factor, "shortfall_s": dub.shortfall_s} if dub else None,
            "passed": verdict.passed,
            "failed": list(verdict.failed),
            "cost": {"wall_s": time.monotonic() - started, "cpu_s": time.process_time() - cpu},
        },
    )


def _painters(
    brief: Brief, seen: Seen, variant: Variant, dub: Dub | None, timeline: Timeline
) -> tuple[list[Painter], Any]:
    tracks = seen.perception.of_person(brief.presenter.track)
    painters: list[Painter] = []
    wanted = None
    if dub:
        targets = mouth_targets(dub.speech.phones, timeline.times_s())
        poses = [_face(seen, brief, source) for source in timeline.source]
        turned = np.stack([face.pose if face else np.zeros(3, np.float32) for face in poses])
        painters.append(lipsync.prepare_lipsync(collect_mouths(seen.master, tracks), targets, turned))
    if variant.swaps:
        likeness = _likeness(brief.talents[variant.face].references)
        wanted = likeness.embeddings
        painters.append(swap.prepare_swap(likeness, tracks))
    return painters, wanted


@lru_cache(maxsize=8)
def _likeness(references: tuple[Path, ...]) -> Likeness:
    """A talent's likeness, built once per process: every language shows the same face."""
    return build_likeness(references, FaceNetworks())


def _face(seen: Seen, brief: Brief, source: int) -> Face | None:
    return seen.perception.face_of(brief.presenter.track, source)


def _composed(
    brief: Brief,
    seen: Seen,
    timeline: Timeline,
    painters: list[Painter],
    meter: Meter,
    writer: PatchWriter,
    beside: Beside,
) -> Iterator[Frame]:
    """Paint and compose, picture by picture; measuring and storing go on beside."""
    compositor = Compositor()
    for number, source, frame in shown_frames(seen.master, timeline):
        before = frame.copy() if painters else frame
        face = _face(seen, brief, source)
        box: Box | None = None
        for painter in painters if face else ():
            assert face is not None
            patch = painter.paint(frame, face, number)
            if patch is not None:
                compositor.compose(frame, patch, painter.name)
                box, face = union(box, patch.box), patch.face
        if box is not None:
            beside.do(writer.add, number, box, frame)
        beside.do(meter.see, number, float(frame.time), before, frame, face, (box,) if box else ())
        yield frame


def _counted(frames: Iterator[Frame], report: Any) -> Iterator[Frame]:
    for done, frame in enumerate(frames, start=1):
        yield frame
        report(done)


def _write_preview(target: Path, frames: Iterator[Frame], seen: Seen, dub: Dub | None) -> None:
    """A half-size film for reviewers, marked on every picture."""
    badge = Badge("corner", text="IN REVIEW - NOT RELEASED")

    def marked() -> Iterator[Frame]:
        for frame in frames:
            shown = frame.copy()
            badge.draw(shown.planes, shown.time)
            yield shown

    master = seen.master
    with atomic_path(target) as part:
        encode(
            part,
            marked(),
            size=(master.width, master.height),
            time_base=master.time_base,
            frame_rate=master.frame_rate,
            sound=final_sound(seen, dub),
            picture=PREVIEW,
        )


def final_sound(seen: Seen, dub: Dub | None) -> Sound | None:
    """The sound that is delivered: the dub, or the master's own track, copied where it can be."""
    if dub:
        return Sound(samples=dub.speech.samples)
    if seen.master.audio_codec is None:
        return None
    if can_copy_sound(seen.master):
        return Sound(copy_from=seen.master.path)
    return Sound(samples=read_audio(seen.master.path))
