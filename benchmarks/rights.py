"""Rights: the decision against a slow, obvious model, and withdrawals at random moments of a running job."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import REPOSITORY, Table

# The model and the little campaign are those of the tests: what is measured is what is tested.
sys.path.insert(0, str(REPOSITORY / "tests"))

WORLDS, MOMENTS, SEED = 20_000, 8, 20261121


def run() -> list[Table]:
    return [worlds(), withdrawals()]


def worlds(count: int = WORLDS) -> Table:
    """Questions asked in generated worlds of grants, withdrawals and time."""
    from worlds import agrees, asked_in, expected, world

    from countenance.rights.decide import decide

    asked, allowed, different, spent_s = 0, 0, 0, 0.0
    for number in range(count):
        for use, register, past in asked_in(world(random.Random(SEED + number))):
            before = time.process_time()
            verdict = decide(use, register)
            spent_s += time.process_time() - before
            asked, allowed = asked + 1, allowed + verdict.allowed
            different += not agrees(use, verdict, expected(use, past))
    return Table(
        "Rights: the decision and the obvious model",
        ("worlds", "questions", "allowed", "differences", "decisions/s (CPU)"),
        ((count, asked, f"{allowed / asked:.1%}", different, round(asked / spent_s)),),
        (
            "A world: up to six grants of two people over ten days, overlapping, partial, conflicting, replaced, "
            "withdrawn; twelve questions at random moments.",
            "A difference is another answer, another grant named, or another set of reasons.",
        ),
    )


def withdrawals(count: int = MOMENTS) -> Table:
    """Withdrawals while a real, small campaign is made: what was released after them."""
    from campaigns import cut_master
    from withdrawals import STAGES, new_job, released_after_withdrawal, withdrawn_at

    dice = random.Random(SEED)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        master = cut_master(Path(folder) / "master.mp4")
        for number in range(count):
            job = new_job(Path(folder) / str(number), master)
            stage, pictures = STAGES[number % len(STAGES)]
            moment = f"{stage}:{dice.randint(1, pictures)}"
            later_s = dice.uniform(0, 1.5) if stage.startswith("release") else 0.0
            ended = withdrawn_at(job, moment, later_s)
            rows.append((moment, later_s, ended.status, ended.stopped_s, released_after_withdrawal(job)))
    return Table(
        "Rights: withdrawn while a campaign is being made",
        ("moment", "and later (s)", "exit status", "stopped after (s)", "released after the withdrawal"),
        tuple(rows),
        ("Exit status 3: refused for lack of rights. 0: it was released just before, and is on the pull list.",),
    )
