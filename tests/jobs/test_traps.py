"""Where durable engines are known to lose work, do it twice or stand still; each trap has a test with its name."""

from __future__ import annotations

import multiprocessing
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from graphs import Heard, Notes, alter, check_counts, job, states, task
from killing import Postmaster
from postgres import new_database
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from countenance.jobs import finish, leases, slot
from countenance.jobs.claim import LEASE_S, Able, Claim, claim
from countenance.jobs.graph import Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.jobs.leases import reap, wake
from countenance.jobs.limits import Limits
from countenance.jobs.machine import process, worker_name
from countenance.jobs.slot import Slot
from countenance.jobs.sql import Link, clock, turn
from countenance.jobs.state import job_state, task_state, workers
from countenance.jobs.worker import run_due, work
from countenance.store.project import Project, init_project

LIMITS = Limits()


def able(worker: str = "w", **more: object) -> Able:
    return Able(worker, ("cpu",), frozenset({"note"}), **more)  # type: ignore[arg-type]


def take(project: Project, worker: str = "w") -> Claim | None:
    with turn(project) as connection:
        return claim(connection, able(worker), LIMITS, clock(connection))


def hand_in(project: Project, claimed: Claim, **result: object) -> list[str]:
    with turn(project) as connection:
        events = finish.done(connection, project, claimed, Outcome(result), LIMITS, clock(connection))
    return [event.name for event in events]


def care(project: Project, later_s: float = 0.0) -> None:
    with turn(project) as connection:
        now = clock(connection) + later_s
        wake(connection, now)
        reap(connection, LIMITS, now)


def elsewhere(project: Project, worker: str) -> None:
    """Put a worker on record that runs on another machine."""
    with turn(project) as connection:
        connection.execute(
            text(
                "INSERT INTO worker VALUES (:name, 'far boot ns', '1 1', '[]', '[]', :now, :now) ON CONFLICT DO NOTHING"
            ),
            {"name": worker, "now": clock(connection)},
        )


def drain(root: Path, ran: Path) -> None:
    """A worker process that notes each run on a line of its own."""

    def kind(project: Project, one: Task, report: Report) -> Outcome:
        with ran.open("a") as log:
            log.write(f"{one.key}\n")
        return Outcome()

    run_due(Project(root), {"note": kind}, queues=("cpu",))


def test_dbos_541_two_processes_on_one_sqlite_file_never_run_the_same_task(tmp_path: Path) -> None:
    project = init_project(tmp_path)
    submit(project, job(), [task(f"t{number}") for number in range(120)])
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=drain, args=(project.root, tmp_path / "ran.log")) for _ in range(4)]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    ran = (tmp_path / "ran.log").read_text().split()
    assert sorted(ran) == sorted(f"t{number}" for number in range(120))


def test_celery_5935_a_task_that_takes_longer_than_a_lease_is_not_given_to_another(project: Project) -> None:
    submit(project, job(), [task("a")])
    claimed = take(project)
    assert claimed is not None
    elsewhere(project, "w")
    for minutes in range(1, 20):
        with turn(project) as connection:
            now = clock(connection) + 60 * minutes - 50
            assert leases.extend(connection, claimed, now, (minutes, 20))
        with turn(project) as connection:
            assert reap(connection, LIMITS, now + LEASE_S - 1) == ([], [])
    assert take(project, "other") is None


def test_4_7_a_machine_that_never_comes_back_loses_its_task_when_its_lease_ends(project: Project) -> None:
    submit(project, job(), [task("a")])
    assert take(project, "far")
    elsewhere(project, "far")
    care(project, later_s=LEASE_S - 1)
    assert states(project) == {"a": "running"}
    alter(project, "UPDATE task SET due = due - 1e6")  # on PostgreSQL the server must have been up as long
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(leases, "_database_was_away", lambda _connection, _now: False)
        care(project)
    assert states(project) == {"a": "ready"}
    assert task_state(project, "a").kills == 1
    check_counts(project)


def test_4_7_a_zombie_s_completion_is_refused_quietly_and_does_no_harm(project: Project) -> None:
    submit(project, job(), [task("a"), task("b", "a")])
    zombie = take(project, "zombie")
    assert zombie is not None
    alter(project, "UPDATE task SET state = 'ready', worker = NULL WHERE key = 'a'")
    with turn(project) as connection:
        leases.offer_again(connection, ["a"], clock(connection))
    second = take(project, "second")
    assert second is not None and second.attempt == zombie.attempt + 1
    assert hand_in(project, zombie, by="zombie") == []
    assert states(project) == {"a": "running", "b": "waiting"}
    assert hand_in(project, second, by="second") == ["task.done"]
    assert hand_in(project, zombie, by="zombie") == []
    assert task_state(project, "a").result == {"by": "second"}
    check_counts(project)


def test_a_worker_believed_lost_may_hand_in_while_nobody_else_has_begun(project: Project) -> None:
    submit(project, job(), [task("a"), task("b", "a")])
    late = take(project, "late")
    assert late is not None
    with turn(project) as connection:
        leases.offer_again(connection, ["a"], clock(connection))
    assert hand_in(project, late, by="late") == ["task.done"]
    assert states(project) == {"a": "done", "b": "ready"}
    check_counts(project)


def test_dbos_508_two_workers_never_have_one_name(project: Project) -> None:
    assert len({worker_name("render") for _ in range(50)}) == 50
    seen: list[int] = []

    def kind(project: Project, one: Task, report: Report) -> Outcome:
        seen.append(len(workers(project)))
        return Outcome()

    submit(project, job(), [task("a")])
    with Slot(project, able(worker_name("render"))):
        run_due(project, {"note": kind}, queues=("cpu",))
    assert seen == [2]


def test_dbos_804_nothing_stays_pending_with_a_worker_that_left_no_trace(project: Project) -> None:
    submit(project, job(), [task("a")])
    assert take(project, "nobody knows it")
    alter(project, "UPDATE task SET due = 1")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(leases, "_database_was_away", lambda _connection, _now: False)
        care(project)
    assert states(project) == {"a": "ready"}


def test_a_laptop_that_slept_does_not_count_its_own_workers_as_lost(project: Project) -> None:
    submit(project, job(), [task("a")])
    with Slot(project, able("awake")):
        assert take(project, "awake")
        care(project, later_s=LEASE_S + 100)  # all clocks jump, this process lives
        assert states(project) == {"a": "running"}


def test_a_hung_process_is_given_up_in_the_end(project: Project) -> None:
    submit(project, job(), [task("a")])
    with Slot(project, able("hung")):
        assert take(project, "hung")
        care(project, later_s=LEASE_S * 12)
        assert states(project) == {"a": "ready"}


def test_a_process_number_that_came_back_is_another_process(project: Project) -> None:
    submit(project, job(), [task("a")])
    with Slot(project, able("before")):
        assert take(project, "before")
        number = process().split()[0]
        alter(project, "UPDATE worker SET process = :other", other=f"{number} 1")
        care(project)
        assert states(project) == {"a": "ready"}


def test_dbos_716_work_goes_on_over_a_restart_of_postgresql(tmp_path: Path) -> None:
    with Postmaster() as server:
        project = init_project(tmp_path / "studio", database=new_database(server.url))

        def kind(project: Project, one: Task, report: Report) -> Outcome:
            if one.key in ("a", "c"):
                server.kill(away_s=0.3)
            return Outcome({"ran": one.key})

        submit(project, job(), [task("a"), task("b", "a"), task("c", "b"), task("d", "c")])
        with Heard() as heard:
            work(project, {"note": kind}, job="job")
        assert [name for name in heard.names() if "done" in name] == [f"task.done {key}" for key in "abcd"]
        assert {task_state(project, key).attempt for key in "abcd"} == {1}


def test_leases_that_ended_while_the_database_was_down_are_not_lost_workers(
    postgresql_server: str, tmp_path: Path
) -> None:
    project = init_project(tmp_path / "studio", database=new_database(postgresql_server))
    submit(project, job(), [task("a")])
    assert take(project, "far")
    elsewhere(project, "far")
    with turn(project) as connection:
        started = connection.exec_driver_sql("SELECT extract(epoch FROM pg_postmaster_start_time())").scalar_one()
        connection.execute(text("UPDATE task SET due = :due"), {"due": float(started) - 100})
        assert reap(connection, LIMITS, float(started) + 1) == ([], [])
        assert reap(connection, LIMITS, float(started) + LEASE_S + 1) == ([], [])
    assert states(project) == {"a": "ready"}


def test_an_answer_lost_after_the_commit_leaves_no_task_behind(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's claim is committed, but the connection breaks before it hears of it."""
    submit(project, job(), [task("a"), task("b")])
    real = slot.claim
    broken = iter([True])

    def claim_then_lose(connection, *rest):  # type: ignore[no-untyped-def]
        claimed = real(connection, *rest)
        if next(broken, False):
            connection.commit()
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))
        return claimed

    monkeypatch.setattr(slot, "claim", claim_then_lose)
    notes = Notes()
    work(project, {"note": notes}, job="job")
    assert sorted(notes.ran) == ["a", "b"]
    assert (task_state(project, "a").kills, task_state(project, "a").attempt) == (0, 2)


def test_4_10_another_version_of_the_program_goes_on_with_old_jobs(project: Project) -> None:
    old, new = Notes(), Notes()
    submit(project, job(), [task("a"), task("b", "a"), task("c", "b", version=2)])
    with Slot(project, able("old")):
        claimed = take(project, "old")
        assert claimed is not None
        hand_in(project, claimed)
    run_due(project, {"note": new, "note@2": new}, queues=("cpu",))
    assert (old.ran, new.ran) == ([], ["b", "c"])


def test_the_same_job_started_by_two_at_once_is_done_once(project: Project) -> None:
    notes = Notes()
    wanted = [task(f"t{number}") for number in range(20)]

    def start() -> None:
        submit(project, job(), wanted)
        work(project, {"note": notes}, job="job")

    threads = [threading.Thread(target=start) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(notes.ran) == sorted(one.key for one in wanted)
    assert job_state(project, "job").state == "done"


def test_prefect_18934_readers_and_writers_beside_the_scheduler_wait_instead_of_failing(project: Project) -> None:
    submit(project, job(), [task(f"t{number}") for number in range(40)])
    over = threading.Event()
    problems: list[BaseException] = []

    def look() -> None:
        try:
            while not over.is_set():
                job_state(project, "job")
                submit(project, job("other"), [task("x")])
        except BaseException as exc:
            problems.append(exc)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for one in threads:
        one.start()
    work(project, {"note": Notes()}, job="job")
    over.set()
    for one in threads:
        one.join()
    assert problems == []


def test_a_deadline_is_kept_as_the_moment_that_it_is(project: Project) -> None:
    at = datetime.now(UTC) + timedelta(days=2)
    submit(project, job(deadline=at), [task("a")])
    kept = job_state(project, "job").deadline
    assert kept is not None and abs((kept - at).total_seconds()) < 1e-3


def test_a_database_that_stays_away_ends_the_worker_with_a_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from countenance.errors import CountenanceError

    submit(project, job(), [task("a")])
    monkeypatch.setattr(slot, "RECORD_S", 0.2)

    class Away(Link):
        def turn(self):  # type: ignore[no-untyped-def]
            raise OperationalError("BEGIN", {}, Exception("connection refused"))

    with Slot(project, able()) as one:
        working, one._link = one._link, Away(project)
        with pytest.raises(CountenanceError, match=r"the database was away .*connection refused.*start again"):
            one.exchange(None, None, more=True)
        one._link = working


def test_broken_settings_do_not_stop_a_worker(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = project.settings_path.read_text()
    notes = Notes()
    submit(project, job(), [task("a"), task("b", "a")])

    def kind(project: Project, one: Task, report: Report) -> Outcome:
        project.settings_path.write_text(kept + "[limits]\nat_once = 'many'\n")
        return notes(project, one, report)

    try:
        work(project, {"note": kind}, job="job")
    finally:
        project.settings_path.write_text(kept)
    assert notes.ran == ["a", "b"]
