from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from errands import job
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families

from countenance.errors import InputError
from countenance.store.project import Project
from countenance.telemetry.machinemetrics import MachineMetrics
from countenance.telemetry.metricserver import parse_address, serve_metrics


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
        ("[::1]:80", ("::1", 80)),
        (":0", ("127.0.0.1", 0)),
    ],
)
def test_an_address_is_a_port_with_or_without_a_host(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "host", "host:", "1:99999", "-5"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no address for metrics"):
        parse_address(text)


def test_prometheus_can_read_the_answer(here: Project) -> None:
    registry = CollectorRegistry()
    Counter("countenance_tasks", "Tasks.", registry=registry).inc(3)
    port, end = serve_metrics(("127.0.0.1", 0), registry, [MachineMetrics(here.folder)])
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        with pytest.raises(InputError, match="choose another --metrics"):
            serve_metrics(("127.0.0.1", port), registry)
    finally:
        end()
    samples = {sample.name: sample.value for one in text_string_to_metric_families(text) for sample in one.samples}
    assert samples["countenance_tasks_total"] == 3
    assert samples["countenance_disk_free_bytes"] > 0


def test_what_helper_processes_count_is_added_up(here: Project) -> None:
    """In a process of its own: prometheus-client decides at its import whether processes share."""
    job(here, tasks=6)
    folder = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, folder / "shared_worker.py", here.root],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(folder)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    families = list(text_string_to_metric_families(done.stdout))
    found = {(s.name, *sorted(s.labels.items())): s.value for one in families for s in one.samples}
    assert found["countenance_tasks_total", ("kind", "paint"), ("outcome", "done"), ("queue", "cpu")] == 6
    assert found["countenance_pictures_total", ("kind", "paint")] == 30
    assert found["countenance_cpu_seconds_total", ("kind", "paint")] == 12
    assert done.stderr.count('"event": "task.done"') == 6
