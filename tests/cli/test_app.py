from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from countenance import __version__
from countenance.cli.app import app
from countenance.cli.reference import commands

RUNNER = CliRunner()
COMMANDS = dict(commands())


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_the_program_runs_as_its_own_process() -> None:
    done = python("-m", "countenance.cli", "--version")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, __version__, "")


def test_nothing_heavy_is_imported_before_a_command_runs() -> None:
    heavy = "numpy", "cv2", "av", "sqlalchemy", "c2pa", "dlib", "ai_edge_litert", "dbos", "pydantic"
    done = python("-c", f"import sys, countenance.cli.app; print([one for one in {heavy} if one in sys.modules])")
    assert done.stdout.strip() == "[]"


def test_the_help_tells_all_exit_statuses() -> None:
    shown = " ".join(RUNNER.invoke(app, ["--help"]).stdout.split())
    for words in ("0 done", "1 a gate", "2 wrong use", "3 refused", "4 waiting for review", "130 interrupted"):
        assert words in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_takes_the_common_options(name: str) -> None:
    shown = RUNNER.invoke(app, [*name.split(), "--help"])
    assert shown.exit_code == 0
    for option in ("--project", "--json", "--quiet", "Exit status"):
        assert option in shown.stdout
    command: Any = COMMANDS[name]
    assert command.help
    assert all(parameter.help for parameter in command.params)


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["verify"], ["verify", "--nonsense", "x"], ["ledger", "show", "--last", "0"]]
)
def test_wrong_use_ends_with_status_2(arguments: list[str]) -> None:
    done = RUNNER.invoke(app, arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr
