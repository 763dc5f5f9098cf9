"""The job: one brief through all rooms, durable at every step.

A job is a DBOS workflow on the project's own SQLite file. Its id follows from the brief's content, so that a killed
`produce` that is started again goes on where it was; what is finished is found, not made again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from dbos import DBOS, SetWorkflowID

from countenance.campaign.brief import UNTOUCHED, Brief, load_brief
from countenance.campaign.patches import FOLDER, MANIFEST
from countenance.campaign.permission import Watch, require_known_people, require_rights
from countenance.campaign.plan import Plan, plan
from countenance.campaign.release import release_variant
from countenance.campaign.render import Rendering, render_variant
from countenance.campaign.screen import screen_brief, screen_master, screen_rendering, screen_scenes
from countenance.campaign.stages import Progress, Seen, key_of, see, speak_dub
from countenance.campaign.task import Task
from countenance.campaign.texts import require_texts
from countenance.campaign.variants import (
    VariantRow,
    approve,
    ensure_variants,
    find_variant,
    mark_rendered,
    variant_rows,
)
from countenance.delivery.campaign_page import Showing, write_campaign_page
from countenance.errors import CountenanceError, InputError
from countenance.ledger.log import append, commitment
from countenance.provenance.disclosure import record_from_json, sentence
from countenance.store.files import locked, read_json
from countenance.store.project import Project

_FINISHED, _UNDER_WAY = ("SUCCESS",), ("PENDING", "ENQUEUED")  # a resumed workflow is queued for a moment
_reporter: list[Progress] = [lambda _stage, _done, _of: None]


@dataclass(frozen=True)
class Outcome:
    """What became of a job: its variants as recorded now, and the folder of the packages."""

    out: Path
    variants: tuple[VariantRow, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What somebody should look at although it stops nothing, one sentence each."""
        return tuple(dict.fromkeys(note for row in self.variants for note in row.render.get("warnings") or ()))

    @property
    def exit_status(self) -> int:
        """0 all decided, 1 a gate failed, 4 something waits for review."""
        if any(row.state == "in_review" and not row.render.get("passed") for row in self.variants):
            return 1
        return 0 if all(row.state in ("released", "rejected", "withdrawn") for row in self.variants) else 4


def produce(
    project: Project,
    brief_path: Path,
    out: Path,
    *,
    approve_as: str | None = None,
    patches: bool = False,
    progress: Progress | None = None,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> Outcome:
    """Carry a brief through to packages (with `approve_as`) or to review. Raises the errors of every stage.

    `warn` is told before anything is made what somebody should look at in the texts, one sentence each.

    With `patches` whatever is released, now or later, comes with what was painted, picture by picture.
    """
    brief = load_brief(brief_path)
    wanted = plan(brief)
    require_rights(project, brief, wanted)
    screen_brief(project, brief)
    require_texts(project, brief, warn)
    request: dict[str, Any] = {
        "root": str(project.root), "brief": str(brief.path), "digest": brief.digest(),
        "out": str(out.resolve()), "approve_as": approve_as, "patches": patches,
    }  # fmt: skip
    job = key_of("job", request["digest"], request["out"], approve_as, patches)
    with locked(project.work / "jobs" / f"{job}.lock"), _reporting(progress), _durable(project, job):
        _finish(job, request)
    return Outcome(out, tuple(variant_rows(project, request["digest"])))


def release_approved(project: Project, variant_id: str, progress: Progress | None = None) -> Path:
    """Release one variant that a person has approved, as a durable job of its own.

    Raises CountenanceError when nobody approved, RightsError when a grant has ended or was withdrawn since.
    """
    row = find_variant(project, variant_id)
    if "release_id" not in row.review:
        raise CountenanceError(
            f"variant {row.id} ({row.key}) is {row.state.replace('_', ' ')}; only an approved variant is released."
        )
    request = {**row.render["request"], "root": str(project.root)}
    job = key_of("release", row.review["release_id"])
    with locked(project.work / "jobs" / f"{job}.lock"), _reporting(progress), _durable(project, job):
        _finish(job, request, key=row.key)
    return Path(request["out"]) / row.id


def _finish(job: str, request: dict[str, Any], key: str | None = None) -> None:
    """Run the job's workflow to its end: attach to one that was cut off, or start the next attempt."""
    attempt = 0
    while (status := DBOS.get_workflow_status(f"{job}-{attempt}")) and status.status not in _UNDER_WAY:
        if status.status in _FINISHED and _all_there(request, key):
            return
        attempt += 1
    with SetWorkflowID(f"{job}-{attempt}"):
        handle = DBOS.start_workflow(_release_one, request, key) if key else DBOS.start_workflow(_produce, request)
    handle.get_result(polling_interval_sec=0.1)


@DBOS.workflow(name="produce")
def _produce(request: dict[str, Any]) -> None:
    keys = _begin(request)
    _see(request)
    for key in keys:
        _speak(request, key)
        passed = _render(request, key)
        if _is_due(request, key, passed):
            _release(request, key)
    _page(request)


@DBOS.workflow(name="release")
def _release_one(request: dict[str, Any], key: str) -> None:
    _release(request, key)
    _page(request)


@DBOS.step(name="begin")
def _begin(request: dict[str, Any]) -> list[str]:
    work = _Work.of(request)
    ids = ensure_variants(work.project, work.brief, work.plan)
    append(
        work.project,
        "render.started",
        work.brief.owner,
        {
            "campaign": commitment(work.project, work.brief.campaign),
            "brief_sha256": request["digest"],
            "variants": sorted(ids.values()),
            **({"others": UNTOUCHED} if work.brief.others_untouched else {}),  # the owner answers for them
        },
    )
    return list(ids)


@DBOS.step(name="perceive")
def _see(request: dict[str, Any]) -> None:
    work = _Work.of(request)
    require_known_people(work.project, work.brief, work.seen())
    screen_master(work.project, work.brief, work.seen())
    screen_scenes(work.project, work.brief, work.seen())


@DBOS.step(name="speak")
def _speak(request: dict[str, Any], key: str) -> None:
    work = _Work.of(request)
    work.watch(key)
    work.task(key)


@DBOS.step(name="render")
def _render(request: dict[str, Any], key: str) -> bool:
    work = _Work.of(request)
    rendering = work.rendering(key)
    screen_rendering(work.task(key), rendering)
    facts = {**rendering.facts, "folder": str(rendering.folder), "request": request}
    mark_rendered(work.project, work.id_of(key), facts, work.brief.owner)
    return bool(rendering.facts["passed"])


@DBOS.step(name="approve")
def _is_due(request: dict[str, Any], key: str, passed: bool) -> bool:
    """Whether a variant is to be released now: approved in one go, or released before and its patches are wanted."""
    work = _Work.of(request)
    row = find_variant(work.project, work.id_of(key))
    if row.state == "released":
        return request["approve_as"] is not None or _with_patches(request)
    if request["approve_as"] is None or not passed or row.state in ("rejected", "withdrawn"):  # that stands
        return False
    approve(work.project, row.id, request["approve_as"], in_one_go=True)
    return True


def _with_patches(request: dict[str, Any]) -> bool:
    return bool(request.get("patches"))  # requests of older versions do not say


@DBOS.step(name="release")
def _release(request: dict[str, Any], key: str) -> None:
    work = _Work.of(request)
    row = find_variant(work.project, work.id_of(key))
    task, rendering = work.task(key), work.rendering(key)
    screen_brief(work.project, work.brief)  # the block list or the policy may be others by now
    screen_master(work.project, work.brief, work.seen())
    screen_rendering(task, rendering)
    release_variant(task, row, rendering, Path(request["out"]), _report, patches=_with_patches(request))


@DBOS.step(name="page")
def _page(request: dict[str, Any]) -> None:
    work = _Work.of(request)
    out = Path(request["out"])
    rows = variant_rows(work.project, request["digest"])
    out.mkdir(parents=True, exist_ok=True)
    write_campaign_page(out, work.brief.campaign, [_showing(work, row, out) for row in rows])


def _showing(work: _Work, row: VariantRow, out: Path) -> Showing:
    released = row.state == "released" and (out / row.id).is_dir()
    disclosure, qc = "", None
    if released:
        values = read_json(out / row.id / "receipt.json")["record"]
        record = record_from_json({**values, "language": "en"})  # the page is English
        disclosure = sentence(record)
    report = Path(row.render.get("folder", "")) / "qc.json"
    if report.is_file():  # a rendering may have been kept for its time and ended
        qc = read_json(report)
    shown = tuple(part.shown for part in work.plan.variant(row.key).parts)
    return Showing(row.id, row.face, shown, row.language, row.state, disclosure, qc, row.id if released else None)


@dataclass(frozen=True)
class _Work:
    """A job's inputs, read once per process; stages are looked up where they were done before."""

    project: Project
    brief: Brief
    digest: str
    plan: Plan
    reviewed: bool  # people will look at it before it is approved, so they get a preview

    @staticmethod
    def of(request: dict[str, Any]) -> _Work:
        return _work(
            request["root"],
            request["brief"],
            request["digest"],
            request["approve_as"] is None,
            datetime.now(UTC).date(),
        )

    def id_of(self, key: str) -> str:
        return ensure_variants(self.project, self.brief, self.plan)[key]

    def watch(self, key: str) -> Watch:
        """Asks now, and then while a stage works on a variant, whether it is still allowed."""
        watch = Watch(self.project, self.brief, self.plan.variant(key).uses, [key])
        watch.require()
        return watch

    def seen(self) -> Seen:
        return _seen(self)

    def task(self, key: str) -> Task:
        variant = self.plan.variant(key)
        dub = speak_dub(self.project, self.brief, self.seen(), variant.language) if variant.dubs else None
        return Task(self.project, self.brief, self.seen(), variant, self.id_of(key), dub)

    def rendering(self, key: str) -> Rendering:
        return render_variant(self.task(key), self.watch(key).over(_report), preview=self.reviewed)

    def __hash__(self) -> int:
        return hash((self.project.root, self.digest))


@lru_cache(maxsize=4)
def _work(root: str, brief_path: str, digest: str, reviewed: bool, today: date) -> _Work:
    brief = load_brief(Path(brief_path))
    if brief.digest() != digest:
        raise InputError(f"{brief.path} or a file that it names has changed since; run `countenance produce` again.")
    return _Work(Project(Path(root)), brief, digest, plan(brief, today), reviewed)


@lru_cache(maxsize=1)
def _seen(work: _Work) -> Seen:
    # Asked only if there is still something to see: a variant of its own must not fail for another's lack of rights.
    watch = Watch(work.project, work.brief, work.plan.uses, [variant.key for variant in work.plan.variants])
    return see(work.project, work.brief, watch.over(_report))


def _all_there(request: dict[str, Any], key: str | None) -> bool:
    """True when everything that a finished attempt left behind still lies where it was."""
    work = _Work.of(request)
    rows = [row for row in variant_rows(work.project, request["digest"]) if key is None or row.key == key]
    out = Path(request["out"])
    packed = all((out / row.id / "receipt.json").is_file() for row in rows if row.state == "released")
    if _with_patches(request):
        painted = [row for row in rows if row.state == "released" and work.plan.variant(row.key).engines]
        packed = packed and all((out / row.id / FOLDER / MANIFEST).is_file() for row in painted)
    rendered = all(Path(row.render.get("folder", "")).joinpath("render.json").is_file() for row in rows)
    return bool(rows) and packed and rendered and (out / "campaign.html").is_file()


def _report(stage: str, done: int, of: int) -> None:
    _reporter[0](stage, done, of)


@contextmanager
def _reporting(progress: Progress | None) -> Iterator[None]:
    before = _reporter[0]
    if progress is not None:
        _reporter[0] = progress
    try:
        yield
    finally:
        _reporter[0] = before


_launched = threading.Lock()


@contextmanager
def _durable(project: Project, job: str) -> Iterator[None]:
    """DBOS on the project's SQLite file. The executor is named after the job, so that only this job is resumed."""
    if not _launched.acquire(blocking=False):
        raise CountenanceError("another job is running in this process; wait for it to end.")
    try:
        DBOS(
            config={
                "name": "countenance",
                "system_database_url": f"sqlite:///{project.folder / 'jobs.db'}",
                "executor_id": job,
                "application_version": "1",  # steps find finished work by content, so newer code may go on
                "enable_otlp": False,
                "log_level": "CRITICAL",  # what fails is raised to the caller, who says it in one sentence
            }
        )
        DBOS.launch()
        yield
    finally:
        DBOS.destroy()
        _launched.release()
