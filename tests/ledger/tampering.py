"""Ways to tamper with a ledger, its checkpoints, its exports, its proofs and its witness, at random places.

Each function below `World` does one such thing to a fresh copy, asks the product, and gives what the product said
(None when it noticed nothing) and a pattern for the place that it must name.
"""

from __future__ import annotations

import base64
import copy
import json
import random
import re
import shutil
import sqlite3
import string
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from countenance.errors import CountenanceError
from countenance.ledger.audit import SIGNING_KEY
from countenance.ledger.chain import Row, content_digest, sign_hash
from countenance.ledger.checkpoint import checkpoint_path, project_key
from countenance.ledger.log import append, verify
from countenance.ledger.note import Checkpoint, sign_checkpoint
from countenance.ledger.offline import verify_export
from countenance.ledger.proof import check_consistency, check_proof, prove, prove_consistency, public_key_pem
from countenance.ledger.shelf import Folder
from countenance.ledger.tiles import export
from countenance.ledger.tree import Frontier, leaf_hash
from countenance.ledger.witness import witness
from countenance.ledger.witnessed import keep_witnessed
from countenance.store.project import Project, init_project
from countenance.store.secrets import load_or_create_ed25519

SIZE = 20  # entries of the ledger
SEEN = 14  # of them the witness has seen when it was last told of
FORKS = (5, 13, 17)  # entries that forks by the key's holder have in common with the ledger
NOW = 1_800_000_000
Said = tuple[str | None, str]
TRIGGERS = (
    "ledger_entry_no_update", "ledger_entry_no_delete", "ledger_entry_in_order", "ledger_head_no_delete",
)  # fmt: skip


class World:
    """A studio with its history, its export, its witness, and forks that somebody with the key made of it."""

    def __init__(self, folder: Path) -> None:
        self.base = init_project(folder / "base")
        self.exported, self.state = Folder(folder / "exported"), folder / "state"
        self.trial, self.scratch = Project(folder / "trial"), folder / "scratch"
        self.key = load_or_create_ed25519(self.base, SIGNING_KEY)
        self.name = project_key(self.base, self.key.public_key())
        self.snapshots = {0: self._snapshot(self.base)}
        for seq in range(1, SIZE + 1):
            append(self.base, "render.finished", f"worker-{seq % 3}", {"variant": f"v{seq}", "frames": 100 * seq})
            self.snapshots[seq] = self._snapshot(self.base)
            if seq == SEEN:
                export(self.base, self.exported)
                seen = witness(self.exported, self.state, "auditor", self.name.text(), NOW)
                keep_witnessed(self.base, seen.note, self.name, seen.witness)
                shutil.copytree(self.state, folder / "state-before")
        export(self.base, self.exported)
        self.seen = witness(self.exported, self.state, now_s=NOW + 60)
        self.witnesses = folder / "witnesses"
        shutil.copytree(self.base.folder / "witnesses", self.witnesses)
        shutil.copytree(self.base.root, self.trial.root)
        self.inclusions = {seq: prove(self.base, seq) for seq in range(1, SIZE + 1)}
        self.consistencies = {
            seq: prove_consistency(self.base, self.snapshots[seq][1].decode()) for seq in range(1, SIZE)
        }
        self.pem = public_key_pem(self.base)
        self.forks, self.fork_exports = {}, {}
        for common in FORKS:
            self.restore(common)
            shutil.rmtree(self.trial.folder / "witnesses")
            for n in range(SIZE + 4 - common):
                append(self.trial, "render.refused", "forger", {"n": n})
            self.forks[common] = self._snapshot(self.trial)
            self.fork_exports[common] = Folder(folder / f"forked-{common}")
            export(self.trial, self.fork_exports[common])
        self.set_back_exports = {}
        for size in (3, SEEN, SIZE - 1):
            self.restore(size)
            shutil.rmtree(self.trial.folder / "witnesses")
            self.set_back_exports[size] = Folder(folder / f"set-back-{size}")
            export(self.trial, self.set_back_exports[size])
        self.restore(SIZE)

    def restore(self, size: int) -> None:
        """The trial's files as they were when the ledger had this size."""
        self.put(self.snapshots[size])
        shutil.rmtree(self.trial.folder / "witnesses", ignore_errors=True)
        shutil.copytree(self.witnesses, self.trial.folder / "witnesses")

    def put(self, snapshot: tuple[bytes, bytes]) -> None:
        for suffix in ("-wal", "-shm"):
            self.trial.database_path.with_name(f"countenance.db{suffix}").unlink(missing_ok=True)
        self.trial.database_path.write_bytes(snapshot[0])
        checkpoint_path(self.trial).write_bytes(snapshot[1])

    def change(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        """Change the database file as somebody with file access could."""
        with closing(sqlite3.connect(self.trial.database_path, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            for name in TRIGGERS:
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")
            for statement, values in statements:
                connection.execute(statement, values)
            connection.execute("COMMIT")

    def rows(self) -> list[Row]:
        with closing(sqlite3.connect(self.trial.database_path)) as connection:
            columns = "seq, prev_hash, ts, actor, kind, data, hash, signature"
            return [Row(*row) for row in connection.execute(f"SELECT {columns} FROM ledger_entry ORDER BY seq")]

    def replace(self, rows: list[Row]) -> None:
        insert = "INSERT INTO ledger_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        columns = "(seq, prev_hash, ts, actor, kind, data, hash, signature)"
        self.change(
            ("DELETE FROM ledger_entry", ()),
            *((insert.replace(" VALUES", f" {columns} VALUES"), tuple(vars(row).values())) for row in rows),
        )

    def audit(self) -> str | None:
        report = verify(self.trial)
        return None if report.ok else str(report.problem)

    def watch(self, source: Folder, state: Path | None = None, now_s: int = NOW + 120) -> str | None:
        return said(lambda: witness(source, state or self.state, now_s=now_s))

    def copy(self, source: Path) -> Path:
        shutil.rmtree(self.scratch, ignore_errors=True)
        shutil.copytree(source, self.scratch)
        return self.scratch

    def _snapshot(self, project: Project) -> tuple[bytes, bytes]:
        with closing(sqlite3.connect(project.database_path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path = checkpoint_path(project)
        return project.database_path.read_bytes(), path.read_bytes() if path.exists() else b""


def said(ask: Callable[[], object]) -> str | None:
    try:
        ask()
    except CountenanceError as problem:
        return str(problem)
    return None


def rechained(rows: list[Row], start: int, sign: Callable[[str], str] | None = None) -> list[Row]:
    """The rows with numbers, links and hashes made to fit from place `start` on, and signed where one can."""
    made = rows[:start]
    for row in rows[start:]:
        before = made[-1].hash if made else "0" * 64
        value = content_digest(len(made) + 1, before, row.ts, row.actor, row.kind, row.data)
        signature = sign(value) if sign else row.signature
        made.append(Row(len(made) + 1, before, row.ts, row.actor, row.kind, row.data, value, signature))
    return made


def other(rng: random.Random, text: str) -> str:
    """The text with one character changed."""
    place = rng.randrange(len(text))
    put = rng.choice([one for one in string.ascii_letters + string.digits if one != text[place]])
    return text[:place] + put + text[place + 1 :]


def flip(rng: random.Random, path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    path.write_bytes(raw)


# The database, by somebody without the key.


def edit(world: World, rng: random.Random) -> Said:
    seq = rng.randint(1, SIZE)
    column = rng.choice(["prev_hash", "ts", "actor", "kind", "data", "hash", "signature"])
    value = other(rng, str(vars(world.rows()[seq - 1])[column]))
    world.change((f"UPDATE ledger_entry SET {column} = ? WHERE seq = ?", (value, seq)))
    return world.audit(), rf"entry {seq} "


def edit_and_rechain(world: World, rng: random.Random) -> Said:
    seq, rows = rng.randint(1, SIZE), world.rows()
    rows[seq - 1] = Row(**{**vars(rows[seq - 1]), "actor": "forger"})
    world.replace(rechained(rows, seq - 1))
    return world.audit(), rf"entry {seq} .*not signed"


def delete(world: World, rng: random.Random) -> Said:
    seq = rng.randint(1, SIZE)
    world.change(("DELETE FROM ledger_entry WHERE seq = ?", (seq,)))
    return world.audit(), rf"entry {seq} is missing" if seq < SIZE else rf"ends at entry {SIZE - 1}\b"


def delete_and_close_up(world: World, rng: random.Random) -> Said:
    seq, rows = rng.randint(1, SIZE - 1), world.rows()
    del rows[seq - 1]
    moved = [Row(**{**vars(row), "seq": n}) for n, row in enumerate(rows, 1)]
    if rng.random() < 0.5:
        world.replace(moved)
        return world.audit(), rf"entry {seq} does not follow"
    world.replace(rechained(rows, seq - 1))
    return world.audit(), rf"entry {seq} .*not signed"


def reorder(world: World, rng: random.Random) -> Said:
    one, two = sorted(rng.sample(range(1, SIZE + 1), 2))
    rows = world.rows()
    rows[one - 1], rows[two - 1] = rows[two - 1], rows[one - 1]
    if rng.random() < 0.5:
        world.replace([Row(**{**vars(row), "seq": n}) for n, row in enumerate(rows, 1)])
        return world.audit(), rf"entry {one} does not follow"
    world.replace(rechained(rows, one - 1))
    return world.audit(), rf"entry {one + 1} .*dated before entry {one}\b"


def truncate(world: World, rng: random.Random) -> Said:
    size = rng.randint(0, SIZE - 1)
    world.change(("DELETE FROM ledger_entry WHERE seq > ?", (size,)))
    if rng.random() < 0.3:
        world.change(("DELETE FROM ledger_head", ()))
        return world.audit(), rf"ends at entry {size}\b"
    return world.audit(), rf"ends at entry {size}\b"


def set_back_database(world: World, rng: random.Random) -> Said:
    size, file = rng.randint(0, SIZE - 1), checkpoint_path(world.trial).read_bytes()
    world.put((world.snapshots[size][0], file))
    return world.audit(), rf"ends at entry {size}\b"


def set_back_everything_but_the_witness_note(world: World, rng: random.Random) -> Said:
    size = rng.randint(0, SEEN - 1)
    world.put(world.snapshots[size] if size else (world.snapshots[0][0], world.snapshots[1][1]))
    return world.audit(), rf"ends at entry {size}\b"


def replay_entry(world: World, rng: random.Random) -> Said:
    rows = world.rows()
    again = rows[rng.randrange(SIZE)]
    place = rng.randint(1, SIZE)  # behind this entry
    rows.insert(place, Row(**{**vars(again), "ts": rows[place - 1].ts}))
    world.replace(rechained(rows, place))
    return world.audit(), rf"entry {place + 1} .*not signed"


# The database, by somebody with the key: the head in it, the file beside it or the witness is in the way.


def append_without_head(world: World, rng: random.Random) -> Said:
    rows = world.rows()
    for n in range(rng.randint(1, 4)):
        rows.append(Row(**{**vars(rows[-1]), "data": f'{{"n":{n}}}'}))
    world.replace(rechained(rows, SIZE, lambda value: sign_hash(world.key, value)))
    return world.audit(), rf"entry {SIZE + 1} was put in behind"


def rewrite_entries(world: World, rng: random.Random) -> Said:
    seq, rows = rng.randint(1, SIZE), world.rows()
    rows[seq - 1] = Row(**{**vars(rows[seq - 1]), "actor": "forger"})
    world.replace(rechained(rows, seq - 1, lambda value: sign_hash(world.key, value)))
    said_ = world.audit()
    match = re.search(r"entries (\d+) to (\d+) are not", said_ or "")
    named = match and int(match[1]) <= seq <= int(match[2])
    return said_, r"entries \d+ to \d+ are not" if named else "(the range must hold the entry)"


def fork_of_the_database(world: World, rng: random.Random) -> Said:
    file = checkpoint_path(world.trial).read_bytes()
    world.put((world.forks[rng.choice(FORKS)][0], file))
    return world.audit(), rf"names {SIZE} other entries .* before entry {SIZE + 1}\b"


def fork_of_everything(world: World, rng: random.Random) -> Said:
    common = rng.choice([one for one in FORKS if one < SEEN])
    world.put(world.forks[common])
    return world.audit(), rf"auditor has seen {SEEN} other entries .* before entry {SEEN + 1}\b"


def fork_before_the_witness(world: World, rng: random.Random) -> Said:
    common = rng.choice(FORKS)
    return world.watch(world.fork_exports[common]), rf"entry {common + 1} is not the one"


def set_back_before_the_witness(world: World, rng: random.Random) -> Said:
    size = rng.choice(list(world.set_back_exports))
    return world.watch(
        world.set_back_exports[size]
    ), rf"shows {size} entries, but {SIZE} .* cut off after entry {size}\b"


# The clock.


def clock_in_the_rows(world: World, rng: random.Random) -> Said:
    """The key's holder dates entries back and signs everything anew, head and file included."""
    seq, rows = rng.randint(2, SIZE), world.rows()
    back = datetime.fromisoformat(rows[seq - 2].ts) - timedelta(seconds=rng.uniform(0.001, 1e7))
    ts = back.isoformat(timespec="microseconds").replace("+00:00", "Z")
    rows[seq - 1] = Row(**{**vars(rows[seq - 1]), "ts": ts})
    rows = rechained(rows, seq - 1, lambda value: sign_hash(world.key, value))
    frontier = Frontier()
    for row in rows:
        frontier.add(leaf_hash(row.leaf()))
    note = sign_checkpoint(Checkpoint(world.name.name, SIZE, frontier.root()), world.key)
    world.replace(rows)
    peaks = " ".join(one.hex() for one in frontier.peaks)
    world.change(("UPDATE ledger_head SET note = ?, previous = ?, frontier = ?", (note, note, peaks)))
    checkpoint_path(world.trial).write_text(note)
    return world.audit(), rf"entry {seq} .* dated before entry {seq - 1}\b"


def clock_at_writing(world: World, rng: random.Random) -> Said:
    past = datetime.now(UTC) - timedelta(seconds=rng.uniform(3600, 1e8))
    text = past.isoformat(timespec="microseconds").replace("+00:00", "Z")
    with mock.patch("countenance.ledger.log.utc_now", lambda: text):
        return said(lambda: append(world.trial, "render.started", "worker", {})), rf"clock shows {text}"


def clock_ahead(world: World, rng: random.Random) -> Said:
    future = datetime.now(UTC) + timedelta(seconds=rng.uniform(600, 1e8))
    text = future.isoformat(timespec="microseconds").replace("+00:00", "Z")
    with mock.patch("countenance.ledger.log.utc_now", lambda: text):
        append(world.trial, "render.started", "worker", {})
    return world.audit(), rf"entry {SIZE + 1} is dated {text}"


def clock_of_the_witness(world: World, rng: random.Random) -> Said:
    return world.watch(world.exported, now_s=NOW - rng.randint(10, 10**8)), "clock shows .* before the last signature"


# Checkpoints.


def checkpoint_file(world: World, rng: random.Random) -> Said:
    flip(rng, checkpoint_path(world.trial))
    return world.audit(), "signed checkpoint .*ledger.checkpoint was changed"


def checkpoint_removed(world: World, rng: random.Random) -> Said:
    checkpoint_path(world.trial).unlink()
    return world.audit(), "signed checkpoint is missing beside the database"


def checkpoint_replayed(world: World, rng: random.Random) -> Said:
    """One of two transactions ago or older; the one before the last is what a killed process leaves, and harmless."""
    size = rng.randint(1, SIZE - 2)
    checkpoint_path(world.trial).write_bytes(world.snapshots[size][1])
    return world.audit(), rf"ends at entry {size}, .* replaced by an older one"


def checkpoint_of_a_fork(world: World, rng: random.Random) -> Said:
    checkpoint_path(world.trial).write_bytes(world.forks[rng.choice(FORKS)][1])
    return world.audit(), rf"ends at entry {SIZE}, but its checkpoint beside the database names {SIZE + 4}"


def head_changed(world: World, rng: random.Random) -> Said:
    column = rng.choice(["note", "previous", "frontier"])
    with closing(sqlite3.connect(world.trial.database_path)) as connection:
        (value,) = connection.execute(f"SELECT {column} FROM ledger_head").fetchone()
    world.change((f"UPDATE ledger_head SET {column} = ?", (other(rng, value),)))
    return world.audit(), "signed head in the database was changed"


def head_set_back(world: World, rng: random.Random) -> Said:
    size = rng.randint(1, SIZE - 1)
    (world.scratch.parent / "old.db").write_bytes(world.snapshots[size][0])
    with closing(sqlite3.connect(world.scratch.parent / "old.db")) as connection:
        head = connection.execute("SELECT note, previous, frontier FROM ledger_head").fetchone()
    world.change(("UPDATE ledger_head SET note = ?, previous = ?, frontier = ?", head))
    return world.audit(), rf"entry {size + 1} was put in behind"


# The witness's own files, and what it gave to the project.


def witness_file(world: World, rng: random.Random) -> Said:
    file = rng.choice(["key.pem", "witness.vkey", "log.vkey", "checkpoint", "leaves"])
    state = world.copy(world.state)
    before = (state / file).read_bytes()
    action = rng.choice(["flip", "remove", "cut"])
    if action == "remove":
        (state / file).unlink()
    elif action == "cut":
        (state / file).write_bytes(before[: rng.randrange(len(before) - 1)])
    else:
        flip(rng, state / file)
    return world.watch(world.exported, state), rf"witness's ({file}|witness.vkey) "


def witness_set_back(world: World, rng: random.Random) -> Said:
    exported = world.copy(world.exported.path)
    (exported / "witness" / "auditor").write_text(world.seen.note)
    return world.watch(Folder(exported), world.state.parent / "state-before"), f"has signed {SIZE} entries"


def witness_note(world: World, rng: random.Random) -> Said:
    flip(rng, world.trial.folder / "witnesses" / rng.choice(["auditor.vkey", "auditor.checkpoint"]))
    return world.audit(), "witness's note .*auditor.checkpoint is missing or was changed"


# Exports and proofs.


def exported_file(world: World, rng: random.Random) -> Said:
    folder = world.copy(world.exported.path)
    file = rng.choice([f"entries/000.p/{SIZE}.jsonl", f"tile/0/000.p/{SIZE}", "checkpoint"])
    action = rng.choice(["flip", "flip", "flip", "remove", "cut"])
    raw, place = (folder / file).read_bytes(), "entry|entries" if file.startswith("entries") else file
    if action == "remove":
        (folder / file).unlink()
    elif action == "cut":
        (folder / file).write_bytes(raw[: rng.randrange(len(raw) - 1)])
    else:
        at = rng.randrange(len(raw))
        (folder / file).write_bytes(raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :])
        if file.startswith("entries"):
            place = rf"entry {raw[:at].count(10) + 1} |entry {SIZE} |entry {raw[:at].count(10) + 2} "
    report = verify_export(Folder(folder), world.name)
    return None if report.ok else str(report.problem), place


def _mutated(rng: random.Random, value: Any) -> Any:
    """A JSON value with one thing in it changed."""
    if isinstance(value, dict):
        key = rng.choice(sorted(value))
        action = rng.random()
        if action < 0.1:
            return {one: two for one, two in value.items() if one != key}
        if action < 0.15:
            return {**value, "more": 1}
        return {**value, key: _mutated(rng, value[key])}
    if isinstance(value, list) and value:
        place = rng.randrange(len(value))
        action = rng.random()
        if action < 0.2:
            return value[:place] + value[place + 1 :]
        if action < 0.4:
            return [*value[:place], base64.b64encode(rng.randbytes(32)).decode(), *value[place:]]
        return [*value[:place], _mutated(rng, value[place]), *value[place + 1 :]]
    if isinstance(value, str) and value:
        return other(rng, value)
    if isinstance(value, int):
        return rng.choice([value + 1, value - 1, -value - 1, str(value), float(value) + 0.5, None])
    return rng.choice([None, 1, "text", {}]) if value not in (None, 1, "text", {}) else [value]


def inclusion_proof(world: World, rng: random.Random) -> Said:
    proof = copy.deepcopy(world.inclusions[rng.randint(1, SIZE)])
    changed = json.loads(json.dumps(_mutated(rng, proof)))
    return said(lambda: check_proof(changed, world.pem)), "entry|path|proof|checkpoint"


def consistency_proof(world: World, rng: random.Random) -> Said:
    seq = rng.randint(1, SIZE - 1)
    proof = copy.deepcopy(world.consistencies[seq])
    if rng.random() < 0.2:
        proof["old"] = world.forks[rng.choice(FORKS)][1].decode()
    else:
        proof = json.loads(json.dumps(_mutated(rng, proof)))
    return said(lambda: check_consistency(proof, world.pem)), "entries|path|proof|checkpoint"


MANIPULATIONS: tuple[Callable[[World, random.Random], Said], ...] = (
    edit, edit_and_rechain, delete, delete_and_close_up, reorder, truncate, set_back_database,
    set_back_everything_but_the_witness_note, replay_entry, append_without_head, rewrite_entries,
    fork_of_the_database, fork_of_everything, fork_before_the_witness, set_back_before_the_witness, clock_in_the_rows,
    clock_at_writing, clock_ahead, clock_of_the_witness, checkpoint_file, checkpoint_removed, checkpoint_replayed,
    checkpoint_of_a_fork, head_changed, head_set_back, witness_file, witness_set_back, witness_note, exported_file,
    inclusion_proof, consistency_proof,
)  # fmt: skip
