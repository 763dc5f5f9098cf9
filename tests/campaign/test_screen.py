"""Policy looks at a campaign: its declarations, ages, words, references, the master's people, the faces made."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaigns import ACTOR, Told, grant, write_campaign
from clips import EXAMPLES

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.permission import require_rights
from countenance.campaign.plan import plan
from countenance.campaign.produce import produce
from countenance.campaign.render import render_variant
from countenance.campaign.screen import screen_brief, screen_references, screen_rendering
from countenance.campaign.stages import see
from countenance.campaign.task import Task
from countenance.campaign.variants import variant_rows
from countenance.errors import BriefError, RightsError
from countenance.ledger.log import entries, verify
from countenance.media.frame import F32
from countenance.perception.networks import FaceNetworks
from countenance.rights.blocklist import block, unblock
from countenance.rights.findings import decide_finding, finding_rows
from countenance.store.project import Project, init_project
from countenance.synthesis.likeness import reference_embedding

THIS_YEAR = datetime.now(UTC).year


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


def campaign(project: Project, folder: Path, master: Path, **changes: Any) -> Brief:
    """A campaign whose rights are in order."""
    brief = load_brief(write_campaign(folder, master, **changes))
    require_rights(project, brief, plan(brief))
    return brief


def stopped(project: Project, brief: Brief) -> tuple[str, ...]:
    """The reasons for which policy stops a campaign; none of the names stands in the ledger."""
    with pytest.raises(RightsError, match="policy") as caught:
        screen_brief(project, brief)
    assert caught.value.exit_status == 3
    told = json.dumps([entry.data for entry in entries(project) if entry.kind.startswith("policy.")]).lower()
    assert not any(f"{mark}{name}" in told for name in ("ada", "ben", "protected p") for mark in ('"', " ", "/"))
    assert verify(project).ok
    return caught.value.reasons


@pytest.fixture(scope="session")
def faces() -> dict[str, F32]:
    networks = FaceNetworks()
    return {
        name: np.stack([
            reference_embedding(path, networks) for path in sorted((EXAMPLES / name / "refs").glob("[14]_*.jpg"))
        ])
        for name in ("ada", "ben")
    }  # fmt: skip


def test_a_harmless_campaign_passes_and_leaves_no_trace(project: Project, short_master: Path, tmp_path: Path) -> None:
    brief = campaign(project, tmp_path / "brief", short_master, content={"products": ["food"]})
    before = len(entries(project))
    screen_brief(project, brief)
    assert len(entries(project)) == before


@pytest.mark.parametrize("declared", ["political", "sexual"])
def test_what_the_brief_declares_is_blocked(
    project: Project, short_master: Path, tmp_path: Path, declared: str
) -> None:
    brief = campaign(project, tmp_path / "brief", short_master, content={declared: True})
    assert stopped(project, brief) == (f"brief.yaml: content.{declared} is true (rule {declared})",)
    with pytest.raises(RightsError, match="policy blocks 1"):
        produce(project, brief.path, tmp_path / "out")
    assert not (tmp_path / "out").exists() and variant_rows(project) == []
    assert {entry.kind for entry in entries(project)} == {"consent.granted", "policy.blocked"}


def test_a_word_in_the_script_waits_for_a_decision_about_this_script(
    project: Project, short_master: Path, tmp_path: Path
) -> None:
    brief = campaign(project, tmp_path / "brief", short_master)
    text = tmp_path / "brief" / "script.de.txt"
    text.write_text("Wählt die beste Maschine.", encoding="utf-8")
    (reason,) = stopped(project, brief)
    assert reason.startswith("the text in de: 'wählt' (rule words_political); somebody has to decide:")
    (row,) = finding_rows(project)
    decide_finding(project, row.id, allow=True, owner="legal@example.org", reason="a machine, not a party")
    screen_brief(project, brief)
    text.write_text("Wählt die beste Maschine, jetzt.", encoding="utf-8")
    assert len(stopped(project, brief)) == 1
    assert [one.decision for one in finding_rows(project)].count(None) == 1


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"born": date(THIS_YEAR - 17, 12, 31)}, "minor"),
        ({"born": date(THIS_YEAR - 19, 1, 1)}, None),
        ({}, "age_undeclared"),
    ],
)
def test_ages_are_declared_and_never_guessed(
    project: Project, short_master: Path, tmp_path: Path, changes: dict[str, Any], rule: str | None
) -> None:
    (tmp_path / "brief").mkdir()
    (tmp_path / "brief" / "form.pdf").write_bytes(b"signed")
    real = {**grant("ben", kind="real", evidence=["form.pdf"]), **changes}
    del real["licence"], real["origin"]
    brief = campaign(project, tmp_path / "brief", short_master, grants={"ben": real})
    if rule is None:
        screen_brief(project, brief)
        return
    (reason,) = stopped(project, brief)
    assert reason.startswith("talent ben: ") and f"(rule {rule})" in reason
    if rule == "age_undeclared":
        decide_finding(project, finding_rows(project)[0].id, allow=True, owner="casting", reason="saw the passport")
        screen_brief(project, brief)


def test_a_person_on_the_block_list_is_nobodys_talent(
    project: Project, short_master: Path, tmp_path: Path, faces: dict[str, F32]
) -> None:
    brief = campaign(project, tmp_path / "brief", short_master, languages=("en",))
    entry = block(project, "Protected Person", faces["ben"], reason="a court order", owner="legal")
    (reason,) = stopped(project, brief)
    assert reason.startswith("the references of ben: is Protected Person, who is on the block list (distance 0.")
    with pytest.raises(RightsError, match="ben cannot be put on record"):
        screen_references(project, "ben", brief.talents["ben"].references, ACTOR)
    screen_references(project, "ada", brief.talents["ada"].references, ACTOR)
    unblock(project, entry.id, reason="lifted", owner="legal")
    screen_brief(project, brief)


def test_a_double_of_somebody_on_the_block_list_is_looked_at(
    project: Project, short_master: Path, tmp_path: Path, faces: dict[str, F32]
) -> None:
    """Between the two distances a person decides, and may say that it is somebody else."""
    brief = campaign(project, tmp_path / "brief", short_master, faces=("keep",), languages=("en",))
    away = np.random.default_rng(7).normal(size=128).astype(np.float32)
    near = faces["ada"][:1] + 0.55 * away / np.linalg.norm(away)
    block(project, "Protected Person", near, reason="a court order", owner="legal")
    (reason,) = stopped(project, brief)
    assert "looks like Protected Person" in reason and "(rule protected_likeness)" in reason
    decide_finding(project, finding_rows(project)[0].id, allow=True, owner="legal", reason="her sister")
    screen_brief(project, brief)


def test_nobody_on_the_block_list_is_shown_though_the_brief_calls_them_otherwise(
    project: Project, short_master: Path, tmp_path: Path, faces: dict[str, F32]
) -> None:
    """Whoever stands on the list is known by the face in the master, not by the references that the brief hands in."""
    brief = write_campaign(
        tmp_path / "brief", short_master, presenter="ada", faces=("keep",), languages=("en",), references="1_*.jpg"
    )
    known = load_brief(brief)
    require_rights(project, known, plan(known))
    seen = see(project, known, lambda _stage, _done, _of: None)
    track = seen.perception.of_person(0)[0].embedding
    away = np.random.default_rng(3).normal(size=128).astype(np.float32)
    for step in (0.3, 0.45):  # an entry that is near the person in the master
        block(project, "Protected Person", track[None] + step * away / np.linalg.norm(away), reason="r", owner="legal")
    with pytest.raises(RightsError) as caught:
        produce(project, brief, tmp_path / "out")
    assert any("Protected Person" in reason for reason in caught.value.reasons)
    assert not any(project.work.glob("paint/*/*.bin"))


def test_the_faces_that_were_made_are_compared_too(told: Told, tmp_path: Path, faces: dict[str, F32]) -> None:
    shutil.copytree(told.project.root, tmp_path / "studio")
    project = Project(tmp_path / "studio")
    brief = load_brief(tmp_path / "studio" / "brief" / "brief.yaml")
    seen = see(project, brief, lambda _stage, _done, _of: None)
    wanted = plan(brief).variant("ben-en")
    (row,) = (one for one in variant_rows(project) if one.key == "ben-en")
    task = Task(project, brief, seen, wanted, row.id, None)
    rendering = render_variant(task, lambda _stage, _done, _of: None, preview=True)
    screen_rendering(task, rendering)
    block(project, "Protected Person", faces["ben"], reason="a court order", owner="legal")
    with pytest.raises(RightsError) as caught:
        screen_rendering(task, rendering)
    (reason,) = caught.value.reasons
    assert reason.startswith("the face made for track 0 in ben-en: ") and "Protected Person" in reason


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"products": ["beer"]}, "does not know 'beer'"),
        ({"political": "maybe"}, "must be true or false"),
        ({"nude": True}, "unknown key 'nude' in content"),
    ],
)
def test_a_declaration_that_is_not_understood_is_named(
    short_master: Path, tmp_path: Path, content: dict[str, Any], message: str
) -> None:
    with pytest.raises(BriefError, match=message):
        load_brief(write_campaign(tmp_path / "brief", short_master, content=content))
