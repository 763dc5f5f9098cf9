"""Tasks on their way into the database: checked, without doubles, with what each lacks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection

from countenance.errors import InputError
from countenance.jobs.sql import CHUNK, chunks, insert_rows, rows, run
from countenance.jobs.task import KEY_LENGTH, Task
from countenance.store import tables

_TASK = (
    "key", "kind", "version", "skill", "queue", "about", "variant", "spec", "cost_s", "patience_s", "retry_s",
    "state", "lacks", "promised", "attempt", "failures", "kills", "parts_done", "parts", "ready_at",
)  # fmt: skip


@dataclass(frozen=True)
class Node:
    """What the order of a task depends on."""

    variant: str
    cost_s: float
    needs: tuple[str, ...]


@dataclass
class Entered:
    """The tasks of one call, in its order, and which of all that they name are done."""

    nodes: dict[str, Node] = field(default_factory=dict)
    done: dict[str, bool] = field(default_factory=dict)  # also of needs that only the database knows
    late: list[Task] = field(default_factory=list)  # need something that has not come yet
    new: list[str] = field(default_factory=list)
    promises: bool | None = None  # whether tasks of before wait for ones that nobody knew then

    def outside(self) -> list[str]:
        """Needs that are none of these tasks."""
        return [key for key in self.done if key not in self.nodes]


def enter(connection: Connection, wanted: Iterable[Task], now: float) -> Entered:
    """Put tasks into the database. Those that are there stay, but take the newest spec: it says where their inputs are.

    InputError when one is malformed or needs a task that neither is known nor can be brought by one that it needs.
    """
    entered = Entered()
    for batch in _batches(wanted, entered):
        existing = _look_up(connection, batch, entered)
        fresh = [task for task in batch if task.key not in existing]
        known = [task for task in fresh if all(need in entered.done for need in task.needs)]
        late = [task for task in fresh if any(need not in entered.done for need in task.needs)]
        entered.late += late
        entered.new += [task.key for task in fresh]
        _renew(connection, [task for task in batch if task.key in existing])
        _insert(connection, known, entered, now)
    for task in entered.late:
        missing = [need for need in task.needs if need not in entered.done]
        bringers = [need for need in task.needs if entered.done.get(need) is False]
        if missing and not bringers:
            raise InputError(f"the task {task.about!r} needs {missing[0]}, which is not in the plan; add that task.")
    for some in chunks(entered.late):
        _insert(connection, some, entered, now)
    return entered


def _batches(wanted: Iterable[Task], entered: Entered) -> Iterator[list[Task]]:
    def fresh() -> Iterator[Task]:
        for task in wanted:
            if task.key not in entered.nodes:
                _check(task)
                entered.nodes[task.key] = Node(task.variant, task.cost_s, tuple(dict.fromkeys(task.needs)))
                yield task

    stream = fresh()
    while batch := list(islice(stream, CHUNK)):
        yield batch


def _check(task: Task) -> None:
    if not 0 < len(task.key) <= KEY_LENGTH:
        raise InputError(f"the key {task.key!r} of the task {task.about!r} is not 1 to {KEY_LENGTH} characters long.")
    if not task.kind or not task.queue:
        raise InputError(f"the task {task.about!r} lacks a kind or a queue; name both.")
    if not (0 <= task.cost_s < float("inf") and task.patience_s >= 0 and task.retry_s > 0):
        raise InputError(f"the task {task.about!r} has a negative or endless cost, patience or pause; correct them.")


def _look_up(connection: Connection, batch: Sequence[Task], entered: Entered) -> set[str]:
    """Learn which of the batch and of its needs are done; returns those of the batch that exist."""
    keys = {task.key for task in batch}
    outside = {need for task in batch for need in task.needs if need not in entered.done} - keys
    existing: set[str] = set()
    for some in chunks([*keys, *outside]):
        for row in rows(connection, "SELECT key, state FROM task WHERE key IN :keys", keys=some):
            existing.add(row.key)
            entered.done[row.key] = row.state == "done"
    for task in batch:
        entered.done.setdefault(task.key, False)
    return existing & keys


def _renew(connection: Connection, known: Sequence[Task]) -> None:
    sql = """UPDATE task SET spec = :spec, about = :about, variant = :variant
        WHERE key = :key AND state <> 'running' AND spec <> :spec"""
    for task in known:
        run(connection, sql, key=task.key, spec=_spec(task), about=task.about, variant=task.variant)


def _insert(connection: Connection, some: Sequence[Task], entered: Entered, now: float) -> None:
    if not some:
        return
    values, needs = [], []
    for task in some:
        required = entered.nodes[task.key].needs
        lacks = sum(not entered.done.get(need, False) for need in required)
        promised = sum(need not in entered.done for need in required)
        values.append(
            (
                task.key, task.kind, task.version, task.skill, task.queue, task.about, task.variant, _spec(task),
                task.cost_s, task.patience_s, task.retry_s, "waiting" if lacks else "ready", lacks, promised,
                0, 0, 0, 0, 0, now,
            )
        )  # fmt: skip
        needs += [(task.key, need) for need in required]
    insert_rows(connection, tables.task, _TASK, values)
    # Who was promised these has them now. (Asked before their own needs are in: those are counted already.)
    if entered.promises is None:
        sql = "SELECT 1 FROM task WHERE promised > 0 LIMIT 1"
        entered.promises = len(some) < CHUNK or run(connection, sql).first() is not None
    for keys in chunks([task.key for task in some]) if entered.promises else ():
        run(
            connection,
            """UPDATE task SET promised = (SELECT count(*) FROM task_need n WHERE n.task = task.key
                AND NOT EXISTS (SELECT 1 FROM task found WHERE found.key = n.needs))
            WHERE promised > 0 AND key IN (SELECT task FROM task_need WHERE needs IN :keys)""",
            keys=keys,
        )
    insert_rows(connection, tables.task_need, ("task", "needs"), needs)


def _spec(task: Task) -> str:
    try:
        return json.dumps(task.spec, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as exc:
        raise InputError(f"the spec of the task {task.about!r} is not plain JSON ({exc}); keep it small.") from exc
