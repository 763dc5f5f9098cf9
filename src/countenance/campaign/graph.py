"""A brief as a graph of tasks, each named by what goes in, so that whatever is shared is made once.

    see the master ─┬─ screen it ───────────────┬─ cut each variant ── look, paint (sections) ── judge
    speak a language ───────────────────────────┘                                                  │
                                                     seal ── encode (sections) ── approved ─────────┘

How many sections there are is known when the master was seen and the voice has spoken: so the first tasks bring the
later ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from countenance.campaign.covers import covers_name
from countenance.campaign.estimate import seconds_of
from countenance.campaign.order import Order
from countenance.campaign.painting import Painting
from countenance.campaign.render import rendering_name
from countenance.campaign.sections import Section, master_sections, needed
from countenance.campaign.stages import key_of, perception_key, speech_key
from countenance.jobs.graph import Job, Task
from countenance.store.files import sha256_file

# Queues. What goes into the ledger or is signed is done where its keys, its checkpoint and the releases lie.
CPU, SEAL = "cpu", "seal"
_ON_RECORD = frozenset(("screen", "judge", "approved", "seal"))
VERSION = 1  # of what the kinds below mean; a task of another version waits for a worker that knows it


def job_of(order: Order) -> Job:
    """The job of an order: the same order is the same job."""
    return Job(_job_id(order), order.brief.campaign, order.brief.owner, order.request())


def release_job(order: Order, key: str, release_id: str) -> Job:
    """The job that releases one approved variant."""
    return Job(f"release-{release_id}", order.brief.campaign, order.brief.owner, {**order.request(), "variant": key})


def first_tasks(order: Order) -> Iterator[Task]:
    """What is known of an order before anything was done."""
    sha256, spec = sha256_file(order.brief.master), _spec(order)
    perceived = perception_key(sha256)
    seeing = _task("see", f"see-{perceived}", "see the master", spec, makes=[f"work/perception/{perceived}"])
    yield seeing
    screening = _task("screen", f"screen-{_job_id(order)[-24:]}", "screen the master", spec, needs=(seeing.key,))
    yield screening
    spoken: dict[str, Task] = {}
    for language in dict.fromkeys(variant.language for variant in order.plan.variants if variant.dubs):
        name = speech_key(order.brief, sha256, language)
        spoken[language] = _task(
            "speak", f"speak-{name}", f"speak {language}", {**spec, "language": language}, (seeing.key,),
            makes=[f"work/speech/{name}/dub.json"],
        )  # fmt: skip
        yield spoken[language]
    for variant in order.plan.variants:
        needs = (screening.key, *([spoken[variant.language].key] if variant.dubs else []))
        name = _named("cut", order, variant.key)
        yield _task("cut", name, f"cut {variant.key}", {**spec, "key": variant.key}, needs, order.ids[variant.key])


def painting_tasks(order: Order, painting: Painting) -> Iterator[Task]:
    """Looking, painting and judging of one variant, once its pictures and words are known."""
    task = painting.task
    seen, key = task.seen, task.variant.key
    parts, sections = master_sections(seen.master, seen.perception.shots), painting.sections
    looks: dict[tuple[int, int], str] = {}
    for part in task.variant.parts:
        for section in parts if part.engines else ():
            spec = {**_spec(order), "talent": part.seen, "track": part.track, "section": section.number}
            folder = covers_name(seen, part.track)
            name = f"{folder.replace('covers/', 'look-')}-{section.number}"
            looks[part.track, section.number] = name
            makes = [f"work/{folder}.{section.number:04d}"]
            yield _task("look", name, f"look at {part.name}{_of(section, parts)}", spec, section=section, makes=makes)
    painted = []
    for section in sections:
        shown = needed(parts, task.timeline, section)
        needs = tuple(name for (_track, number), name in looks.items() if number in shown)
        spec = {**_painting_spec(order, painting), "section": section.number}
        name = f"{painting.name.replace('paint/', 'paint-')}-{section.number}"
        painted.append(name)
        about, makes = f"paint {key}{_of(section, sections)}", [f"work/{painting.section_name(section.number)}"]
        yield _task("paint", name, about, spec, needs, task.variant_id, section, makes)
    name, makes = _named("judge", order, key, painting.name), [f"work/{rendering_name(painting)}"]
    spec = _painting_spec(order, painting)
    yield _task("judge", name, f"judge {key}", spec, tuple(painted), task.variant_id, makes=makes)


def release_tasks(order: Order, painting: Painting, release_id: str) -> Iterator[Task]:
    """Encoding and sealing of an approved variant."""
    task = painting.task
    spec, key, encoded = _painting_spec(order, painting), task.variant.key, []
    for section in painting.sections:
        name = f"encode-{release_id}-{section.number}"
        encoded.append(name)
        about = f"release {key}{_of(section, painting.sections)}"
        yield _task("encode", name, about, {**spec, "section": section.number}, (), task.variant_id, section)
    name = f"seal-{release_id}{'-patches' if order.patches else ''}"
    made = ("patches/patches.json",) if order.patches and task.engines else ("release.json",)
    makes = [f"releases/{release_id}/{file}" for file in made]
    yield _task("seal", name, f"seal {key}", spec, tuple(encoded), task.variant_id, makes=makes)


def release_start(order: Order, key: str, release_id: str) -> Task:
    """What begins the release of a variant that waited for its approval."""
    return _task("approved", f"approved-{release_id}", f"release {key}", {**_spec(order), "key": key}, (),
                 order.ids[key])  # fmt: skip


def _task(
    kind: str,
    key: str,
    about: str,
    spec: dict[str, Any],
    needs: tuple[str, ...] = (),
    variant: str = "",
    section: Section | None = None,
    makes: Sequence[str] = (),
    pictures: int = 0,
    megapixels: float = 0.9,
) -> Task:
    """`makes` are files or folders below the project's, by which it is known whether the result is still there."""
    seconds = seconds_of(kind, 1, len(section.pictures) if section else pictures, megapixels)
    return Task(
        key,
        kind,
        SEAL if kind in _ON_RECORD else CPU,
        about,
        needs,
        {**spec, "makes": list(makes)},
        variant,
        max(0.1, seconds),
        version=VERSION,
    )


def _job_id(order: Order) -> str:
    request = order.request()
    return "produce-" + key_of("job", request["digest"], request["out"], request["approve_as"], request["patches"])


def _spec(order: Order) -> dict[str, Any]:
    return {"request": order.request(), "job": _job_id(order)}


def _painting_spec(order: Order, painting: Painting) -> dict[str, Any]:
    over = [[one.first, one.last, one.start_s, one.end_s, list(one.failed)] for one in painting.over]
    return {**_spec(order), "key": painting.task.variant.key, "over": over}


def _named(kind: str, order: Order, *parts: str) -> str:
    """A key for what belongs to one order alone."""
    text = "|".join((_job_id(order), *parts))
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _of(section: Section, sections: Sequence[Section]) -> str:
    return f" {section.number + 1}/{len(sections)}" if len(sections) > 1 else ""
