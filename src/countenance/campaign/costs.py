"""What the making of a variant cost in truth, from what its tasks noted; what is shared is told apart."""

from __future__ import annotations

from typing import Any

from countenance.campaign.prices import prices_of
from countenance.jobs.state import TaskState, jobs_of, tasks_of
from countenance.store.project import Project


def noted(cpu_s: float, wall_s: float) -> dict[str, float]:
    """What a task notes of its own cost, as its result."""
    return {"cpu_s": round(cpu_s, 3), "wall_s": round(wall_s, 3)}


def spent(project: Project, campaign: str, digest: str, variant_id: str) -> dict[str, Any]:
    """Seconds by kind of work: the variant's `own`, and what it `shared` with others of its brief; its own in money.

    `digest` is the brief's. Only what is done counts, so a receipt does not know what sealing cost.
    """
    own: dict[str, dict[str, float]] = {}
    shared: dict[str, dict[str, float]] = {}
    jobs = [job.id for job in jobs_of(project, campaign) if job.request.get("digest") == digest]
    found = {one.task.key: one for job in jobs for one in tasks_of(project, job, state="done")}
    for one in found.values():
        if one.task.variant in ("", variant_id):
            _add(own if one.task.variant else shared, one)
    prices, cpu_s = prices_of(project), sum(one["cpu_s"] for one in own.values())
    money = {"currency": prices.currency, "own": round(prices.of(cpu_s), 6)}
    return {"own": _rounded(own), "shared": _rounded(shared), "money": money}


def _add(costs: dict[str, dict[str, float]], one: TaskState) -> None:
    if one.result is None or "cpu_s" not in one.result:
        return
    sums = costs.setdefault(one.task.kind, {"tasks": 0, "cpu_s": 0.0, "wall_s": 0.0})
    sums["tasks"] += 1
    for name in ("cpu_s", "wall_s"):
        sums[name] += float(one.result[name])


def _rounded(costs: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {kind: {name: round(value, 3) for name, value in sums.items()} for kind, sums in sorted(costs.items())}
