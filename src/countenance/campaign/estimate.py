"""What a brief will take before anything runs: its graph, what is there already, and minutes, disk and money.

Seconds are those of the product's own measurements, by picture and megapixel; where this project has done work of the
same kind before, what that took on its machines counts instead.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from countenance.campaign.brief import Brief
from countenance.campaign.plan import Plan, Variant
from countenance.campaign.prices import Prices
from countenance.campaign.sections import SECTION_S
from countenance.campaign.stages import perception_key, speech_key
from countenance.jobs.state import TaskState, jobs_of, tasks_of
from countenance.media.probe import Master, probe
from countenance.store.files import sha256_file
from countenance.store.project import Project

PHOTO_S = 10.0  # a photo is as long as what it says: until the voice has spoken, so long
# Processor seconds a picture and megapixel, and beside that a task; measured on one core of a rented machine, 2026.
_RATES: dict[str, tuple[float, float]] = {
    "see": (0.016, 3.0), "screen": (0.004, 2.0), "speak": (0.0, 3.0), "cut": (0.0, 0.3), "look": (0.022, 1.0),
    "paint": (0.045, 4.0), "judge": (0.004, 3.0), "encode": (0.045, 1.0), "seal": (0.004, 4.0),
}  # fmt: skip
_BYTES = {"see": 6_200, "paint": 90_000, "encode": 14_000}  # a picture and megapixel; faces take the same at any size
_JOBS_LOOKED_AT = 8
_LEAST_SEEN = 3  # tasks of a kind that must have been done here before they are believed


@dataclass(frozen=True)
class Part:
    """Work of one kind: `tasks` of them over `pictures` in all, for one variant or, shared, for none."""

    kind: str
    about: str
    variant: str
    tasks: int
    pictures: int
    cached: bool
    cpu_s: float
    size_bytes: int


@dataclass(frozen=True)
class Estimate:
    """The whole: parts in the order of work, and what they come to."""

    parts: tuple[Part, ...]
    variants: int
    play_s: float  # of one variant
    prices: Prices
    reviewed: bool

    @property
    def cpu_s(self) -> float:
        """What is still to be done, in processor seconds."""
        return sum(part.cpu_s for part in self.parts if not part.cached)

    @property
    def apart_s(self) -> float:
        """What it would take if every variant were made by itself, and nothing were there already."""
        shared = sum(part.cpu_s for part in self.parts if not part.variant)
        return sum(part.cpu_s for part in self.parts if part.variant) + shared * max(1, self.variants)

    @property
    def kept_gb(self) -> float:
        return sum(part.size_bytes for part in self.parts if not part.cached) / 1e9

    @property
    def review_min(self) -> float:
        return self.variants * (self.prices.review_minutes + self.play_s / 60) if self.reviewed else 0.0

    @property
    def money(self) -> float:
        return self.prices.of(self.cpu_s, 0.0, self.kept_gb, self.review_min)

    def per(self, count: float) -> float:
        """Money for each of so many; 0 for none."""
        return self.money / count if count else 0.0

    @property
    def film_minutes(self) -> float:
        """Minutes of film that come out."""
        return self.variants * self.play_s / 60

    def wall_min(self, cores: int) -> float:
        """Minutes on so many cores, if nothing else runs on them."""
        return self.cpu_s / max(1, cores) / 60


def estimate(project: Project, brief: Brief, wanted: Plan, prices: Prices, *, reviewed: bool) -> Estimate:
    """Look at a brief, and at what of it lies there already; nothing is made."""
    master = probe(brief.master, stills=True)
    play_s = PHOTO_S if master.is_still else float(master.duration)
    parts = tuple(_parts(project, brief, wanted, master, play_s, _Rates.of(project)))
    return Estimate(parts, len(wanted.variants), play_s, prices, reviewed)


@dataclass(frozen=True)
class _Rates:
    """Processor seconds of kinds of work."""

    factors: dict[str, float]  # how much longer, or shorter, work of a kind took here than was expected of it

    @staticmethod
    def of(project: Project) -> _Rates:
        seen: dict[str, list[float]] = {}
        for one in _lately(project):
            if one.result and one.task.cost_s > 0 and float(one.result.get("cpu_s", 0)) > 0:
                seen.setdefault(one.task.kind, []).append(float(one.result["cpu_s"]) / one.task.cost_s)
        return _Rates({kind: median(found) for kind, found in seen.items() if len(found) >= _LEAST_SEEN})

    def seconds(self, kind: str, tasks: int, pictures: int, megapixels: float) -> float:
        return seconds_of(kind, tasks, pictures, megapixels) * self.factors.get(kind, 1.0)


def _lately(project: Project) -> Iterator[TaskState]:
    """What the last jobs of a project have done."""
    for job in jobs_of(project)[-_JOBS_LOOKED_AT:]:
        yield from tasks_of(project, job.id, state="done")


def seconds_of(kind: str, tasks: int, pictures: int, megapixels: float) -> float:
    """The processor seconds that are expected of work."""
    each, beside = _RATES.get(kind, (0.0, 1.0))
    return tasks * beside + pictures * each * megapixels


def _parts(
    project: Project, brief: Brief, wanted: Plan, master: Master, play_s: float, rates: _Rates
) -> Iterator[Part]:
    sha256, size = sha256_file(brief.master), master.width * master.height / 1e6
    shown = round(play_s * float(master.frame_rate))
    sections = max(1, math.ceil(play_s / SECTION_S))

    def part(kind: str, about: str, variant: str, tasks: int, pictures: int, made: Path | None) -> Part:
        pixels = size if kind != "see" else 1.0
        kept = round(_BYTES.get(kind, 0) * pictures * pixels)
        cached = made is not None and made.exists()
        return Part(kind, about, variant, tasks, pictures, cached, rates.seconds(kind, tasks, pictures, size), kept)

    seen = project.work / "perception" / perception_key(sha256)
    yield part("see", "see the master", "", 1, master.frames, seen)
    yield part("screen", "screen the master", "", 1, master.frames, None)
    for language in dict.fromkeys(one.language for one in wanted.variants if one.dubs):
        made = project.work / "speech" / speech_key(brief, sha256, language) / "dub.json"
        yield part("speak", f"speak {language}", "", 1, 0, made)
    painted = {(one.track, one.name) for variant in wanted.variants for one in variant.parts if one.engines}
    for _track, name in sorted(painted):
        yield part("look", f"look at {name}", "", sections, master.frames, None)
    for variant in wanted.variants:
        people = sum(len(one.engines) for one in variant.parts)
        yield part("paint", f"paint {variant.key}", variant.key, sections, shown * people, None)
        yield part("judge", f"judge {variant.key}", variant.key, 1, shown, None)
        yield part("encode", f"encode {variant.key}", variant.key, sections, shown, None)
        yield part("seal", f"seal {variant.key}", variant.key, 1, shown, None)


def tree(found: Estimate, wanted: Plan) -> Iterator[str]:
    """The graph in lines: what is shared, and under it what hangs on it."""
    for part in found.parts:
        if not part.variant:
            yield f"{part.about}{_note(part)}"
    for variant in wanted.variants:
        chain = [part for part in found.parts if part.variant == variant.key]
        yield f"{variant.key} ({_rests_on(variant)}): " + " > ".join(f"{part.kind}{_note(part)}" for part in chain)


def _rests_on(variant: Variant) -> str:
    counts = Counter(engine for part in variant.parts for engine in part.engines)
    names = [name if count == 1 else f"{name} x{count}" for name, count in counts.items()]
    return ", ".join([*names, *([f"voice {variant.language}"] if variant.dubs else [])]) or "as shot"


def _note(part: Part) -> str:
    if part.cached:
        return " [there]"
    return f" x{part.tasks}" if part.tasks > 1 else ""
