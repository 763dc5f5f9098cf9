"""The dashboard and the alerts name nothing that is not exported, and every alert has its page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry

from countenance.campaign.observing import campaign_metrics
from countenance.campaign.removing import REMOVE, TAKE_DOWN
from countenance.campaign.sites import SITE
from countenance.store.project import Project, init_project
from countenance.telemetry.httpmetrics import Timed
from countenance.telemetry.machinemetrics import MachineMetrics, gpu_metrics
from countenance.telemetry.qualitymetrics import QualityMetrics
from countenance.telemetry.studiometrics import StudioMetrics
from countenance.telemetry.taskmetrics import TaskMetrics

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/countenance.json").read_text(encoding="utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Every series that any process exports, with its labels where they can be seen."""
    project: Project = init_project(tmp_path_factory.mktemp("studio"))
    (project.folder / "backups.json").write_text('{"/backups": "2026-01-01T00:00:00Z"}', encoding="utf-8")
    registry = CollectorRegistry()
    for part in (TaskMetrics, QualityMetrics):
        part(registry)

    async def nobody(*_: Any) -> None:
        """Answers nothing."""

    Timed(nobody, registry)
    registry.register(StudioMetrics(project, campaign_metrics))
    registry.register(MachineMetrics(project.folder))
    found = [*registry.collect(), *gpu_metrics("")]
    return {one.name + suffix: set() for one in found for suffix in _SUFFIXES.get(one.type, ("",))}


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_expression_can_be_read_and_names_only_what_is_exported(
    where: str, expression: str, exported: dict[str, set[str]]
) -> None:
    promql_parser.parse(expression)
    named = set(re.findall(r"countenance_\w+", expression))
    assert named, where
    assert named <= set(exported)


def test_every_metric_is_shown(exported: dict[str, set[str]]) -> None:
    """What nobody looks at need not be counted."""
    shown = " ".join(expression for _where, expression in expressions())
    families = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in exported}
    assert sorted(one for one in families if one not in shown) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert (page, anchor) == ("docs/operations.md", rule["alert"].lower())
    assert f"\n### {rule['alert']}\n" in PAGE
    assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_page_names_no_alert_that_there_is_not_and_no_metric() -> None:
    assert set(re.findall(r"^### (Countenance\w+)$", PAGE, re.MULTILINE)) == {rule["alert"] for rule in RULES}


def test_the_page_names_only_metrics_that_are_exported(exported: dict[str, set[str]]) -> None:
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported}
    assert set(re.findall(r"`(countenance_\w+)`", PAGE)) <= families


def test_the_kinds_of_a_withdrawal_are_those_that_the_alert_watches() -> None:
    (rule,) = [rule for rule in RULES if rule["alert"] == "CountenanceWithdrawalSlow"]
    watched = re.findall(r'kind=~"([^"]+)"', rule["expr"])[0].split("|")
    assert sorted(watched) == sorted((REMOVE, TAKE_DOWN, SITE))


def test_panels_do_not_overlap_and_have_numbers_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24 and not cells & taken
        taken |= cells
