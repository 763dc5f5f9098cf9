"""Which variants may be shown now: what an ad server asks before each delivery, or reads from a signed list.

A variant may be served while its release stands, every grant that it rests on is in force, and the market and the
channel are among those that it was released for. The answer is made anew each time from what is on record, so a
withdrawal is in it at once; a list that was fetched before says until when it may be believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, select

from countenance.errors import InputError, IntegrityError
from countenance.ledger.audit import SIGNING_KEY
from countenance.rights.clock import today_in
from countenance.rights.grants import RecordedGrant
from countenance.rights.proof import check_document, sign_document
from countenance.rights.register import grant_commitment, grants_in
from countenance.rights.vocabulary import EVERYTHING
from countenance.store import tables
from countenance.store.database import reading
from countenance.store.files import read_json
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519

FORMAT = "countenance serving list 1"
BELIEVED = timedelta(minutes=15)
_SECOND = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Serving:
    """What holds for one variant: `serve` now or not, and `why` not; where it may be shown and until which day.

    `markets` and `channels` are codes, or "*" for all; `until` the last day of the grant that ends first, ISO 8601,
    None when nobody's permission is needed.
    """

    variant: str
    release: str
    language: str
    serve: bool
    why: str
    markets: tuple[str, ...]
    channels: tuple[str, ...]
    until: str | None


def serving_of(project: Project, variant: str, market: str | None = None, channel: str | None = None) -> Serving:
    """What holds for one variant now, in a market and on a channel if they are given.

    Of several releases of a variant the newest counts. InputError when no such variant was ever released.
    """
    with reading(project) as connection:
        found = [one for one in _all(project, connection, tables.release.c.variant_id == variant)]
    if not found:
        raise InputError(f"no release of a variant {variant} is on record; `countenance serving` lists what is.")
    return _placed(found[-1], market, channel)


def serving_list(project: Project) -> tuple[Serving, ...]:
    """What holds for every variant that was ever released, in the order in which they first were."""
    with reading(project) as connection:
        newest = {one.variant: one for one in _all(project, connection)}
    return tuple(newest.values())


def signed_list(project: Project, believed: timedelta = BELIEVED) -> dict[str, Any]:
    """The list as a document signed by the project's ledger key, to be believed until `expires`.

    The proof is a W3C Data Integrity proof (`rights.proof`); what is not in the list may not be served.
    """
    now = datetime.now(UTC)
    document = {
        "format": FORMAT,
        "issued": now.strftime(_SECOND),
        "expires": (now + believed).strftime(_SECOND),
        "variants": [asdict(one) for one in serving_list(project)],
    }
    return sign_document(document, load_or_create_ed25519(project, SIGNING_KEY), now.isoformat())


def open_list(document: Mapping[str, Any], key: Ed25519PublicKey, now: datetime | None = None) -> tuple[Serving, ...]:
    """The entries of a signed list. IntegrityError when it was changed, signed by another key, or has expired."""
    check_document(dict(document), key)
    if document.get("format") != FORMAT:
        raise IntegrityError("the signed document is no serving list.")
    expires = datetime.strptime(document["expires"], _SECOND).replace(tzinfo=UTC)
    if (now or datetime.now(UTC)) >= expires:
        raise IntegrityError(f"the serving list expired at {document['expires']}; fetch a new one.")
    return tuple(
        Serving(**{**one, "markets": tuple(one["markets"]), "channels": tuple(one["channels"])})
        for one in document["variants"]
    )


def _all(project: Project, connection: Connection, *where: Any) -> Iterable[Serving]:
    """One entry for each release, oldest first."""
    grants = {grant_commitment(project, one.grant): one for one in grants_in(project, connection)}
    day = today_in(connection)
    query = select(tables.release).where(*where).order_by(tables.release.c.released_at, tables.release.c.id)
    for row in connection.execute(query):
        yield _serving(project, row, grants, day)


def _serving(project: Project, row: Row[Any], grants: Mapping[str, RecordedGrant], day: date) -> Serving:
    record = row.record
    rests_on = [grants.get(commitment) for commitment in record["grants"]]
    known = [one for one in rests_on if one is not None]
    why = ""
    if row.state != "released":
        why = "the release was withdrawn"
    elif len(known) < len(rests_on):
        why = "a grant that it rests on is no longer on record"
    elif any(one.withdrawn_at is not None for one in known):
        why = "a grant that it rests on was withdrawn"
    elif any(one.grant.valid_until < day for one in known):
        why = "a grant that it rests on has ended"
    scope = _scope(project, row.id)
    markets = _within(scope.get("markets"), [one.grant.markets for one in known])
    channels = _within(scope.get("channels"), [one.grant.channels for one in known])
    until = min((one.grant.valid_until for one in known), default=None)
    return Serving(
        row.variant_id,
        row.id,
        record["language"],
        not why,
        why,
        markets,
        channels,
        until.isoformat() if until else None,
    )


def _scope(project: Project, release_id: str) -> Mapping[str, Any]:
    """The markets and channels that a release was made for; nothing for releases from before they were recorded."""
    path = project.releases / release_id / "release.json"
    scope: Mapping[str, Any] = read_json(path)["receipt"].get("scope", {}) if path.is_file() else {}
    return scope


def _within(wanted: Iterable[str] | None, granted: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """What is wanted and granted by all; everything where nobody sets a limit."""
    left = None if wanted is None else set(wanted)
    for one in granted:
        if EVERYTHING not in one:
            left = set(one) if left is None else left & set(one)
    return (EVERYTHING,) if left is None else tuple(sorted(left))


def _placed(one: Serving, market: str | None, channel: str | None) -> Serving:
    """The answer for one place: what may be served elsewhere may not be served here."""
    for noun, asked, allowed in (("market", market, one.markets), ("channel", channel, one.channels)):
        if one.serve and asked is not None and EVERYTHING not in allowed and asked not in allowed:
            return Serving(**{**asdict(one), "serve": False, "why": f"it was not released for the {noun} {asked}"})
    return one
