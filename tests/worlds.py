"""Generated worlds of grants, withdrawals and uses, and a slow, obvious model of what is allowed in them.

The model shares no code with `rights.decide`: it writes out everything that a grant allows as one large set and looks
whether the use is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from random import Random

from countenance.rights.decide import ANY, Use, Verdict
from countenance.rights.grants import Grant, RecordedGrant

FIRST_DAY = date(2026, 1, 1)
DAYS = 10
TALENTS = ("ada", "ben")
PURPOSES = ("swap_source", "swap_target", "lipsync", "voice")
ENGINES = ("swap", "lipsync")
CAMPAIGNS = ("espresso", "tea", "juice")
MARKETS = ("DE", "AT", "IE")
CHANNELS = ("web", "tv", "youtube")
LANGUAGES = ("de", "de-AT", "de-CH", "den", "en")  # den is Slavey, no kind of German
PRODUCTS = ("alcohol", "food", "gambling")
CONTROLLERS = ("studio", "agency")
PUBLISHERS = (None, "studio", "agency", "shop")


@dataclass(frozen=True)
class Granted:
    at: int
    id: str
    grant: Grant


@dataclass(frozen=True)
class Withdrawn:
    at: int
    id: str


@dataclass(frozen=True)
class Asked:
    at: int
    use: Use


Event = Granted | Withdrawn | Asked


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def world(dice: Random) -> list[Event]:
    """What happens in ten days, in its order: up to six grants, withdrawals, replacements, and a dozen questions."""
    events: list[Event] = []
    for number in range(dice.randint(0, 6)):
        at = dice.randrange(DAYS)
        earlier = [one for one in events if isinstance(one, Granted) and one.at <= at]
        grant = _grant(dice, earlier)
        events.append(Granted(at, f"{dice.randrange(100):02d}{number}", grant))
    granted = [one for one in events if isinstance(one, Granted)]
    for one in granted:
        if dice.random() < 0.2:
            events.append(Withdrawn(dice.randint(one.at, DAYS - 1), one.id))
    for _ in range(12):
        at = dice.randrange(DAYS)
        events.append(Asked(at, _use(dice, at, [one.grant for one in granted])))
    order = {Granted: 0, Withdrawn: 1, Asked: 2}
    return sorted(events, key=lambda one: (one.at, order[type(one)]))


def asked_in(events: list[Event]) -> Iterator[tuple[Use, list[RecordedGrant], list[Event]]]:
    """Each question with the register as it is at that moment, and with what had happened until then."""
    register: dict[str, RecordedGrant] = {}
    for number, event in enumerate(events):
        match event:
            case Granted():
                old = register.get(event.grant.replaces or "")
                if old is not None and old.withdrawn_at is None:
                    register[old.id] = replace(old, withdrawn_at=f"{day(event.at)}T12:00:00Z")
                register[event.id] = RecordedGrant(event.id, event.grant, f"{day(event.at)}T12:00:00Z")
            case Withdrawn():
                if register[event.id].withdrawn_at is None:
                    ended = replace(register[event.id], withdrawn_at=f"{day(event.at)}T12:00:00Z")
                    register[event.id] = ended
            case Asked():
                yield event.use, list(register.values()), events[:number]


@dataclass(frozen=True)
class Expected:
    """What the model says: whether it is allowed, and what stands against it (which grant's first day, what kind)."""

    allowed: bool
    grants: frozenset[str]  # those that cover the use
    against: frozenset[tuple[str, str]]


def expected(use: Use, past: list[Event]) -> Expected:
    """The obvious answer, from the history alone."""
    own = {one.id: one.grant for one in past if isinstance(one, Granted) and one.grant.talent == use.talent}
    if not own:
        return Expected(False, frozenset(), frozenset({("", "none")}))
    replaced = {grant.replaces for grant in own.values()} & set(own)
    gone = {one.id for one in past if isinstance(one, Withdrawn)} | replaced
    covering, against = set(), set()
    for name, grant in own.items():
        wrong = set() if name not in gone else {"withdrawn"}
        wrong |= _outside(use, grant)
        if not wrong:
            covering.add(name)
        against |= {(grant.valid_from.isoformat(), kind) for kind in wrong}
    objections = set()
    for name, grant in own.items():
        if name in replaced or use.at not in _days_of(grant):
            continue
        if grant.excluded and (not use.products or set(grant.excluded) & set(use.products)):
            kind = "product" if use.products else "undeclared"
            objections.add((grant.valid_from.isoformat(), kind))
    if covering and not objections:
        return Expected(True, frozenset(covering), frozenset())
    return Expected(False, frozenset(), frozenset(objections | (set() if covering else against)))


def told(verdict: Verdict) -> frozenset[tuple[str, str]]:
    """The reasons of a verdict as the model has them: which grant's first day, what kind."""
    return frozenset(_kind_of(reason) for reason in verdict.reasons)


def agrees(use: Use, verdict: Verdict, model: Expected) -> bool:
    """Whether a verdict is what the model expects: the answer, the grant named, and every reason."""
    if verdict.allowed is not model.allowed or told(verdict) != model.against:
        return False
    return verdict.grant_id in model.grants if model.allowed else verdict.grant_id is None


_KINDS = {
    "was withdrawn": "withdrawn", "begins only": "early", "ended on": "late", "does not cover purpose": "purpose",
    "does not cover engine": "engine", "does not cover campaign": "campaign", "does not cover market": "market",
    "does not cover channel": "channel", "does not cover language": "language", "is for": "publisher",
    "does not allow derivatives": "derivative", "wants the person's own": "approval",
    "excludes some": "undeclared", "excludes the": "product",
}  # fmt: skip


def _kind_of(reason: str) -> tuple[str, str]:
    _talent, _, rest = reason.partition(": ")
    if rest == "no grant is on record":
        return "", "none"
    first_day, _, why = rest.removeprefix("the grant of ").partition(" ")
    return first_day, next(kind for start, kind in _KINDS.items() if why.startswith(start))


def _outside(use: Use, grant: Grant) -> set[str]:
    """In which respects a use is not among all those that the grant allows, each written out."""
    allowed = {
        "purpose": {*_all(grant.purposes, PURPOSES), ANY},
        "engine": {*_all(grant.engines, ENGINES), ANY},
        "campaign": _all(grant.campaigns, CAMPAIGNS),
        "market": _all(grant.markets, MARKETS),
        "channel": _all(grant.channels, CHANNELS),
        "language": _languages(grant.languages),
    }
    asked = tuple(getattr(use, name) for name in allowed)
    wrong: set[str] = set()
    if asked not in set(product(*allowed.values())):
        wrong |= {name for name, values in allowed.items() if getattr(use, name) not in values}
    if use.at not in _days_of(grant):
        wrong.add("early" if use.at < grant.valid_from else "late")
    may_publish = {None, grant.controller, *_all(grant.sublicence, [one for one in PUBLISHERS if one])}
    if use.publisher not in may_publish:
        wrong.add("publisher")
    if use.derivative and grant.derivatives is False:
        wrong.add("derivative")
    if grant.approval == "person" and use.publishing and not use.approved:
        wrong.add("approval")
    return wrong


def _all(values: tuple[str, ...], universe: object) -> set[str]:
    return set(universe) if "*" in values else set(values)  # type: ignore[call-overload]


def _languages(values: tuple[str, ...]) -> set[str]:
    if "*" in values:
        return set(LANGUAGES)
    below = {"de": {"de", "de-AT", "de-CH"}}
    return {one for value in values for one in below.get(value, {value})}


def _days_of(grant: Grant) -> list[date]:
    return [grant.valid_from + timedelta(days=n) for n in range((grant.valid_until - grant.valid_from).days + 1)]


def _some(dice: Random, values: tuple[str, ...], everything: bool = True) -> tuple[str, ...]:
    if everything and dice.random() < 0.5:
        return ("*",)
    return tuple(dice.sample(values, dice.randint(1, len(values))))


def _grant(dice: Random, earlier: list[Granted]) -> Grant:
    talent, first = dice.choice(TALENTS), dice.randrange(DAYS - 2)
    same = [one.id for one in earlier if one.grant.talent == talent]
    return Grant(
        talent=talent,
        kind="real",
        controller=dice.choice(CONTROLLERS),
        purposes=_some(dice, PURPOSES, everything=False),
        engines=_some(dice, ENGINES),
        campaigns=_some(dice, CAMPAIGNS),
        markets=_some(dice, MARKETS),
        channels=_some(dice, CHANNELS),
        languages=_some(dice, LANGUAGES),
        valid_from=day(first),
        valid_until=day(first + dice.randint(0, DAYS)),
        evidence=(("form.pdf", f"{dice.getrandbits(256):064x}"),),  # so that no two are the same document
        licence=None,
        origin=None,
        excluded=_some(dice, PRODUCTS, everything=False) if dice.random() < 0.12 else (),
        approval="person" if dice.random() < 0.2 else "none",
        sublicence=_some(dice, ("agency", "shop")) if dice.random() < 0.4 else (),
        derivatives=dice.random() < 0.5,
        replaces=dice.choice(same) if same and dice.random() < 0.25 else None,
    )


def _use(dice: Random, at: int, grants: list[Grant]) -> Use:
    """Any use, or, half of the time, one that is near to what some grant allows."""
    use = Use(
        talent=dice.choice(TALENTS),
        purpose=dice.choice((*PURPOSES, ANY)),
        engine=dice.choice((*ENGINES, ANY)),
        campaign=dice.choice(CAMPAIGNS),
        market=dice.choice(MARKETS),
        channel=dice.choice(CHANNELS),
        language=dice.choice(LANGUAGES),
        at=day(at),
        products=tuple(dice.sample(PRODUCTS, dice.randint(0, 2))),
        publisher=dice.choice(PUBLISHERS),
        derivative=dice.random() < 0.3,
        publishing=dice.random() < 0.5,
        approved=dice.random() < 0.5,
    )
    if not grants or dice.random() < 0.2:
        return use
    grant = dice.choice(grants)

    def near(values: tuple[str, ...], now: str) -> str:
        return now if "*" in values or dice.random() < 0.04 else dice.choice(values)

    return replace(
        use,
        talent=grant.talent,
        purpose=near(grant.purposes, use.purpose),
        engine=near(grant.engines, use.engine),
        campaign=near(grant.campaigns, use.campaign),
        market=near(grant.markets, use.market),
        channel=near(grant.channels, use.channel),
        language=near(grant.languages, use.language),
        publisher=use.publisher if dice.random() < 0.1 else grant.controller,
        derivative=use.derivative and dice.random() < 0.3,
    )
