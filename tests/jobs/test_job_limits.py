from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from graphs import Notes, job, task
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import CountenanceError, InputError
from countenance.jobs import finish
from countenance.jobs.claim import Able, Claim, claim
from countenance.jobs.failures import is_final, pause_s, raised_again, record
from countenance.jobs.graph import submit
from countenance.jobs.kinds import Outcome
from countenance.jobs.limits import Limits, limits_of
from countenance.jobs.pressure import pressure
from countenance.jobs.sql import clock, turn
from countenance.jobs.worker import run_due
from countenance.store.project import Project

ABLE = Able("w", (), frozenset({"note"}))
CALM = {"priority": 0, "deadline": None, "budget_s": None, "spent_s": 0.0, "left_s": 100.0, "now": 0.0}


@pytest.fixture
def written(project: Project) -> Iterator[Project]:
    """A project whose settings a test may add to."""
    kept = project.settings_path.read_text()
    yield project
    project.settings_path.write_text(kept)


def write(project: Project, text: str) -> None:
    with project.settings_path.open("a") as settings:
        settings.write(text)


def take(project: Project, limits: Limits, later_s: float = 0.0) -> Claim | None:
    with turn(project) as connection:
        return claim(connection, ABLE, limits, clock(connection) + later_s)


def test_settings_say_what_limits(written: Project) -> None:
    assert limits_of(written) == Limits()
    write(
        written,
        "[queues]\ngpu = 2\n[limits]\nat_once = 8\ntries = 3\n"
        '[limits.owners."Ada Ltd"]\nat_once = 1\nstarts_per_minute = 6\n',
    )
    found = limits_of(written)
    assert (found.queues, found.at_once, found.tries, found.kills) == ({"gpu": 2}, 8, 3, 5)
    ada = found.of("Ada Ltd")
    assert (ada.at_once, ada.starts_per_minute, ada.tries, found.of("Ben").at_once) == (1, 6, 3, 8)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[limits]\nat_one = 3\n", "the limit 'at_one', which is none"),
        ("[limits]\nat_once = 0\n", "'at_once' is 0; write a whole number from 1"),
        ("[queues]\ngpu = true\n", "'gpu' is True"),
        ("queues = 3\n", "'queues' is no table"),
        ("[limits]\nat_once = \n", "cannot be understood"),
    ],
)
def test_settings_that_make_no_sense_are_named(written: Project, text: str, what: str) -> None:
    write(written, text)
    with pytest.raises(InputError, match=what):
        limits_of(written)


def test_a_queue_runs_no_more_at_once_than_it_may(project: Project) -> None:
    submit(project, job(), [task(f"g{number}", queue="gpu") for number in range(3)] + [task("c")])
    limits = Limits(queues={"gpu": 2})
    first, *others = [take(project, limits) for _ in range(4)]
    assert [one and one.task.key for one in (first, *others)] == ["c", "g0", "g1", None]


def test_an_owner_has_no_more_at_once_than_it_may_and_others_go_on(project: Project) -> None:
    submit(project, job("one", owner="ada"), [task(f"a{number}") for number in range(3)])
    submit(project, job("two", owner="ben", campaign="z"), [task(f"b{number}") for number in range(3)])
    limits = Limits(owners={"ada": Limits(at_once=1)})
    taken = [take(project, limits) for _ in range(5)]
    assert [one and one.task.key for one in taken] == ["a0", "b0", "b1", "b2", None]


def test_an_owner_s_starts_are_limited_by_the_minute(project: Project) -> None:
    submit(project, job(), [task(f"t{number}") for number in range(20)])
    limits = Limits(starts_per_minute=6)
    assert [take(project, limits) is not None for _ in range(8)] == [True] * 6 + [False] * 2
    assert [take(project, limits, later_s=10.5) is not None for _ in range(2)] == [True, False]
    assert [take(project, limits, later_s=1000.0) is not None for _ in range(7)] == [True] * 6 + [False]


def shares(project: Project, seconds: float, tasks: int) -> Counter[str]:
    """Who gets how many of so many tasks, each of which takes so long."""
    done: Counter[str] = Counter()
    now = 1e9
    for _ in range(tasks):
        with turn(project) as connection:
            claimed = claim(connection, ABLE, Limits(), now)
            assert claimed is not None
            now += seconds
            finish.done(connection, project, claimed, Outcome(), Limits(), now)
        done[claimed.campaign] += 1
    return done


def test_campaigns_share_alike_whatever_their_size(project: Project) -> None:
    submit(project, job("big", campaign="big"), [task(f"b{number}") for number in range(90)])
    submit(project, job("small", campaign="small"), [task(f"s{number}") for number in range(20)])
    assert shares(project, 1.0, 40) == {"big": 20, "small": 20}


def test_a_step_of_priority_doubles_the_share(project: Project) -> None:
    for name, priority in (("low", 0), ("high", 1)):
        tasks = [task(f"{name}{number}") for number in range(60)]
        submit(project, job(name, campaign=name, priority=priority), tasks)
    assert shares(project, 1.0, 30) == {"low": 10, "high": 20}


def test_what_tasks_take_counts_and_not_what_was_estimated(project: Project) -> None:
    for name, cost_s in (("modest", 100.0), ("boastful", 0.001)):
        tasks = [task(f"{name}{number}", cost_s=cost_s) for number in range(60)]
        submit(project, job(name, campaign=name), tasks)
    done = shares(project, 1.0, 40)
    assert abs(done["modest"] - done["boastful"]) <= 4


def test_a_campaign_that_comes_later_neither_hogs_nor_starves(project: Project) -> None:
    submit(project, job("old", campaign="old"), [task(f"o{number}") for number in range(90)])
    shares(project, 1.0, 40)
    submit(project, job("new", campaign="new"), [task(f"n{number}") for number in range(40)])
    done = shares(project, 1.0, 20)
    assert abs(done["old"] - done["new"]) <= 2


def test_the_more_pressing_job_of_a_campaign_goes_first(project: Project) -> None:
    notes = Notes()
    submit(project, job("calm"), [task("a"), task("b")])
    submit(project, job("pressing", priority=3), [task("c"), task("d")])
    run_due(project, {"note": notes}, queues=("cpu",))
    assert notes.ran == ["c", "d", "a", "b"]


def test_pressure_rises_with_priority_and_nearness_and_falls_with_the_budget() -> None:
    assert pressure(**CALM) == 1.0
    assert pressure(**{**CALM, "priority": 2}) == 4.0
    assert pressure(**{**CALM, "deadline": 100.0}) == 2.0  # one machine would do, from now on
    assert pressure(**{**CALM, "deadline": 20.0}) == 6.0
    assert pressure(**{**CALM, "deadline": -5.0}) == 16.0
    assert pressure(**{**CALM, "budget_s": 10.0, "spent_s": 5.0}) == 0.5
    assert pressure(**{**CALM, "budget_s": 10.0, "spent_s": 50.0}) == 0.25
    assert pressure(**{**CALM, "budget_s": 0.0}) == 0.25


@given(
    priority=st.integers(-100, 100),
    deadline=st.none() | st.floats(-1e9, 1e9),
    budget_s=st.none() | st.floats(0, 1e9),
    spent_s=st.floats(0, 1e9),
    left_s=st.floats(0, 1e9),
)
def test_pressure_is_always_a_weight(
    priority: int, deadline: float | None, budget_s: float | None, spent_s: float, left_s: float
) -> None:
    found = pressure(
        priority=priority, deadline=deadline, budget_s=budget_s, spent_s=spent_s, left_s=left_s, now=1000.0
    )
    assert 2**-12 <= found <= 2**14


@given(failures=st.integers(1, 5000), retry_s=st.floats(0.001, 1e6), chance=st.floats(0, 1))
def test_a_pause_is_never_longer_than_it_may_be(failures: int, retry_s: float, chance: float) -> None:
    assert 0 <= pause_s(failures, retry_s, chance) <= retry_s


def test_pauses_double_until_the_longest() -> None:
    assert [pause_s(failures, 5.0, 1.0) for failures in range(1, 6)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_failure_of_a_class_that_only_a_room_knows_is_raised_as_the_nearest_that_all_know() -> None:
    class Narrow(InputError):
        pass

    assert is_final(Narrow("x"))
    again = raised_again("paint", record(Narrow("the file is bad.")))
    assert type(again) is InputError and str(again) == "the file is bad."
    assert type(raised_again("paint", record(KeyError("k")))) is CountenanceError
