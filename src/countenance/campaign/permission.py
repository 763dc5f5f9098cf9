"""Asking the ledger before anything is made: who is seen or heard must have allowed this very use."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

import numpy as np
from sqlalchemy import Connection, select

from countenance.campaign.brief import UNTOUCHED, Brief
from countenance.campaign.casting import PAIR
from countenance.campaign.likenesses import embeddings_of
from countenance.campaign.plan import Plan, Variant
from countenance.campaign.stages import Progress, Seen
from countenance.campaign.variants import VariantRow
from countenance.errors import BriefError, IntegrityError, RightsError
from countenance.ledger.log import append, commitment
from countenance.perception.identity import distance
from countenance.rights.approvals import approved_in
from countenance.rights.clock import today_in
from countenance.rights.decide import Use, decide
from countenance.rights.grants import RecordedGrant, load_grant
from countenance.rights.register import grants_in, record_grant
from countenance.store.database import reading
from countenance.store.files import sha256_file
from countenance.store.project import Project
from countenance.store.tables import release

_ALIKE = 0.5  # stricter than the network's 0.6: here a stranger must not pass for the talent who allowed it
_ASK_EVERY_S = 2.0
_SHOWN_S = 0.5  # whoever is in the picture for as long is seen


def record_brief_grants(project: Project, brief: Brief) -> tuple[str, ...]:
    """Put the grants that the brief names on record; returns, in words, those that cannot be."""
    problems = []
    for talent in brief.talents.values():
        if talent.grant is None:
            continue
        if not talent.grant.is_file():
            problems.append(f"{talent.name}: the grant {talent.grant} is not there")
            continue
        grant = load_grant(talent.grant)
        if grant.talent != talent.name:
            raise BriefError(
                f"{talent.grant}: this grant is for '{grant.talent}', but the brief gives it to '{talent.name}'."
            )
        record_grant(project, grant, brief.owner)
    return tuple(problems)


def require_rights(project: Project, brief: Brief, plan: Plan) -> tuple[RecordedGrant, ...]:
    """The grants that cover the whole plan. Raises RightsError with every reason, after writing it to the ledger."""
    problems = record_brief_grants(project, brief)
    uses = _as_it_is(project, brief, plan.uses)
    return _require(project, brief, uses, [v.key for v in plan.variants], problems)


def require_variant_rights(project: Project, brief: Brief, uses: Iterable[Use], key: str) -> tuple[RecordedGrant, ...]:
    """The same for one variant while it is made: a grant may have ended or been withdrawn since."""
    return _require(project, brief, _as_it_is(project, brief, uses), [key], ())


def require_release_rights(
    project: Project, brief: Brief, variant: Variant, row: VariantRow
) -> tuple[RecordedGrant, ...]:
    """The same at the moment of release, where a person may also want to have agreed to these very pictures."""
    uses = publishing_uses(project, brief, variant, row)
    return _require(project, brief, uses, [variant.key], ())


def publishing_uses(project: Project, brief: Brief, variant: Variant, row: VariantRow) -> tuple[Use, ...]:
    """A variant's uses as they are when it is let out."""
    pictures = row.review.get("pictures_sha256", "")
    with reading(project) as connection:
        agreed = {
            talent: approved_in(project, connection, talent, row.id, pictures)
            for talent in {use.talent for use in variant.uses}
        }
    return tuple(
        replace(use, publishing=True, approved=agreed[use.talent]) for use in _as_it_is(project, brief, variant.uses)
    )


def require_in(project: Project, connection: Connection, uses: Iterable[Use]) -> None:
    """RightsError when a use is not allowed, judged within the transaction that would make it so.

    A withdrawal is a transaction of its own, so it comes either before this one, and is seen here, or after it, and
    sees what was entered.
    """
    grants, day = grants_in(project, connection), today_in(connection)
    reasons = [reason for use in uses for reason in decide(_on(use, day), grants).reasons]
    if reasons:
        raise RightsError("A permission ended while this was being released; nothing was released.", tuple(reasons))


class Watch:
    """Asks again and again, while something is made, whether it is still allowed.

    A withdrawal or the end of a grant thus stops a job within seconds, not at its end.
    """

    def __init__(self, project: Project, brief: Brief, uses: Iterable[Use], keys: Sequence[str]) -> None:
        self._project, self._brief, self._keys = project, brief, list(keys)
        self._uses = _as_it_is(project, brief, uses)
        self._due_s = 0.0

    def require(self) -> None:
        """Ask now; RightsError as for `require_rights`."""
        started = time.monotonic()
        _require(self._project, self._brief, self._uses, self._keys, ())
        now = time.monotonic()
        # With very many grants asking takes its time; it must not take more than a twentieth of the work's.
        self._due_s = now + max(_ASK_EVERY_S, 20 * (now - started))

    def over(self, progress: Progress) -> Progress:
        """The same progress function, which asks on the way when it is time again."""

        def report(stage: str, done: int, of: int) -> None:
            if time.monotonic() >= self._due_s:
                self.require()
            progress(stage, done, of)

        return report


def require_known_people(project: Project, brief: Brief, seen: Seen) -> None:
    """Everybody whom the master shows must be named in the brief, and be who the brief says.

    Raises RightsError for a person seen for half a second or more who has no entry in `faces`, unless the brief
    answers for others with `others: untouched`; and for a talent who does not look like their own references:
    a grant is worth nothing if it is another person's.
    """
    reasons = []
    named = {face.track: face for face in brief.seen}
    for person in range(seen.perception.people):
        tracks = seen.perception.of_person(person)
        if person not in named and not brief.others_untouched and shown_s(seen, person) >= _SHOWN_S:
            first_s = float(seen.master.pts[int(tracks[0].frames[0])] * seen.master.time_base)
            reasons.append(
                f"person {person} of the master, first seen at {first_s:.1f} s, is not named in `faces`: name them "
                f"there (`countenance inspect MASTER --faces` shows who it is), or write "
                f"`others: {UNTOUCHED}` to show all others as shot and answer for it"
            )
        elif person in named:
            talent = named[person].talent
            likes = embeddings_of(brief, talent)
            apart = float(np.median([distance(track.embedding, likes) for track in tracks]))
            if apart >= _ALIKE:
                reasons.append(
                    f"{talent}: track {person} of the master does not look like this talent's references "
                    f"(distance {apart:.2f}; it must be below {_ALIKE:.2f})"
                )
    if reasons:
        _refuse(project, brief, [], tuple(reasons))


def shown_s(seen: Seen, person: int) -> float:
    """For how many seconds the master shows a person."""
    pictures = sum(len(track.frames) for track in seen.perception.of_person(person))
    return float(pictures / seen.master.frame_rate)


def _as_it_is(project: Project, brief: Brief, uses: Iterable[Use]) -> tuple[Use, ...]:
    """The uses with what the project itself knows: a master that was released here is a derivative, said or not."""
    uses = tuple(uses)
    if brief.content.derivative:
        return uses
    with reading(project) as connection:
        records = connection.execute(select(release.c.record)).scalars().all()
    known = {record.get("sha256") for record in records}
    derivative = bool(known) and sha256_file(brief.master) in known
    return tuple(replace(use, derivative=True) for use in uses) if derivative else uses


def _on(use: Use, day: datetime.date) -> Use:
    """The use on the day that it is by now: a job may last past midnight, and clocks may be set back."""
    return replace(use, at=max(use.at, day))


def _require(
    project: Project, brief: Brief, uses: tuple[Use, ...], variants: list[str], problems: tuple[str, ...]
) -> tuple[RecordedGrant, ...]:
    with reading(project) as connection:
        grants, day = grants_in(project, connection), today_in(connection)
    verdicts = [decide(_on(use, day), grants) for use in uses]
    absent = tuple(problem.split(":", 1)[0] for problem in problems)
    found = [
        reason for use, verdict in zip(uses, verdicts, strict=True) if use.talent not in absent
        for reason in verdict.reasons
    ]  # fmt: skip
    known = {use.talent for use, verdict in zip(uses, verdicts, strict=True) if verdict.allowed}
    reasons = tuple(dict.fromkeys([*(p for p in problems if absent and p.split(":", 1)[0] not in known), *found]))
    if reasons:
        _refuse(project, brief, variants, reasons)
    used = {verdict.grant_id for verdict in verdicts}
    return tuple(grant for grant in grants if grant.id in used)


def _refuse(project: Project, brief: Brief, variants: list[str], reasons: tuple[str, ...]) -> NoReturn:
    told = {
        "campaign": commitment(project, brief.campaign),
        "brief_sha256": brief.digest(),
        "variants": [_anonymous(project, brief, key) for key in variants],
        "reasons": [_anonymous(project, brief, reason) for reason in reasons],
    }
    # On a worker's machine the ledger cannot be written; refused is refused, and where it can be it is asked again.
    with suppress(IntegrityError):
        append(project, "render.refused", brief.owner, told)
    raise RightsError(
        f"Nothing was made for campaign '{brief.campaign}': {len(reasons)} permission"
        f"{' is' if len(reasons) == 1 else 's are'} missing; add or renew grants with `countenance consent grant`.",
        reasons,
    )


def _anonymous(project: Project, brief: Brief, text: str) -> str:
    """The text with talents' names as commitments, and the people of a cast by number: names never enter the ledger."""
    for grant in (talent.grant for talent in brief.talents.values() if talent.grant):
        text = text.replace(str(grant.parent) + "/", "")  # folders may hold a name too
    tracks = {face.name: face.track for face in brief.seen}
    text = re.sub(rf"{_whole(tracks)}(?={PAIR})", lambda match: f"track {tracks[match[1]]}", text)
    return re.sub(rf"{_whole(brief.talents)}(?![a-z0-9])", lambda match: _short(project, match[1]), text)


def _short(project: Project, talent: str) -> str:
    return f"talent {commitment(project, talent, talent)[:16]}"


def _whole(names: Iterable[str]) -> str:
    """A pattern for any of these names, the longest first, where one begins."""
    return rf"(?<![a-z0-9])({'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})"
