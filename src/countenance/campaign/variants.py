"""The variants of a job on record: their ids, their states, and who decided what about them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update
from ulid import ULID

from countenance.campaign.brief import Brief
from countenance.campaign.plan import Plan, Variant
from countenance.errors import CountenanceError, InputError
from countenance.ledger.log import transaction, utc_now
from countenance.store import tables
from countenance.store.database import reading, writing
from countenance.store.holdings import JOB, VARIANT, hold_in
from countenance.store.project import Project
from countenance.store.results import bring
from countenance.store.subjects import subject_tag


@dataclass(frozen=True)
class VariantRow:
    """One variant as recorded. `render` says where it came from, `review` who approved or rejected it."""

    id: str
    job: str
    campaign: str
    face: str
    language: str
    state: str
    render: dict[str, Any]
    review: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{self.face}-{self.language}"


def ensure_variants(project: Project, brief: Brief, plan: Plan) -> dict[str, str]:
    """The ids of a plan's variants by key; made once per brief, the same ever after."""
    job = brief.digest()
    tags = {name: subject_tag(project, name) for name in brief.talents}
    with writing(project) as connection:
        hold_in(connection, JOB, job, tags.values())
        rows = connection.execute(select(tables.variant).where(tables.variant.c.job == job)).all()
        known = {f"{row.face}-{row.language}": row.id for row in rows}
        for wanted in plan.variants:
            if wanted.key not in known:
                known[wanted.key] = str(ULID())
                connection.execute(
                    insert(tables.variant).values(
                        id=known[wanted.key], job=job, campaign=brief.campaign, face=wanted.face,
                        language=wanted.language, state="planned", render={}, review={},
                    )
                )  # fmt: skip
            hold_in(connection, VARIANT, known[wanted.key], (tags[name] for name in _people(wanted)))
    return {variant.key: known[variant.key] for variant in plan.variants}


def _people(variant: Variant) -> set[str]:
    """The talents whom a variant shows, with their own face or another's, and whose faces or voice it borrows."""
    return {name for part in variant.parts for name in (part.seen, part.shown)} | {use.talent for use in variant.uses}


def variant_rows(project: Project, job: str | None = None) -> list[VariantRow]:
    """All recorded variants, or those of one job, oldest first."""
    query = select(tables.variant).order_by(tables.variant.c.id)
    if job is not None:
        query = query.where(tables.variant.c.job == job)
    with reading(project) as connection:
        return [_row(row) for row in connection.execute(query)]


def find_variant(project: Project, name: str) -> VariantRow:
    """A variant by its id or the start of it. Raises InputError when none or several fit."""
    fitting = [row for row in variant_rows(project) if row.id.startswith(name.upper())]
    if len(fitting) != 1:
        count = "no variant has" if not fitting else f"{len(fitting)} variants have"
        raise InputError(f"{count} an id that starts with '{name}'; `countenance review list` shows them.")
    return fitting[0]


def mark_rendered(project: Project, variant_id: str, render: dict[str, Any], actor: str) -> None:
    """Record a finished rendering: it now waits for review.

    Later states are left as they are, but an approval of other pictures is void.
    """
    with transaction(project) as entry:
        row = _locked(entry.connection, variant_id)
        if row.state == "approved" and row.review.get("pictures_sha256") != render["pictures_sha256"]:
            _set(entry.connection, variant_id, state="in_review", review={})  # nobody has seen these pictures
        elif row.state == "planned":
            _set(entry.connection, variant_id, state="in_review")
        _set(entry.connection, variant_id, render=render)
        if row.render != render:
            entry.append(
                "qc.judged",
                actor,
                {
                    "variant": variant_id,
                    "pictures_sha256": render["pictures_sha256"],
                    "passed": render["passed"],
                    "failed": render["failed"],
                },
            )


def approve(project: Project, variant_id: str, by: str, *, in_one_go: bool, note: str = "") -> VariantRow:
    """Record a person's approval and reserve the release's id and mark. Approving twice changes nothing.

    Raises InputError for a variant that is not waiting for review, CountenanceError for one that its gate failed.
    """
    with transaction(project) as entry:
        row = _locked(entry.connection, variant_id)
        if row.state in ("approved", "released"):
            return row
        if row.state not in ("in_review", "withdrawn"):  # what was withdrawn may come back, as another release
            raise InputError(f"variant {row.id} ({row.key}) is {row.state}, so it cannot be approved.")
        if not row.render.get("passed"):
            failed = ", ".join(row.render.get("failed", [])) or "quality"
            raise CountenanceError(
                f"variant {row.id} ({row.key}) failed its quality gate ({failed}), so it cannot be approved; "
                "see its qc.html."
            )
        review = {
            "decision": "approved", "by": by, "at": utc_now(), "in_one_go": in_one_go, "note": note,
            "release_id": str(ULID()), "mark_id": f"{secrets.randbits(64):016x}",
            "pictures_sha256": row.render["pictures_sha256"],
        }  # fmt: skip
        _set(entry.connection, variant_id, state="approved", review=review)
        entry.append(
            "review.approved",
            by,
            {"variant": variant_id, "in_one_go": in_one_go, "pictures_sha256": row.render["pictures_sha256"]},
        )
        return _locked(entry.connection, variant_id)


def reject(project: Project, variant_id: str, by: str, reason: str) -> VariantRow:
    """Record that a person refused a variant. Raises InputError when it is released already."""
    with transaction(project) as entry:
        row = _locked(entry.connection, variant_id)
        if row.state not in ("in_review", "approved"):
            raise InputError(f"variant {row.id} ({row.key}) is {row.state}, so it cannot be rejected.")
        review = {"decision": "rejected", "by": by, "at": utc_now(), "note": reason}
        _set(entry.connection, variant_id, state="rejected", review=review)
        entry.append("review.rejected", by, {"variant": variant_id})
        return _locked(entry.connection, variant_id)


def record_release(
    project: Project,
    row: VariantRow,
    *,
    record: dict[str, Any],
    sha256: str,
    poster_sha256: str,
    manifest_id: str,
    package: str,
    actor: str,
    still_allowed: Callable[[Connection], None],
) -> None:
    """Enter a sealed release into database and ledger, together or not at all. A second call changes nothing.

    `still_allowed` is asked within the transaction and raises when it is not. Raises CountenanceError when the approval
    was taken back meanwhile.
    """
    release_id, mark_id = row.review["release_id"], row.review["mark_id"]
    with transaction(project) as entry:
        known = entry.connection.execute(select(tables.release.c.id).where(tables.release.c.id == release_id)).first()
        if known:
            return
        now = _locked(entry.connection, row.id)
        if now.state != "approved" or now.review["release_id"] != release_id:
            raise CountenanceError(
                f"variant {row.id} ({row.key}) was {now.state} while it was being released; nothing was released."
            )
        still_allowed(entry.connection)
        entry.connection.execute(
            insert(tables.release).values(
                id=release_id, variant_id=row.id, mark_id=mark_id, state="released",
                record={**record, "sha256": sha256, "poster_sha256": poster_sha256, "manifest_id": manifest_id},
                package=package, released_at=record["released_at"],
            )
        )  # fmt: skip
        _set(entry.connection, row.id, state="released")
        entry.append(
            "release.sealed",
            actor,
            {
                "release": release_id, "variant": row.id, "mark_id": mark_id, "sha256": sha256,
                "poster_sha256": poster_sha256, "receipt_sha256": record["receipt_sha256"],
                "grants": list(record["grants"]),
            },
        )  # fmt: skip


def report_folder(project: Project, row: VariantRow) -> Path:
    """Where a variant's report and preview lie on this machine; brought here if another machine judged it."""
    named = Path(row.render.get("folder", ""))
    here = project.work / "render" / named.name
    if named.name and not named.is_dir() and bring(project, f"render/{here.name}"):
        return here
    return named


def release_state(project: Project, release_id: str) -> str | None:
    """The state of a release now; None when there is no such release."""
    with reading(project) as connection:
        query = select(tables.release.c.state).where(tables.release.c.id == release_id)
        return connection.execute(query).scalar_one_or_none()


def _locked(connection: Any, variant_id: str) -> VariantRow:
    found = connection.execute(select(tables.variant).where(tables.variant.c.id == variant_id)).one()
    return _row(found)


def _set(connection: Any, variant_id: str, **values: Any) -> None:
    connection.execute(update(tables.variant).where(tables.variant.c.id == variant_id).values(**values))


def _row(row: Any) -> VariantRow:
    return VariantRow(
        row.id, row.job, row.campaign, row.face, row.language, row.state, row.render or {}, row.review or {}
    )
