from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from countenance.cli.console import Call, actor_or_user, command, facts, table
from countenance.errors import BriefError, CountenanceError, IntegrityError, ModelError, RightsError

RUNNER = CliRunner()


def app_that(does: Callable[[Call], None]) -> typer.Typer:
    def one(call: Call) -> None:
        """One."""
        does(call)

    made = typer.Typer()
    made.callback()(lambda: None)
    command(made, "one")(one)
    return made


def raising(problem: BaseException) -> typer.Typer:
    def fail(_call: Call) -> None:
        raise problem

    return app_that(fail)


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (CountenanceError("the gate failed"), 1),
        (IntegrityError("the seal is broken"), 1),
        (BriefError("the brief lacks a master"), 2),
        (ModelError("the model is missing"), 2),
        (RightsError("ben may not be used", ("no grant",)), 3),
    ],
)
def test_a_refusal_is_one_line_on_stderr_and_its_own_status(problem: CountenanceError, status: int) -> None:
    done = RUNNER.invoke(raising(problem), ["one"])
    assert done.exit_code == status
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == f"error: {problem}"


def test_a_refusal_for_rights_gives_its_reasons() -> None:
    problem = RightsError("nothing was rendered", ("ben: no grant is on record", "ada: the grant ended"))
    done = RUNNER.invoke(raising(problem), ["one"])
    assert done.stderr.splitlines()[1:] == ["  ben: no grant is on record", "  ada: the grant ended"]


def test_machines_get_the_refusal_as_json_too() -> None:
    done = RUNNER.invoke(raising(RightsError("no", ("why",))), ["one", "--json"])
    assert done.exit_code == 3
    assert json.loads(done.stdout) == {"error": "no", "reasons": ["why"], "exit_status": 3}
    assert done.stderr.splitlines()[0] == "error: no"


def test_an_interrupt_ends_with_130() -> None:
    done = RUNNER.invoke(raising(KeyboardInterrupt()), ["one"])
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_mistakes_of_our_own_are_not_dressed_up() -> None:
    assert isinstance(RUNNER.invoke(raising(ZeroDivisionError()), ["one"]).exception, ZeroDivisionError)


def test_the_outcome_is_words_json_or_nothing() -> None:
    app = app_that(lambda call: call.show({"ähnlich": 1}, "in [red]words[/red]"))
    assert RUNNER.invoke(app, ["one"]).stdout == "in [red]words[/red]\n"
    assert json.loads(RUNNER.invoke(app, ["one", "--json"]).stdout) == {"ähnlich": 1}
    assert RUNNER.invoke(app, ["one", "--quiet"]).stdout == ""


def test_tables_show_texts_as_they_are() -> None:
    app = app_that(
        lambda call: call.show(None, table(("name", "state"), [("a[b]", "x" * 90)]), facts({"where": "[bold]here"}))
    )
    shown = RUNNER.invoke(app, ["one"]).stdout
    assert "a[b]" in shown
    assert "x" * 90 in shown
    assert "[bold]here" in shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def bars_of(call: Call, stderr: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "stderr", stderr)
    with call.progress() as stage:
        step = stage("painting", 10)
        step(4)
        step(10)
        stage("waiting", None)(1)
    return str(stderr.getvalue())


def test_bars_show_on_a_terminal_and_are_wiped_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    shown = bars_of(Call(None, json=False, quiet=False), Terminal(), monkeypatch)
    assert "painting" in shown
    assert "10/10" in shown
    assert shown.endswith("\x1b[2K")  # the last thing that is sent erases a line


@pytest.mark.parametrize(
    ("call", "stderr"),
    [
        (Call(None, json=True, quiet=False), Terminal()),
        (Call(None, json=False, quiet=True), Terminal()),
        (Call(None, json=False, quiet=False), io.StringIO()),
    ],
    ids=["json", "quiet", "no terminal"],
)
def test_there_are_no_bars_otherwise(call: Call, stderr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bars_of(call, stderr, monkeypatch) == ""


def test_the_actor_is_who_was_named_or_who_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "kim")
    assert actor_or_user(" ana ") == "ana"
    assert actor_or_user(None) == actor_or_user("  ") == "kim"
