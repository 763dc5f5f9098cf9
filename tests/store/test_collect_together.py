"""Writers and collectors at once, as processes of their own that are killed now and then, on both databases."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from countenance.store.blobs import check_blob
from countenance.store.collect import Collected, collect
from countenance.store.database import reading
from countenance.store.places import blob_place
from countenance.store.project import Project, init_project
from countenance.store.tables import blob_ref

FOR_S = 40.0
GRACE_S = 5.0  # much longer than a put takes on a busy machine, much shorter than the test

WRITER = """
    import random, sys
    from pathlib import Path
    from countenance.store.blobs import check_blob, put_blob
    from countenance.store.project import Project
    from countenance.store.references import let_go, refer

    project, name = Project(Path(sys.argv[1])), sys.argv[2]
    source = Path(sys.argv[1]) / name
    while True:
        source.write_bytes(random.randrange(300).to_bytes(2, "big") * 500)
        sha256 = put_blob(project, source)
        refer(project, "release", name, [sha256])
        check_blob(project, sha256)
        if random.random() < 0.3:
            let_go(project, "release", name)
"""
COLLECTOR = """
    import sys
    from datetime import timedelta
    from pathlib import Path
    from countenance.store.collect import collect
    from countenance.store.project import Project

    while True:
        found = collect(Project(Path(sys.argv[1])), really=True, grace=timedelta(seconds=float(sys.argv[2])))
        assert not found.missing, found
        print(found.removed, flush=True)
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    code = textwrap.dedent(program)
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.long
@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_nothing_needed_is_ever_taken_and_nothing_else_stays(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    database = request.getfixturevalue("postgresql") if where == "postgresql" else None
    project = init_project(tmp_path, database=database)
    dice, removed, killed = random.Random(6), 0, 0
    kinds = {f"w{number}": (WRITER, str(tmp_path), f"w{number}") for number in range(3)}
    kinds |= {f"c{number}": (COLLECTOR, str(tmp_path), str(GRACE_S)) for number in range(2)}
    running = {name: start(*given) for name, given in kinds.items()}
    deadline = time.monotonic() + FOR_S
    while time.monotonic() < deadline:
        time.sleep(dice.uniform(0.5, 3.0))
        name = dice.choice(sorted(running))
        assert running[name].poll() is None, running[name].communicate()[1]
        removed += _killed(running[name])
        killed += 1
        running[name] = start(*kinds[name])
    removed += sum(_killed(one) for one in running.values())
    assert removed > 0 and killed > 5
    _all_there(project)
    for quiet in (1, 2, 3):
        collect(project, really=True, now=datetime.now(UTC) + quiet * timedelta(days=2))
    _all_there(project)
    assert collect(project, now=datetime.now(UTC) + timedelta(days=9)) == Collected()
    assert len(list(blob_place(project).listing())) == len(_needed(project))


def _killed(process: subprocess.Popen[str]) -> int:
    """SIGKILL; returns how many blobs it had removed."""
    process.send_signal(signal.SIGKILL)
    said, complaint = process.communicate()
    assert "Error" not in complaint, complaint
    return sum(int(line) for line in said.splitlines() if line.strip().isdigit())


def _needed(project: Project) -> set[str]:
    with reading(project) as connection:
        return set(connection.execute(select(blob_ref.c.sha256)).scalars())


def _all_there(project: Project) -> None:
    for sha256 in _needed(project):
        check_blob(project, sha256)
