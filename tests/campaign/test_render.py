"""Two people in one master: who is painted, who is not, and what is known of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from campaigns import duet_master, painted_of, write_campaign
from clips import frames_of

from countenance.campaign.brief import load_brief
from countenance.campaign.produce import produce, release_approved
from countenance.campaign.stages import see
from countenance.campaign.variants import VariantRow, approve
from countenance.ledger.log import Entry, entries
from countenance.media.frame import U8, Frame
from countenance.perception.identity import SAME_PERSON
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Face, Perception
from countenance.store.project import Project, init_project
from countenance.synthesis.facemodel import forget_face_model


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project and a master of two people, both from the examples."""
    folder = tmp_path_factory.mktemp("duet")
    return init_project(folder), duet_master(folder / "duet.mp4")


@pytest.fixture(scope="module")
def alone(studio: tuple[Project, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, VariantRow]:
    """A variant in which the presenter, on the right, gets ada's face; the other person is not named."""
    project, master = studio
    folder = tmp_path_factory.mktemp("alone")
    brief = write_campaign(
        folder, master, presenter="ben", track=1, faces=("ada",), others="untouched", languages=("en",)
    )
    (row,) = produce(project, brief, folder / "out").variants
    return brief, row


@pytest.fixture(scope="module")
def both(studio: tuple[Project, Path], tmp_path_factory: pytest.TempPathFactory) -> VariantRow:
    """A variant in which the two people change faces."""
    project, master = studio
    folder = tmp_path_factory.mktemp("both")
    faces = ({"presenter": "ben", "guest": "ada"},)
    (row,) = produce(
        project, write_campaign(folder, master, faces=faces, guest="ben", languages=("en",)), folder / "out"
    ).variants
    return row


def seen_in(project: Project, brief: Path) -> Perception:
    return see(project, load_brief(brief), lambda _stage, _done, _of: None).perception


def composed(row: VariantRow, master: Path) -> list[Frame]:
    """The pictures of a variant as they were inspected."""
    frames = frames_of(master)
    for one in painted_of(row):
        frames[one.number].put(one.box, one.planes)
    return frames


def qc_of(row: VariantRow) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(row.render["folder"]) / "qc.json").read_text())
    return content


def values(figures: list[dict[str, Any]]) -> dict[str, Any]:
    return {figure["key"]: figure["value"] for figure in figures}


def inside(face: Face, size: tuple[int, int]) -> U8:
    outline = cv2.convexHull(np.rint(face.mesh[:POINTS, :2]).astype(np.int32))
    return np.asarray(cv2.fillConvexPoly(np.zeros(size[::-1], np.uint8), outline, 1), np.uint8)


def started(project: Project, row: VariantRow) -> Entry:
    """The entry of the job that made a variant."""
    return next(e for e in entries(project) if e.kind == "render.started" and row.id in e.data["variants"])


def test_who_is_not_listed_keeps_every_bit_beside_a_painted_face(
    studio: tuple[Project, Path], alone: tuple[Path, VariantRow]
) -> None:
    (project, master), (brief, row) = studio, alone
    seen, changed = seen_in(project, brief), 0
    for number, (now, then) in enumerate(zip(composed(row, master), frames_of(master), strict=True)):
        other, presenter = seen.face_of(0, number), seen.face_of(1, number)
        assert presenter is not None and other is not None
        there = inside(other, now.size)
        shared = there[::2, ::2] | there[1::2, ::2] | there[::2, 1::2] | there[1::2, 1::2]
        assert np.array_equal(now.planes[0][there > 0], then.planes[0][there > 0])
        for a, b in zip(now.planes[1:], then.planes[1:], strict=True):
            assert np.array_equal(a[shared > 0], b[shared > 0])
        painted = inside(presenter, now.size) > 0
        changed += int((now.planes[0][painted] != then.planes[0][painted]).mean() > 0.5)
    assert changed > 10


def test_the_owner_answers_for_who_is_not_listed(studio: tuple[Project, Path], alone: tuple[Path, VariantRow]) -> None:
    (project, _), (_, row) = studio, alone
    assert started(project, row).data["others"] == "untouched"
    approve(project, row.id, "Rita Reviewer", in_one_go=False)
    receipt = json.loads((release_approved(project, row.id) / "receipt.json").read_text())["receipt"]
    assert receipt["others"] == {
        "rule": "untouched",
        "answered_by": receipt["owner"],
        "shown": [{"track": 0, "shown_s": 0.56}],
    }
    assert [(one["face"], one["seen"], one["shown"]) for one in receipt["people"]] == [("presenter", "ben", "ada")]


def test_two_people_change_faces_and_each_is_measured(both: VariantRow) -> None:
    qc = qc_of(both)
    assert (both.key, qc["variant"]["face"]) == ("presenter=ben+guest=ada-en", "presenter=ben+guest=ada")
    assert [(one["face"], one["talent"], one["engines"]) for one in qc["people"]] == [
        ("presenter", "ben", ["swap"]),
        ("guest", "ada", ["swap"]),
    ]
    whole = values(qc["figures"])
    for one in qc["people"]:
        own = values(one["figures"])
        assert own["identity_wanted"] < SAME_PERSON
        assert whole["identity_wanted"] >= own["identity_wanted"]
        assert (own["painted_share"], one["fades"]) == (1.0, [])
    assert whole["outside_exact"] == 1.0


def test_where_a_face_is_too_small_the_paint_fades_and_the_record_says_when_and_why(tmp_path: Path) -> None:
    master = duet_master(tmp_path / "small.mp4", scale=0.32)
    brief = write_campaign(tmp_path, master, presenter="ben", track=1, faces=("ada",), others="untouched",
                           languages=("en",))  # fmt: skip
    (row,) = produce(init_project(tmp_path), brief, tmp_path / "out").variants
    (person,) = qc_of(row)["people"]
    (fade,) = person["fades"]
    assert (fade["state"], fade["why"], fade["pictures"], fade["from_s"]) == ("faded", "too small", 14, 0.0)
    assert all(0 < strength < 1 for strength in fade["course"])
    assert values(person["figures"])["faded_share"] == 1.0


def test_only_who_is_painted_with_gets_a_face_model(tmp_path: Path) -> None:
    """A face model is biometric data: who is only seen, or only compared with, needs none."""
    project = init_project(tmp_path)
    master = duet_master(tmp_path / "short.mp4", pictures=4, scale=0.6)
    (row,) = produce(
        project,
        write_campaign(tmp_path, master, guest="ben", faces=({"guest": "ada"},), languages=("en",)),
        tmp_path / "out",
    ).variants
    assert forget_face_model(project, "ada") and not forget_face_model(project, "ben")  # true if there was one
    assert row.state == "in_review"


def test_a_job_whose_people_are_all_listed_says_nothing_of_others(
    studio: tuple[Project, Path], both: VariantRow
) -> None:
    assert "others" not in started(studio[0], both).data
