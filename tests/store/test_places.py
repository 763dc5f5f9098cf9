"""Folders and buckets behave the same, and settings that cannot be meant are named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from buckets import allow, client_of, new_bucket, project_in_bucket, s3_server

from countenance.errors import InputError, IntegrityError
from countenance.store.places import AbsentError, BlobPlace, blob_place, is_shared, replica_places
from countenance.store.project import Project, init_project
from countenance.store.quota import quota


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BlobPlace:
    if request.param == "folder":
        return blob_place(init_project(tmp_path / "studio"))
    allow(monkeypatch)
    client = client_of(s3_url)
    bucket = new_bucket(client)
    client.put_object(Bucket=bucket, Key="studio/ab/notes.txt", Body=b"somebody else's")
    client.close()
    return blob_place(project_in_bucket(tmp_path / "studio", s3_url, bucket))


def put(place: BlobPlace, tmp_path: Path, content: bytes) -> str:
    (tmp_path / "source").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    place.put(sha256, tmp_path / "source")
    return sha256


@pytest.mark.parametrize("size", [0, 1, 20_000_000])  # nothing, something, more than one part of an upload
def test_what_was_put_is_fetched_listed_and_removed(place: BlobPlace, tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    sha256 = put(place, tmp_path, content)
    assert place.size(sha256) == size
    assert [(one.sha256, one.size) for one in place.listing()] == [(sha256, size)]
    place.fetch(sha256, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
    place.remove([sha256, "0" * 64])
    assert place.size(sha256) is None and list(place.listing()) == []
    with pytest.raises(AbsentError, match="is not kept in"):
        place.fetch(sha256, tmp_path / "again")


def test_a_file_that_changes_on_the_way_in_is_not_kept(place: BlobPlace, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"another")
    with pytest.raises(InputError, match="changed while it was copied"):
        place.put("0" * 64, tmp_path / "source")
    assert list(place.listing()) == []


def test_a_blob_whose_content_is_another_is_not_handed_out(place: BlobPlace, tmp_path: Path) -> None:
    sha256 = put(place, tmp_path, b"as it was")
    (tmp_path / "studio.lie").write_bytes(b"as it is not")
    if place.folder is not None:
        path = place.folder / sha256[:2] / sha256[2:]
        path.chmod(0o644)
        path.write_bytes(b"as it is not")
    else:
        import obstore

        obstore.put(place.store, f"{sha256[:2]}/{sha256[2:]}", b"as it is not")
    with pytest.raises(IntegrityError, match="no longer has its content"):
        place.fetch(sha256, tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()


def _with(project: Project, text: str) -> Project:
    settings = project.settings_path.read_text(encoding="utf-8")
    project.settings_path.write_text(settings + text, encoding="utf-8")
    return project


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('blobs = "s3://"\n', "no place for blobs"),
        ('blobs = "s3://UPPER/x"\n', "no place for blobs"),
        ('blobs = "s3://studio"\n[s3]\nendpoint = 9\n', "must hold texts"),
        ('blob_replicas = "s3://studio"\n', "must be a list"),
        ('[quota]\nproject = "much"\n', "is no amount"),
        ("[quota]\nproject = 500\n", "is no amount"),
        ('[quota]\ncampaigns = "1 GB"\n', "must hold names and amounts"),
        ("blobs = \n", "cannot be understood"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(project: Project, text: str, words: str) -> None:
    _with(project, text)
    with pytest.raises(InputError, match=words):
        blob_place(project)
        replica_places(project)
        quota(project)


def test_a_folder_beside_the_project_serves_as_well(project: Project, tmp_path: Path) -> None:
    _with(project, 'blob_replicas = ["../copy"]\n')
    assert not is_shared(project)
    assert [one.folder for one in replica_places(project)] == [tmp_path / "copy"]
