"""The later terms of a grant in a real plan: products, who publishes, derivatives, the person's own approval."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from campaigns import ACTOR, grant, write_campaign
from sqlalchemy import insert, update

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.permission import Watch, require_in, require_release_rights, require_rights
from countenance.campaign.plan import plan
from countenance.campaign.variants import VariantRow, ensure_variants, find_variant
from countenance.campaign.withdrawing import withdraw
from countenance.errors import RightsError
from countenance.ledger.log import entries, transaction, utc_now
from countenance.rights.approvals import approve_as_person
from countenance.rights.register import withdraw_grant
from countenance.store.database import reading, writing
from countenance.store.files import locked, sha256_file
from countenance.store.project import Project, init_project
from countenance.store.tables import release, variant


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


def campaign(folder: Path, master: Path, terms: dict[str, Any], **changes: Any) -> Brief:
    """A campaign that keeps the face, under a grant of ada's with these terms."""
    grants = {"ada": {**grant("ada"), **terms}}
    return load_brief(write_campaign(folder, master, faces=("keep",), languages=("en",), grants=grants, **changes))


def reasons(project: Project, brief: Brief) -> tuple[str, ...]:
    try:
        require_rights(project, brief, plan(brief))
    except RightsError as refused:
        return refused.reasons
    return ()


@pytest.mark.parametrize(
    ("terms", "changes", "said"),
    [
        ({"excluded": ["alcohol"]}, {"content": {"products": ["food"]}}, None),
        ({"excluded": ["alcohol"]}, {"content": {"products": ["food", "alcohol"]}}, "excludes the product alcohol"),
        ({"excluded": ["alcohol"]}, {}, "excludes some products (alcohol), and nobody said what is advertised"),
        ({}, {"publisher": ACTOR}, None),
        ({}, {"publisher": "Agency Ltd"}, "does not let Agency Ltd publish (no sublicence)"),
        ({"sublicence": ["Agency Ltd"]}, {"publisher": "Agency Ltd"}, None),
        ({}, {"content": {"derivative": True}}, "does not allow derivatives"),
        ({"derivatives": True}, {"content": {"derivative": True}}, None),
    ],
)
def test_what_the_brief_says_is_held_against_the_grant(
    project: Project,
    short_master: Path,
    tmp_path: Path,
    terms: dict[str, Any],
    changes: dict[str, Any],
    said: str | None,
) -> None:
    told = reasons(project, campaign(tmp_path / "brief", short_master, terms, **changes))
    assert (len(told) > 0) is (said is not None)
    assert said is None or any(said in one for one in told)


def test_a_master_that_was_released_here_is_a_derivative_whatever_the_brief_says(
    project: Project, short_master: Path, tmp_path: Path
) -> None:
    brief = campaign(tmp_path / "brief", short_master, {})
    assert reasons(project, brief) == ()
    row = _variant(project, brief)
    with transaction(project) as ledger:
        ledger.connection.execute(
            insert(release).values(
                id="01R", variant_id=row.id, mark_id="00", state="released", package="p", released_at=utc_now(),
                record={"sha256": sha256_file(short_master)},
            )
        )  # fmt: skip
    assert any("does not allow derivatives" in one for one in reasons(project, brief))


def test_nothing_is_published_before_the_person_agrees_to_these_pictures(
    project: Project, short_master: Path, tmp_path: Path
) -> None:
    brief = campaign(tmp_path / "brief", short_master, {"approval": "person"})
    assert reasons(project, brief) == ()  # it may be made, or there would be nothing to agree to
    variant = plan(brief).variants[0]
    row = replace(_variant(project, brief), review={"pictures_sha256": "a" * 64})
    with pytest.raises(RightsError) as caught:
        require_release_rights(project, brief, variant, row)
    assert all("wants the person's own approval" in reason for reason in caught.value.reasons)
    approve_as_person(project, "ada", row.id, "b" * 64, "ada")  # other pictures
    with pytest.raises(RightsError):
        require_release_rights(project, brief, variant, row)
    for _ in range(2):
        approve_as_person(project, "ada", row.id, "a" * 64, "ada")
    assert [one.grant.talent for one in require_release_rights(project, brief, variant, row)] == ["ada"]
    assert len(entries(project, "consent.approved")) == 2


def test_a_watch_asks_again_while_something_is_made(
    project: Project, short_master: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = campaign(tmp_path / "brief", short_master, {})
    assert reasons(project, brief) == ()
    wanted = plan(brief)
    watch = Watch(project, brief, wanted.uses, ["keep-en"])
    told: list[int] = []
    report = watch.over(lambda _stage, done, _of: told.append(done))
    clock = iter(range(0, 1000, 1))
    monkeypatch.setattr("countenance.campaign.permission.time.monotonic", lambda: float(next(clock)) / 2)
    report("paint", 1, 99)
    withdraw_grant(project, "ada", "ada", "no more")
    with pytest.raises(RightsError):
        for done in range(2, 99):
            report("paint", done, 99)
    assert 1 <= len(told) < 60  # half a second passes at each look at the clock
    with reading(project) as connection, pytest.raises(RightsError, match="nothing was released"):
        require_in(project, connection, wanted.uses)


def test_a_grant_that_ends_while_something_is_made_ends_it(
    project: Project, short_master: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = campaign(tmp_path / "brief", short_master, {"valid": {"from": date(2020, 1, 1), "until": date(2200, 1, 1)}})
    require_rights(project, brief, plan(brief))
    watch = Watch(project, brief, plan(brief).uses, ["keep-en"])
    for day, allowed in ((date(2200, 1, 1), True), (date(2200, 1, 2), False)):
        monkeypatch.setattr("countenance.campaign.permission.today_in", lambda _connection, day=day: day)
        if allowed:
            watch.require()
            continue
        with pytest.raises(RightsError) as caught:
            watch.require()
        assert caught.value.reasons == ("ada: the grant of 2020-01-01 ended on 2200-01-01, before 2200-01-02",)


def test_what_was_sealed_but_never_entered_goes_with_the_grant(
    project: Project, short_master: Path, tmp_path: Path
) -> None:
    """As a job leaves it that is killed between the seal and the entry."""
    brief = campaign(tmp_path / "brief", short_master, {})
    assert reasons(project, brief) == ()
    row = _variant(project, brief)
    for name, busy in (("01BUSY", True), ("01LEFT", False)):
        with writing(project) as connection:
            connection.execute(update(variant).where(variant.c.id == row.id).values(review={"release_id": name}))
        (project.releases / name).mkdir()
        (project.releases / name / "video.mp4").write_bytes(b"sealed")
        lock = project.work / "jobs" / f"release-{name}.lock"
        with locked(lock) if busy else nullcontext():
            withdraw(project, "ada", "ada", "no more")
        assert (project.releases / name).exists() is busy  # a job that holds it stops and clears up by itself


def _variant(project: Project, brief: Brief) -> VariantRow:
    (variant_id,) = ensure_variants(project, brief, plan(brief)).values()
    return find_variant(project, variant_id)
