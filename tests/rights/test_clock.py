"""A clock that is set back does not make an ended grant live again."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from countenance.ledger import log
from countenance.ledger.log import append
from countenance.rights import clock
from countenance.rights.clock import today
from countenance.store.project import Project


@contextmanager
def system_clock(at: datetime.datetime) -> Iterator[None]:
    """The system's clock as these modules read it."""

    class Set(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return at.astimezone(tz)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "datetime", Set)
        patch.setattr(log, "datetime", Set)
        yield


def on(year: int, month: int, day: int) -> datetime.datetime:
    return datetime.datetime(year, month, day, 12, tzinfo=datetime.UTC)


def test_without_entries_it_is_the_systems_day(project: Project) -> None:
    with system_clock(on(2031, 2, 3)):
        assert today(project) == datetime.date(2031, 2, 3)


def test_it_never_becomes_earlier_than_the_newest_entry(project: Project) -> None:
    with system_clock(on(2031, 2, 3)):
        append(project, "review.approved", "ops", {})
    with system_clock(on(2031, 2, 5)):
        assert today(project) == datetime.date(2031, 2, 5)
    with system_clock(on(2026, 1, 1)):
        assert today(project) == datetime.date(2031, 2, 3)
