from __future__ import annotations

from pathlib import Path

import pytest
from campaigns import write_campaign

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.plan import Plan, plan
from countenance.campaign.variants import (
    VariantRow,
    approve,
    ensure_variants,
    find_variant,
    mark_rendered,
    record_release,
    reject,
    variant_rows,
)
from countenance.errors import CountenanceError, InputError
from countenance.ledger.log import entries
from countenance.store.project import Project, init_project

RENDER = {"pictures_sha256": "ab" * 32, "passed": True, "failed": []}
FAILED = {"pictures_sha256": "cd" * 32, "passed": False, "failed": ["jitter_ratio"]}
RECORD = {"released_at": "2026-11-20T10:00:00.000000Z", "receipt_sha256": "ef" * 32, "grants": []}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


@pytest.fixture
def brief(tmp_path: Path, short_master: Path) -> Brief:
    return load_brief(write_campaign(tmp_path / "brief", short_master))


@pytest.fixture
def wanted(brief: Brief) -> Plan:
    return plan(brief)


@pytest.fixture
def row(project: Project, brief: Brief, wanted: Plan) -> VariantRow:
    """A variant that waits for review."""
    ids = ensure_variants(project, brief, wanted)
    mark_rendered(project, ids["ben-de"], RENDER, "ops")
    return find_variant(project, ids["ben-de"])


def release(project: Project, row: VariantRow) -> None:
    record_release(
        project, row, record=RECORD, sha256="01" * 32, poster_sha256="02" * 32, manifest_id="urn:c2pa:1", package="out",
        actor="rita", still_allowed=lambda _connection: None,
    )  # fmt: skip


def kinds(project: Project) -> list[str]:
    return [entry.kind for entry in entries(project)]


def test_a_briefs_variants_keep_their_ids(project: Project, brief: Brief, wanted: Plan) -> None:
    ids = ensure_variants(project, brief, wanted)
    assert list(ids) == ["keep-en", "keep-de", "ben-en", "ben-de"]
    assert ensure_variants(project, brief, wanted) == ids
    assert len(set(ids.values())) == 4
    assert {(one.key, one.state) for one in variant_rows(project, brief.digest())} == {(key, "planned") for key in ids}


def test_another_content_is_another_job(project: Project, brief: Brief, wanted: Plan) -> None:
    ids = ensure_variants(project, brief, wanted)
    brief.text_path("de").write_text("Ganz andere Worte.", encoding="utf-8")
    assert not set(ensure_variants(project, brief, wanted).values()) & set(ids.values())
    assert len(variant_rows(project)) == 8


def test_a_rendered_variant_waits_for_review_and_is_told_once(project: Project, row: VariantRow) -> None:
    assert (row.state, row.render) == ("in_review", RENDER)
    mark_rendered(project, row.id, RENDER, "ops")
    assert kinds(project) == ["qc.judged"]


def test_approval_reserves_a_release_and_a_second_one_changes_nothing(project: Project, row: VariantRow) -> None:
    once = approve(project, row.id, "Rita", in_one_go=False, note="fine")
    assert once.state == "approved"
    assert (once.review["by"], once.review["note"], once.review["in_one_go"]) == ("Rita", "fine", False)
    assert len(once.review["mark_id"]) == 16 and len(once.review["release_id"]) == 26
    assert approve(project, row.id, "Somebody Else", in_one_go=True) == once
    assert kinds(project) == ["qc.judged", "review.approved"]


def test_marks_and_releases_are_different_for_every_variant(project: Project, brief: Brief, wanted: Plan) -> None:
    approved = []
    for variant_id in ensure_variants(project, brief, wanted).values():
        mark_rendered(project, variant_id, RENDER, "ops")
        approved.append(approve(project, variant_id, "Rita", in_one_go=True).review)
    assert len({one["mark_id"] for one in approved}) == len({one["release_id"] for one in approved}) == 4


def test_what_failed_its_gate_cannot_be_approved(project: Project, brief: Brief, wanted: Plan) -> None:
    variant_id = ensure_variants(project, brief, wanted)["ben-en"]
    mark_rendered(project, variant_id, FAILED, "ops")
    with pytest.raises(CountenanceError, match=r"failed its quality gate \(jitter_ratio\)"):
        approve(project, variant_id, "Rita", in_one_go=False)
    assert find_variant(project, variant_id).state == "in_review"
    assert "review.approved" not in kinds(project)


def test_what_is_not_rendered_cannot_be_approved(project: Project, brief: Brief, wanted: Plan) -> None:
    variant_id = ensure_variants(project, brief, wanted)["ben-en"]
    with pytest.raises(InputError, match="is planned, so it cannot be approved"):
        approve(project, variant_id, "Rita", in_one_go=False)


@pytest.mark.parametrize("approved_before", [False, True])
def test_a_rejected_variant_stays_rejected(project: Project, row: VariantRow, approved_before: bool) -> None:
    if approved_before:
        approve(project, row.id, "Rita", in_one_go=False)
    refused = reject(project, row.id, "Bob", "the logo is old")
    assert (refused.state, refused.review["by"], refused.review["note"]) == ("rejected", "Bob", "the logo is old")
    for again in (
        lambda: approve(project, row.id, "Rita", in_one_go=False),
        lambda: reject(project, row.id, "Bob", "again"),
    ):
        with pytest.raises(InputError, match="is rejected"):
            again()
    mark_rendered(project, row.id, RENDER, "ops")
    assert find_variant(project, row.id).state == "rejected"
    assert kinds(project)[-1] == "review.rejected"


def test_a_released_variant_cannot_be_rejected(project: Project, row: VariantRow) -> None:
    approved = approve(project, row.id, "Rita", in_one_go=False)
    release(project, approved)
    with pytest.raises(InputError, match="is released, so it cannot be rejected"):
        reject(project, row.id, "Bob", "too late")
    assert find_variant(project, row.id).state == "released"
    assert approve(project, row.id, "Rita", in_one_go=False).state == "released"


def test_a_release_is_recorded_once(project: Project, row: VariantRow) -> None:
    approved = approve(project, row.id, "Rita", in_one_go=False)
    release(project, approved)
    release(project, approved)
    sealed = [entry for entry in entries(project) if entry.kind == "release.sealed"]
    assert [entry.data["release"] for entry in sealed] == [approved.review["release_id"]]
    assert sealed[0].data["mark_id"] == approved.review["mark_id"]


def test_who_rejects_while_a_release_is_being_made_stops_it(project: Project, row: VariantRow) -> None:
    approved = approve(project, row.id, "Rita", in_one_go=False)
    reject(project, row.id, "Bob", "stop")
    with pytest.raises(CountenanceError, match="was rejected while it was being released"):
        release(project, approved)
    assert find_variant(project, row.id).state == "rejected"
    assert "release.sealed" not in kinds(project)


def test_an_approval_does_not_hold_for_other_pictures(project: Project, row: VariantRow) -> None:
    approve(project, row.id, "Rita", in_one_go=False)
    mark_rendered(project, row.id, {**RENDER, "folder": "moved"}, "ops")
    assert find_variant(project, row.id).state == "approved"
    mark_rendered(project, row.id, {**RENDER, "pictures_sha256": "12" * 32}, "ops")
    now = find_variant(project, row.id)
    assert (now.state, now.review) == ("in_review", {})


def test_a_variant_is_found_by_the_start_of_its_id(project: Project, brief: Brief, wanted: Plan) -> None:
    ids = list(ensure_variants(project, brief, wanted).values())
    assert find_variant(project, ids[2].lower()).id == ids[2]
    with pytest.raises(InputError, match="4 variants have an id that starts with '01'"):
        find_variant(project, "01")
    with pytest.raises(InputError, match="no variant has an id that starts with 'ZZ'"):
        find_variant(project, "ZZ")
