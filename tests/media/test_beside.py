from __future__ import annotations

import threading

import pytest

from countenance.media.beside import Beside


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
