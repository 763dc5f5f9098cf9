"""Metrics of what this process does: tasks by kind and outcome, how long they took and waited, pictures and cost."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram

from countenance.jobs.events import Event, listen

_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
_WAITED = (1, 5, 15, 60, 300, 900, 1800, 3600, 14400)
_OUTCOMES = {"task.done": "done", "task.failed": "failed", "task.dead": "dead", "task.returned": "returned"}


class TaskMetrics:
    """Counts what is told of tasks, between `start` and the call of what it returns."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._tasks = Counter(
            "countenance_tasks", "Attempts of tasks that ended.", ("kind", "queue", "outcome"), registry=registry
        )
        self._seconds = Histogram(
            "countenance_task_seconds", "How long attempts ran that succeeded.", ("kind",),
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._waited = Histogram(
            "countenance_task_wait_seconds", "How long tasks waited for a worker.", ("queue",),
            buckets=_WAITED, registry=registry,
        )  # fmt: skip
        self._jobs = Counter("countenance_jobs_settled", "Jobs that were settled.", ("state",), registry=registry)
        self._pictures = Counter(
            "countenance_pictures", "Pictures that went through a stage.", ("kind",), registry=registry
        )
        self._cpu = Counter(
            "countenance_cpu_seconds", "Processor seconds that tasks took.", ("kind",), registry=registry
        )
        self._money = Counter(
            "countenance_cost", "What these seconds cost by the project's prices.", ("currency",), registry=registry
        )

    def start(self) -> Callable[[], None]:
        """Listen to what happens in this process from now on; returns what ends it."""
        return listen(self._hear)

    def count_pictures(self, kind: str, count: int) -> None:
        """So many pictures more have gone through a kind of work."""
        self._pictures.labels(kind).inc(count)

    def count_cost(self, kind: str, cpu_s: float, money: float, currency: str) -> None:
        """A task took so many processor seconds, which cost so much."""
        self._cpu.labels(kind).inc(cpu_s)
        self._money.labels(currency).inc(money)

    def _hear(self, event: Event) -> None:
        if event.name == "job.settled":
            self._jobs.labels(event.state).inc()
        elif event.name == "task.started":
            self._waited.labels(event.queue).observe(event.waited_s)
        elif event.name in _OUTCOMES:
            self._tasks.labels(event.kind, event.queue, _OUTCOMES[event.name]).inc()
            if event.name == "task.done":
                self._seconds.labels(event.kind).observe(event.ran_s)
