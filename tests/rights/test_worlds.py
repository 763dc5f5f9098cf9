"""The decision against the obvious model, over generated worlds; and the register against the same model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Asked, Granted, Withdrawn, agrees, asked_in, expected, told, world

from countenance.rights.decide import decide
from countenance.rights.register import all_grants, record_grant, withdraw_grant
from countenance.store.project import init_project

WORLDS, SEED = 20_000, 20261121


def differences(dice: Random) -> tuple[int, int, list[str]]:
    """Questions asked in one world, how many were allowed, and where decision and model differ."""
    asked, allowed, wrong = 0, 0, []
    for use, register, past in asked_in(world(dice)):
        verdict, model = decide(use, register), expected(use, past)
        asked, allowed = asked + 1, allowed + verdict.allowed
        if not agrees(use, verdict, model):
            wrong.append(f"{use}: {verdict} is not {model}")
    return asked, allowed, wrong


@settings(max_examples=300)
@given(st.integers(0, 2**32).map(Random))
def test_the_decision_is_that_of_the_obvious_model(dice: Random) -> None:
    assert differences(dice)[2] == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_twenty_thousand_worlds_show_no_difference() -> None:
    asked, allowed, wrong = 0, 0, []
    for number in range(WORLDS):
        more, permitted, differing = differences(Random(SEED + number))
        asked, allowed, wrong = asked + more, allowed + permitted, [*wrong, *differing]
    assert wrong == []
    assert asked == WORLDS * 12
    assert 0.1 < allowed / asked < 0.9  # both answers are common, or nothing would have been tested


def test_the_worlds_hold_every_reason_and_both_answers() -> None:
    kinds, answers = set(), set()
    for number in range(300):
        for use, register, _past in asked_in(world(Random(number))):
            verdict = decide(use, register)
            kinds |= {kind for _, kind in told(verdict)}
            answers.add(verdict.allowed)
    assert answers == {True, False}
    assert kinds == {
        "none", "withdrawn", "early", "late", "purpose", "engine", "campaign", "market", "channel", "language",
        "publisher", "derivative", "approval", "product", "undeclared",
    }  # fmt: skip


@settings(max_examples=80)
@given(st.integers(0, 2**32).map(Random))
def test_taking_back_a_permission_never_permits_more(dice: Random) -> None:
    for use, register, _past in asked_in(world(dice)):
        fewer = [one if dice.random() < 0.5 else replace(one, withdrawn_at="2026-01-01T00:00:00Z") for one in register]
        assert decide(use, register).allowed or not decide(use, fewer).allowed


@settings(max_examples=80)
@given(st.integers(0, 2**32).map(Random))
def test_neither_order_nor_other_peoples_grants_play_a_part(dice: Random) -> None:
    for use, register, _past in asked_in(world(dice)):
        shuffled = dice.sample(register, len(register))
        verdict = decide(use, register)
        assert decide(use, shuffled) == verdict
        assert decide(use, [one for one in register if one.grant.talent == use.talent]) == verdict


def test_the_register_keeps_what_happened_as_the_model_has_it(tmp_path: Path) -> None:
    """The same worlds through database and ledger: recorded, replaced, withdrawn, read again."""
    asked = 0
    for number in range(6):
        project = init_project(tmp_path / str(number))
        ids: dict[str, str] = {}  # what the world calls a grant, and what the register does
        events = world(Random(number + 3))
        for position, event in enumerate(events):
            match event:
                case Granted():
                    replaces = ids.get(event.grant.replaces or "")
                    ids[event.id] = record_grant(project, replace(event.grant, replaces=replaces), "ops").id
                case Withdrawn():
                    withdraw_grant(project, ids[event.id], "ops", "")
                case Asked():
                    verdict, model = decide(event.use, all_grants(project)), expected(event.use, events[:position])
                    assert verdict.allowed is model.allowed
                    assert verdict.grant_id in {ids[one] for one in model.grants} or not model.allowed
                    assert told(verdict) == model.against
                    asked += 1
    assert asked == 6 * 12
