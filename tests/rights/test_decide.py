from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.rights.decide import ANY, Use, decide
from countenance.rights.grants import Grant, RecordedGrant

GRANT = Grant(
    talent="ben",
    kind="real",
    controller="ops@example.org",
    purposes=("swap_source", "lipsync"),
    engines=("*",),
    campaigns=("espresso",),
    markets=("DE",),
    channels=("web",),
    languages=("de",),
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
    evidence=(("form.pdf", "0" * 64),),
    licence=None,
    origin=None,
)
LIVE = RecordedGrant("01A", GRANT, "2026-01-01T00:00:00Z")
USE = Use("ben", "swap_source", "swap", "espresso", "DE", "web", "de", date(2026, 6, 1))


def test_a_use_inside_the_grant_is_allowed_and_names_it() -> None:
    verdict = decide(USE, [LIVE])
    assert (verdict.allowed, verdict.reasons, verdict.grant_id) == (True, (), "01A")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"purpose": "voice"}, "does not cover purpose voice (it covers swap_source, lipsync)"),
        ({"campaign": "tea"}, "does not cover campaign tea (it covers espresso)"),
        ({"market": "AT"}, "does not cover market AT (it covers DE)"),
        ({"channel": "tv"}, "does not cover channel tv (it covers web)"),
        ({"language": "en"}, "does not cover language en (it covers de)"),
        ({"at": date(2025, 12, 31)}, "begins only on 2026-01-01, after 2025-12-31"),
        ({"at": date(2027, 1, 1)}, "ended on 2026-12-31, before 2027-01-01"),
    ],
)
def test_each_refusal_says_what_is_not_covered(change: dict[str, object], reason: str) -> None:
    verdict = decide(replace(USE, **change), [LIVE])  # type: ignore[arg-type]
    assert (verdict.allowed, verdict.grant_id) == (False, None)
    assert verdict.reasons == (f"ben: the grant of 2026-01-01 {reason}",)


def test_an_engine_that_is_not_named_is_refused() -> None:
    only_swap = replace(LIVE, grant=replace(GRANT, engines=("swap",)))
    assert decide(USE, [only_swap]).allowed
    refused = decide(replace(USE, engine="lipsync"), [only_swap])
    assert refused.reasons == ("ben: the grant of 2026-01-01 does not cover engine lipsync (it covers swap)",)


def test_the_first_and_the_last_day_belong_to_the_grant() -> None:
    assert decide(replace(USE, at=GRANT.valid_from), [LIVE]).allowed
    assert decide(replace(USE, at=GRANT.valid_until), [LIVE]).allowed


def test_without_a_grant_of_this_talent_there_is_no_permission() -> None:
    other = replace(LIVE, grant=replace(GRANT, talent="ada"))
    for grants in ([], [other]):
        assert decide(USE, grants).reasons == ("ben: no grant is on record",)


def test_a_withdrawn_grant_allows_nothing() -> None:
    withdrawn = replace(LIVE, withdrawn_at="2026-05-01T10:00:00Z")
    assert decide(USE, [withdrawn]).reasons == ("ben: the grant of 2026-01-01 was withdrawn on 2026-05-01",)


def test_two_halves_do_not_make_a_permission() -> None:
    market = replace(LIVE, grant=replace(GRANT, channels=("tv",)))
    channel = replace(LIVE, id="01B", grant=replace(GRANT, markets=("AT",), valid_from=date(2026, 2, 1)))
    verdict = decide(USE, [market, channel])
    assert not verdict.allowed
    assert verdict.reasons == (
        "ben: the grant of 2026-01-01 does not cover channel web (it covers tv)",
        "ben: the grant of 2026-02-01 does not cover market DE (it covers AT)",
    )


def test_the_grant_that_lasts_longest_is_named() -> None:
    longer = replace(LIVE, id="01B", grant=replace(GRANT, valid_until=date(2028, 1, 1)))
    assert decide(USE, [LIVE, longer]).grant_id == "01B"
    assert decide(USE, [replace(LIVE, id="01C"), LIVE]).grant_id == "01A"


@pytest.mark.parametrize(
    ("covered", "wanted", "allowed"),
    [
        ("de", "de-AT", True),
        ("de-AT", "de-AT", True),
        ("DE-at", "de-AT", True),
        ("de-AT", "de", False),
        ("de", "deu", False),
        ("*", "sw", True),
    ],
)
def test_a_language_covers_its_regional_forms(covered: str, wanted: str, allowed: bool) -> None:
    grants = [replace(LIVE, grant=replace(GRANT, languages=(covered,)))]
    assert decide(replace(USE, language=wanted), grants).allowed is allowed


def test_a_person_who_only_stays_in_the_picture_needs_a_grant_for_the_campaign() -> None:
    seen = replace(USE, purpose=ANY, engine=ANY)
    narrow = replace(LIVE, grant=replace(GRANT, purposes=("analysis",), engines=("none",)))
    assert decide(seen, [narrow]).allowed
    assert not decide(replace(seen, campaign="tea"), [narrow]).allowed


FIELDS = {
    "purpose": ("purposes", ["swap_source", "lipsync"]),
    "engine": ("engines", ["swap", "lipsync"]),
    "campaign": ("campaigns", ["espresso", "tea"]),
    "market": ("markets", ["DE", "AT"]),
    "channel": ("channels", ["web", "tv"]),
    "language": ("languages", ["de", "de-AT", "en"]),
}
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 6))


@st.composite
def _recorded(draw: st.DrawFn) -> RecordedGrant:
    lists = {
        many: tuple(draw(st.lists(st.sampled_from([*values, "*"]), min_size=1, max_size=3, unique=True)))
        for many, values in FIELDS.values()
        if many != "purposes"
    }
    first = draw(DAYS)
    grant = replace(
        GRANT,
        talent=draw(st.sampled_from(["ada", "ben"])),
        purposes=tuple(draw(st.lists(st.sampled_from(FIELDS["purpose"][1]), min_size=1, unique=True))),
        valid_from=first,
        valid_until=first + timedelta(days=draw(st.integers(0, 4))),
        **lists,
    )
    withdrawn = draw(st.none() | st.just("2026-01-02T00:00:00Z"))
    return RecordedGrant(draw(st.text("ABCDE", min_size=4, max_size=4)), grant, "", withdrawn)


@st.composite
def _use(draw: st.DrawFn) -> Use:
    values = {one: draw(st.sampled_from(values)) for one, (_, values) in FIELDS.items()}
    return Use(talent=draw(st.sampled_from(["ada", "ben"])), at=draw(DAYS), **values)


def _obviously_covers(recorded: RecordedGrant, use: Use) -> bool:
    grant = recorded.grant
    days = [grant.valid_from + timedelta(days=n) for n in range((grant.valid_until - grant.valid_from).days + 1)]
    if recorded.withdrawn_at or grant.talent != use.talent or use.at not in days:
        return False
    for one, (many, values) in FIELDS.items():
        covered = set(getattr(grant, many))
        if "*" in covered:
            covered |= set(values)
        if "de" in covered:
            covered.add("de-AT")
        if getattr(use, one) not in covered:
            return False
    return True


@given(_use(), st.lists(_recorded(), max_size=4, unique_by=lambda one: one.id))
def test_the_decision_is_the_obvious_one(use: Use, grants: list[RecordedGrant]) -> None:
    covering = [one for one in grants if _obviously_covers(one, use)]
    verdict = decide(use, grants)
    assert verdict.allowed is bool(covering)
    assert (verdict.grant_id in [one.id for one in covering]) is bool(covering)
    assert bool(verdict.reasons) is not verdict.allowed
    assert all(reason.startswith(f"{use.talent}: ") for reason in verdict.reasons)
    assert decide(use, list(reversed(grants))) == verdict


@given(_use(), st.lists(_recorded(), max_size=4, unique_by=lambda one: one.id), st.data())
def test_withdrawing_never_allows_more(use: Use, grants: list[RecordedGrant], data: st.DataObject) -> None:
    kept = [one if data.draw(st.booleans()) else replace(one, withdrawn_at="2026-01-01T") for one in grants]
    assert decide(use, grants).allowed or not decide(use, kept).allowed
