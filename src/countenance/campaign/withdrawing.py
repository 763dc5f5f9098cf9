"""Taking back consent or a release, with all that follows: one call for the command line, a link, or the studio."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import insert, select

from countenance.campaign.removing import left_of, pull_down
from countenance.campaign.retention import end_permissions
from countenance.errors import InputError
from countenance.ledger.log import transaction, utc_now
from countenance.rights.grants import RecordedGrant
from countenance.rights.pulls import Pull, pull_list, pull_release
from countenance.rights.register import withdraw_by_token, withdraw_grant
from countenance.store.database import reading
from countenance.store.holdings import VARIANT, held_of
from countenance.store.project import Project
from countenance.store.subjects import acting, subject_tag
from countenance.store.tables import release, variant, withdrawal
from countenance.synthesis.facemodel import forget_without_grant

DECISION = "decision"  # why, in the ledger: a person decided so; the words of the reason stay in the house


@dataclass(frozen=True)
class ReleaseWithdrawal:
    """A release that was withdrawn: its variant, and how many files of it still lie at each sink."""

    release: str
    variant: str
    left: dict[str, int]


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal did: the grants as they now are, what must be taken down, whose face model was erased."""

    grants: tuple[RecordedGrant, ...]
    pulls: tuple[Pull, ...]
    erased: tuple[str, ...]


def withdraw_release(project: Project, name: str, actor: str, reason: str) -> ReleaseWithdrawal:
    """Withdraw a release (its id, or its variant's), and have it removed wherever it was sent.

    It is withdrawn when this returns: nothing says "released" any more. What lies outside is removed by a worker on
    the queue `net`, also after days. Saying it twice changes nothing. InputError for an unknown release or no reason.
    """
    if not reason.strip():
        raise InputError("say why the release is withdrawn; the reason stays in the house.")
    with transaction(project) as ledger:
        query = select(release).where((release.c.id == name.upper()) | (release.c.variant_id == name.upper()))
        rows = ledger.connection.execute(query.order_by(release.c.released_at.desc(), release.c.id.desc())).all()
        if not rows:
            raise InputError(f"no release {name} is on record; `countenance serving` lists what was released.")
        row = next((one for one in rows if one.state == "released"), rows[0])
        if row.state == "released":
            pull_release(ledger, row.id, DECISION, actor)
            told = {"release_id": row.id, "by": acting(project, actor), "reason": reason.strip(), "at": utc_now()}
            ledger.connection.execute(insert(withdrawal).values(told))
    pull_down(project)
    return ReleaseWithdrawal(row.id, row.variant_id, left_of(project, row.id))


def withdraw(project: Project, talent_or_id: str, actor: str, reason: str) -> Withdrawal:
    """Withdraw one grant by its id, or all live grants of a talent; errors as for `withdraw_grant`."""
    return _with_consequences(project, lambda: withdraw_grant(project, talent_or_id, actor, reason))


def withdraw_with_token(project: Project, token: str, reason: str = "") -> Withdrawal:
    """Withdraw the grant of a receipt by its token; errors as for `withdraw_by_token`."""
    return _with_consequences(project, lambda: withdraw_by_token(project, token, reason))


def _with_consequences(project: Project, take_back: Callable[[], list[RecordedGrant]]) -> Withdrawal:
    before = {pull.release_id for pull in pull_list(project)}
    grants = take_back()
    pulls = tuple(pull for pull in pull_list(project) if pull.release_id not in before)
    names = dict.fromkeys(one.grant.talent for one in grants)
    for name in names:
        _drop_unreleased(project, name)
    erased = tuple(name for name in names if forget_without_grant(project, name))
    end_permissions(project, names)  # what else was made of those who have no live grant any more
    pull_down(project)
    return Withdrawal(tuple(grants), pulls, erased)


def _drop_unreleased(project: Project, talent: str) -> None:
    """Remove what a killed job had sealed for variants of this person, but not entered as a release.

    A job that is still running clears up after itself. Where another grant allows the variant, it is sealed anew.
    """
    for release_id in _unreleased(project, talent):
        lock = project.work / "jobs" / f"release-{release_id}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if release_id in _unreleased(project, talent):
                shutil.rmtree(project.releases / release_id, ignore_errors=True)


def _unreleased(project: Project, talent: str) -> set[str]:
    """The ids reserved for releases of variants that show or were made from a person, and that were never entered."""
    with reading(project) as connection:
        own = [one.name for one in held_of(connection, subject_tag(project, talent)) if one.kind == VARIANT]
        reviews = connection.execute(select(variant.c.review).where(variant.c.id.in_(own))).scalars().all()
        entered = set(connection.execute(select(release.c.id)).scalars())
    return {review["release_id"] for review in reviews if review and "release_id" in review} - entered
