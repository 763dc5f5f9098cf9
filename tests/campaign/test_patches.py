"""What was painted leaves with the release only: approved, marked, listed and in the ledger."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from campaigns import ACTOR, duet_master, painted_of, write_campaign
from clips import frames_of

from countenance.campaign.brief import load_brief
from countenance.campaign.patches import STEADY_PX
from countenance.campaign.produce import produce, release_approved
from countenance.campaign.stages import see
from countenance.campaign.variants import VariantRow, approve, find_variant
from countenance.errors import RightsError
from countenance.ledger.log import entries, verify
from countenance.media.frame import U8, Frame
from countenance.perception.pose import apply
from countenance.provenance.verify import mark_key
from countenance.provenance.watermark import Marker
from countenance.rights.register import withdraw_grant
from countenance.store.project import Project, init_project
from countenance.synthesis.layer import over

PICTURES = 14
GUEST = {"faces": ("keep", {"guest": "ada"}), "guest": "ben", "languages": ("en",)}


class Studio:
    """A project with one master of two people, in which the guest gets another face."""

    def __init__(self, folder: Path) -> None:
        self.project: Project = init_project(folder)
        self.master = duet_master(folder / "duet.mp4", PICTURES)
        self.brief = write_campaign(folder / "brief", self.master, **GUEST)  # type: ignore[arg-type]
        self.out = folder / "out"

    def produce(self, **how: Any) -> dict[str, VariantRow]:
        return {row.key: row for row in produce(self.project, self.brief, self.out, **how).variants}

    def released(self) -> list[Any]:
        return [entry.data for entry in entries(self.project, "release.patches")]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """Both variants released in one go, the patches with them."""
    made = Studio(tmp_path_factory.mktemp("studio"))
    made.produce(approve_as="Reviewer", patches=True)
    return made


@pytest.fixture(scope="module")
def row(studio: Studio) -> VariantRow:
    return studio.produce(approve_as="Reviewer", patches=True)["guest=ada-en"]


@pytest.fixture(scope="module")
def patches(studio: Studio, row: VariantRow) -> Path:
    return studio.out / row.id / "patches"


@pytest.fixture(scope="module")
def manifest(patches: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((patches / "patches.json").read_text())
    return content


def pixels(path: Path) -> U8:
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA) if stored.ndim == 3 else stored, np.uint8)


def composed(studio: Studio, row: VariantRow, mark_id: str | None = None) -> list[Frame]:
    """The inspected pictures, with the release's mark if asked for."""
    frames = frames_of(studio.master)
    for one in painted_of(row):
        frames[one.number].put(one.box, one.planes)
    if mark_id is not None:
        marker = Marker(mark_key(studio.project), int(mark_id, 16), cuts=())
        for frame in frames:
            marker.embed(frame.planes[0])
    return frames


def test_there_is_a_patch_and_a_mask_for_every_picture_of_every_painted_person(
    studio: Studio, patches: Path, manifest: dict[str, Any]
) -> None:
    wanted = [f"guest/{kind}/{number:06d}.png" for kind in ("mask", "patch") for number in range(PICTURES)]
    found = sorted(str(path.relative_to(patches)) for path in patches.rglob("*.png"))
    assert found == sorted(wanted)
    assert [one["picture"] for one in manifest["pictures"]] == list(range(PICTURES))
    assert [one["pts"] for one in manifest["pictures"]] == [frame.pts for frame in frames_of(studio.master)]
    assert [one["face"] for one in manifest["people"]] == ["guest"]


def test_every_file_is_listed_with_its_hash(patches: Path, manifest: dict[str, Any]) -> None:
    listed = {
        told[kind]["file"]: told[kind]["sha256"]
        for one in manifest["pictures"] for told in one["patches"] for kind in ("patch", "mask")
    }  # fmt: skip
    on_disk = {
        str(path.relative_to(patches)): hashlib.sha256(path.read_bytes()).hexdigest() for path in patches.rglob("*.png")
    }
    assert listed == on_disk


def test_laid_over_the_master_they_give_the_released_picture_with_its_mark(
    studio: Studio, row: VariantRow, patches: Path, manifest: dict[str, Any]
) -> None:
    plain, marked = composed(studio, row), composed(studio, row, manifest["mark"]["id"])
    for number, master in enumerate(frames_of(studio.master)):
        shown = pixels(patches / f"guest/patch/{number:06d}.png")
        laid = over(master.rgb(), shown).astype(int)
        solid, none = shown[..., 3] == 255, shown[..., 3] == 0
        assert np.array_equal(laid[none], plain[number].rgb()[none])
        assert np.array_equal(laid[solid], marked[number].rgb()[solid])
        assert np.abs(laid[solid] - plain[number].rgb()[solid]).mean() > 0.2


def test_the_mask_says_how_much_of_each_pixel_is_paint(studio: Studio, row: VariantRow, patches: Path) -> None:
    for one in painted_of(row):
        mask = pixels(patches / f"guest/mask/{one.number:06d}.png")
        assert np.array_equal(mask[one.box.rows, one.box.columns], one.mask)
        assert mask.sum() == one.mask.sum(dtype=int)


def test_the_matrix_leads_from_the_steady_square_to_the_face(studio: Studio, manifest: dict[str, Any]) -> None:
    """So that a face can be worked on as if it stood still: its eyes lie in the square's upper half, at one place."""
    seen = see(studio.project, load_brief(studio.brief), lambda _stage, _done, _of: None).perception
    eyes = []
    for one in manifest["pictures"]:
        matrix = np.array(one["patches"][0]["to_picture"], np.float32)
        face = seen.face_of(1, one["master_picture"])
        assert face is not None
        eyes.append(apply(cv2.invertAffineTransform(matrix), face.mesh[[33, 263], :2]))
        assert np.allclose(one["patches"][0]["pose_deg"], face.pose, atol=0.01)
    assert np.ptp(np.array(eyes), axis=0).max() < 0.02 * STEADY_PX
    assert (np.array(eyes)[..., 1] < STEADY_PX / 2).all() and (np.array(eyes) > 0).all()


def test_the_ledger_and_the_receipts_file_name_the_list(studio: Studio, row: VariantRow, patches: Path) -> None:
    digest = hashlib.sha256((patches / "patches.json").read_bytes()).hexdigest()
    assert studio.released() == [
        {"release": row.review["release_id"], "variant": row.id, "manifest_sha256": digest, "files": 2 * PICTURES}
    ]
    receipt = json.loads((patches.parent / "receipt.json").read_text())
    assert receipt["patches"] == {
        "manifest": "patches/patches.json", "manifest_sha256": digest, "files": 2 * PICTURES,
    }  # fmt: skip
    assert verify(studio.project).ok


def test_the_list_binds_them_to_release_and_disclosure(
    row: VariantRow, patches: Path, manifest: dict[str, Any]
) -> None:
    receipt = json.loads((patches.parent / "receipt.json").read_text())
    assert manifest["release"] == row.review["release_id"] == receipt["record"]["release_id"]
    assert manifest["receipt_sha256"] == receipt["receipt_sha256"]
    assert manifest["pictures_sha256"] == row.render["pictures_sha256"]
    assert manifest["mark"]["id"] == row.review["mark_id"]
    assert manifest["disclosure"]["sentence"] == "This video was modified with AI: a face was replaced."


def test_where_nobody_is_painted_there_is_nothing_to_export(studio: Studio) -> None:
    kept = studio.produce(approve_as="Reviewer", patches=True)["keep-en"]
    assert kept.state == "released"
    assert not (studio.out / kept.id / "patches").exists()
    assert "patches" not in json.loads((studio.out / kept.id / "receipt.json").read_text())


def test_asking_again_changes_nothing(studio: Studio, patches: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in patches.rglob("*")}
    story = len(entries(studio.project))
    studio.produce(approve_as="Reviewer", patches=True)
    assert {path: path.stat().st_mtime_ns for path in patches.rglob("*")} == before
    assert len(entries(studio.project)) == story


def test_nothing_leaves_before_a_person_approved_and_all_of_it_then(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    row = studio.produce(patches=True)["guest=ada-en"]
    assert [path.name for path in studio.out.iterdir()] == ["campaign.html"]
    assert not any(tmp_path.rglob("*.png")) and studio.released() == []
    approve(studio.project, row.id, "Rita Reviewer", in_one_go=False)
    package = release_approved(studio.project, row.id)
    assert len(list((package / "patches").rglob("*.png"))) == 2 * PICTURES
    assert len(studio.released()) == 1


def test_a_release_gets_its_patches_later_and_keeps_them_while_its_grants_last(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    row = studio.produce(approve_as="Reviewer")["guest=ada-en"]
    folder = studio.out / row.id / "patches"
    sealed = (studio.out / row.id / "video.mp4").read_bytes()
    assert not folder.exists()
    cut_off = studio.project.releases / row.review["release_id"] / ".patches.part" / "guest"
    cut_off.mkdir(parents=True)  # what a killed run left
    studio.produce(patches=True)
    assert not cut_off.exists()
    assert (folder / "patches.json").is_file()
    assert (studio.out / row.id / "video.mp4").read_bytes() == sealed
    studio.produce(approve_as="Somebody Else")  # packs it anew
    assert (folder / "patches.json").is_file() and len(studio.released()) == 1
    assert find_variant(studio.project, row.id).state == "released"


def test_who_took_back_a_grant_is_not_exported(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    row = studio.produce(approve_as="Reviewer")["guest=ada-en"]
    withdraw_grant(studio.project, "ada", ACTOR, "changed her mind")
    with pytest.raises(RightsError):
        studio.produce(patches=True)
    assert not (studio.out / row.id / "patches").exists() and studio.released() == []
