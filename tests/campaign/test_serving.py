from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from releases import RELEASE, VARIANT

from countenance.campaign import serving
from countenance.campaign.serving import open_list, serving_list, serving_of, signed_list
from countenance.errors import InputError, IntegrityError
from countenance.ledger.audit import SIGNING_KEY
from countenance.rights.register import withdraw_grant
from countenance.store.files import read_json, write_json
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519


def _scope(project: Project, **scope: list[str]) -> None:
    path = project.releases / RELEASE / "release.json"
    facts = read_json(path)
    write_json(path, {**facts, "receipt": {"scope": scope}})


def test_a_released_variant_may_be_served_while_its_consent_is_in_force(studio: tuple[Project, Path]) -> None:
    found = serving_of(studio[0], VARIANT)
    assert (found.serve, found.why, found.release) == (True, "", RELEASE)
    assert found.until is not None and date.fromisoformat(found.until) > date(2026, 1, 1)


def test_a_withdrawal_is_in_the_very_next_answer(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    withdraw_grant(project, "ben", "ops", "asked for it")
    found = serving_of(project, VARIANT)
    assert not found.serve
    assert found.why == "the release was withdrawn"
    assert [one.serve for one in serving_list(project)] == [False]


def test_a_grant_that_ended_ends_the_serving(studio: tuple[Project, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "today_in", lambda _connection: date(2999, 1, 1))
    assert serving_of(studio[0], VARIANT).why == "a grant that it rests on has ended"


def test_only_markets_and_channels_that_were_released_and_granted_are_served(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    _scope(project, markets=["DE", "AT"], channels=["web"])
    whole = serving_of(project, VARIANT)
    assert set(whole.markets) <= {"DE", "AT"} and whole.markets
    assert serving_of(project, VARIANT, market=whole.markets[0], channel="web").serve
    refused = serving_of(project, VARIANT, market="US")
    assert (refused.serve, refused.why) == (False, "it was not released for the market US")
    assert serving_of(project, VARIANT, channel="tv").why == "it was not released for the channel tv"


def test_what_was_never_released_is_no_answer_but_an_error(studio: tuple[Project, Path]) -> None:
    with pytest.raises(InputError, match="no release of a variant 01NOBODY"):
        serving_of(studio[0], "01NOBODY")


def test_the_signed_list_is_believed_with_the_projects_key_alone(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    key = load_or_create_ed25519(project, SIGNING_KEY).public_key()
    document = json.loads(json.dumps(signed_list(project)))
    assert open_list(document, key) == serving_list(project)


@pytest.mark.parametrize("change", ["serve", "expires", "one more"])
def test_a_list_that_was_changed_is_refused(studio: tuple[Project, Path], change: str) -> None:
    project, _ = studio
    withdraw_grant(project, "ben", "ops", "asked for it")
    key = load_or_create_ed25519(project, SIGNING_KEY).public_key()
    document = signed_list(project)
    if change == "serve":
        document["variants"][0]["serve"] = True
    elif change == "expires":
        document["expires"] = "2999-01-01T00:00:00Z"
    else:
        document["variants"].append({**document["variants"][0], "variant": "01OTHER", "serve": True})
    with pytest.raises(IntegrityError, match="was changed"):
        open_list(document, key)


def test_an_old_list_and_one_of_another_studio_are_refused(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    document = signed_list(project)
    with pytest.raises(IntegrityError, match="expired at"):
        open_list(
            document, load_or_create_ed25519(project, SIGNING_KEY).public_key(), datetime.now(UTC) + timedelta(hours=1)
        )
    with pytest.raises(IntegrityError, match="not by"):
        open_list(document, load_or_create_ed25519(project, "another").public_key())
