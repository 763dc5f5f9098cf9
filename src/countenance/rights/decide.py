"""Whether the grants on record allow a use, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from countenance.rights.grants import Grant, RecordedGrant
from countenance.rights.vocabulary import EVERYTHING

# A use that asks for no purpose (or engine) in particular: a person who only stays in the picture.
ANY = "any"


@dataclass(frozen=True)
class Use:
    """One use of one talent: for what, by which engine, in which campaign, where, when, and by whom published.

    `products` are the categories that are advertised, none when nobody said. `publisher` is who publishes where that is
    not the controller of the grant. `derivative`: the master is itself something that was made here. `publishing`: this
    is about letting it out, for which the person may want to have agreed (`approved`).
    """

    talent: str
    purpose: str
    engine: str
    campaign: str
    market: str
    channel: str
    language: str
    at: date
    products: tuple[str, ...] = ()
    publisher: str | None = None
    derivative: bool = False
    publishing: bool = False
    approved: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether a use is allowed; by which grant, or for which reasons not."""

    allowed: bool
    reasons: tuple[str, ...]
    grant_id: str | None


def decide(use: Use, grants: Sequence[RecordedGrant]) -> Verdict:
    """One live grant of the talent must cover the whole use; two halves do not make a permission.

    Where grants conflict, the protecting word counts: a product that one grant excludes is, in that grant's period,
    excluded for all of the talent's grants, also when that one was withdrawn, since taking back a permission must not
    permit more. Only a grant that replaces it lifts it. Of several grants that cover the use, the one that lasts
    longest counts (the older id on a tie).
    """
    own = sorted((one for one in grants if one.grant.talent == use.talent), key=lambda one: one.id)
    if not own:
        return Verdict(False, (f"{use.talent}: no grant is on record",), None)
    refusals = {one.id: tuple(_refusals(use, one)) for one in own}
    replaced = {one.grant.replaces for one in own}
    objections = {one.id: () if one.id in replaced else tuple(_objections(use, one.grant)) for one in own}
    covering = [one for one in own if not refusals[one.id]]
    if covering and not any(objections.values()):
        return Verdict(True, (), max(covering, key=lambda one: one.grant.valid_until).id)
    reasons = dict.fromkeys(
        f"{use.talent}: the grant of {one.grant.valid_from} {why}"
        for one in own
        for why in (*(() if covering else refusals[one.id]), *objections[one.id])
    )
    return Verdict(False, tuple(reasons), None)


def _refusals(use: Use, recorded: RecordedGrant) -> Iterator[str]:
    """Why this grant does not cover the use."""
    grant = recorded.grant
    if recorded.withdrawn_at is not None:
        yield f"was withdrawn on {recorded.withdrawn_at[:10]}"
    if use.at < grant.valid_from:
        yield f"begins only on {grant.valid_from}, after {use.at}"
    if use.at > grant.valid_until:
        yield f"ended on {grant.valid_until}, before {use.at}"
    for noun, wanted, covered in _scopes(use, grant):
        if EVERYTHING not in covered and not _covers(noun, wanted, covered):
            yield f"does not cover {noun} {wanted} (it covers {', '.join(covered)})"
    if use.publisher not in (None, grant.controller, *grant.sublicence) and EVERYTHING not in grant.sublicence:
        yield f"is for {grant.controller} and does not let {use.publisher} publish (no sublicence)"
    if use.derivative and not grant.derivatives:
        yield "does not allow derivatives: the master is itself something that was made with it"
    if use.publishing and grant.approval == "person" and not use.approved:
        yield "wants the person's own approval before this is published"


def _objections(use: Use, grant: Grant) -> Iterator[str]:
    """What this grant, in its period, keeps all of the talent's grants from."""
    if not grant.excluded or not grant.valid_from <= use.at <= grant.valid_until:
        return
    if not use.products:
        yield f"excludes some products ({', '.join(grant.excluded)}), and nobody said what is advertised"
    for product in use.products:
        if product in grant.excluded:
            yield f"excludes the product {product}, also for the talent's other grants"


def _scopes(use: Use, grant: Grant) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if use.purpose != ANY:
        yield "purpose", use.purpose, grant.purposes
    if use.engine != ANY:
        yield "engine", use.engine, grant.engines
    yield "campaign", use.campaign, grant.campaigns
    yield "market", use.market, grant.markets
    yield "channel", use.channel, grant.channels
    yield "language", use.language, grant.languages


def _covers(noun: str, wanted: str, covered: tuple[str, ...]) -> bool:
    if noun != "language":
        return wanted in covered
    # RFC 4647 basic filtering: "de" covers "de-AT", "de-AT" does not cover "de".
    return any((wanted.lower() + "-").startswith(one.lower() + "-") for one in covered)
