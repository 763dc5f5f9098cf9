from __future__ import annotations

import errno
import threading
import time

import pytest
from graphs import Heard, Notes, alter, check_counts, job, sleep_long, states, task
from sqlalchemy.exc import OperationalError

from countenance.errors import CountenanceError, InputError, RightsError
from countenance.jobs.graph import Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.jobs.runner import run_job
from countenance.jobs.state import (
    cancel,
    dead_letters,
    first_failure,
    job_state,
    pause,
    resume,
    retry,
    task_state,
    tasks_of,
    unserved,
    workers,
)
from countenance.jobs.worker import run_due, work
from countenance.store.project import Project

SOON = {"retry_s": 0.01}


def wrapped(cause: BaseException) -> CountenanceError:
    """A refusal of ours with a cause, as rooms raise it when a disk or the database fails."""
    refusal = InputError("the database could not be written")
    refusal.__cause__ = cause
    return refusal


def test_a_refusal_is_final_and_raised_again_as_what_it_was(project: Project) -> None:
    notes = Notes({"b": [RightsError("no grant covers it", ("ended yesterday", "not for ads"))]})
    submit(project, job(), [task("a"), task("b", "a", **SOON), task("c", "b"), task("d")])
    with pytest.raises(RightsError, match="no grant covers it") as caught:
        run_job(project, "job", {"note": notes})
    assert caught.value.reasons == ("ended yesterday", "not for ads")
    assert states(project) == {"a": "done", "b": "dead", "c": "blocked", "d": "done"}
    assert notes.ran.count("b") == 1
    assert [letter.reason for letter in dead_letters(project)] == ["RightsError: no grant covers it"]
    check_counts(project)


@pytest.mark.parametrize(
    "failure",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        MemoryError(),
        ValueError("who knows"),
        wrapped(OperationalError("INSERT", {}, Exception("database or disk is full"))),
        wrapped(OSError(errno.ENOSPC, "No space left on device")),
        wrapped(ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
    ],
    ids=["disk full", "memory", "unknown", "database lost, said by us", "disk full, said by us", "network, said by us"],
)
def test_what_may_pass_is_tried_again(project: Project, failure: BaseException) -> None:
    notes = Notes({"a": [failure, failure]})
    submit(project, job(), [task("a", **SOON)])
    run_job(project, "job", {"note": notes})
    assert notes.ran == ["a", "a", "a"]
    assert task_state(project, "a").failures == 0


def test_a_missing_file_is_final(project: Project) -> None:
    notes = Notes({"a": [wrapped(FileNotFoundError(errno.ENOENT, "No such file"))]})
    submit(project, job(), [task("a", **SOON)])
    with pytest.raises(InputError):
        run_job(project, "job", {"note": notes})
    assert notes.ran == ["a"]


def test_after_a_few_tries_the_failure_is_a_dead_letter(project: Project) -> None:
    notes = Notes({"a": [ValueError("broken")] * 9})
    submit(project, job(), [task("a", **SOON)])
    with Heard() as heard, pytest.raises(CountenanceError, match=r"'task a' failed \(ValueError: broken\)"):
        run_job(project, "job", {"note": notes})
    assert notes.ran == ["a"] * 5
    assert [name for name in heard.names() if "started" not in name] == [
        *["task.failed a"] * 4, "task.dead a", "job.settled job",
    ]  # fmt: skip


def test_patience_keeps_trying_for_its_time(project: Project) -> None:
    notes = Notes({"a": [OSError(errno.EHOSTUNREACH, "down")] * 12})
    submit(project, job(), [task("a", patience_s=3600.0, **SOON)])
    run_job(project, "job", {"note": notes})
    assert len(notes.ran) == 13


def test_patience_ends(project: Project) -> None:
    notes = Notes({"a": [OSError(errno.EHOSTUNREACH, "down")] * 99})
    submit(project, job(), [task("a", patience_s=86_400.0, retry_s=3600.0)])
    run_due(project, {"note": notes}, queues=("cpu",))
    assert states(project) == {"a": "resting"}
    alter(project, "UPDATE task SET failures = 8, failing_since = failing_since - 86500, due = 0")
    run_due(project, {"note": notes}, queues=("cpu",))
    assert states(project) == {"a": "dead"}


def test_run_due_leaves_what_rests_and_other_queues(project: Project) -> None:
    notes = Notes({"a": [OSError("down")]})
    submit(project, job(), [task("a", queue="net", retry_s=1e6, patience_s=1e9), task("b", queue="net"), task("c")])
    alter(project, "UPDATE task SET failures = 30 WHERE key = 'a'")
    run_due(project, {"note": notes}, queues=("net",))
    assert notes.ran == ["a", "b"]
    assert states(project) == {"a": "resting", "b": "done", "c": "ready"}
    alter(project, "UPDATE task SET due = 0 WHERE key = 'a'")
    run_due(project, {"note": notes}, queues=("net",))
    assert states(project)["a"] == "done"


def test_a_dead_task_is_tried_again_and_its_jobs_go_on(project: Project) -> None:
    notes = Notes({"a": [InputError("wrong")]})
    submit(project, job(), [task("a"), task("b", "a")])
    run_due(project, {"note": notes}, queues=("cpu",))
    assert job_state(project, "job").state == "failed"
    retry(project, "a")
    check_counts(project)
    run_due(project, {"note": notes}, queues=("cpu",))
    assert job_state(project, "job").state == "done"
    with pytest.raises(InputError, match="is done, not dead"):
        retry(project, "a")
    with pytest.raises(InputError, match="no dead task"):
        retry(project, "z")


def test_handing_a_failed_job_in_again_tries_the_dead_again(project: Project) -> None:
    notes = Notes({"a": [InputError("wrong")], "x": [InputError("wrong too")] * 2})
    wanted = [task("a"), task("x"), task("b", "a"), task("c", "b", "x")]
    submit(project, job(), wanted)
    run_due(project, {"note": notes}, queues=("cpu",))
    submit(project, job(), wanted)
    check_counts(project)
    run_due(project, {"note": notes}, queues=("cpu",))
    assert states(project) == {"a": "done", "b": "done", "x": "dead", "c": "blocked"}
    retry(project, "x")
    run_due(project, {"note": notes}, queues=("cpu",))
    assert job_state(project, "job").state == "done"


def test_what_is_blocked_twice_stays_blocked_when_one_is_tried_again(project: Project) -> None:
    notes = Notes({"a": [InputError("wrong")], "x": [InputError("wrong too")]})
    submit(project, job(), [task("a"), task("x"), task("b", "a"), task("c", "b", "x"), task("d", "c")])
    run_due(project, {"note": notes}, queues=("cpu",))
    retry(project, "a")
    assert states(project) == {"a": "ready", "x": "dead", "b": "waiting", "c": "blocked", "d": "blocked"}
    check_counts(project)


@pytest.mark.parametrize("steer", [pause, cancel])
def test_a_running_task_hears_of_pause_and_cancel(project: Project, steer) -> None:  # type: ignore[no-untyped-def]
    submit(project, job(), [task("a", kind="sleep"), task("b", "a")])
    began = threading.Event()
    stopped: list[float] = []

    def kind(project: Project, one: Task, report: Report) -> Outcome:
        began.set()
        try:
            return sleep_long(project, one, report)
        finally:
            stopped.append(time.monotonic())

    over = threading.Event()
    worker = threading.Thread(target=work, args=(project, {"sleep": kind}), kwargs={"until": over.is_set}, daemon=True)
    worker.start()
    assert began.wait(30)
    assert steer(project, "spring") == ["job"]
    while not stopped or states(project)["a"] == "running":
        time.sleep(0.05)
    assert states(project) == {"a": "ready", "b": "waiting"}
    over.set()
    worker.join(30)
    assert not worker.is_alive()


def test_a_paused_job_goes_on_when_resumed_and_a_cancelled_one_when_handed_in(project: Project) -> None:
    notes = Notes()
    submit(project, job(), [task("a")])
    pause(project, "job")
    run_due(project, {"note": notes}, queues=("cpu",))
    assert (notes.ran, job_state(project, "job").reason) == ([], "somebody paused it")
    resume(project, "job")
    cancel(project, "job")
    run_due(project, {"note": notes}, queues=("cpu",))
    assert (notes.ran, job_state(project, "job").state) == ([], "cancelled")
    assert cancel(project, "job") == []
    submit(project, job(), [task("a")])
    run_due(project, {"note": notes}, queues=("cpu",))
    assert notes.ran == ["a"]
    with pytest.raises(InputError, match="no job or campaign"):
        pause(project, "nobody's")


def test_what_another_job_wants_is_made_although_one_is_cancelled(project: Project) -> None:
    notes = Notes()
    submit(project, job("one"), [task("shared"), task("a", "shared")])
    submit(project, job("two"), [task("shared"), task("b", "shared")])
    cancel(project, "one")
    run_due(project, {"note": notes}, queues=("cpu",))
    assert notes.ran == ["shared", "b"]


def test_a_job_whose_budget_is_used_up_stands_still_until_it_is_resumed(project: Project) -> None:
    notes = Notes()
    submit(project, job(budget_s=0.0), [task("a"), task("b", "a")])
    run_due(project, {"note": notes}, queues=("cpu",))
    assert notes.ran == ["a"]
    assert (job_state(project, "job").state, job_state(project, "job").reason) == ("paused", "its budget is used up")
    resume(project, "job")
    run_due(project, {"note": notes}, queues=("cpu",))
    assert job_state(project, "job").state == "done"


def test_workers_leave_kinds_and_versions_alone_that_they_do_not_know(project: Project) -> None:
    old, new = Notes(), Notes()
    submit(project, job(), [task("a", version=2), task("b"), task("c", kind="rare")])
    run_due(project, {"note": old}, queues=("cpu",))
    assert old.ran == ["b"]
    assert [(one.queue, one.skill, one.tasks) for one in unserved(project)] == [
        ("cpu", "note@2", 1),
        ("cpu", "rare", 1),
    ]
    run_due(project, {"note": old, "note@2": new}, queues=("cpu",))
    assert (old.ran, new.ran) == (["b"], ["a"])


def test_an_outcome_that_cannot_be_kept_is_a_failure_of_its_task(project: Project) -> None:
    def kind(project: Project, one: Task, report: Report) -> Outcome:
        return Outcome({"picture": object()})

    submit(project, job(), [task("a")])
    with pytest.raises(InputError, match="not plain JSON"):
        run_job(project, "job", {"note": kind})


def test_ctrl_c_gives_the_task_back(project: Project) -> None:
    notes = Notes({"a": [KeyboardInterrupt()]})
    submit(project, job(), [task("a")])
    with pytest.raises(KeyboardInterrupt):
        run_job(project, "job", {"note": notes})
    assert states(project) == {"a": "ready"}
    assert (task_state(project, "a").failures, task_state(project, "a").kills) == (0, 0)
    assert workers(project) == []
    run_job(project, "job", {"note": notes})


def test_progress_is_told_and_shown(project: Project) -> None:
    told: list[tuple[str, int, int]] = []
    submit(project, job(), [task("a")])
    run_job(project, "job", {"note": Notes()}, progress=lambda about, done, of: told.append((about, done, of)))
    assert told == [("task a", 0, 1)]
    (one,) = tasks_of(project, "job", "done")
    assert one.task.needs == () and one.result == {"ran": "a"}
    assert first_failure(project, "job") is None


def test_a_listener_that_fails_stops_nothing(project: Project) -> None:
    from countenance.jobs.events import listen

    def fail(_event: object) -> None:
        raise RuntimeError("no disk for logs")

    end = listen(fail)
    try:
        submit(project, job(), [task("a")])
        run_job(project, "job", {"note": Notes()})
    finally:
        end()
    assert job_state(project, "job").state == "done"


def test_a_job_that_is_not_there_is_named(project: Project) -> None:
    for ask in (lambda: job_state(project, "x"), lambda: run_job(project, "x", {})):
        with pytest.raises(InputError, match="no job 'x'"):
            ask()
    with pytest.raises(InputError, match="no task"):
        task_state(project, "x")
