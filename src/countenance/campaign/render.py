"""Judging one variant: what was painted is measured and put before the gate, and shown to those who review it.

Nothing that could leave the house is written here: the figures and pictures of the quality report, and, where people
will review it, a small preview that says on its face that it is not released.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from countenance.campaign import voiceover
from countenance.campaign.audio_description import describe
from countenance.campaign.captioning import captions_of
from countenance.campaign.ownmouth import own_mouth
from countenance.campaign.ownwords import own_words
from countenance.campaign.painting import ENGINES, Painting, measured_people, paint_section, painted_boxes
from countenance.campaign.plan import Part
from countenance.campaign.sound_wish import USUAL_SOUND
from countenance.campaign.stages import Progress, at_hand, key_of
from countenance.campaign.task import Task, shown_frames
from countenance.campaign.voiceover import VoiceOver, subtitles_of
from countenance.media import mix
from countenance.media.encode import PREVIEW, encode
from countenance.media.frame import Frame
from countenance.provenance.badge import Badge
from countenance.quality.gate import Verdict, judge
from countenance.quality.measured import Measured, together
from countenance.quality.report import render_report
from countenance.store.files import atomic_path, locked, read_json, sweep, write_bytes, write_json
from countenance.store.holdings import WORK, hold
from countenance.store.results import share
from countenance.synthesis.patchfile import Painted

_RENDER = "render/3"
_INSTEAD = "instead.json"


@dataclass(frozen=True)
class Rendering:
    """Where a judged variant lies, and what is known of it (the content of render.json)."""

    folder: Path
    facts: dict[str, Any]
    painting: Painting

    @property
    def qc(self) -> dict[str, Any]:
        return dict(read_json(self.folder / "qc.json"))

    def painted(self) -> Iterator[Painted]:
        """The painted boxes of all pictures, in order; InputError when they are not those that were inspected."""
        yield from painted_boxes(self.painting, range(len(self.painting.sections)))


def render_variant(task: Task, progress: Progress, *, preview: bool) -> Rendering:
    """Paint and judge a variant, section after section, or find that it was done.

    Where made lips fail the gate it is painted once more with the voice over the mouth as shot there; shots that fail
    go first, and where that is not enough, all that is said is voice-over.
    """
    painting = Painting(task)
    while True:
        for section in painting.sections:
            paint_section(painting, section.number, progress)
        found = judged(painting, progress, preview=preview)
        if isinstance(found, Rendering):
            return found
        painting = found


def judged(painting: Painting, progress: Progress, *, preview: bool) -> Rendering | Painting:
    """The verdict on a painted variant, or find that it was given; or how it is to be painted instead."""
    task = painting.task
    folder = task.project.work / rendering_name(painting)
    people = {name for one in task.variant.parts for name in (one.seen, one.shown)}
    hold(task.project, WORK, rendering_name(painting), people | {use.talent for use in task.variant.uses})
    with locked(task.project.work / "jobs" / f"render-{folder.name}.lock"):
        done = folder / "render.json"
        if not at_hand(task.project, rendering_name(painting), done):
            sweep(folder)
            for section in painting.sections:  # found, or brought from where they were painted
                paint_section(painting, section.number, progress)
            over = _known_over(folder) or _judge(painting, folder)
            if over:
                return Painting(task, over)
        if preview and not (folder / "preview.mp4").is_file():
            _write_preview(painting, folder / "preview.mp4", progress)
        share(task.project, rendering_name(painting), folder, campaign=task.brief.campaign, owner=task.brief.owner)
    return Rendering(folder, read_json(done), painting)


def rendering_name(painting: Painting) -> str:
    """The folder below `work` of what is known of one variant."""
    task = painting.task
    sound = [task.brief.sound.to_json()] if task.dub and task.brief.sound != USUAL_SOUND else []
    given = (painting.name, task.variant_id, task.brief.gate, *_heard_notes(task), *sound)
    return f"render/{key_of(_RENDER, *given)}"


def _heard_notes(task: Task) -> tuple[str, ...]:
    """What a dub's voice could not do, or where the master's own voice says something else than its script."""
    return task.dub.speech.notes if task.dub else own_words(task.project, task.brief, task.seen).notes


def _sound_notes(task: Task) -> tuple[str, ...]:
    """What of the master's sound a dub could not keep."""
    left_out = task.soundtrack.facts.get("left_out") if task.soundtrack else None
    return (left_out,) if left_out else ()


def _known_over(folder: Path) -> tuple[VoiceOver, ...]:
    """What was found to be voice-over in what was painted first."""
    found = folder / _INSTEAD
    return (
        tuple(VoiceOver(**{**one, "failed": tuple(one["failed"])}) for one in read_json(found))
        if found.is_file()
        else ()
    )


def _description_notes(task: Task) -> tuple[str, ...]:
    """Which lines of an audio description do not fit."""
    made = describe(task)
    return made.notes if made else ()


def _judge(painting: Painting, folder: Path) -> tuple[VoiceOver, ...]:
    """Write the report and the facts of a variant; or say, and write down, where its made lips failed."""
    started, cpu = time.monotonic(), time.process_time()
    task, over = painting.task, painting.over
    people = measured_people(painting)
    measured = together(people)
    verdict = _verdict(task, measured)
    presenter = task.variant.presenter
    if presenter.dubbed and not voiceover.is_all(over, task):
        own = own_mouth(task, presenter.track)
        wrong = voiceover.failing(task, people[presenter.name], verdict.failed, own, task.brief.gate)
        if wrong:
            instead = voiceover.everywhere(task, verdict.failed) if over else wrong
            write_json(folder / _INSTEAD, [asdict(one) for one in instead])
            return instead
    change = task.timeline.change
    notes = [*voiceover.notes(task, over), *_description_notes(task)]
    unused = ("lipsync",) if voiceover.is_all(over, task) else ()
    sections = [painting.facts(section.number) for section in painting.sections]
    qc = {
        "variant": {
            "id": task.variant_id, "key": task.variant.key, "face": task.variant.face,
            "language": task.variant.language, "campaign": task.brief.campaign,
        },
        "figures": [figure.record() for figure in verdict.figures],
        "people": [_person(task, part, people[part.name]) for part in task.variant.parts if part.name in people],
        "curves": measured.curves,
        "strips": measured.strips,
        "mouth": measured.mouth,
        "verdict": verdict.record(),
        "notes": [
            *([change] if change else []), *_sound_notes(task), *notes, *_heard_notes(task),
            *captions_of(task).notes, *measured.notes,
        ],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "qc.json", qc)
    write_bytes(folder / "qc.html", render_report(qc, measured.pictures).encode())
    dub = task.dub
    write_json(
        folder / "render.json",
        {
            "pictures_sha256": painting.digest(),
            "pictures": len(task.timeline.source),
            "painting": painting.name,
            "engines": {name: ENGINES[name] for name in task.engines if name not in unused},
            "voice_over": [one.record() for one in over],
            "timeline": change or "as shot",
            "voice": {"rate_factor": dub.rate_factor, "shortfall_s": dub.shortfall_s} if dub else None,
            "sound": task.soundtrack.facts if task.soundtrack else None,
            "warnings": [*notes, *_heard_notes(task)],
            "passed": verdict.passed,
            "failed": list(verdict.failed),
            "cost": {
                "wall_s": sum(one["cost"]["wall_s"] for one in sections) + time.monotonic() - started,
                "cpu_s": sum(one["cost"]["cpu_s"] for one in sections) + time.process_time() - cpu,
            },
        },
    )
    return ()


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


def with_paint(painted: Iterator[Painted], frames: Iterator[tuple[int, int, Frame]]) -> Iterator[Frame]:
    """The film's pictures, all or those of a section, with what was painted in them."""
    patch = next(painted, None)
    for number, _source, frame in frames:
        while patch is not None and patch.number == number:
            frame.put(patch.box, patch.planes)
            patch = next(painted, None)
        yield frame
    next(painted, None)  # reads to the sealed end, where what was read is checked


def _write_preview(painting: Painting, target: Path, progress: Progress) -> None:
    """A half-size film for reviewers, marked on every picture."""
    task, badge = painting.task, Badge("corner", text="IN REVIEW - NOT RELEASED")
    subtitles, total = subtitles_of(task, painting.over), len(task.timeline.source)
    painted = painted_boxes(painting, range(len(painting.sections)))

    def marked() -> Iterator[Frame]:
        pictures = with_paint(painted, shown_frames(task.master, task.timeline))
        for number, shown in enumerate(pictures, start=1):
            subtitles.draw(shown.planes, shown.time)
            badge.draw(shown.planes, shown.time)
            yield shown
            progress(f"preview {task.variant.key}", number, total)

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


def _verdict(task: Task, measured: Measured) -> Verdict:
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
