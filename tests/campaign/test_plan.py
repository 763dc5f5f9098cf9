from __future__ import annotations

import datetime
import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.campaign.brief import Brief, Exclusion, Script, SeenFace
from countenance.campaign.casting import cast
from countenance.campaign.label_wish import LabelWish
from countenance.campaign.plan import Variant, plan

DAY = datetime.date(2026, 6, 1)
NOWHERE = Path("/nowhere")
SEEN = (SeenFace("presenter", 0, "ada"), SeenFace("guest", 1, "dora"), SeenFace("host", 2, "eve"))


def brief(**changes: object) -> Brief:
    whole = Brief(
        path=NOWHERE,
        campaign="espresso-launch",
        owner="ops@example.org",
        master=NOWHERE,
        script=Script("en", NOWHERE),
        seen=(SeenFace("presenter", 0, "ada"),),
        others_untouched=False,
        talents={},
        faces=tuple(cast(["presenter"], {"presenter": talent}) for talent in ("keep", "ben")),
        languages=("en", "de"),
        exclude=(),
        translations={"de": NOWHERE},
        markets={"en": ("IE",), "de": ("DE", "AT")},
        channels=("web", "youtube"),
        gate="standard",
        label=LabelWish(),
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
    assert (last.engines, last.dubs, last.presenter.shown, last.presenter.seen) == (
        ("lipsync", "swap"), True, "ben", "ada",
    )  # fmt: skip
    first = made.variant("keep-en")
    assert (first.engines, first.dubs, first.presenter.shown, first.presenter.seen) == ((), False, "ada", "ada")


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


def with_guest(**wanted: str) -> Brief:
    """A presenter and a guest, of whom some get another face."""
    return brief(seen=SEEN[:2], faces=(cast(["presenter", "guest"], wanted),))


def test_who_stays_as_shot_needs_permission_to_appear_in_every_variant() -> None:
    made = plan(brief(seen=SEEN[:2]), DAY)
    assert all(("dora", "any", "any") in needs(variant) for variant in made.variants)


@pytest.mark.parametrize(
    ("wanted", "language", "asked"),
    [
        # the guest's face alone: the presenter stays as shot, and so does everybody's voice
        (
            {"guest": "ben"}, "en",
            {("ada", "any", "any"), ("dora", "swap_target", "swap"), ("ben", "swap_source", "swap")},
        ),
        # the same with a dub: only the presenter speaks, so only the presenter's mouth is re-made
        (
            {"guest": "ben"}, "de",
            {("ada", "lipsync", "lipsync"), ("dora", "swap_target", "swap"), ("ben", "swap_source", "swap")},
        ),
        # both, each with a face of their own
        (
            {"presenter": "ben", "guest": "cleo"}, "de",
            {
                ("ada", "swap_target", "swap"), ("ada", "lipsync", "lipsync"),
                ("ben", "swap_source", "swap"), ("ben", "lipsync", "lipsync"),
                ("dora", "swap_target", "swap"), ("cleo", "swap_source", "swap"),
            },
        ),
        # they change faces: each gives and gets one
        (
            {"presenter": "dora", "guest": "ada"}, "en",
            {
                ("ada", "swap_target", "swap"), ("ada", "voice", "swap"), ("ada", "swap_source", "swap"),
                ("dora", "swap_target", "swap"), ("dora", "swap_source", "swap"),
            },
        ),
    ],
)  # fmt: skip
def test_everybody_who_gets_another_face_asks_for_their_own(
    wanted: dict[str, str], language: str, asked: set[tuple[str, str, str]]
) -> None:
    (variant,) = [one for one in plan(with_guest(**wanted), DAY).variants if one.language == language]
    assert needs(variant) == asked


def test_only_the_presenter_is_dubbed() -> None:
    variant = plan(with_guest(presenter="ben", guest="cleo"), DAY).variant("presenter=ben+guest=cleo-de")
    assert {part.name: part.engines for part in variant.parts} == {"presenter": ("lipsync", "swap"), "guest": ("swap",)}
    assert [part.name for part in variant.swapped] == ["presenter", "guest"]


def test_every_market_and_channel_of_the_language_is_asked_for() -> None:
    uses = plan(brief(), DAY).variant("keep-de").uses
    assert {(use.market, use.channel) for use in uses} == set(product(("DE", "AT"), ("web", "youtube")))
    assert {(use.campaign, use.language, use.at) for use in uses} == {("espresso-launch", "de", DAY)}


def test_the_day_is_today_when_none_is_given() -> None:
    before = datetime.datetime.now(datetime.UTC).date()
    asked = {use.at for use in plan(brief()).uses}
    assert len(asked) == 1 and asked.pop() in (before, before + datetime.timedelta(days=1))


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    """One to three people in the master, faces for some of them, languages, and cells that are left out."""
    seen = SEEN[: draw(st.integers(1, 3))]
    people = [face.name for face in seen]
    wanted = st.fixed_dictionaries(
        {
            face.name: st.sampled_from(["keep", "ben", "cleo", *(o.talent for o in seen if o is not face)])
            for face in seen
        }
    )
    mapped = draw(st.lists(wanted, min_size=1, max_size=4))
    faces = tuple(dict.fromkeys(cast(people, one) for one in mapped))
    languages = draw(st.lists(st.sampled_from(["en", "de", "es", "zh-Hant", "pt-BR"]), min_size=1, unique=True))
    cells = list(product((face.key for face in faces), languages))
    out = draw(st.lists(st.sampled_from(cells), max_size=len(cells) - 1, unique=True))
    return brief(
        seen=seen,
        faces=faces,
        languages=tuple(languages),
        exclude=tuple(Exclusion(*cell) for cell in out),
        markets={language: ("DE", "FR") for language in languages},
    )


@given(briefs())
def test_no_variant_goes_without_permission_of_everybody_in_it(whole: Brief) -> None:
    made = plan(whole, DAY)
    excluded = {(cell.face, cell.language) for cell in whole.exclude}
    cells = set(product((face.key for face in whole.faces), whole.languages))
    assert {(v.face, v.language) for v in made.variants} == cells - excluded
    assert len({v.key for v in made.variants}) == len(made.variants)
    for variant in made.variants:
        assert [part.seen for part in variant.parts] == [face.talent for face in whole.seen]
        assert {use.talent for use in variant.uses} == {
            talent for part in variant.parts for talent in (part.seen, part.shown)
        }
        for part in variant.parts:
            asked = {(purpose, engine) for talent, purpose, engine in needs(variant) if talent == part.seen}
            given_ = {(purpose, engine) for talent, purpose, engine in needs(variant) if talent == part.shown}
            assert (("swap_target", "swap") in asked) or not part.swapped
            assert (("swap_source", "swap") in given_) or not part.swapped
            assert ({("any", "any"), ("lipsync", "lipsync")} & asked) or part.swapped
        assert len(set(variant.uses)) == len(variant.uses)
        assert set(variant.uses) <= set(made.uses)
    assert len(set(made.uses)) == len(made.uses)


@given(briefs())
def test_a_key_says_who_gets_whose_face_and_is_fit_for_a_file_name(whole: Brief) -> None:
    for variant in plan(whole, DAY).variants:
        assert re.fullmatch(r"[A-Za-z0-9_+=-]+", variant.key)
        told = {part.name: part.shown for part in variant.parts if part.swapped}
        face = variant.key.removesuffix(f"-{variant.language}")
        read = dict(pair.split("=") for pair in face.split("+")) if "=" in face else {"presenter": face}
        assert read == (told or {"presenter": "keep"})
