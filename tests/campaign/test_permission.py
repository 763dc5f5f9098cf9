from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from campaigns import ACTOR, grant, write_campaign
from clips import EXAMPLES, write_clip

from countenance.campaign.brief import load_brief
from countenance.campaign.permission import require_rights, require_variant_rights
from countenance.campaign.plan import plan
from countenance.campaign.produce import produce
from countenance.campaign.variants import variant_rows
from countenance.errors import BriefError, RightsError
from countenance.ledger.log import commitment, entries, verify
from countenance.media.frame import Frame
from countenance.rights.grants import load_grant
from countenance.rights.register import all_grants, record_grant, withdraw_grant
from countenance.store.project import Project, init_project

LONG_AGO = {"from": date(2020, 1, 1), "until": date(2020, 12, 31)}
LATER = {"from": date(2100, 1, 1), "until": date(2101, 1, 1)}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


def refused(project: Project, brief: Path, out: Path) -> tuple[str, ...]:
    """The reasons of a refusal, after checking that nothing else came of it but an entry in the ledger."""
    with pytest.raises(RightsError, match="permission") as caught:
        produce(project, brief, out)
    assert caught.value.exit_status == 3
    assert "\n" not in str(caught.value)
    assert not out.exists()
    assert not any(project.work.rglob("*.npz")) and not any(project.work.rglob("*.bin"))
    assert not any(project.releases.iterdir())
    assert variant_rows(project) == []
    last = entries(project)[-1]
    assert (last.kind, last.actor) == ("render.refused", ACTOR)
    assert last.data["brief_sha256"] == load_brief(brief).digest()
    assert len(last.data["reasons"]) == len(caught.value.reasons) > 0
    told = json.dumps(last.data).lower()
    assert not any(f"{mark}{name}" in told for name in ("ada", "ben") for mark in ('"', " ", "/"))
    assert verify(project).ok
    return caught.value.reasons


@pytest.mark.parametrize("talent", ["ada", "ben"])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (None, "is not there"),
        ({"valid": LONG_AGO}, "ended on 2020-12-31"),
        ({"valid": LATER}, "begins only on 2100-01-01"),
        ({"markets": ["IE", "DE"]}, "does not cover market AT (it covers DE, IE)"),
        ({"campaigns": ["another-launch"]}, "does not cover campaign espresso-launch (it covers another-launch)"),
        ({"channels": ["web"]}, "does not cover channel youtube (it covers web)"),
        ({"languages": ["en"]}, "does not cover language de (it covers en)"),
        ({"engines": ["swap"]}, "does not cover engine lipsync (it covers swap)"),
        ({"purposes": ["voice"]}, "does not cover purpose swap"),
    ],
    ids=["absent", "expired", "too early", "market", "campaign", "channel", "language", "engine", "purpose"],
)
def test_each_missing_permission_is_refused_with_its_reason(
    project: Project, short_master: Path, tmp_path: Path, talent: str, changes: dict[str, Any] | None, reason: str
) -> None:
    document = None if changes is None else grant(talent, **changes)
    brief = write_campaign(tmp_path / "brief", short_master, grants={talent: document})
    reasons = refused(project, brief, tmp_path / "out")
    assert all(one.startswith(f"{talent}: ") for one in reasons)
    assert any(reason in one for one in reasons)


def test_the_ledger_tells_a_refused_cast_without_a_name(project: Project, short_master: Path, tmp_path: Path) -> None:
    """Neither the talents' names nor what the brief calls the people."""
    brief = write_campaign(
        tmp_path / "brief", short_master, guest="ben", faces=({"presenter": "ben", "guest": "ada"},),
        languages=("en",), grants={"ben": None},
    )  # fmt: skip
    refused(project, brief, tmp_path / "out")
    (variant,) = entries(project)[-1].data["variants"]
    ada, ben = (f"talent {commitment(project, name)[:16]}" for name in ("ada", "ben"))
    assert variant == f"track 0={ben}+track 1={ada}-en"


def test_both_missing_grants_are_named_at_once(project: Project, short_master: Path, tmp_path: Path) -> None:
    brief = write_campaign(tmp_path / "brief", short_master, grants={"ada": None, "ben": None})
    assert [one.split(":")[0] for one in refused(project, brief, tmp_path / "out")] == ["ada", "ben"]


def test_a_talent_without_any_grant_is_refused(project: Project, short_master: Path, tmp_path: Path) -> None:
    references = {
        "references": [str(path) for path in sorted((Path("examples") / "ada" / "refs").resolve().glob("1*"))]
    }
    brief = write_campaign(
        tmp_path / "brief", short_master, faces=("keep",), languages=("en",), talents={"ada": references}
    )
    assert refused(project, brief, tmp_path / "out") == ("ada: no grant is on record",)


def test_a_withdrawn_grant_stays_withdrawn_though_the_brief_names_it_again(
    project: Project, short_master: Path, tmp_path: Path
) -> None:
    brief = load_brief(write_campaign(tmp_path / "brief", short_master))
    assert len(require_rights(project, brief, plan(brief))) == 2
    withdraw_grant(project, "ben", ACTOR, "moved on")
    reasons = refused(project, brief.path, tmp_path / "out")
    assert len(reasons) == 1 and reasons[0].startswith("ben: ") and "was withdrawn on" in reasons[0]


def test_a_grant_that_is_on_record_already_serves_where_the_file_is_gone(
    project: Project, short_master: Path, tmp_path: Path
) -> None:
    brief = load_brief(write_campaign(tmp_path / "brief", short_master))
    before = require_rights(project, brief, plan(brief))
    (tmp_path / "brief" / "ben.grant.yaml").unlink()
    assert require_rights(project, brief, plan(brief)) == before


def test_the_grants_that_cover_the_plan_are_returned_and_recorded_once(
    project: Project, short_master: Path, tmp_path: Path
) -> None:
    brief = load_brief(write_campaign(tmp_path / "brief", short_master))
    for _ in range(2):
        assert [one.grant.talent for one in require_rights(project, brief, plan(brief))] == ["ada", "ben"]
    assert [entry.kind for entry in entries(project)] == ["consent.granted"] * 2
    assert [entry.data["talent"] for entry in entries(project)] == [commitment(project, n) for n in ("ada", "ben")]


def test_a_grant_of_somebody_else_is_a_slip_in_the_brief(project: Project, short_master: Path, tmp_path: Path) -> None:
    brief = write_campaign(tmp_path / "brief", short_master, grants={"ben": grant("ada")})
    with pytest.raises(BriefError, match="this grant is for 'ada', but the brief gives it to 'ben'"):
        produce(project, brief, tmp_path / "out")


def test_a_variant_needs_only_what_it_does_itself(project: Project, short_master: Path, tmp_path: Path) -> None:
    """Without ben the campaign as a whole is refused, but ada's own variants need nobody else."""
    brief = load_brief(write_campaign(tmp_path / "brief", short_master, grants={"ben": None}))
    record_grant(project, load_grant(tmp_path / "brief" / "ada.grant.yaml"), ACTOR)
    wanted = plan(brief)
    kept = require_variant_rights(project, brief, wanted.variant("keep-de").uses, "keep-de")
    assert [one.grant.talent for one in kept] == ["ada"]
    with pytest.raises(RightsError) as caught:
        require_variant_rights(project, brief, wanted.variant("ben-de").uses, "ben-de")
    assert {reason.split(":")[0] for reason in caught.value.reasons} == {"ben"}


@pytest.mark.parametrize(("shift", "allowed"), [(lambda d: d, True), (lambda d: d + timedelta(days=1), False)])
def test_the_last_day_counts_and_the_day_after_does_not(
    project: Project, short_master: Path, tmp_path: Path, shift: Callable[[date], date], allowed: bool
) -> None:
    brief = load_brief(write_campaign(tmp_path / "brief", short_master))
    record_grant(project, load_grant(tmp_path / "brief" / "ada.grant.yaml"), ACTOR)
    record_grant(project, load_grant(tmp_path / "brief" / "ben.grant.yaml"), ACTOR)
    last = min(one.grant.valid_until for one in all_grants(project))
    wanted = plan(brief, shift(last))
    if allowed:
        assert require_rights(project, brief, wanted)
    else:
        with pytest.raises(RightsError, match="permission"):
            require_rights(project, brief, wanted)


def test_somebody_elses_grant_is_worth_nothing(project: Project, short_master: Path, tmp_path: Path) -> None:
    """The brief says that the master shows ben; his grant is in order, but it is ada who is seen."""
    brief = write_campaign(
        tmp_path / "brief", short_master, presenter="ben", faces=("keep",), languages=("en",), references="1_*.jpg"
    )
    with pytest.raises(RightsError) as caught:
        produce(project, brief, tmp_path / "out")
    (reason,) = caught.value.reasons
    assert reason.startswith("ben: track 0 of the master does not look like this talent's references")
    assert_nothing_was_made(project, tmp_path / "out")


def test_nobody_is_shown_whom_the_brief_does_not_name(project: Project, tmp_path: Path) -> None:
    """A master with two people, of whom the brief names the larger one."""
    ada, ben = (cv2.imread(str(EXAMPLES / name / "refs" / "1_front_neutral.jpg")) for name in ("ada", "ben"))
    both = np.zeros((480, 860, 3), np.uint8)
    both[:, :480], both[50:430, 480:] = cv2.resize(ada, (480, 480)), cv2.resize(ben, (380, 380))
    frame = Frame.from_rgb(np.ascontiguousarray(both[..., ::-1]))
    master = write_clip(tmp_path / "two.mp4", [frame] * 15, options={"crf": "14"})
    brief = write_campaign(tmp_path / "brief", master, faces=("keep",), languages=("en",))
    with pytest.raises(RightsError) as caught:
        produce(project, brief, tmp_path / "out")
    (reason,) = caught.value.reasons
    assert reason.startswith("person 1 of the master, first seen at 0.0 s, is not named in `faces`: name them there")
    assert "`countenance inspect MASTER --faces`" in reason and "`others: untouched`" in reason
    assert_nothing_was_made(project, tmp_path / "out")


def assert_nothing_was_made(project: Project, out: Path) -> None:
    assert not out.exists()
    assert not any(project.work.glob("paint/*/*.bin"))
    assert not any(project.releases.iterdir())
    assert entries(project)[-1].kind == "render.refused"
