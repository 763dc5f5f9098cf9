from __future__ import annotations

import datetime
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.campaign.brief import Brief, Exclusion, Script, SeenFace
from countenance.campaign.plan import Variant, plan

DAY = datetime.date(2026, 6, 1)
NOWHERE = Path("/nowhere")


def brief(**changes: object) -> Brief:
    whole = Brief(
        path=NOWHERE,
        campaign="espresso-launch",
        owner="ops@example.org",
        master=NOWHERE,
        script=Script("en", NOWHERE),
        seen=(SeenFace("presenter", 0, "ada"),),
        talents={},
        faces=("keep", "ben"),
        languages=("en", "de"),
        exclude=(),
        translations={"de": NOWHERE},
        markets={"en": ("IE",), "de": ("DE", "AT")},
        channels=("web", "youtube"),
        gate="standard",
        badge="corner",
        approve="manual",
        seed=0,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def needs(variant: Variant) -> set[tuple[str, str, str]]:
    return {(use.talent, use.purpose, use.engine) for use in variant.uses}


def test_variants_are_the_cross_product_in_the_order_of_the_brief() -> None:
    made = plan(brief(), DAY)
    assert [variant.key for variant in made.variants] == ["keep-en", "keep-de", "ben-en", "ben-de"]
    last = made.variant("ben-de")
    assert (last.swaps, last.dubs, last.shown, last.replaced) == (True, True, "ben", "ada")
    first = made.variant("keep-en")
    assert (first.swaps, first.dubs, first.shown, first.replaced) == (False, False, "ada", "ada")


def test_exclusions_are_left_out() -> None:
    made = plan(brief(exclude=(Exclusion("ben", "de"), Exclusion("keep", "en"))), DAY)
    assert [variant.key for variant in made.variants] == ["keep-de", "ben-en"]


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        # as shot: only that the person may appear in this campaign at all
        ("keep-en", {("ada", "any", "any")}),
        # dubbed: the mouth is re-made, the synthetic voice is nobody's
        ("keep-de", {("ada", "lipsync", "lipsync")}),
        # another face, and ada's own voice goes on being heard
        (
            "ben-en",
            {("ada", "swap_target", "swap"), ("ada", "voice", "swap"), ("ben", "swap_source", "swap")},
        ),
        # another face and another language
        (
            "ben-de",
            {
                ("ada", "swap_target", "swap"),
                ("ada", "lipsync", "lipsync"),
                ("ben", "swap_source", "swap"),
                ("ben", "lipsync", "lipsync"),
            },
        ),
    ],
)
def test_each_variant_asks_for_what_it_does_to_whom(key: str, wanted: set[tuple[str, str, str]]) -> None:
    assert needs(plan(brief(), DAY).variant(key)) == wanted


def test_bystanders_need_permission_to_appear_in_every_variant() -> None:
    made = plan(brief(seen=(SeenFace("presenter", 0, "ada"), SeenFace("guest", 1, "cleo"))), DAY)
    assert all(("cleo", "any", "any") in needs(variant) for variant in made.variants)


def test_every_market_and_channel_of_the_language_is_asked_for() -> None:
    uses = plan(brief(), DAY).variant("keep-de").uses
    assert {(use.market, use.channel) for use in uses} == set(product(("DE", "AT"), ("web", "youtube")))
    assert {(use.campaign, use.language, use.at) for use in uses} == {("espresso-launch", "de", DAY)}


def test_the_day_is_today_when_none_is_given() -> None:
    before = datetime.datetime.now(datetime.UTC).date()
    asked = {use.at for use in plan(brief()).uses}
    assert len(asked) == 1 and asked.pop() in (before, before + datetime.timedelta(days=1))


@given(
    st.lists(st.sampled_from(["keep", "ben", "cleo", "dora"]), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["en", "de", "es", "zh-Hant", "pt-BR"]), min_size=1, max_size=5, unique=True),
    st.data(),
)
def test_no_variant_goes_without_permission_of_everybody_in_it(
    faces: list[str], languages: list[str], data: st.DataObject
) -> None:
    cells = list(product(faces, languages))
    out = data.draw(st.lists(st.sampled_from(cells), max_size=len(cells) - 1, unique=True))
    made = plan(
        brief(
            faces=tuple(faces),
            languages=tuple(languages),
            exclude=tuple(Exclusion(*cell) for cell in out),
            markets={language: ("DE", "FR") for language in languages},
        ),
        DAY,
    )
    assert {(v.face, v.language) for v in made.variants} == set(cells) - set(out)
    assert len({v.key for v in made.variants}) == len(made.variants)
    for variant in made.variants:
        assert {use.talent for use in variant.uses} == {variant.replaced, variant.shown}
        assert len(set(variant.uses)) == len(variant.uses)
        assert set(variant.uses) <= set(made.uses)
    assert len(set(made.uses)) == len(made.uses)
