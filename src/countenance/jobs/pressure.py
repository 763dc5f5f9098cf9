"""How strongly a job presses: its share of the machines, relative to the others'."""

from __future__ import annotations

MOST_PRIORITY = 10
MOST_URGENT = 16.0
LEAST_THRIFT = 0.25


def pressure(
    *,
    priority: int,
    deadline: float | None,
    budget_s: float | None,
    spent_s: float,
    left_s: float,
    now: float,
) -> float:
    """The weight of a job; always positive.

    Priority doubles it with each step. A deadline multiplies it by one more than the number of machines that would
    have to work on the job from now on to keep it (at most 16, and 16 when it has passed). A budget that runs out
    takes it down to a quarter, so that the rest lasts for what is under way.
    """
    weight = 2.0 ** max(-MOST_PRIORITY, min(MOST_PRIORITY, priority))
    if deadline is not None:
        time_left = deadline - now
        needed = left_s / time_left if time_left > 0 else MOST_URGENT
        weight *= min(MOST_URGENT, 1.0 + max(0.0, needed))
    if budget_s is not None:
        weight *= max(LEAST_THRIFT, 1.0 - spent_s / budget_s) if budget_s > 0 else LEAST_THRIFT
    return weight
