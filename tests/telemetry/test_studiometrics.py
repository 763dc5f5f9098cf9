from __future__ import annotations

import pytest
from errands import KINDS, NAME, job
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import text

from countenance.campaign.observing import campaign_metrics
from countenance.errors import InputError
from countenance.jobs.runner import run_job
from countenance.jobs.sql import turn
from countenance.jobs.state import pause
from countenance.store.project import Project
from countenance.telemetry.studiometrics import StudioMetrics


def _asked(project: Project) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(StudioMetrics(project, campaign_metrics))
    return registry


def test_what_waits_runs_and_died_is_told_by_queue(project: Project) -> None:
    job(project, tasks=1)
    run_job(project, "produce-1", KINDS)
    job(project, "produce-2", tasks=1, fails=True)
    with pytest.raises(InputError):
        run_job(project, "produce-2", KINDS)
    job(project, "produce-3", tasks=3, queue="gpu")
    job(project, "webhook-1", tasks=2, queue="net")
    with turn(project) as connection:
        connection.execute(text("UPDATE task SET ready_at = ready_at - 90 WHERE key = 'produce-3-1'"))
    registry = _asked(project)
    value = registry.get_sample_value
    assert value("countenance_database_up") == 1
    assert value("countenance_queue_length", {"queue": "gpu"}) == 3
    assert value("countenance_queue_length", {"queue": "cpu"}) == 0  # said, so that an autoscaler sees it fall
    assert 90 <= (value("countenance_queue_age_seconds", {"queue": "gpu"}) or 0) < 200
    assert value("countenance_queue_work_seconds", {"queue": "gpu"}) == 3
    assert value("countenance_open_tasks", {"queue": "gpu", "state": "ready"}) == 3
    assert value("countenance_dead_letters") == 1
    assert value("countenance_dead_letters_by_kind", {"kind": "paint"}) == 1
    assert value("countenance_jobs", {"state": "failed"}) == 1
    assert value("countenance_errands_open", {"kind": "paint"}) == 2
    assert value("countenance_errand_age_seconds", {"kind": "paint"}) is not None
    assert value("countenance_unserved_tasks", {"queue": "gpu", "skill": "paint"}) == 3
    assert value("countenance_workers") == 0
    assert value("countenance_ledger_entries") is not None
    assert value("countenance_approved_waiting") == 0
    assert value("countenance_backups") == 0
    assert NAME.encode() not in generate_latest(registry)


def test_a_paused_job_asks_for_no_workers(project: Project) -> None:
    job(project, tasks=4)
    pause(project, "produce-1")
    assert _asked(project).get_sample_value("countenance_queue_length", {"queue": "cpu"}) == 0


def test_a_worker_that_was_lost_is_silent_and_its_lease_overdue(project: Project) -> None:
    job(project, tasks=1)
    with turn(project) as connection:
        connection.execute(
            text(
                "INSERT INTO worker (name, machine, process, queues, skills, started_at, seen_at) "
                "VALUES ('w', 'elsewhere boot pid', '1 1', '[\"cpu\"]', '[\"paint\"]', 1, 1)"
            )
        )
        connection.execute(text("UPDATE task SET state = 'running', worker = 'w', due = 2, kills = 1"))
    value = _asked(project).get_sample_value
    assert value("countenance_workers_silent") == 1
    assert value("countenance_leases_overdue") == 1
    assert value("countenance_leases_lost") == 1


def test_a_database_that_is_away_is_told_as_such(here: Project) -> None:
    here.database_path.write_bytes(b"no database" * 1000)
    registry = _asked(here)
    assert registry.get_sample_value("countenance_database_up") == 0
    assert registry.get_sample_value("countenance_jobs", {"state": "done"}) is None
