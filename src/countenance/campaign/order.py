"""A job's inputs as every task of it needs them, read once per process; stages are looked up where they were done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.bundle import unbundled
from countenance.campaign.painting import Painting
from countenance.campaign.permission import Watch
from countenance.campaign.plan import Plan, plan
from countenance.campaign.remembered import remembered
from countenance.campaign.render import Rendering, judged
from countenance.campaign.stages import Progress, Seen, see, speak_dub
from countenance.campaign.task import Task
from countenance.campaign.variants import ensure_variants
from countenance.errors import InputError
from countenance.jobs.state import job_state
from countenance.store.project import Project


@dataclass(frozen=True)
class Order:
    """What was ordered: a brief, and what becomes of its variants.

    `approve_as` names who approves what passes, without a look; None: people will look, so they get a preview.
    `patches`: what is released comes with what was painted.
    """

    project: Project
    brief: Brief
    digest: str
    plan: Plan
    approve_as: str | None
    patches: bool
    out: Path

    @property
    def reviewed(self) -> bool:
        return self.approve_as is None

    def request(self) -> dict[str, Any]:
        """The same as JSON, for the job, its tasks and the variants' records."""
        return {
            "brief": str(self.brief.path), "digest": self.digest, "out": str(self.out),
            "approve_as": self.approve_as, "patches": self.patches,
        }  # fmt: skip

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """The variants' ids by their keys."""
        return ensure_variants(self.project, self.brief, self.plan)

    def watch(self, key: str) -> Watch:
        """Asks now, and then while a stage works on a variant, whether it is still allowed."""
        watch = Watch(self.project, self.brief, self.plan.variant(key).uses, [key])
        watch.require()
        return watch

    def see(self, progress: Progress) -> Seen:
        """What is seen in the master; a variant of its own must not fail for another's lack of rights."""
        watch = Watch(self.project, self.brief, self.plan.uses, [variant.key for variant in self.plan.variants])
        return remembered(
            "seen", (self.project, self.digest), lambda: see(self.project, self.brief, watch.over(progress))
        )

    def task(self, key: str, progress: Progress) -> Task:
        variant, seen = self.plan.variant(key), self.see(progress)
        dub = speak_dub(self.project, self.brief, seen, variant.language) if variant.dubs else None
        return Task(self.project, self.brief, seen, variant, self.ids[key], dub)

    def rendering(self, task: Task, progress: Progress) -> Rendering:
        """A variant as it was judged; judged now where nothing but the verdict is missing."""
        found: Rendering | Painting = Painting(task)
        while isinstance(found, Painting):
            found = judged(found, progress, preview=self.reviewed)
        return found

    def __hash__(self) -> int:
        return hash((self.project.root, self.digest))


def order_of(project: Project, request: Mapping[str, Any], job: str = "") -> Order:
    """The order of a recorded request, of a job where its files may have to be brought to this machine.

    Raises InputError when the brief, or a file that it names, is another now.
    """
    path = Path(request["brief"])
    if job and not path.is_file() and (bundle := _bundle(project, job)):
        path = unbundled(project, bundle)
    return _order(
        project,
        str(path),
        request["digest"],
        request["out"],
        request["approve_as"],
        bool(request.get("patches")),  # requests of older versions do not say
        datetime.now(UTC).date(),
    )


@lru_cache(maxsize=16)
def _bundle(project: Project, job: str) -> dict[str, Any]:
    return dict(job_state(project, job).request.get("bundle", {}))


@lru_cache(maxsize=4)
def _order(
    project: Project, brief_path: str, digest: str, out: str, approve_as: str | None, patches: bool, today: date
) -> Order:
    brief = load_brief(Path(brief_path))
    if brief.digest() != digest:
        raise InputError(f"{brief.path} or a file that it names has changed since; run `countenance produce` again.")
    return Order(project, brief, digest, plan(brief, today), approve_as, patches, Path(out))
