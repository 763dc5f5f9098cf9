from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert

from countenance.campaign.observing import Observing, campaign_metrics, counted, process_metrics
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.jobs.worker import run_due
from countenance.store import tables
from countenance.store.database import writing
from countenance.store.project import Project, init_project
from countenance.telemetry.studiometrics import StudioMetrics


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


def _variant(project: Project, name: str, state: str, render: dict[str, Any], review: dict[str, Any]) -> None:
    with writing(project) as connection:
        connection.execute(
            insert(tables.variant).values(
                id=name,
                job="j",
                campaign="spring",
                face="ada",
                language="de",
                state=state,
                render=render,
                review=review,
            )
        )


def _value(name: str, **labels: str) -> float:
    return process_metrics().registry.get_sample_value(name, labels) or 0.0


def _paint(_project: Project, _task: Task, report: Report) -> Outcome:
    for done in (10, 20, 5, 8):  # two rounds over a section: of 20 pictures, then of 8
        report(done, 20)
    return Outcome({"cpu_s": 100.0, "wall_s": 50.0})


def test_pictures_of_every_round_and_what_the_work_cost_are_counted(project: Project) -> None:
    with project.settings_path.open("a") as settings:
        settings.write('\n[prices]\ncurrency = "CHF"\ncpu_second = 0.02\n')
    pictures, cpu_s, money = (
        _value("countenance_pictures_total", kind="paint"),
        _value("countenance_cpu_seconds_total", kind="paint"),
        _value("countenance_cost_total", currency="CHF"),
    )
    submit(project, Job("job", "spring", "studio", {}), [Task("a", "paint", "cpu", "paint de 1/1")])
    run_due(project, counted({"paint": _paint}), queues=("cpu",))
    assert _value("countenance_pictures_total", kind="paint") - pictures == 28
    assert _value("countenance_cpu_seconds_total", kind="paint") - cpu_s == 100
    assert _value("countenance_cost_total", currency="CHF") - money == pytest.approx(2.0)


def test_the_verdict_of_a_judged_variant_is_read_from_its_report(project: Project, tmp_path: Path) -> None:
    figures = [{"key": "av_offset_ms", "value": 12.0}, {"key": "eyes_ssim", "value": 0.2}]
    (tmp_path / "qc.json").write_text(json.dumps({"figures": figures}), encoding="utf-8")
    _variant(project, "01V", "in_review", {"folder": str(tmp_path), "failed": ["eyes_ssim"]}, {})
    _variant(project, "02V", "planned", {}, {})  # painted once more: there is no verdict yet
    before = _value("countenance_gate_failures_total", gate="eyes_ssim")
    end = Observing(metrics=True)(project)
    try:
        tasks = [Task(one, "judge", "cpu", "judge de", variant=one) for one in ("01V", "02V")]
        submit(project, Job("job", "spring", "studio", {}), tasks)
        run_due(project, {"judge": lambda *_: Outcome()}, queues=("cpu",))
    finally:
        end()
    assert _value("countenance_gate_failures_total", gate="eyes_ssim") - before == 1
    assert _value("countenance_verdicts_total", verdict="failed") >= 1


def test_waiting_approvals_release_delays_and_backups_are_told(project: Project) -> None:
    now = datetime.now(UTC)
    ago = [(now - timedelta(seconds=one)).isoformat().replace("+00:00", "Z") for one in (600, 500, 400)]
    _variant(project, "01V", "approved", {}, {"at": ago[0]})
    _variant(project, "02V", "released", {}, {"at": ago[1]})
    with writing(project) as connection:
        connection.execute(
            insert(tables.release).values(
                id="01R", variant_id="02V", mark_id="00", state="released", record={}, package="", released_at=ago[2]
            )
        )
    (project.folder / "backups.json").write_text(json.dumps({"/a": ago[0], "/b": ago[2]}), encoding="utf-8")
    registry = CollectorRegistry()
    registry.register(StudioMetrics(project, campaign_metrics))
    value = registry.get_sample_value
    assert value("countenance_approved_waiting") == 1
    assert value("countenance_approved_age_seconds") == pytest.approx(600, abs=60)
    assert value("countenance_release_delay_seconds", {"quantile": "0.95"}) == pytest.approx(100, abs=1)
    assert value("countenance_backups") == 2
    assert value("countenance_backup_age_seconds") == pytest.approx(400, abs=60)
