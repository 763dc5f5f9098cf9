"""The job that ends what has been kept for its time: it finds what is due, removes it, and tells the ledger how much.

What follows from grants that have ended is due at once and needs nobody to think of it: face models, records of
talents, painted pictures. Everything is found anew on every run, so a run that was cut off is simply repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial

from countenance.campaign.expiry import ACTOR, Kept, kept_of
from countenance.campaign.forget import forget
from countenance.campaign.journal import open_journals
from countenance.campaign.periods import periods
from countenance.errors import CountenanceError
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

    The ledger gets one entry with the number of each kind, and none when nothing was due. What cannot be ended now,
    such as a person's copies in a replica that is not there, stops nothing else; its CountenanceError comes last.
    """
    begun = [
        Kept("people", one.person.name, today(project), partial(forget, project, one.person.name, one.actor))
        for one in open_journals(project)
    ]
    return _end(project, actor, begun, lambda: due(project))


def end_permissions(project: Project, names: Iterable[str]) -> list[Kept]:
    """What follows at once for those of these people who have no live grant any more: their face models, records and
    work are ended. Returns what was."""
    people = set(names)
    return _end(project, ACTOR, [], lambda: [one for one in due(project, _FOLLOWS) if one.person in people])


def _end(project: Project, actor: str, begun: list[Kept], find: Callable[[], list[Kept]]) -> list[Kept]:
    ended: dict[tuple[str, str], Kept] = {}
    problems: list[CountenanceError] = []
    for one in _one_after_the_other(begun, find):
        try:
            one.end()  # of two people in one folder, and of two rules for it, the first has ended it for both
        except CountenanceError as problem:
            problems.append(problem)
        else:
            ended.setdefault((one.kind, one.name), one)
    if ended:
        append(project, ENTRY, actor, {"ended": dict(Counter(kind for kind, _name in ended))})
    if problems:
        raise problems[0]
    return list(ended.values())


def _one_after_the_other(begun: list[Kept], find: Callable[[], list[Kept]]) -> Iterator[Kept]:
    """What is due is looked for when what was begun is done, since that may have ended some of it."""
    yield from begun
    yield from find()
