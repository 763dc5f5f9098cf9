from __future__ import annotations

import pytest
from errands import KINDS, NAME, job
from prometheus_client import CollectorRegistry, generate_latest

from countenance.errors import InputError
from countenance.jobs.runner import run_job
from countenance.store.project import Project
from countenance.telemetry.taskmetrics import TaskMetrics


def test_attempts_are_counted_by_kind_and_outcome_and_timed(here: Project) -> None:
    registry = CollectorRegistry()
    end = TaskMetrics(registry).start()
    try:
        job(here, tasks=3)
        run_job(here, "produce-1", KINDS)
        job(here, "produce-2", tasks=1, fails=True)
        with pytest.raises(InputError):
            run_job(here, "produce-2", KINDS)
    finally:
        end()
    kind = {"kind": "paint", "queue": "cpu"}
    value = registry.get_sample_value
    assert value("countenance_tasks_total", {**kind, "outcome": "done"}) == 3
    assert value("countenance_tasks_total", {**kind, "outcome": "dead"}) == 1
    assert value("countenance_task_seconds_count", {"kind": "paint"}) == 3
    assert value("countenance_task_wait_seconds_count", {"queue": "cpu"}) == 4
    assert value("countenance_jobs_settled_total", {"state": "done"}) == 1
    assert value("countenance_jobs_settled_total", {"state": "failed"}) == 1
    assert NAME.encode() not in generate_latest(registry)


def test_pictures_and_money_add_up(here: Project) -> None:
    registry = CollectorRegistry()
    metrics = TaskMetrics(registry)
    metrics.count_pictures("paint", 20)
    metrics.count_pictures("paint", 5)
    metrics.count_cost("paint", 12.0, 0.5, "EUR")
    value = registry.get_sample_value
    assert value("countenance_pictures_total", {"kind": "paint"}) == 25
    assert value("countenance_cpu_seconds_total", {"kind": "paint"}) == 12
    assert value("countenance_cost_total", {"currency": "EUR"}) == 0.5
