"""Painting one variant: every picture once through the engines, the compositor and the meter.

Nothing that could leave the house is written here: only the painted boxes, the figures and pictures of the
quality report, and, where people will review it, a small preview that says on its face that it is not released.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countenance.campaign import voiceover
from countenance.campaign.brief import clip_hashes
from countenance.campaign.crew import Crew, Hidden, Member, Painted
from countenance.campaign.likenesses import embeddings_of, likeness_of
from countenance.campaign.mouthfootage import mouths_of
from countenance.campaign.ownmouth import own_mouth
from countenance.campaign.ownwords import own_words
from countenance.campaign.plan import Part
from countenance.campaign.sound_wish import USUAL_SOUND
from countenance.campaign.stages import Progress, key_of
from countenance.campaign.task import HEARD_HZ, Task, shown_frames
from countenance.campaign.voiceover import Except, VoiceOver, subtitles_of
from countenance.delivery.subtitles import Subtitles
from countenance.media import mix
from countenance.media.beside import Beside, ahead
from countenance.media.encode import PREVIEW, encode
from countenance.media.frame import Frame
from countenance.media.memory import hand_back
from countenance.perception.networks import FaceNetworks
from countenance.perception.tracks import Face
from countenance.provenance.badge import Badge
from countenance.quality.gate import Verdict, judge
from countenance.quality.lips import on_screen
from countenance.quality.measured import Measured, together
from countenance.quality.meter import Meter
from countenance.quality.report import render_report
from countenance.speech.visemes import mouth_targets
from countenance.store.files import atomic_path, locked, read_json, sha256_file, sweep, write_bytes, write_json
from countenance.store.holdings import WORK, hold
from countenance.synthesis import lipsync, swap
from countenance.synthesis.engine import Laid, Painter
from countenance.synthesis.heading import glimpses_of, kept_heading
from countenance.synthesis.mouthpath import plan_mouths
from countenance.synthesis.patchfile import PatchWriter, merged
from countenance.synthesis.photohead import photo_plan, prepare_photo

ENGINES: Mapping[str, dict[str, Any]] = {
    "swap": {"version": "3", **swap.SETTINGS},
    "lipsync": {"version": "3", **lipsync.SETTINGS},
}
_RENDER = "render/2"
_AHEAD = 2  # pictures looked at and not yet painted: each is held twice


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
    parts = [[part.track, part.engines, _references(task, part)] for part in task.variant.parts]
    speech = task.dub.sound.parent.name if task.dub else None
    used = {name: ENGINES[name] for name in task.engines}
    sound = [task.brief.sound.to_json()] if task.dub and task.brief.sound != USUAL_SOUND else []
    given = (parts, speech, used, task.brief.gate, *_heard_notes(task), *sound)
    key = key_of(_RENDER, task.variant_id, task.seen.sha256, *given)
    folder = task.project.work / "render" / key
    people = {name for one in task.variant.parts for name in (one.seen, one.shown)}
    hold(task.project, WORK, f"render/{key}", people | {use.talent for use in task.variant.uses})
    done = folder / "render.json"
    with locked(task.project.work / "jobs" / f"render-{key}.lock"):  # two jobs may want the same variant
        if not done.is_file():
            sweep(folder)
            _render(task, folder, progress, preview)
    return Rendering(folder, read_json(done))


def _heard_notes(task: Task) -> tuple[str, ...]:
    """What a dub's voice could not do, or where the master's own voice says something else than its script."""
    return task.dub.speech.notes if task.dub else own_words(task.project, task.brief, task.seen).notes


def _sound_notes(task: Task) -> tuple[str, ...]:
    """What of the master's sound a dub could not keep."""
    left_out = task.soundtrack.facts.get("left_out") if task.soundtrack else None
    return (left_out,) if left_out else ()


def _references(task: Task, part: Part) -> list[str]:
    """The hashes of the stills and clips that a person is painted from."""
    found = [sha256_file(path) for path in task.brief.talents[part.shown].references] if part.swapped else []
    clips = task.brief.talents[part.seen].clips if part.dubbed else ()
    return found + [sha256 for clip in clips for sha256 in clip_hashes(clip)]


def _render(task: Task, folder: Path, progress: Progress, preview: bool) -> None:
    started, cpu = time.monotonic(), time.process_time()
    folder.mkdir(parents=True, exist_ok=True)
    pictures_sha256, measured, people, verdict, over = _painted(task, folder, progress, preview)
    change = task.timeline.change
    notes = voiceover.notes(task, over)
    unused = ("lipsync",) if voiceover.is_all(over, task) else ()
    qc = {
        "variant": {
            "id": task.variant_id, "key": task.variant.key, "face": task.variant.face,
            "language": task.variant.language, "campaign": task.brief.campaign,
        },
        "figures": [figure.record() for figure in verdict.figures],
        "people": [_person(task, part, people[part.name]) for part in _measured_parts(task)],
        "curves": measured.curves,
        "strips": measured.strips,
        "mouth": measured.mouth,
        "verdict": verdict.record(),
        "notes": [*([change] if change else []), *_sound_notes(task), *notes, *_heard_notes(task), *measured.notes],
    }  # fmt: skip
    write_json(folder / "qc.json", qc)
    write_bytes(folder / "qc.html", render_report(qc, measured.pictures).encode())
    dub = task.dub
    write_json(
        folder / "render.json",
        {
            "pictures_sha256": pictures_sha256,
            "pictures": len(task.timeline.source),
            "engines": {name: ENGINES[name] for name in task.engines if name not in unused},
            "voice_over": [one.record() for one in over],
            "timeline": change or "as shot",
            "voice": {"rate_factor": dub.rate_factor, "shortfall_s": dub.shortfall_s} if dub else None,
            "sound": task.soundtrack.facts if task.soundtrack else None,
            "warnings": [*notes, *_heard_notes(task)],
            "passed": verdict.passed,
            "failed": list(verdict.failed),
            "cost": {"wall_s": time.monotonic() - started, "cpu_s": time.process_time() - cpu},
        },
    )


def _painted(
    task: Task, folder: Path, progress: Progress, preview: bool
) -> tuple[str, Measured, dict[str, Measured], Verdict, tuple[VoiceOver, ...]]:
    """Paint, measure and judge; where made lips fail the gate, once more with the voice over the mouth as shot there.

    Shots that fail go first; where that is not enough, all that is said is voice-over.
    """
    over: tuple[VoiceOver, ...] = ()
    while True:
        pictures_sha256, people = _paint(task, folder, progress, preview, over)
        measured = together(people)
        verdict = _judged(task, measured)
        presenter = task.variant.presenter
        if not presenter.dubbed or voiceover.is_all(over, task):
            break
        own = own_mouth(task, presenter.track)
        wrong = voiceover.failing(task, people[presenter.name], verdict.failed, own, task.brief.gate)
        if not wrong:
            break
        over = voiceover.everywhere(task, verdict.failed) if over else wrong
    return pictures_sha256, measured, people, verdict, over


def _person(task: Task, part: Part, measured: Measured) -> dict[str, Any]:
    """One person's own figures, for the record."""
    figures = judge(measured.figures, task.brief.gate, measured.reasons).figures
    return {
        "face": part.name,
        "talent": part.shown,
        "engines": list(part.engines),
        "figures": [figure.record() for figure in figures],
        "fades": _fades(measured) if part.engines else [],
    }


def _fades(measured: Measured) -> list[dict[str, Any]]:
    """The stretches of time in which a person was painted faintly or not at all, and why."""
    stretches = (stretch for strip in measured.strips for stretch in strip["stretches"])
    return [stretch for stretch in stretches if stretch["state"] in ("faded", "untouched")]


def _paint(
    task: Task, folder: Path, progress: Progress, preview: bool, over: Sequence[VoiceOver]
) -> tuple[str, dict[str, Measured]]:
    """Write the painted boxes; returns the pictures' digest and what was measured of each person on the way."""
    timeline, total = task.timeline, len(task.timeline.source)
    left = voiceover.pictures_of(over)
    hand_back()
    members = _members(task, left)
    crew = Crew(task.seen.perception, members)
    meters = _meters(task, left)
    with atomic_path(folder / "patches.bin") as part, part.open("wb") as stream:
        writer = PatchWriter(stream, f"{task.seen.sha256} {timeline.source} {timeline.pts}")
        with Beside() as beside:
            frames = _composed(task, crew, meters, writer, beside)
            counted = _counted(frames, lambda done: progress(f"paint {task.variant.key}", done, total))
            if preview:
                _write_preview(task, folder / "preview.mp4", counted, subtitles_of(task, over))
            else:
                deque(counted, maxlen=0)
        pictures_sha256 = writer.close()
    # Only the presenter's lips belong to the sound.
    presenter = task.variant.presenter
    heard, own = {presenter.track: task.heard()}, {}
    if presenter.dubbed or not task.dub:
        own[presenter.track] = own_mouth(task, presenter.track)
    people = {
        part.name: meters[part.track].finish(heard.get(part.track), HEARD_HZ, own.get(part.track))
        for part in _measured_parts(task)
    }
    for member in members:
        people[member.part.name].notes.extend(_made_mouths(member))
    return pictures_sha256, people


def _made_mouths(member: Member) -> Iterator[str]:
    """A note on shapes of the mouth that no footage holds."""
    for painter in member.painters:
        lips = painter.painter if isinstance(painter, Except) else painter
        if isinstance(lips, lipsync.LipPainter) and lips.plan.made_share > 0:
            share = 100 * lips.plan.made_share
            yield f"{share:.1f} % of the mouth's shapes were not filmed and are made; clips of the talent would help"


def _members(task: Task, left: frozenset[int]) -> list[Member]:
    """Everybody who is painted, with the prepared engines."""
    return [
        Member(part, task.seen.perception.of_person(part.track), _painters(task, part, left))
        for part in task.variant.parts
        if part.engines
    ]


def _painters(task: Task, part: Part, left: frozenset[int]) -> list[Painter]:
    """`left` are the pictures whose mouths stay as shot."""
    tracks = task.seen.perception.of_person(part.track)
    painters: list[Painter] = []
    if part.dubbed:
        assert task.dub is not None
        faces = [task.face(part.track, source) for source in task.timeline.source]
        poses = np.stack([face.pose if face else np.zeros(3, np.float32) for face in faces])
        library, shown = mouths_of(task, part), on_screen(task.timeline.times_s())
        middles_s = (shown[0] + shown[1]) / 2
        phones = task.dub.speech.phones
        if task.master.is_still:
            painters.append(prepare_photo(task.timeline.times_s(), task.brief.seed))
        if task.master.is_still and not task.brief.talents[part.seen].clips:
            plan = photo_plan(library, mouth_targets(phones, middles_s))
        else:
            plan = plan_mouths(library, phones, middles_s, poses, task.timeline.source)
        painters.append(Except(lipsync.prepare_lipsync(library, plan), left))
    if part.swapped:
        painter = swap.prepare_swap(likeness_of(task.project, task.brief, part.shown), tracks)
        painters.append(kept_heading(painter, glimpses_of(task.master, tracks), FaceNetworks()))
    return painters


def _measured_parts(task: Task) -> list[Part]:
    """Everybody who is painted, and always the presenter, whose lips belong to the sound."""
    return [part for part in task.variant.parts if part.engines or part is task.variant.presenter]


def _meters(task: Task, left: frozenset[int]) -> dict[int, Meter]:
    """A meter for each measured person, by track."""
    networks, shots = FaceNetworks(), set(task.seen.perception.shots)
    cuts = [number for number, source in enumerate(task.timeline.source) if source in shots]
    meters = {}
    for part in _measured_parts(task):
        others = [name for name in task.brief.talents if name not in (part.seen, part.shown)] if part.swapped else []
        tracks = task.seen.perception.of_person(part.track)
        meters[part.track] = Meter(
            networks,
            len(task.timeline.source),
            wanted=likeness_of(task.project, task.brief, part.shown).embeddings if part.swapped else None,
            replaced=tracks[0].embedding if part.swapped else None,
            others={name: embeddings_of(task.brief, name) for name in others},
            cuts=cuts,
            dubbed=part.dubbed,
            spoken=task.dub.speech.phones if task.dub and part.dubbed else None,
            voice_over=left if part.dubbed else (),
        )
    return meters


def _composed(
    task: Task, crew: Crew, meters: Mapping[int, Meter], writer: PatchWriter, beside: Beside
) -> Iterator[Frame]:
    """Paint and compose, picture by picture; looking goes on ahead, measuring and storing go on beside."""
    for number, source, frame, before, hidden in ahead(_looked(task, crew), _AHEAD):
        painted = crew.paint(frame, before, source, number, hidden)
        boxes = [laid.box for one in painted.values() for laid in one.laid if laid.strength > 0]
        for track, one in painted.items():
            whole = merged(one.laid)
            if whole is not None:
                beside.do(writer.add, number, track, whole, frame)
        for track, meter in meters.items():
            face, laid = _seen(task, painted, track, source)
            beside.do(meter.see, number, float(frame.time), before, frame, face, laid, boxes)
        yield frame


def _looked(task: Task, crew: Crew) -> Generator[tuple[int, int, Frame, Frame, Hidden]]:
    """The pictures with a copy that stays as it is, and what stands in front of the faces."""
    for number, source, frame in shown_frames(task.master, task.timeline):
        yield number, source, frame, frame.copy() if task.engines else frame, crew.look(frame, source)


def _seen(task: Task, painted: Mapping[int, Painted], track: int, source: int) -> tuple[Face | None, Sequence[Laid]]:
    """Where a person's face is expected in a picture, and what was laid over it."""
    if track in painted:
        return painted[track].face, painted[track].laid
    return task.face(track, source), ()


def _counted(frames: Iterator[Frame], report: Any) -> Iterator[Frame]:
    for done, frame in enumerate(frames, start=1):
        yield frame
        report(done)


def _write_preview(task: Task, target: Path, frames: Iterator[Frame], subtitles: Subtitles) -> None:
    """A half-size film for reviewers, marked on every picture."""
    badge = Badge("corner", text="IN REVIEW - NOT RELEASED")

    def marked() -> Iterator[Frame]:
        for frame in frames:
            shown = frame.copy()
            subtitles.draw(shown.planes, shown.time)
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
    sound = task.loudness()
    if sound is not None:
        loudness, peak = sound.lufs, sound.peak_dbtp
        figures["loudness_lufs"], figures["true_peak_dbtp"] = (loudness, peak) if task.dub else (None, None)
        if not task.dub:
            kept = "the master's own sound is kept as shot"
            reasons["loudness_lufs"] = f"{kept}, at {loudness:.1f} LUFS"
            reasons["true_peak_dbtp"] = f"{kept}, peaking at {peak:.1f} dBTP"
    profiles = mix.profiles()
    louder_lu = profiles[task.brief.sound.profile].lufs - profiles[USUAL_SOUND.profile].lufs
    return judge(figures, task.brief.gate, reasons, {"loudness_lufs": louder_lu})
