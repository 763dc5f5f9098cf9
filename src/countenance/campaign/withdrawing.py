"""Taking consent back, with everything that follows from it: one call for the command line, a link, or the studio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from countenance.campaign.retention import end_permissions
from countenance.rights.grants import RecordedGrant
from countenance.rights.pulls import Pull, pull_list
from countenance.rights.register import withdraw_by_token, withdraw_grant
from countenance.store.project import Project
from countenance.synthesis.facemodel import forget_without_grant


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal did: the grants as they now are, what must be taken down, whose face model was erased."""

    grants: tuple[RecordedGrant, ...]
    pulls: tuple[Pull, ...]
    erased: tuple[str, ...]


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
    erased = tuple(name for name in names if forget_without_grant(project, name))
    end_permissions(project, names)  # what else was made of those who have no live grant any more
    return Withdrawal(tuple(grants), pulls, erased)
