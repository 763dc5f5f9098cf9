from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from deployed import DEPLOY, require_command

UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
PROGRAM = "/srv/countenance/venv/bin/countenance"


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_the_program_knows_what_a_unit_tells_it(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    values = {"PROCESSES": "1", "METRICS": "0"}
    program, flag, _project, *words = shlex.split(re.sub(r"\$\{(\w+)\}", lambda one: values[one[1]], line))
    assert (program, flag) == (PROGRAM, "--project")
    require_command(words)


def test_every_timer_has_its_service() -> None:
    names = {path.name for path in UNITS}
    assert [path.name for path in UNITS if path.suffix == ".timer" and f"{path.stem}.service" not in names] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    program = tmp_path / "countenance"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    targets = []
    for unit in UNITS:
        target = tmp_path / unit.name.replace("@.", "@cpu.")
        target.write_text(unit.read_text(encoding="utf-8").replace(PROGRAM, str(program)), encoding="utf-8")
        targets.append(target)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *targets], capture_output=True, text=True, check=False
    )
    # What the machine's own units lack is nothing of ours.
    ours = [line for line in done.stderr.splitlines() if "countenance" in line]
    assert (done.returncode, ours) == (0, [])
