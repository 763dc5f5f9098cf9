"""The job that ends what has been kept for its time: it finds what is due, removes it, and tells the ledger how much.

What follows from grants that have ended is due at once and needs nobody to think of it: face models, records of
talents, painted pictures. Everything is found anew on every run, so a run that was cut off is simply repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from countenance.campaign.expiry import ACTOR, Kept, kept_of
from countenance.campaign.forget import forget
from countenance.campaign.journal import open_journals
from countenance.campaign.periods import periods
from countenance.ledger.log import append
from countenance.rights.clock import today
from countenance.store.project import Project

ENTRY = "retention.enforced"
_FOLLOWS = ("face_models", "talent_records", "work_without_grant")  # from the end of the last grant


def due(project: Project, kinds: Iterable[str] | None = None) -> list[Kept]:
    """Everything whose time is over today, of all kinds or of some, in the order of the periods."""
    now = today(project)
    return [
        one
        for kind, period in periods(project).items()
        if kinds is None or kind in kinds
        for one in kept_of(project, period)
        if one.since + timedelta(days=period.days) <= now
    ]


def run(project: Project, actor: str = ACTOR) -> list[Kept]:
    """End everything that is due, also erasures that were begun and cut off; returns what was ended.

    The ledger gets one entry with the number of each kind, and none when nothing was due.
    """
    for journal in open_journals(project):
        forget(project, journal.person.name, journal.actor)
    return _end(project, actor, None)


def end_permissions(project: Project, names: Iterable[str]) -> list[Kept]:
    """What follows at once for those of these people who have no live grant any more: their face models, records and
    work are ended. Returns what was."""
    return _end(project, ACTOR, set(names))


def _end(project: Project, actor: str, people: set[str] | None) -> list[Kept]:
    ended: dict[tuple[str, str], Kept] = {}
    kinds = None if people is None else _FOLLOWS
    for one in due(project, kinds):
        if people is None or one.person in people:
            # Of two people in one folder, and of two rules for it, the first has ended it for both.
            one.end()
            ended.setdefault((one.kind, one.name), one)
    if ended:
        append(project, ENTRY, actor, {"ended": dict(Counter(kind for kind, _name in ended))})
    return list(ended.values())
