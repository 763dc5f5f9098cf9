from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from countenance.media.beside import Beside, ahead


def test_jobs_are_done_in_order_on_one_other_thread() -> None:
    done: list[int] = []
    threads: set[int] = set()

    def job(number: int) -> None:
        done.append(number)
        threads.add(threading.get_ident())

    with Beside(backlog=2) as beside:
        for number in range(50):
            beside.do(job, number)
    assert done == list(range(50))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_no_more_jobs_wait_than_the_backlog_allows() -> None:
    open_gate = threading.Event()
    started: list[int] = []

    def job(number: int) -> None:
        started.append(number)
        open_gate.wait(timeout=10)

    with Beside(backlog=1) as beside:
        beside.do(job, 0)
        threading.Timer(0.05, open_gate.set).start()
        beside.do(job, 1)  # has to wait until job 0 is done
        assert open_gate.is_set()
    assert started == [0, 1]


def test_an_error_in_a_job_comes_out_on_leaving() -> None:
    def job() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), Beside() as beside:
        beside.do(job)


def counted(stop: int, closed: list[bool]) -> Generator[int]:
    try:
        for number in range(stop):
            if number == 7:
                raise ValueError("seven")
            yield number
    finally:
        closed.append(True)


def test_items_come_in_order_and_an_error_where_its_item_would_have() -> None:
    closed: list[bool] = []
    assert list(ahead(counted(6, closed))) == list(range(6))
    taken = []
    with pytest.raises(ValueError, match="seven"):
        for number in ahead(counted(20, closed), depth=2):
            taken.append(number)
    assert taken == list(range(7))
    assert closed == [True, True]


def test_whoever_stops_early_ends_the_making_too() -> None:
    closed: list[bool] = []
    items = ahead(counted(7, closed), depth=1)
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert closed == [True]
    assert not any(thread.name == "ahead" for thread in threading.enumerate())
