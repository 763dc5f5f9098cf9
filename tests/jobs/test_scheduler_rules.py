"""The scheduler against a slow and obvious model of it: whatever happens in whatever order, both agree."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import hypothesis.strategies as st
from graphs import check_counts, states
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from countenance.errors import InputError
from countenance.jobs import finish, graph, steer
from countenance.jobs.claim import LEASE_S, Able, Claim, claim
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome
from countenance.jobs.leases import reap, wake
from countenance.jobs.limits import Limits
from countenance.jobs.sql import turn
from countenance.jobs.state import job_state
from countenance.store.project import Project, init_project

LIMITS = Limits(tries=3, kills=3)
ABLE = Able("w", ("cpu",), frozenset({"k"}))
TABLES = ("job", "task", "task_need", "task_brought", "job_task", "task_ready", "queue_share", "job_owner", "worker")
_projects: list[Project] = []


def empty_project() -> Project:
    """The one project of this module, without jobs."""
    if not _projects:
        _projects.append(init_project(Path(tempfile.mkdtemp(prefix="countenance-rules-"))))
    with turn(_projects[0]) as connection:
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))
    return _projects[0]


@dataclass
class Wish:
    """A job of the model: what it wants, in the order that it is to be done in."""

    campaign: str
    priority: int
    wants: list[str]
    at: float = -1.0  # when it was handed in; -1: not yet
    state: str = "new"


@dataclass
class Model:
    needs: dict[str, tuple[str, ...]]
    wishes: dict[str, Wish]
    known: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    running: dict[str, Claim] = field(default_factory=dict)
    resting: dict[str, float] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    used: dict[str, float] = field(default_factory=dict)
    stand: float = 0.0

    def lost(self, key: str) -> bool:
        """Whether something that a task needs is dead, at whatever distance."""
        return any(need not in self.done and (need in self.dead or self.lost(need)) for need in self.needs[key])

    def state(self, key: str) -> str:
        for name, keys in (("done", self.done), ("dead", self.dead), ("running", self.running)):
            if key in keys:
                return name
        if key in self.resting:
            return "resting"
        if self.lost(key):
            return "blocked"
        return "ready" if all(need in self.done for need in self.needs[key]) else "waiting"

    def settle(self) -> None:
        for wish in self.wishes.values():
            if wish.state in ("active", "paused"):
                left = {self.state(key) for key in wish.wants} - {"done"}
                if not left - {"dead", "blocked"}:
                    wish.state = "failed" if left else "done"

    def turn(self) -> tuple[str, str] | None:
        """Whose turn it is: the job and the task."""
        offers = {
            name: [key for key in wish.wants if self.state(key) == "ready"]
            for name, wish in self.wishes.items()
            if wish.state == "active"
        }
        offers = {name: keys for name, keys in offers.items() if keys}
        if not offers:
            return None

        def order(name: str) -> tuple[float, str, float, float, str]:
            wish = self.wishes[name]
            used = max(self.stand, self.used.get(wish.campaign, 0.0))
            return used, wish.campaign, -(2.0**wish.priority), wish.at, name

        name = min(offers, key=order)
        return name, offers[name][0]

    def revive(self, keys: set[str]) -> None:
        for key in keys:
            self.dead.discard(key)
            self.failures.pop(key, None)
            self.kills.pop(key, None)
        below = {key for key in self.known if key in keys or self.touches(key, keys)}
        for wish in self.wishes.values():
            if wish.state == "failed" and below & set(wish.wants):
                wish.state = "active"

    def touches(self, key: str, keys: set[str]) -> bool:
        return any(need in keys or self.touches(need, keys) for need in self.needs[key])


class Scheduler(RuleBasedStateMachine):
    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.project = empty_project()
        self.now = 1000.0
        self.old: list[Claim] = []
        keys = [f"t{number}" for number in range(data.draw(st.integers(2, 7)))]
        needs = {
            key: tuple(data.draw(st.lists(st.sampled_from(keys[:place]), unique=True, max_size=2)) if place else ())
            for place, key in enumerate(keys)
        }
        wishes = {}
        for number in range(3):
            some = data.draw(st.lists(st.sampled_from(keys), unique=True, min_size=1))
            closed: set[str] = set(some)
            for key in reversed(keys):
                if key in closed:
                    closed.update(needs[key])
            campaign, priority = data.draw(st.sampled_from("ab")), data.draw(st.integers(-1, 2))
            wishes[f"job{number}"] = Wish(campaign, priority, [key for key in keys if key in closed])
        self.model = Model(needs, wishes)
        self.patches = [patch.object(module, "clock", lambda _connection: self.now) for module in (graph, steer)] + [
            patch.object(finish.random, "random", lambda: 1.0)
        ]
        for one in self.patches:
            one.start()

    def teardown(self) -> None:
        for one in getattr(self, "patches", []):
            one.stop()

    @rule(number=st.integers(0, 2))
    def hand_in(self, number: int) -> None:
        name = f"job{number}"
        wish = self.model.wishes[name]
        tasks = [Task(key, "k", "cpu", key, self.model.needs[key], retry_s=8.0) for key in wish.wants]
        submit(self.project, Job(name, wish.campaign, "o", {}, priority=wish.priority), tasks)
        if wish.state in ("new", "done", "failed", "cancelled"):
            wish.at = self.now
        wish.state = "active"
        self.model.known.update(wish.wants)
        self.model.revive(self.model.dead & set(wish.wants))
        self.model.settle()

    @rule()
    def take(self) -> None:
        expected = self.model.turn()
        with turn(self.project) as connection:
            claimed = claim(connection, ABLE, LIMITS, self.now)
        if claimed is None:
            assert expected is None
            return
        assert expected == (claimed.job, claimed.task.key)
        wish = self.model.wishes[claimed.job]
        self.model.stand = max(self.model.stand, self.model.used.get(wish.campaign, 0.0))
        self.model.used[wish.campaign] = self.model.stand + 1.0 / 2.0**wish.priority
        self.model.running[claimed.task.key] = claimed

    def release(self, claimed: Claim) -> None:
        del self.model.running[claimed.task.key]
        self.old.append(claimed)
        wish = self.model.wishes[claimed.job]
        ran = self.now - claimed.started_at
        self.model.used[wish.campaign] += (ran - 1.0) / 2.0**wish.priority

    def pick(self, data: st.DataObject) -> Claim:
        return self.model.running[data.draw(st.sampled_from(sorted(self.model.running)))]

    @precondition(lambda self: self.model.running)
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        claimed = self.pick(data)
        with turn(self.project) as connection:
            assert finish.done(connection, self.project, claimed, Outcome(), LIMITS, self.now)
        self.release(claimed)
        self.model.done.add(claimed.task.key)
        self.model.failures.pop(claimed.task.key, None)
        self.model.kills.pop(claimed.task.key, None)
        self.model.settle()

    @precondition(lambda self: self.model.running)
    @rule(data=st.data(), final=st.booleans())
    def fail(self, data: st.DataObject, final: bool) -> None:
        claimed = self.pick(data)
        with turn(self.project) as connection:
            failure = InputError("no") if final else ValueError("perhaps")
            assert finish.failed(connection, self.project, claimed, failure, LIMITS, self.now)
        self.release(claimed)
        key = claimed.task.key
        if final or self.model.failures.get(key, 0) + 1 >= 3:
            self.model.dead.add(key)
        else:
            self.model.failures[key] = self.model.failures.get(key, 0) + 1
            self.model.resting[key] = self.now + 2.0 ** (self.model.failures[key] - 1)
        self.model.settle()

    @precondition(lambda self: self.model.running)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        claimed = self.pick(data)
        with turn(self.project) as connection:
            assert finish.given_back(connection, self.project, claimed, self.now)
        self.release(claimed)

    @precondition(lambda self: self.old)
    @rule(data=st.data())
    def a_zombie_hands_in(self, data: st.DataObject) -> None:
        claimed = data.draw(st.sampled_from(self.old))
        current = self.model.running.get(claimed.task.key)
        with turn(self.project) as connection:
            connection.execute(
                text("UPDATE task SET attempt = attempt + 1 WHERE key = :key AND state <> 'running'"),
                {"key": claimed.task.key},
            )  # somebody has begun it since, and ended
            assert finish.done(connection, self.project, claimed, Outcome(), LIMITS, self.now) == []
        assert current is None or current.attempt != claimed.attempt

    @rule(seconds=st.sampled_from([0.5, 2.0, LEASE_S + 1]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        with turn(self.project) as connection:
            wake(connection, self.now)
            reap(connection, LIMITS, self.now)
        for key, due in list(self.model.resting.items()):
            if due <= self.now:
                del self.model.resting[key]
        for key, claimed in list(self.model.running.items()):
            if claimed.started_at + LEASE_S <= self.now:
                del self.model.running[key]
                self.old.append(claimed)
                self.model.kills[key] = self.model.kills.get(key, 0) + 1
                if self.model.kills[key] >= 3:
                    self.model.dead.add(key)
        self.model.settle()

    @rule(number=st.integers(0, 2), what=st.sampled_from(["pause", "resume", "cancel"]))
    def somebody_steers(self, number: int, what: str) -> None:
        wish = self.model.wishes[f"job{number}"]
        if wish.state == "new":
            return
        getattr(steer, what)(self.project, f"job{number}")
        before, after = {
            "pause": (("active",), "paused"), "resume": (("paused",), "active"),
            "cancel": (("active", "paused"), "cancelled"),
        }[what]  # fmt: skip
        if wish.state in before:
            wish.state = after

    @precondition(lambda self: self.model.dead)
    @rule(data=st.data())
    def try_again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.model.dead)))
        steer.retry(self.project, key)
        self.model.revive({key})
        self.model.settle()

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "model"):
            return
        assert states(self.project) == {key: self.model.state(key) for key in self.model.known}
        for name, wish in self.model.wishes.items():
            if wish.state != "new":
                assert job_state(self.project, name).state == wish.state
        check_counts(self.project)


Scheduler.TestCase.settings = settings(
    max_examples=20, stateful_step_count=30, suppress_health_check=list(HealthCheck), deadline=None
)
TestScheduler = Scheduler.TestCase
