from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.cli.calibrate import rate_of
from countenance.errors import InputError

RUNNER = CliRunner()


def test_one_command_makes_the_clip_and_measures_it(tmp_path: Path) -> None:
    clip = str(tmp_path / "clap.mp4")
    made = RUNNER.invoke(app, ["calibrate", "--out", clip, "--fps", "23.976", "--seconds", "6"])
    assert (made.exit_code, made.stderr) == (0, "") and "clap clip" in made.stdout
    told = json.loads(RUNNER.invoke(app, ["calibrate", clip, "--json"]).stdout)
    assert abs(told["offset_ms"]) < 0.03 and told["claps"] == 4
    assert "early" in RUNNER.invoke(app, ["calibrate", clip]).stdout


def test_the_rates_of_television_are_meant_exactly() -> None:
    assert rate_of("29.97") == rate_of("30000/1001") == Fraction(30000, 1001)
    assert (rate_of("23.976"), rate_of("25"), rate_of("59.94")) == (Fraction(24000, 1001), 25, Fraction(60000, 1001))
    with pytest.raises(InputError, match="'fast' is no picture rate"):
        rate_of("fast")


@pytest.mark.parametrize("arguments", [[], ["clip.mp4", "--out", "clap.mp4"]])
def test_either_a_clip_is_made_or_one_is_measured(arguments: list[str]) -> None:
    done = RUNNER.invoke(app, ["calibrate", *arguments])
    assert done.exit_code == 2 and "--out" in done.stderr
