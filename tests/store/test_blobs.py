from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from countenance.errors import InputError, IntegrityError
from countenance.store.blobs import blob_path, check_blob, put_blob
from countenance.store.project import Project


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "form.pdf"
    path.write_bytes(b"signed")
    return path


def test_a_blob_is_found_by_its_content(project: Project, form: Path) -> None:
    sha256 = put_blob(project, form)
    assert sha256 == hashlib.sha256(b"signed").hexdigest()
    assert blob_path(project, sha256).read_bytes() == b"signed"
    assert check_blob(project, sha256) == blob_path(project, sha256)


def test_the_same_content_is_kept_once(project: Project, form: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.pdf").write_bytes(b"signed")
    assert put_blob(project, form) == put_blob(project, tmp_path / "copy.pdf")
    assert sum(path.is_file() for path in project.blobs.rglob("*")) == 1


def test_a_changed_blob_is_noticed(project: Project, form: Path) -> None:
    sha256 = put_blob(project, form)
    path = blob_path(project, sha256)
    path.chmod(0o644)
    path.write_bytes(b"forged")
    with pytest.raises(IntegrityError, match="no longer has its content"):
        check_blob(project, sha256)


@pytest.mark.parametrize("name", ["", "abc", "../" * 21 + "x", "A" * 64])
def test_what_is_no_blob_name_is_refused(project: Project, name: str) -> None:
    with pytest.raises(InputError, match="no blob name"):
        blob_path(project, name)


def test_what_is_not_kept_is_said(project: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not kept"):
        blob_path(project, "0" * 64)
    with pytest.raises(InputError, match="not a file"):
        put_blob(project, tmp_path / "absent.pdf")
