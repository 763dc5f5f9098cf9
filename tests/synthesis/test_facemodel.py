from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES

from countenance.errors import IntegrityError, RightsError
from countenance.rights.grants import load_grant
from countenance.rights.register import record_grant, withdraw_grant
from countenance.store.project import Project, init_project
from countenance.synthesis import facemodel
from countenance.synthesis.facemodel import build_face_model, face_model, forget_face_model, forget_without_grant
from countenance.synthesis.likeness import Likeness

REFS = [EXAMPLES / "ada" / "refs" / f"{name}.jpg" for name in ("1_front_neutral", "2_left25_smile")]

GRANT = """
talent: ada
kind: synthetic
controller: ops@example.org
purposes: [swap_source]
campaigns: ["*"]
markets: ["*"]
channels: ["*"]
languages: ["*"]
valid: {{from: 2020-01-01, until: {until}}}
licence: CC0-1.0
origin: made for this test
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield init_project(tmp_path)
    facemodel._open.clear()


def granted(project: Project, until: date) -> None:
    path = project.root / f"grant-{until}.yaml"
    path.write_text(GRANT.format(until=until), encoding="utf-8")
    record_grant(project, load_grant(path), "kim")


def stored(project: Project) -> Path:
    (place,) = (project.folder / "talents").glob("*.model")
    return place


def keys(project: Project) -> list[Path]:
    return list(project.keys.glob("face-*.key"))


def remainders(project: Project, likeness: Likeness) -> list[Path]:
    """Files that hold a stretch of the model's numbers as they are."""
    texture = likeness.texture[300:310].astype(np.uint8).tobytes()
    parts = [texture[:600], likeness.form.tobytes()[:200], likeness.embeddings.tobytes()[:200]]
    return [
        path
        for path in project.folder.rglob("*")
        if path.is_file() and any(part in path.read_bytes() for part in parts)
    ]


def same(one: Likeness, other: Likeness) -> bool:
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(Likeness)]
    return all(np.array_equal(a.rings, b.rings) if hasattr(a, "rings") else np.array_equal(a, b) for a, b in pairs)


def test_the_stored_model_is_the_same_as_the_one_just_built(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    built = face_model(project, "ada", REFS)
    assert face_model(project, "ada", REFS[::-1]) is built  # kept open
    facemodel._open.clear()
    monkeypatch.setattr(facemodel, "build_face_model", None)  # it must not be built again
    opened = face_model(project, "ada", REFS)
    assert opened is not built
    assert same(opened, built)


def test_it_is_encrypted_with_the_talents_own_key_and_for_the_owner_only(project: Project) -> None:
    likeness = face_model(project, "ada", REFS)
    assert stat.S_IMODE(stored(project).stat().st_mode) == 0o600
    assert [stat.S_IMODE(key.stat().st_mode) for key in keys(project)] == [0o600]
    assert remainders(project, likeness) == []
    assert b"PK\x03\x04" not in stored(project).read_bytes()[:200]  # no open array file
    build_face_model(project, "Ada's sister", REFS)
    assert len(keys(project)) == 2
    assert not any("ada" in path.name.lower() for path in stored_names(project))


def stored_names(project: Project) -> list[Path]:
    return [*(project.folder / "talents").glob("*.model"), *keys(project)]


def test_other_references_make_another_model(project: Project) -> None:
    of_two = face_model(project, "ada", REFS)
    of_one = face_model(project, "ada", REFS[:1])
    assert len(of_two.embeddings) == 2 and len(of_one.embeddings) == 1
    facemodel._open.clear()
    assert len(face_model(project, "ada", REFS[:1]).embeddings) == 1


def test_a_model_that_was_changed_or_put_in_anothers_place_is_not_opened(project: Project) -> None:
    build_face_model(project, "ada", REFS[:1])
    ada = stored(project)
    build_face_model(project, "eve", REFS[:1])
    (eve,) = (path for path in (project.folder / "talents").glob("*.model") if path != ada)
    facemodel._open.clear()
    content = bytearray(ada.read_bytes())
    content[-40] ^= 1
    ada.write_bytes(content)
    with pytest.raises(IntegrityError, match="face model of ada was changed or damaged"):
        face_model(project, "ada", REFS[:1])
    ada.write_bytes(ada.read_bytes()[:36] + eve.read_bytes()[36:])
    with pytest.raises(IntegrityError, match="face model of ada was changed or damaged"):
        face_model(project, "ada", REFS[:1])


def test_without_its_key_a_model_stays_shut_until_it_is_built_anew(project: Project) -> None:
    face_model(project, "ada", REFS[:1])
    keys(project)[0].unlink()
    for _ in range(2):
        with pytest.raises(IntegrityError, match="key was destroyed"):
            face_model(project, "ada", REFS[:1])
    build_face_model(project, "ada", REFS[:1])
    assert face_model(project, "ada", REFS[:1]).confidence.max() == 1


def test_forgetting_leaves_nothing_that_could_be_read(project: Project) -> None:
    likeness = face_model(project, "ada", REFS)
    key, sealed = keys(project)[0].read_bytes(), stored(project).read_bytes()
    left_behind = stored(project).with_name(f".{stored(project).stem}.0123456789ab.model")
    left_behind.write_bytes(sealed)
    assert forget_face_model(project, "ada")
    contents = [path.read_bytes() for path in project.folder.rglob("*") if path.is_file()]
    assert not any(key in content or sealed[36:100] in content for content in contents)
    assert remainders(project, likeness) == []
    assert not facemodel._open
    assert not forget_face_model(project, "ada")


def test_the_model_goes_with_the_last_grant(project: Project) -> None:
    today = date.today()
    granted(project, today + timedelta(days=30))
    granted(project, today + timedelta(days=60))
    face_model(project, "ada", REFS[:1])
    assert not forget_without_grant(project, "ada")
    withdraw_grant(project, "ada", "kim", "changed her mind")
    with pytest.raises(RightsError, match="ada has no face model"):
        face_model(project, "ada", REFS[:1])
    assert not keys(project) and not list((project.folder / "talents").glob("*.model"))
    with pytest.raises(RightsError):
        build_face_model(project, "ada", REFS[:1])
    granted(project, today + timedelta(days=90))
    assert face_model(project, "ada", REFS[:1]).confidence.max() == 1


def test_the_model_goes_with_a_grant_that_has_ended(project: Project) -> None:
    face_model(project, "ada", REFS[:1])  # nothing is on record yet: the rights are asked elsewhere
    granted(project, date.today() - timedelta(days=1))
    assert forget_without_grant(project, "ada")
    assert not keys(project)
