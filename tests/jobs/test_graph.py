from __future__ import annotations

import pytest
from graphs import Heard, Notes, check_counts, job, states, task

from countenance.errors import InputError
from countenance.jobs.enter import Node
from countenance.jobs.graph import Task, submit
from countenance.jobs.kinds import Kind, Outcome, Report
from countenance.jobs.order import ranks
from countenance.jobs.state import first_failure, job_state, result_of, tasks_of
from countenance.jobs.worker import run_due, work
from countenance.store.project import Project


def test_tasks_run_after_what_they_need_and_each_once(project: Project) -> None:
    notes = Notes()
    submit(project, job(), [task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c")])
    work(project, {"note": notes}, job="job")
    assert notes.ran == ["a", "b", "c", "d"]
    assert job_state(project, "job").state == "done"
    assert result_of(project, "d") == {"ran": "d"}


def test_the_same_job_handed_in_twice_is_one(project: Project) -> None:
    notes = Notes()
    for _ in range(2):
        submit(project, job(), [task("a"), task("b", "a")])
    work(project, {"note": notes}, job="job")
    submit(project, job(), [task("a"), task("b", "a")])
    work(project, {"note": notes}, job="job")
    assert notes.ran == ["a", "b"]
    assert job_state(project, "job").size == 2


def test_a_task_that_two_jobs_want_runs_once(project: Project) -> None:
    notes = Notes()
    submit(project, job("one"), [task("shared"), task("a", "shared")])
    submit(project, job("two", campaign="autumn"), [task("shared"), task("b", "shared")])
    run_due(project, {"note": notes}, queues=("cpu",))
    assert sorted(notes.ran) == ["a", "b", "shared"]
    assert job_state(project, "one").state == job_state(project, "two").state == "done"


def test_a_job_whose_tasks_are_all_done_is_done_at_once(project: Project) -> None:
    submit(project, job("one"), [task("a")])
    run_due(project, {"note": Notes()}, queues=("cpu",))
    with Heard() as heard:
        submit(project, job("two"), [task("a")])
    assert job_state(project, "two").state == "done"
    assert heard.names() == ["job.submitted two", "job.settled two"]


def test_an_empty_job_is_done(project: Project) -> None:
    submit(project, job(), [])
    assert job_state(project, "job").state == "done"


def test_variants_are_finished_one_after_the_other(project: Project) -> None:
    notes = Notes()
    wanted = [task("see")]
    for variant in ("de", "fr"):
        wanted += [task(f"{variant}{part}", "see", variant=variant) for part in range(3)]
        wanted.append(task(f"{variant}-join", *(f"{variant}{part}" for part in range(3)), variant=variant))
    submit(project, job(), wanted)
    work(project, {"note": notes}, job="job")
    assert notes.ran.index("de-join") < notes.ran.index("fr0")


def test_inside_a_variant_the_longest_way_goes_first() -> None:
    nodes = {
        "short": Node("v", 1, ()),
        "long": Node("v", 1, ()),
        "after": Node("v", 50, ("long",)),
        "end": Node("v", 1, ("short", "after")),
    }
    order = ranks(nodes)
    assert sorted(order, key=lambda key: order[key]) == ["long", "after", "short", "end"]


def test_a_circle_is_refused_and_leaves_nothing_behind(project: Project) -> None:
    with pytest.raises(InputError, match="circle"):
        submit(project, job(), [task("a", "b"), task("b", "a")])
    assert states(project) == {}


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (task("a", "nowhere"), "not in the plan"),
        (task("x" * 65), "characters long"),
        (task("a", queue=""), "lacks a kind or a queue"),
        (task("a", cost_s=-1.0), "negative or endless"),
        (task("a", spec={"picture": b"bytes"}), "not plain JSON"),
    ],
)
def test_a_task_that_cannot_be_is_refused(project: Project, wanted: Task, what: str) -> None:
    with pytest.raises(InputError, match=what):
        submit(project, job(), [wanted])


def test_a_job_without_campaign_or_with_an_endless_id_is_refused(project: Project) -> None:
    with pytest.raises(InputError, match="no campaign"):
        submit(project, job(campaign=""), [])
    with pytest.raises(InputError, match="characters long"):
        submit(project, job("x" * 65), [])


def test_needs_may_come_after_what_needs_them(project: Project) -> None:
    notes = Notes()
    submit(project, job(), [task("b", "a"), task("a")])
    work(project, {"note": notes}, job="job")
    assert notes.ran == ["a", "b"]


def test_a_job_wants_what_its_tasks_need_even_if_it_does_not_say_so(project: Project) -> None:
    submit(project, job("one"), [task("a"), task("b", "a")])
    submit(project, job("two"), [task("b", "a"), task("c", "b")])
    assert {one.task.key for one in tasks_of(project, "two")} == {"a", "b", "c"}
    check_counts(project)


def brings(more: tuple[Task, ...]) -> Kind:
    def kind(project: Project, one: Task, report: Report) -> Outcome:
        return Outcome({}, more=more)

    return kind


def test_tasks_that_another_brings_are_wanted_by_all_who_want_that_one(project: Project) -> None:
    notes = Notes()
    pieces = (task("p0", "cut"), task("p1", "cut"), task("join", "p0", "p1"))
    kinds = {"note": notes, "cut": brings(pieces)}
    wanted = [task("cut", kind="cut"), task("page", "cut", "join")]
    submit(project, job("one"), wanted)
    submit(project, job("two"), [task("cut", kind="cut"), task("other", "cut")])
    run_due(project, kinds, queues=("cpu",))
    assert job_state(project, "one").state == job_state(project, "two").state == "done"
    assert notes.ran.index("page") > notes.ran.index("join") > notes.ran.index("p1")
    assert sorted(notes.ran) == ["join", "other", "p0", "p1", "page"]
    # A later job finds them brought already, and wants them with their bringer.
    submit(project, job("three"), wanted)
    assert {one.task.key for one in tasks_of(project, "three")} == {"cut", "p0", "p1", "join", "page"}
    check_counts(project)


def test_a_task_that_nobody_brings_after_all_is_a_dead_letter(project: Project) -> None:
    submit(project, job(), [task("cut", kind="cut"), task("page", "cut", "join"), task("after", "page")])
    run_due(project, {"note": Notes(), "cut": brings(())}, queues=("cpu",))
    assert states(project) == {"cut": "done", "page": "dead", "after": "blocked"}
    failure = first_failure(project, "job")
    assert failure is not None and "did not bring" in str(failure.failure())
    check_counts(project)


def test_results_that_are_gone_are_made_once_more(project: Project) -> None:
    gone = {"a"}

    class Forgetful(Notes):
        def __call__(self, project: Project, one: Task, report: Report) -> Outcome:
            if one.key == "c" and "a" in gone:
                self.ran.append("c finds nothing")
                gone.clear()
                return Outcome(redo=("a",))
            return super().__call__(project, one, report)

    notes = Forgetful()
    submit(project, job(), [task("a"), task("b", "a"), task("c", "b")])
    work(project, {"note": notes}, job="job")
    assert notes.ran == ["a", "b", "c finds nothing", "a", "c"]
    assert job_state(project, "job").state == "done"
    check_counts(project)


def test_results_that_are_gone_again_and_again_end_in_a_dead_letter(project: Project) -> None:
    def never(project: Project, one: Task, report: Report) -> Outcome:
        return Outcome(redo=("a",))

    submit(project, job(), [task("a"), task("b", "a", kind="never")])
    work(project, {"note": Notes(), "never": never}, job="job")
    failure = first_failure(project, "job")
    assert failure is not None and "again and again" in failure.reason


def test_what_is_known_to_be_gone_is_done_again_when_it_is_handed_in(project: Project) -> None:
    notes = Notes()
    submit(project, job(), [task("a"), task("b", "a")])
    work(project, {"note": notes}, job="job")
    submit(project, job(), [task("a"), task("b", "a")], redo=["b"])
    work(project, {"note": notes}, job="job")
    assert notes.ran == ["a", "b", "b"]
    check_counts(project)
