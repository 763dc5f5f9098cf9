"""Painting: the pictures of a variant, section by section, through the engines, the compositor and the meters.

What is painted follows from what goes in (master, faces, mouths, words) and not from who asked, so variants of any
brief find it again. Nothing that could leave the house is written here: only painted boxes and what was measured.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countenance.campaign.brief import clip_hashes
from countenance.campaign.covers import Covers, covers_of, look
from countenance.campaign.crew import Crew, Hidden, Member, Painted
from countenance.campaign.likenesses import embeddings_of, likeness_of
from countenance.campaign.mouthfootage import mouths_of
from countenance.campaign.ownmouth import own_mouth
from countenance.campaign.plan import Part
from countenance.campaign.remembered import remembered
from countenance.campaign.sections import Section, film_sections, master_sections, needed
from countenance.campaign.stages import Progress, at_hand, key_of, perception_key
from countenance.campaign.task import HEARD_HZ, Task, shown_frames
from countenance.campaign.voiceover import Except, VoiceOver, pictures_of
from countenance.media.beside import Beside, ahead
from countenance.media.frame import Frame
from countenance.media.memory import hand_back
from countenance.perception.networks import FaceNetworks
from countenance.perception.tracks import Face, FaceTrack
from countenance.quality.lips import on_screen
from countenance.quality.measured import Measured
from countenance.quality.meter import Meter
from countenance.quality.parts import joined
from countenance.speech.visemes import mouth_targets
from countenance.store.files import atomic_path, locked, read_json, sha256_file, sweep, write_json
from countenance.store.holdings import WORK, hold
from countenance.store.results import share
from countenance.synthesis import lipsync, patchfile, swap
from countenance.synthesis.engine import Laid, Painter
from countenance.synthesis.heading import glimpses_of, kept_heading
from countenance.synthesis.mouthpath import plan_mouths
from countenance.synthesis.mouths import MouthLibrary
from countenance.synthesis.patchfile import PatchWriter, merged
from countenance.synthesis.photohead import photo_plan, prepare_photo

ENGINES: Mapping[str, dict[str, Any]] = {
    "swap": {"version": "4", **swap.SETTINGS},
    "lipsync": {"version": "4", **lipsync.SETTINGS},
}
_PAINT = "paint/1"
BOXES, _FACTS = "boxes.bin", "facts.json"  # of a section; the facts are written last
_AHEAD = 2  # pictures looked at and not yet painted: each is held twice


@dataclass(frozen=True)
class Painting:
    """One variant as it is to be painted: with the voice over the mouth as shot in the stretches of `over`."""

    task: Task
    over: tuple[VoiceOver, ...] = ()

    @property
    def name(self) -> str:
        """What the folders of its sections below `work` are named after: everything that goes in."""
        task = self.task
        parts = [[part.track, part.engines, _references(task, part)] for part in task.variant.parts]
        speech = task.dub.sound.parent.name if task.dub else None
        used = {engine: ENGINES[engine] for engine in task.engines}
        others = {name: [sha256_file(path) for path in task.brief.talents[name].references] for name in _others(task)}
        stretches = [[one.first, one.last] for one in self.over]
        given = (parts, speech, used, others, stretches, task.brief.seed if task.master.is_still else 0)
        return f"paint/{key_of(_PAINT, perception_key(task.seen.sha256), *given)}"

    @property
    def sections(self) -> tuple[Section, ...]:
        shots = self.task.seen.perception.shots
        return film_sections(master_sections(self.task.master, shots), self.task.timeline, shots)

    def section_name(self, number: int) -> str:
        """The folder below `work` of one section."""
        return f"{self.name}.{number:04d}"

    def folder(self, number: int) -> Path:
        return self.task.project.work / self.section_name(number)

    def is_painted(self, number: int) -> bool:
        """Whether a section is on this machine; it is brought here if another has painted it."""
        return at_hand(self.task.project, self.section_name(number), self.folder(number) / _FACTS)

    def boxes(self, number: int) -> Path:
        """Where the painted boxes of a section lie."""
        return self.folder(number) / BOXES

    def facts(self, number: int) -> dict[str, Any]:
        """What is known of a painted section: its digest, notes and cost."""
        return dict(read_json(self.folder(number) / _FACTS))

    def digest(self) -> str:
        """What stands for all pictures of the film."""
        digests = [self.facts(section.number)["sha256"] for section in self.sections]
        return hashlib.sha256("".join(digests).encode()).hexdigest()


def painted_boxes(painting: Painting, sections: Sequence[int]) -> Iterator[patchfile.Painted]:
    """The painted boxes of sections, in order; InputError, at the end of each, when they are not those inspected."""
    for number in sections:
        yield from patchfile.read_patches(painting.boxes(number), painting.facts(number)["sha256"])


def paint_section(painting: Painting, number: int, progress: Progress) -> None:
    """Paint one section, or find that it was done. The same inputs give the same pictures, bit for bit."""
    task = painting.task
    people = {name for one in task.variant.parts for name in (one.seen, one.shown)}
    people |= {use.talent for use in task.variant.uses}
    name, folder = painting.section_name(number), painting.folder(number)
    hold(task.project, WORK, name, people)
    with locked(task.project.work / "jobs" / f"{name.replace('/', '-')}.lock"):  # two jobs may want the same pictures
        if not painting.is_painted(number):
            folder.mkdir(parents=True, exist_ok=True)
            sweep(folder)
            _looked_at(painting, painting.sections[number], progress)
            _paint(painting, painting.sections[number], progress)
        share(task.project, name, folder, people, campaign=task.brief.campaign, owner=task.brief.owner)


def measured_people(painting: Painting) -> dict[str, Measured]:
    """What was measured of each person in all sections, by the name that the brief gives them."""
    task = painting.task
    sections = painting.sections
    # Only the presenter's lips belong to the sound.
    presenter = task.variant.presenter
    heard, own = {presenter.track: task.heard()}, {}
    if presenter.dubbed or not task.dub:
        own[presenter.track] = own_mouth(task, presenter.track)
    found = {}
    for part in _measured_parts(task):
        track = part.track
        saved = [_meter_file(painting, section.number, track) for section in sections]
        meter = joined(saved, FaceNetworks(), len(task.timeline.source), **_wishes(painting, part))
        found[part.name] = meter.finish(heard.get(track), HEARD_HZ, own.get(track))
        notes = (note for section in sections for note in painting.facts(section.number)["notes"].get(part.name, ()))
        found[part.name].notes.extend(dict.fromkeys(notes))
    return found


def cuts_of(task: Task) -> list[int]:
    """The numbers of the film's pictures with which a shot begins."""
    shots = set(task.seen.perception.shots)
    return [number for number, source in enumerate(task.timeline.source) if source in shots]


def _references(task: Task, part: Part) -> list[str]:
    """The hashes of the stills and clips that a person is painted from."""
    found = [sha256_file(path) for path in task.brief.talents[part.shown].references] if part.swapped else []
    clips = task.brief.talents[part.seen].clips if part.dubbed else ()
    return found + [sha256 for clip in clips for sha256 in clip_hashes(clip)]


def _others(task: Task) -> list[str]:
    """The talents whose faces a swapped face must not be taken for."""
    swapped = [part for part in task.variant.parts if part.swapped]
    return [name for name in task.brief.talents if any(name not in (part.seen, part.shown) for part in swapped)]


def _paint(painting: Painting, section: Section, progress: Progress) -> None:
    task, timeline = painting.task, painting.task.timeline
    started, cpu = time.monotonic(), time.process_time()
    hand_back()
    members = _members(painting)
    meters = {part.track: _meter(painting, part) for part in _measured_parts(task)}
    origin = f"{task.seen.sha256} {timeline.source} {timeline.pts} {section.first}"
    with atomic_path(painting.boxes(section.number)) as part, part.open("wb") as stream:
        writer = PatchWriter(stream, origin)
        with Beside() as beside:
            for done in _composed(painting, section, members, meters, writer, beside):
                progress(f"paint {task.variant.key}", done, len(timeline.source))
        sha256 = writer.close()
    for track, meter in meters.items():
        with atomic_path(_meter_file(painting, section.number, track)) as part:
            meter.save(part)
    write_json(
        painting.folder(section.number) / _FACTS,
        {
            "sha256": sha256,
            "pictures": [section.first, section.stop],
            "notes": {member.part.name: list(_made_mouths(member)) for member in members},
            "cost": {"wall_s": time.monotonic() - started, "cpu_s": time.process_time() - cpu},
        },
    )


def _looked_at(painting: Painting, section: Section, progress: Progress) -> None:
    """See to it that what hides the painted people is known."""
    task = painting.task
    seen = task.seen
    for number in needed(master_sections(seen.master, seen.perception.shots), task.timeline, section):
        for part in task.variant.parts:
            if part.engines:
                look(task.project, seen, part.seen, part.track, number, progress)


def _meter_file(painting: Painting, number: int, track: int) -> Path:
    return painting.folder(number) / f"meter-{track}.npz"


def _composed(
    painting: Painting,
    section: Section,
    members: Sequence[Member],
    meters: Mapping[int, Meter],
    writer: PatchWriter,
    beside: Beside,
) -> Iterator[int]:
    """Paint and compose, picture by picture; decoding goes on ahead, measuring and storing go on beside.

    Yields how many pictures of the film are painted when this one is.
    """
    task = painting.task
    crew = Crew(task.seen.perception, members)
    covers = {member.part.track: covers_of(task.project, task.seen, member.part.track) for member in members}
    run_in = max([section.first - section.run_in, *(meter.run_in(section.first) for meter in meters.values())])
    start = max(0, section.first - run_in)
    for number, source, frame, before, hidden in ahead(_looked(task, covers, start, section.stop), _AHEAD):
        painted = crew.paint(frame, before, source, number, hidden)
        counts = number >= section.first
        boxes = [laid.box for one in painted.values() for laid in one.laid if laid.strength > 0]
        for track, one in painted.items():
            whole = merged(one.laid)
            if whole is not None and counts:
                beside.do(writer.add, number, track, whole, frame)
        for track, meter in meters.items():
            face, laid = _seen(task, painted, track, source)
            if counts:
                beside.do(meter.see, number, float(frame.time), before, frame, face, laid, boxes)
            else:
                beside.do(meter.remember, number, before, frame, face, laid)
        if counts:
            yield number + 1


def _looked(
    task: Task, covers: Mapping[int, Covers], first: int, stop: int
) -> Generator[tuple[int, int, Frame, Frame, Hidden]]:
    """The pictures with a copy that stays as it is, and what stands in front of the faces."""
    for number, source, frame in shown_frames(task.master, task.timeline, first, stop):
        hidden = {track: one.at(source) for track, one in covers.items()}
        yield number, source, frame, frame.copy() if task.engines else frame, hidden


def _seen(task: Task, painted: Mapping[int, Painted], track: int, source: int) -> tuple[Face | None, Sequence[Laid]]:
    """Where a person's face is expected in a picture, and what was laid over it."""
    if track in painted:
        return painted[track].face, painted[track].laid
    return task.face(track, source), ()


def _made_mouths(member: Member) -> Iterator[str]:
    """A note on shapes of the mouth that no footage holds."""
    for painter in member.painters:
        lips = painter.painter if isinstance(painter, Except) else painter
        if isinstance(lips, lipsync.LipPainter) and lips.plan.made_share > 0:
            share = 100 * lips.plan.made_share
            yield f"{share:.1f} % of the mouth's shapes were not filmed and are made; clips of the talent would help"


def _members(painting: Painting) -> list[Member]:
    """Everybody who is painted, with the prepared engines."""
    task, left = painting.task, pictures_of(painting.over)
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
        faces = (task.face(part.track, source) for source in task.timeline.source)
        poses = np.stack([face.pose if face else np.zeros(3, np.float32) for face in faces])
        library, shown = _library(task, part), on_screen(task.timeline.times_s())
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
        painters.append(_face(task, part, tracks))
    return painters


def _library(task: Task, part: Part) -> MouthLibrary:
    """The mouths of a person: the same in every language."""
    words = task.brief.script.language, task.brief.text(task.brief.script.language)
    clips = [sha256 for clip in task.brief.talents[part.seen].clips for sha256 in clip_hashes(clip)]
    key = (task.project, task.seen.sha256, part.track, part is task.variant.presenter, words, *clips)
    return remembered("mouths", key, lambda: mouths_of(task, part))


def _face(task: Task, part: Part, tracks: Sequence[FaceTrack]) -> swap.SwapPainter:
    """The painter of a wanted face on a person: the same in every language."""

    def prepared() -> swap.SwapPainter:
        painter = swap.prepare_swap(likeness_of(task.project, task.brief, part.shown), tracks)
        return kept_heading(painter, glimpses_of(task.master, tracks), FaceNetworks())

    stills = [sha256_file(path) for path in task.brief.talents[part.shown].references]
    return remembered("face", (task.project, task.seen.sha256, part.track, part.shown, *stills), prepared)


def _measured_parts(task: Task) -> list[Part]:
    """Everybody who is painted, and always the presenter, whose lips belong to the sound."""
    return [part for part in task.variant.parts if part.engines or part is task.variant.presenter]


def _meter(painting: Painting, part: Part) -> Meter:
    return Meter(FaceNetworks(), len(painting.task.timeline.source), **_wishes(painting, part))


def _wishes(painting: Painting, part: Part) -> dict[str, Any]:
    """What a person's meter has to know."""
    task, left = painting.task, pictures_of(painting.over)
    others = [name for name in task.brief.talents if name not in (part.seen, part.shown)] if part.swapped else []
    tracks = task.seen.perception.of_person(part.track)
    return {
        "wanted": likeness_of(task.project, task.brief, part.shown).embeddings if part.swapped else None,
        "replaced": tracks[0].embedding if part.swapped else None,
        "others": {name: embeddings_of(task.brief, name) for name in others},
        "cuts": cuts_of(task),
        "dubbed": part.dubbed,
        "spoken": task.dub.speech.phones if task.dub and part.dubbed else None,
        "voice_over": left if part.dubbed else (),
    }
