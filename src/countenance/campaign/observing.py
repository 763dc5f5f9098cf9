"""What campaigns tell operators beyond what the engine does: pictures, money, verdicts, and how old backups are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from countenance.campaign.backup import backup_places
from countenance.campaign.prices import prices_of
from countenance.campaign.variants import find_variant
from countenance.jobs.events import Event, listen
from countenance.jobs.graph import Task
from countenance.jobs.kinds import Kind, Outcome, Report
from countenance.store import tables
from countenance.store.database import reading
from countenance.store.files import read_json
from countenance.store.project import Project
from countenance.telemetry.logs import Form, start_logs
from countenance.telemetry.wish import traces_wanted

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

    from countenance.telemetry.qualitymetrics import QualityMetrics
    from countenance.telemetry.taskmetrics import TaskMetrics

_PICTURES = ("see", "look", "paint", "judge", "encode")  # kinds that report picture by picture
_LATELY = timedelta(days=1)


@dataclass(frozen=True)
class Observing:
    """What a worker process tells; a value, so that helper processes can be given it."""

    log: Form | None = None
    metrics: bool = False
    name: str | None = None

    def __call__(self, _project: Project) -> Callable[[], None]:
        """Begin in this process; returns what ends it."""
        with ExitStack() as begun:
            if self.log is not None:
                begun.callback(start_logs(self.log, self.name))
            if self.metrics:
                begun.callback(process_metrics().start())
            if traces_wanted():
                from countenance.telemetry.traces import Tracer

                begun.callback(Tracer().end)
            return begun.pop_all().close


@dataclass(frozen=True)
class ProcessMetrics:
    """What this process counts."""

    registry: CollectorRegistry
    tasks: TaskMetrics
    quality: QualityMetrics

    def start(self) -> Callable[[], None]:
        """Listen to this process from now on; returns what ends it."""
        with ExitStack() as begun:
            begun.callback(self.tasks.start())
            begun.callback(listen(self._judged))
            return begun.pop_all().close

    def _judged(self, event: Event) -> None:
        if (event.name, event.kind) != ("task.done", "judge"):
            return
        render = find_variant(event.project, event.variant).render
        report = Path(render.get("folder", "")) / "qc.json"
        if render and report.is_file():
            self.quality.see(read_json(report)["figures"], render["failed"])


@cache
def process_metrics() -> ProcessMetrics:
    """The metrics of this process, which count from when they are first asked for."""
    from prometheus_client import CollectorRegistry

    from countenance.telemetry.qualitymetrics import QualityMetrics
    from countenance.telemetry.taskmetrics import TaskMetrics

    registry = CollectorRegistry()
    return ProcessMetrics(registry, TaskMetrics(registry), QualityMetrics(registry))


@dataclass(frozen=True)
class Counted:
    """A kind of work whose pictures and processor seconds are counted."""

    name: str
    kind: Kind

    def __call__(self, project: Project, task: Task, report: Report) -> Outcome:
        """Do the work."""
        counts, last = process_metrics().tasks, 0

        def counting(done: int, of: int) -> None:
            nonlocal last
            counts.count_pictures(self.name, done - last if done >= last else done)  # a smaller one: another round
            last = done
            report(done, of)

        outcome = self.kind(project, task, counting if self.name in _PICTURES else report)
        cpu_s = float(outcome.result.get("cpu_s", 0.0))
        prices = prices_of(project)
        counts.count_cost(self.name, cpu_s, prices.of(cpu_s), prices.currency)
        return outcome


def counted(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """The same kinds, counted."""
    return {name: Counted(name.partition("@")[0], kind) for name, kind in kinds.items()}


def campaign_metrics(project: Project) -> Iterator[Metric]:
    """What the project's record says of approvals, releases and backups."""
    from countenance.telemetry.studiometrics import gauge, labelled

    now = datetime.now(UTC)
    v, r = tables.variant, tables.release
    with reading(project) as connection:
        waiting = connection.execute(select(v.c.review).where(v.c.state == "approved")).scalars().all()
        since = (now - _LATELY).isoformat()
        lately = connection.execute(
            select(v.c.review, r.c.released_at)
            .join(v, v.c.id == r.c.variant_id)
            .where(r.c.released_at >= since, v.c.state == "released")
        ).all()
    ages = [(now - _moment(review["at"])).total_seconds() for review in waiting]
    delays = sorted((_moment(row.released_at) - _moment(row.review["at"])).total_seconds() for row in lately)
    yield gauge("countenance_approved_waiting", "Variants that are approved and not released yet.", len(ages))
    yield gauge("countenance_approved_age_seconds", "Age of the oldest of these approvals.", max(ages, default=0.0))
    said = "From approval to release, of what was released within a day."
    at = ((share, delays[min(len(delays) - 1, int(share * len(delays)))]) for share in (0.5, 0.95) if delays)
    yield labelled("countenance_release_delay_seconds", said, ("quantile",), at)
    made = [one.at for one in backup_places(project)]
    yield gauge("countenance_backups", "Folders with backups that this project made.", len(made))
    if made:
        age = (now - _moment(max(made))).total_seconds()
        yield gauge("countenance_backup_age_seconds", "Age of the newest backup.", age)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
