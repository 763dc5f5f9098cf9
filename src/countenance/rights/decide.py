"""Whether the grants on record allow a use, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from countenance.rights.grants import EVERYTHING, Grant, RecordedGrant

# A use that asks for no purpose (or engine) in particular: a person who only stays in the picture.
ANY = "any"


@dataclass(frozen=True)
class Use:
    """One use of one talent: for what, by which engine, in which campaign, where, when."""

    talent: str
    purpose: str
    engine: str
    campaign: str
    market: str
    channel: str
    language: str
    at: date


@dataclass(frozen=True)
class Verdict:
    """Whether a use is allowed; by which grant, or for which reasons not."""

    allowed: bool
    reasons: tuple[str, ...]
    grant_id: str | None


def decide(use: Use, grants: Sequence[RecordedGrant]) -> Verdict:
    """One live grant of the talent must cover the whole use; two halves do not make a permission.

    Of several that do, the one that lasts longest counts (the older id on a tie).
    """
    own = sorted((one for one in grants if one.grant.talent == use.talent), key=lambda one: one.id)
    if not own:
        return Verdict(False, (f"{use.talent}: no grant is on record",), None)
    refusals = {one.id: tuple(_refusals(use, one)) for one in own}
    covering = [one for one in own if not refusals[one.id]]
    if covering:
        return Verdict(True, (), max(covering, key=lambda one: one.grant.valid_until).id)
    reasons = dict.fromkeys(
        f"{use.talent}: the grant of {one.grant.valid_from} {refusal}" for one in own for refusal in refusals[one.id]
    )
    return Verdict(False, tuple(reasons), None)


def _refusals(use: Use, recorded: RecordedGrant) -> Iterator[str]:
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
