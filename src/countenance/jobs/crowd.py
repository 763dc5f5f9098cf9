"""How much runs already, of each queue and for each owner, and whether one more may start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from countenance.jobs.limits import Limits
from countenance.jobs.sql import rows, run

_RATE_WINDOW_S = 60.0


@dataclass(frozen=True)
class Crowd:
    """How many tasks run now, by queue and owner."""

    counts: Mapping[tuple[str, str], int]

    @staticmethod
    def of(connection: Connection, limits: Limits) -> Crowd:
        if not limits.counts:
            return Crowd({})  # nobody asks
        sql = (
            "SELECT t.queue, j.owner, count(*) AS count FROM task t JOIN job j ON j.id = t.job "
            "WHERE t.state = 'running' GROUP BY t.queue, j.owner"
        )
        return Crowd({(row.queue, row.owner): row.count for row in rows(connection, sql)})

    def in_queue(self, name: str) -> int:
        return sum(count for (queue, _), count in self.counts.items() if queue == name)

    def of_owner(self, name: str) -> int:
        return sum(count for (_, owner), count in self.counts.items() if owner == name)


def may_start(connection: Connection, owner: str, limits: Limits, crowd: Crowd, now: float) -> bool:
    """Whether an owner may have one more task started now."""
    own = limits.of(owner)
    if own.at_once is not None and crowd.of_owner(owner) >= own.at_once:
        return False
    if own.starts_per_minute is None:
        return True
    return _full_until(connection, owner, now) + _RATE_WINDOW_S / own.starts_per_minute <= now + _RATE_WINDOW_S


def count_start(connection: Connection, owner: str, limits: Limits, now: float) -> None:
    """Pour one start into the owner's leaky bucket, which holds a minute's worth (GCRA, ITU-T I.371)."""
    per_minute = limits.of(owner).starts_per_minute
    if per_minute is not None:
        run(
            connection,
            "INSERT INTO job_owner (owner, full_until) VALUES (:owner, :until) "
            "ON CONFLICT (owner) DO UPDATE SET full_until = excluded.full_until",
            owner=owner,
            until=_full_until(connection, owner, now) + _RATE_WINDOW_S / per_minute,
        )


def _full_until(connection: Connection, owner: str, now: float) -> float:
    until = run(connection, "SELECT full_until FROM job_owner WHERE owner = :owner", owner=owner).scalar_one_or_none()
    return max(now, until or now)
