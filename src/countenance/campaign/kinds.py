"""What workers can do for a campaign: the functions behind the tasks of `campaign.graph`.

Each finds what was done before by its content and does only what is missing, itself included; so any of them may be
cut off, repeated, or run where the work of others has been cleared away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from countenance.campaign.costs import noted
from countenance.campaign.covers import look
from countenance.campaign.errand_kinds import ERRANDS
from countenance.campaign.graph import painting_tasks, release_tasks
from countenance.campaign.order import Order, order_of
from countenance.campaign.painting import Painting, paint_section
from countenance.campaign.permission import require_known_people
from countenance.campaign.release import encode_section, release_variant
from countenance.campaign.render import Rendering, judged
from countenance.campaign.screen import screen_brief, screen_master, screen_rendering, screen_scenes
from countenance.campaign.stages import Progress
from countenance.campaign.task import Task as Making
from countenance.campaign.variants import approve, find_variant, mark_rendered
from countenance.campaign.voiceover import VoiceOver
from countenance.campaign.webhooks import notify
from countenance.jobs.graph import Task
from countenance.jobs.kinds import Kind, Outcome, Report
from countenance.store.buried import heed
from countenance.store.project import Project


def _see(order: Order, _task: Task, progress: Progress) -> Outcome:
    order.see(progress)
    return Outcome()


def _screen(order: Order, _task: Task, progress: Progress) -> Outcome:
    seen = order.see(progress)
    require_known_people(order.project, order.brief, seen)
    screen_master(order.project, order.brief, seen)
    screen_scenes(order.project, order.brief, seen)
    return Outcome()


def _speak(order: Order, task: Task, progress: Progress) -> Outcome:
    key = next(one.key for one in order.plan.variants if one.language == task.spec["language"] and one.dubs)
    order.watch(key)
    order.task(key, progress)
    return Outcome()


def _cut(order: Order, task: Task, progress: Progress) -> Outcome:
    order.watch(task.spec["key"])
    making = order.task(task.spec["key"], progress)
    return Outcome(more=tuple(painting_tasks(order, Painting(making))))


def _look(order: Order, task: Task, progress: Progress) -> Outcome:
    spec = task.spec
    look(order.project, order.see(progress), spec["talent"], spec["track"], spec["section"], progress)
    return Outcome()


def _paint(order: Order, task: Task, progress: Progress) -> Outcome:
    watched = order.watch(task.spec["key"]).over(progress)
    paint_section(_painting(order, task, watched), task.spec["section"], watched)
    return Outcome()


def _judge(order: Order, task: Task, progress: Progress) -> Outcome:
    watched = order.watch(task.spec["key"]).over(progress)
    found = judged(_painting(order, task, watched), watched, preview=order.reviewed)
    if isinstance(found, Painting):  # its lips failed: once more, with the voice over the mouth as shot
        return Outcome(more=tuple(painting_tasks(order, found)))
    making = found.painting.task
    screen_rendering(making, found)
    request = {**order.request(), "root": str(order.project.root)}
    facts = {**found.facts, "folder": str(found.folder), "request": request}
    mark_rendered(order.project, making.variant_id, facts, order.brief.owner)
    if order.reviewed:
        once = f"{making.variant_id}-{found.facts['pictures_sha256']}"
        notify(order.project, "variant.in_review", {"variant": making.variant_id}, once=once)
    if not _is_due(order, making, passed=bool(found.facts["passed"])):
        return Outcome()
    return Outcome(more=_releasing(order, found))


def _approved(order: Order, task: Task, progress: Progress) -> Outcome:
    making = order.task(task.spec["key"], progress)
    return Outcome(more=_releasing(order, order.rendering(making, progress)))


def _encode(order: Order, task: Task, progress: Progress) -> Outcome:
    making, rendering = _rendering(order, task, progress)
    row = find_variant(order.project, making.variant_id)
    if row.state == "approved":
        encode_section(making, row, rendering, task.spec["section"], progress)
    return Outcome()


def _seal(order: Order, task: Task, progress: Progress) -> Outcome:
    making, rendering = _rendering(order, task, progress)
    seen = making.seen
    screen_brief(order.project, order.brief)  # the block list or the policy may be others by now
    screen_master(order.project, order.brief, seen)
    screen_rendering(making, rendering)
    row = find_variant(order.project, making.variant_id)
    release_variant(making, row, rendering, order.out / row.id, progress, patches=order.patches)
    release_id = row.review["release_id"]
    notify(order.project, "variant.released", {"variant": row.id, "release": release_id}, once=release_id)
    return Outcome()


def _is_due(order: Order, making: Making, *, passed: bool) -> bool:
    """Whether a variant is to be released now: approved in one go, or released before and its patches are wanted."""
    row = find_variant(order.project, making.variant_id)
    if row.state == "released":
        return order.approve_as is not None or order.patches
    if order.approve_as is None or not passed or row.state in ("rejected", "withdrawn"):  # that stands
        return False
    approve(order.project, row.id, order.approve_as, in_one_go=True)
    return True


def _releasing(order: Order, rendering: Rendering) -> tuple[Task, ...]:
    row = find_variant(order.project, rendering.painting.task.variant_id)
    return tuple(release_tasks(order, rendering.painting, row.review["release_id"]))


def _painting(order: Order, task: Task, progress: Progress) -> Painting:
    over = tuple(VoiceOver(one[0], one[1], one[2], one[3], tuple(one[4])) for one in task.spec["over"])
    return Painting(order.task(task.spec["key"], progress), over)


def _rendering(order: Order, task: Task, progress: Progress) -> tuple[Making, Rendering]:
    painting = _painting(order, task, progress)
    for section in painting.sections:
        paint_section(painting, section.number, progress)  # found, unless it was cleared away meanwhile
    found = judged(painting, progress, preview=order.reviewed)
    rendering = found if isinstance(found, Rendering) else order.rendering(painting.task, progress)
    return painting.task, rendering


@dataclass(frozen=True)
class _Kind:
    """A part of the work as what a worker calls; a value, so that helper processes can be given it."""

    part: Callable[[Order, Task, Progress], Outcome]

    def __call__(self, project: Project, task: Task, report: Report) -> Outcome:
        heed(project)  # what was erased elsewhere goes here too, before anything new is made
        order = order_of(project, task.spec["request"], task.spec["job"])
        wall, cpu = time.monotonic(), time.process_time()
        outcome = self.part(order, task, lambda _stage, done, of: report(done, of))
        took = noted(time.process_time() - cpu, time.monotonic() - wall)
        return replace(outcome, result={**outcome.result, **took})


KINDS: Mapping[str, Kind] = {
    "see": _Kind(_see),
    "screen": _Kind(_screen),
    "speak": _Kind(_speak),
    "cut": _Kind(_cut),
    "look": _Kind(_look),
    "paint": _Kind(_paint),
    "judge": _Kind(_judge),
    "approved": _Kind(_approved),
    "encode": _Kind(_encode),
    "seal": _Kind(_seal),
    **ERRANDS,
}
