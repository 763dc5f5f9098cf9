from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import av
import c2pa
import numpy as np
import pytest
from campaigns import ACTOR, Told, painted_of, painting_of, write_campaign
from clips import frames_of, write_clip

from countenance.campaign.produce import produce, release_approved
from countenance.campaign.variants import approve, reject, variant_rows
from countenance.delivery.package import FILES
from countenance.errors import CountenanceError, InputError, RightsError
from countenance.ledger.log import entries, verify
from countenance.media.audio import read_mono
from countenance.provenance.authority import ensure_authority
from countenance.provenance.metadata import read_source_type
from countenance.provenance.verify import verify_file
from countenance.rights.register import withdraw_grant
from countenance.store.files import read_json, sha256_file
from countenance.store.project import init_project

KEYS = ["keep-en", "keep-de", "ben-en", "ben-de"]


def package(told: Told, key: str) -> Path:
    return told.out / told.after.rows[key].id


def kinds(told_entries: list[object]) -> list[str]:
    return [entry.kind for entry in told_entries]  # type: ignore[attr-defined]


def sound_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]


def test_without_approval_every_variant_waits_for_review(told: Told) -> None:
    assert told.made.outcome is not None
    assert told.made.outcome.exit_status == 4
    assert [(row.key, row.state) for row in told.made.outcome.variants] == [(key, "in_review") for key in KEYS]
    assert all(row.render["passed"] for row in told.made.outcome.variants)


def test_nothing_but_the_campaigns_page_leaves_the_house_before_a_person_approved(told: Told) -> None:
    assert told.made.files == ["campaign.html"]
    assert "release.sealed" not in kinds(told.made.ledger)


def test_each_variant_has_a_report_and_a_preview_that_says_what_it_is(told: Told) -> None:
    for row in told.made.rows.values():
        folder = Path(row.render["folder"])
        assert {path.name for path in folder.iterdir()} == {
            "preview.mp4", "qc.html", "qc.json", "render.json",
        }  # fmt: skip
        qc = json.loads((folder / "qc.json").read_text())
        assert qc["variant"]["id"] == row.id
        assert {figure["key"]: figure["value"] for figure in qc["figures"]}["outside_exact"] == 1.0


def test_where_the_original_sound_stays_no_bit_of_the_face_is_touched(told: Told) -> None:
    """Nothing is painted at all: what is released are the master's own pictures."""
    painted = {row.key: sum(1 for _ in painted_of(row)) for row in told.made.rows.values()}
    assert painted["keep-en"] == 0
    assert painted["keep-de"] > 0


def test_making_it_again_makes_nothing_new(told: Told) -> None:
    assert told.again.rows == told.made.rows
    assert told.again.ledger == told.made.ledger
    assert told.again.files == told.made.files
    assert told.again.stages == []


def test_an_approved_variant_is_released_alone(told: Told) -> None:
    states = {key: row.state for key, row in told.one.rows.items()}
    assert states == {"keep-en": "in_review", "keep-de": "in_review", "ben-en": "in_review", "ben-de": "released"}
    row = told.one.rows["ben-de"]
    assert told.one.files == sorted(["campaign.html", *(f"{row.id}/{name}" for name in FILES)])
    assert told.one.stages == ["release ben-de"]  # what was painted is not painted again
    assert (row.review["by"], row.review["in_one_go"]) == ("Rita Reviewer", False)
    new = [(entry.kind, entry.actor) for entry in told.one.ledger[len(told.again.ledger) :]]
    assert new == [("review.approved", "Rita Reviewer"), ("release.sealed", "Rita Reviewer")]


def test_approving_in_one_go_releases_the_rest_and_is_recorded_as_such(told: Told) -> None:
    assert told.all.outcome is not None
    assert told.all.outcome.exit_status == 0
    assert {row.state for row in told.all.rows.values()} == {"released"}
    for key, row in told.all.rows.items():
        assert row.review["in_one_go"] is (key != "ben-de")
        assert row.review["by"] == ("Rita Reviewer" if key == "ben-de" else "Demo Reviewer")
    approved = [entry for entry in told.all.ledger if entry.kind == "review.approved"]
    assert [entry.data["in_one_go"] for entry in approved] == [False, True, True, True]


def test_what_was_painted_for_review_is_what_is_released(told: Told) -> None:
    for key in KEYS:
        shown, approved = told.made.rows[key], told.all.rows[key]
        assert approved.id == shown.id
        assert approved.render["pictures_sha256"] == shown.render["pictures_sha256"]
        receipt = json.loads((package(told, key) / "receipt.json").read_text())["receipt"]
        assert receipt["pictures_sha256"] == shown.render["pictures_sha256"]
    assert not [stage for stage in told.all.stages if stage.startswith(("paint", "perceive"))]


def test_every_package_is_whole(told: Told) -> None:
    wanted = ["campaign.html", *(f"{row.id}/{name}" for row in told.all.rows.values() for name in FILES)]
    assert told.all.files == sorted(wanted)
    page = (told.out / "campaign.html").read_text()
    for row in told.all.rows.values():
        assert f"{row.id}/video.mp4" in page
        receipt = json.loads((told.out / row.id / "receipt.json").read_text())
        assert receipt["seal"]["sha256"] == sha256_file(told.out / row.id / "video.mp4")


def test_a_released_campaign_that_is_made_again_stays_as_it_is(told: Told) -> None:
    assert told.after.rows == told.all.rows
    assert told.after.ledger == told.all.ledger
    assert told.after.files == told.all.files
    assert told.after.stages == []


def test_the_ledger_is_proven_and_tells_the_story_without_names_of_talents(told: Told) -> None:
    report = verify(told.project)
    assert (report.ok, report.problem) == (True, None)
    story = kinds(told.after.ledger)
    assert story[:3] == ["consent.granted", "consent.granted", "render.started"]
    assert [story.count(kind) for kind in ("review.approved", "release.sealed", "render.refused")] == [4, 4, 0]
    for entry in told.after.ledger:
        words = json.dumps(entry.data).lower()
        assert not any(f'"{name}' in words or f" {name}" in words for name in ("ada", "ben")), entry.kind


def read_by_others(told: Told, path: Path, kind: str) -> dict[str, Any]:
    """The manifest store of a file that a reader with nothing but the root trusts."""
    trust = {
        "trust_anchors": ensure_authority(told.project).anchor_pem,
        "trust_config": "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n",
    }
    settings = {"trust": trust, "verify": {"verify_trust": True}}
    with path.open("rb") as stream, c2pa.Context.from_dict(settings) as context:
        reader = c2pa.Reader(kind, stream, context=context)
        assert reader.get_validation_state() == "Trusted"
        store: dict[str, Any] = json.loads(reader.json())
        return store


@pytest.mark.parametrize("key", KEYS)
def test_an_independent_reader_trusts_every_release(told: Told, key: str) -> None:
    store = read_by_others(told, package(told, key) / "video.mp4", "video/mp4")
    manifest = store["manifests"][store["active_manifest"]]
    assert manifest["title"] == f"release {told.after.rows[key].review['release_id']}"
    made_of = {one["title"]: one["relationship"] for one in manifest["ingredients"]}
    assert made_of.pop("master") == "parentOf"
    assert made_of.pop("voice", None) == ("componentOf" if key.endswith("-de") else None)
    assert set(made_of.values()) == ({"inputTo"} if key.startswith("ben-") else set())  # reference stills
    (voice,) = [one for one in manifest["ingredients"] if one["title"] == "voice"] or [None]
    if voice:
        spoken = store["manifests"][voice["active_manifest"]]["assertions"]
        (created,) = next(one["data"]["actions"] for one in spoken if one["label"] == "c2pa.actions.v2")
        assert created["action"] == "c2pa.created" and created["digitalSourceType"].endswith("/algorithmicMedia")


@pytest.mark.parametrize("key", KEYS)
def test_the_poster_has_a_history_that_continues_that_of_its_video(told: Told, key: str) -> None:
    poster, video = package(told, key) / "poster.jpg", package(told, key) / "video.mp4"
    store = read_by_others(told, poster, "image/jpeg")
    manifest = store["manifests"][store["active_manifest"]]
    (parent,) = manifest["ingredients"]
    assert parent["active_manifest"] == read_by_others(told, video, "video/mp4")["active_manifest"]
    release = next(one["data"] for one in manifest["assertions"] if one["label"] == "org.countenance.release")
    assert release["release"] == told.after.rows[key].review["release_id"]
    assert read_source_type(poster) == read_source_type(video) is not None
    assert sha256_file(poster) == read_json(package(told, key) / "receipt.json")["poster"]["sha256"]


@pytest.mark.parametrize("key", KEYS)
def test_verify_says_that_every_release_is_ours_released_and_intact(told: Told, key: str) -> None:
    seen = verify_file(told.project, package(told, key) / "video.mp4")
    assert (seen.exit_status, seen.release_id) == (0, told.after.rows[key].review["release_id"])


def test_after_a_hard_re_encode_without_metadata_the_release_is_still_named(told: Told, tmp_path: Path) -> None:
    copy = write_clip(tmp_path / "copy.mp4", frames_of(package(told, "ben-de") / "video.mp4"), options={"crf": "28"})
    assert verify_file(told.project, copy).release_id == told.after.rows["ben-de"].review["release_id"]


def test_the_masters_sound_goes_out_packet_for_packet_where_nothing_is_synthetic(told: Told) -> None:
    assert sound_packets(package(told, "keep-en") / "video.mp4") == sound_packets(told.master)
    assert sound_packets(package(told, "keep-de") / "video.mp4") != sound_packets(told.master)


def test_a_swaps_own_sound_is_marked_and_otherwise_as_it_was(told: Told) -> None:
    own = read_mono(told.master, 48000)
    marked = read_mono(package(told, "ben-en") / "video.mp4", 48000)
    assert own is not None and marked is not None
    assert len(marked) == pytest.approx(len(own), abs=1024)
    both = min(len(own), len(marked))
    change = marked[:both] - own[:both]
    snr_db = 10 * np.log10(np.mean(own[:both] ** 2) / np.mean(change**2))
    assert 15 < snr_db < 45  # in sync, and not a bare copy


def test_kept_pictures_differ_from_the_master_only_by_the_release_marks(told: Told) -> None:
    """keep + en is not painted at all: no patch is stored for it."""
    receipt = json.loads((package(told, "keep-en") / "receipt.json").read_text())["receipt"]
    assert receipt["engines"] == {}
    assert [frame.time for frame in frames_of(package(told, "keep-en") / "video.mp4")] == [
        frame.time for frame in frames_of(told.master)
    ]


def test_another_brief_in_the_same_project_is_another_job(told: Told, tmp_path: Path) -> None:
    other = write_campaign(tmp_path, told.master, faces=("keep",), languages=("en",), campaign="other-launch")
    outcome = produce(told.project, other, tmp_path / "out")
    assert [(row.key, row.state) for row in outcome.variants] == [("keep-en", "in_review")]
    assert outcome.variants[0].id not in {row.id for row in told.after.rows.values()}


def test_a_grant_that_is_withdrawn_between_rendering_and_release_stops_the_release(
    short_master: Path, tmp_path: Path
) -> None:
    project, out = init_project(tmp_path), tmp_path / "out"
    outcome = produce(project, write_campaign(tmp_path, short_master, faces=("keep",), languages=("en",)), out)
    (row,) = outcome.variants
    approve(project, row.id, "Rita Reviewer", in_one_go=False)
    withdraw_grant(project, "ada", ACTOR, "changed her mind")
    with pytest.raises(RightsError, match="permission") as refused:
        release_approved(project, row.id)
    assert any("was withdrawn on" in reason for reason in refused.value.reasons)
    assert [path.name for path in out.iterdir()] == ["campaign.html"]
    assert not any(project.releases.iterdir())
    last = entries(project)[-1]
    assert (last.kind, last.data["variants"]) == ("render.refused", ["keep-en"])
    assert [one.state for one in variant_rows(project)] == ["approved"]
    assert verify(project).ok


def test_pictures_that_were_changed_after_the_inspection_are_not_released(short_master: Path, tmp_path: Path) -> None:
    project, out = init_project(tmp_path), tmp_path / "out"
    outcome = produce(project, write_campaign(tmp_path, short_master, faces=("keep",), languages=("de",)), out)
    (row,) = outcome.variants
    approve(project, row.id, "Rita Reviewer", in_one_go=False)
    patches = painting_of(row)[0] / "boxes.bin"
    content = bytearray(patches.read_bytes())
    content[len(content) // 2] ^= 255
    patches.write_bytes(content)
    with pytest.raises(InputError, match="remove its folder and run `countenance produce` again"):
        release_approved(project, row.id)
    assert [path.name for path in out.iterdir()] == ["campaign.html"]
    assert "release.sealed" not in kinds(entries(project))
    shutil.rmtree(patches.parent)  # the way out that the message names
    produce(project, tmp_path / "brief.yaml", out)
    release_approved(project, row.id)
    (released,) = variant_rows(project)
    assert (released.state, released.render["pictures_sha256"]) == ("released", row.render["pictures_sha256"])


def test_a_variant_that_nobody_approved_is_not_released(told: Told, tmp_path: Path) -> None:
    project = init_project(tmp_path)
    brief = write_campaign(tmp_path, told.master, faces=("keep",), languages=("en",))
    (row,) = produce(project, brief, tmp_path / "out").variants
    with pytest.raises(CountenanceError, match="only an approved variant is released"):
        release_approved(project, row.id)
    reject(project, row.id, "Rita Reviewer", "the logo is old")
    with pytest.raises(CountenanceError, match="is rejected; only an approved"):
        release_approved(project, row.id)
    assert "release.sealed" not in kinds(entries(project))


def test_a_face_that_the_master_does_not_show_is_named(short_master: Path, tmp_path: Path) -> None:
    brief = write_campaign(tmp_path, short_master, faces=("keep",), languages=("en",), track=2)
    with pytest.raises(InputError, match=r"'presenter' is track 2, but the master shows 1 face"):
        produce(init_project(tmp_path), brief, tmp_path / "out")
