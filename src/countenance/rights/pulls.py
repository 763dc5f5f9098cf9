"""The pull list: releases that must be taken down wherever they are shown, because a grant they rest on is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from countenance.errors import InputError
from countenance.ledger.log import Transaction, entries_in, transaction
from countenance.rights.grants import RecordedGrant
from countenance.store.database import reading
from countenance.store.project import Project
from countenance.store.tables import release, variant

WITHDRAWN, TAKEN_DOWN = "release.withdrawn", "release.taken_down"
CONSENT, ENDED = "consent", "ended"  # why: it was withdrawn, or its last day is over


@dataclass(frozen=True)
class TakenDown:
    """That a release is no longer shown somewhere, by whose word and since when."""

    where: str
    by: str
    at: str


@dataclass(frozen=True)
class Pull:
    """A release to be taken down: what it is, where its package was written, and what was done about it."""

    release_id: str
    variant_id: str
    mark_id: str
    campaign: str
    face: str
    language: str
    package: str
    sha256: str
    released_at: str
    withdrawn_at: str
    reason: str
    taken_down: tuple[TakenDown, ...]


def pull_releases(
    ledger: Transaction, commitment: str, grant: RecordedGrant, actor: str, reason: str = CONSENT
) -> list[str]:
    """Withdraw every release that rests on a grant, in the transaction that withdraws the grant; returns their ids.

    `commitment` is what releases call the grant. Both the ledger and the table are asked, so that a release does not
    escape because its row was edited.
    """
    sealed = {
        entry.data["release"]
        for entry in entries_in(ledger.connection, "release.sealed")
        if commitment in entry.data.get("grants", ())
    }
    rows = ledger.connection.execute(select(release).where(release.c.state == "released").order_by(release.c.id))
    resting = [row.id for row in rows.all() if row.id in sealed or commitment in row.record.get("grants", ())]
    for release_id in resting:
        pull_release(ledger, release_id, reason, actor, grant=grant.id)
    return resting


def pull_release(ledger: Transaction, release_id: str, reason: str, actor: str, **more: Any) -> None:
    """Withdraw one release: its state, its variant's state, and the ledger. `reason` is one word without a name."""
    row = ledger.connection.execute(select(release).where(release.c.id == release_id)).one()
    ledger.connection.execute(update(release).where(release.c.id == release_id).values(state="withdrawn"))
    ledger.connection.execute(
        update(variant).where(variant.c.id == row.variant_id, variant.c.state == "released").values(state="withdrawn")
    )
    told = {"release": row.id, "variant": row.variant_id, "mark_id": row.mark_id, "reason": reason}
    ledger.append(WITHDRAWN, actor, {**told, **more})


def pull_list(project: Project) -> list[Pull]:
    """All withdrawn releases, oldest withdrawal first, with what was taken down already."""
    with reading(project) as connection:
        done: dict[str, list[TakenDown]] = {}
        for entry in entries_in(connection, TAKEN_DOWN):
            one = TakenDown(entry.data["where"], entry.actor, entry.ts)
            done.setdefault(entry.data["release"], []).append(one)
        rows = {
            row.id: row
            for row in connection.execute(
                select(release, variant.c.campaign, variant.c.face, variant.c.language).join(
                    variant, variant.c.id == release.c.variant_id
                )
            )
        }
        withdrawn = {entry.data["release"]: entry for entry in entries_in(connection, WITHDRAWN)}
    return [
        Pull(
            row.id, row.variant_id, row.mark_id, row.campaign, row.face, row.language, row.package,
            row.record.get("sha256", ""), row.released_at, entry.ts, entry.data.get("reason", ""),
            tuple(done.get(row.id, ())),
        )
        for release_id, entry in withdrawn.items()
        if (row := rows.get(release_id)) is not None
    ]  # fmt: skip


def take_down(project: Project, release_id: str, where: str, actor: str) -> None:
    """Record that a withdrawn release is no longer shown at a place. Saying it twice changes nothing.

    Raises InputError for a release that is not on the pull list, or no place.
    """
    if not where.strip():
        raise InputError("say where the release was taken down, such as youtube.")
    with transaction(project) as ledger:
        on_list = {entry.data["release"] for entry in entries_in(ledger.connection, WITHDRAWN)}
        if release_id not in on_list:
            raise InputError(f"no release {release_id!r} is on the pull list; `countenance consent pulls` shows it.")
        told = {"release": release_id, "where": where}
        if all(entry.data != told for entry in entries_in(ledger.connection, TAKEN_DOWN)):
            ledger.append(TAKEN_DOWN, actor, told)
