"""One brief through all rooms: a durable job of shared tasks, and then the packages.

The job's tasks lie in the project's database (`campaign.graph`), so a `produce` that was killed goes on where it was
when it is started again, and other workers may help meanwhile. What is finished is found, not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from countenance.campaign.attending import attend
from countenance.campaign.brief import UNTOUCHED, load_brief
from countenance.campaign.bundle import bundled
from countenance.campaign.graph import first_tasks, job_of, release_job, release_start
from countenance.campaign.kinds import KINDS
from countenance.campaign.order import Order, order_of
from countenance.campaign.patches import FOLDER, MANIFEST
from countenance.campaign.permission import require_rights
from countenance.campaign.plan import plan
from countenance.campaign.release import MARK_KEY, hand_over
from countenance.campaign.screen import screen_brief
from countenance.campaign.stages import Progress
from countenance.campaign.texts import require_texts
from countenance.campaign.variants import VariantRow, find_variant, report_folder, variant_rows
from countenance.delivery.campaign_page import Showing, write_campaign_page
from countenance.errors import CountenanceError
from countenance.jobs.graph import Job, submit
from countenance.jobs.processes import at_start
from countenance.jobs.runner import run_job
from countenance.jobs.state import tasks_of
from countenance.ledger.log import commitment, entries_in, transaction
from countenance.provenance.disclosure import record_from_json, sentence
from countenance.store.files import locked, read_json
from countenance.store.places import is_shared
from countenance.store.project import Project
from countenance.store.sealedblobs import subject_keys
from countenance.store.secrets import load_or_create_symmetric
from countenance.store.subjects import subject_tag

_STARTED = "render.started"


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
    processes: int = 1,
    progress: Progress | None = None,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> Outcome:
    """Carry a brief through to packages (with `approve_as`) or to review. Raises the errors of every stage.

    `warn` is told before anything is made what somebody should look at in the texts, one sentence each.

    With `patches` whatever is released, now or later, comes with what was painted, picture by picture. So many
    `processes` of this machine work on it; workers elsewhere that share the database help.
    """
    brief = load_brief(brief_path)
    wanted = plan(brief)
    require_rights(project, brief, wanted)
    screen_brief(project, brief)
    require_texts(project, brief, warn)
    order = Order(project, brief, brief.digest(), wanted, approve_as, patches, out.resolve())
    with _alone(order, job_of(order)):
        job = submit_order(order)
        _work(order, job, processes, progress)
    return Outcome(out, tuple(variant_rows(project, order.digest)))


def submit_order(order: Order) -> Job:
    """Hand in the job of an order, for whatever workers there are. The same order again changes nothing.

    Rights, texts and policy must have been asked about.
    """
    brief = order.brief
    _enter(order)
    job = job_of(order)
    if is_shared(order.project):  # keys that all machines need are there before they are copied
        load_or_create_symmetric(order.project, MARK_KEY)
        subject_keys(order.project, [subject_tag(order.project, name) for name in brief.talents], make=True)
    bundle = bundled(order.project, brief.path, brief.talents, brief.campaign, brief.owner)
    if bundle:
        job = replace(job, request={**job.request, "bundle": bundle})
    submit(order.project, job, list(first_tasks(order)), redo=list(_gone(order.project, job)))
    return job


def release_approved(project: Project, variant_id: str, progress: Progress | None = None) -> Path:
    """Release one variant that a person has approved, as a durable job of its own.

    Raises CountenanceError when nobody approved, RightsError when a grant has ended or was withdrawn since.
    """
    row = find_variant(project, variant_id)
    if "release_id" not in row.review:
        raise CountenanceError(
            f"variant {row.id} ({row.key}) is {row.state.replace('_', ' ')}; only an approved variant is released."
        )
    order = order_of(project, row.render["request"])
    job = release_job(order, row.key, row.review["release_id"])
    with _alone(order, job):
        submit(project, job, [release_start(order, row.key, row.review["release_id"])], redo=list(_gone(project, job)))
        _work(order, job, 1, progress, row.key)
    return order.out / row.id


def _alone(order: Order, job: Job) -> AbstractContextManager[None]:
    """One process at a time asks for a job and hands over what it made; others wait."""
    return locked(order.project.work / "jobs" / f"job-{job.id}.lock")


def _work(order: Order, job: Job, processes: int, progress: Progress | None, key: str | None = None) -> None:
    """Work on a job to its end, and hand over what was released, also where a part of it failed."""
    end, end_helpers = attend(order.project), at_start(attend)
    try:
        run_job(order.project, job.id, KINDS, progress=progress, processes=processes)
    except BaseException:
        if _hand_over(order, key):  # of what was made before, nothing is kept back
            _page(order)
        raise
    finally:
        end_helpers()
        end()
    _hand_over(order, key)
    _page(order)


def _enter(order: Order) -> None:
    """Say in the ledger, once, that the making began."""
    data = {
        "campaign": commitment(order.project, order.brief.campaign),
        "brief_sha256": order.digest,
        "variants": sorted(order.ids.values()),
        **({"others": UNTOUCHED} if order.brief.others_untouched else {}),  # the owner answers for them
    }
    with transaction(order.project) as entry:
        if all(known.data != data for known in entries_in(entry.connection, _STARTED)):
            entry.append(_STARTED, order.brief.owner, data)


def _gone(project: Project, job: Job) -> Iterator[str]:
    """The tasks of a job that are done, but whose results were cleared away since."""
    for one in tasks_of(project, job.id, state="done"):
        if not all((project.folder / path).exists() for path in one.task.spec.get("makes", ())):
            yield one.task.key


def _hand_over(order: Order, key: str | None) -> int:
    """Write the packages of what was released, unless they are there; returns how many were released."""
    released = [
        row for row in variant_rows(order.project, order.digest) if row.state == "released" and key in (None, row.key)
    ]
    for row in released:
        if not _is_there(order, row):
            task = order.task(row.key, _quiet)
            hand_over(task, row, order.rendering(task, _quiet), order.out)
    return len(released)


def _is_there(order: Order, row: VariantRow) -> bool:
    package = order.out / row.id
    painted = order.patches and order.plan.variant(row.key).engines
    return (package / "receipt.json").is_file() and (not painted or (package / FOLDER / MANIFEST).is_file())


def _page(order: Order) -> None:
    rows = variant_rows(order.project, order.digest)
    order.out.mkdir(parents=True, exist_ok=True)
    write_campaign_page(order.out, order.brief.campaign, [_showing(order, row) for row in rows])


def _showing(order: Order, row: VariantRow) -> Showing:
    out = order.out
    released = row.state == "released" and (out / row.id).is_dir()
    disclosure, qc = "", None
    if released:
        values = read_json(out / row.id / "receipt.json")["record"]
        record = record_from_json({**values, "language": "en"})  # the page is English
        disclosure = sentence(record)
    report = report_folder(order.project, row) / "qc.json"
    if report.is_file():  # a rendering may have been kept for its time and ended
        qc = read_json(report)
    shown = tuple(part.shown for part in order.plan.variant(row.key).parts)
    return Showing(row.id, row.face, shown, row.language, row.state, disclosure, qc, row.id if released else None)


def _quiet(_stage: str, _done: int, _of: int) -> None:
    """Handing over is copying: too quick for a bar."""
