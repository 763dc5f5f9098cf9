"""What one machine has made another brings: over a real PostgreSQL and a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from buckets import allow, client_of, new_bucket, objects_in, project_in_bucket, s3_server, second_machine

from countenance.store.project import Project
from countenance.store.results import bring, bring_inputs, has_result, share, share_inputs


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with s3_server() as url:
        yield url


@dataclass
class World:
    one: Project
    other: Project
    client: Any
    bucket: str

    def objects(self) -> dict[str, bytes]:
        return objects_in(self.client, self.bucket)


@pytest.fixture
def world(s3_url: str, postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    allow(monkeypatch)
    client = client_of(s3_url)
    bucket = new_bucket(client)
    one = project_in_bucket(tmp_path / "one", s3_url, bucket, database=postgresql)
    share_keys(one)
    yield World(one, second_machine(one, tmp_path / "other"), client, bucket)
    client.close()


def share_keys(project: Project) -> None:
    from countenance.store.sealedblobs import subject_keys
    from countenance.store.subjects import subject_tag

    subject_keys(project, [subject_tag(project, "nobody")], make=True)


def made(project: Project, name: str = "perception/abc", content: bytes = b"a face, 478 points" * 99) -> Path:
    folder = project.work / name
    (folder / "shots").mkdir(parents=True)
    (folder / "tracks.json").write_bytes(content)
    (folder / "shots" / "0.bin").write_bytes(b"\0" * 5)
    (folder / "empty").write_bytes(b"")
    return folder


def test_another_machine_brings_the_whole_folder(world: World) -> None:
    folder = made(world.one)
    assert not bring(world.other, "perception/abc")
    share(world.one, "perception/abc", folder)
    assert bring(world.other, "perception/abc")
    brought = world.other.work / "perception/abc"
    assert {str(path.relative_to(brought)): path.read_bytes() for path in brought.rglob("*") if path.is_file()} == {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_what_shows_people_lies_encrypted_and_opens_on_the_other_machine(world: World) -> None:
    folder = made(world.one, content=b"a face, 478 points" * 99_999)
    share(world.one, "perception/abc", folder, ["ada", "ben"])
    assert all(b"478 points" not in content for content in world.objects().values())
    assert bring(world.other, "perception/abc")
    assert (world.other.work / "perception/abc/tracks.json").read_bytes() == (folder / "tracks.json").read_bytes()


def test_sharing_twice_keeps_one(world: World) -> None:
    folder = made(world.one)
    share(world.one, "perception/abc", folder, ["ada"])
    before = world.objects()
    share(world.one, "perception/abc", folder, ["ada"])
    assert world.objects() == before and has_result(world.other, "perception/abc")


def test_inputs_come_by_their_hashes(world: World, tmp_path: Path) -> None:
    (tmp_path / "brief").mkdir()
    master = tmp_path / "brief" / "master.mp4"
    master.write_bytes(b"film")
    manifest = share_inputs(world.one, {"ada/master.mp4": master}, ["ada"])
    assert bring_inputs(world.other, manifest) == {"ada/master.mp4": master}
    master.unlink()
    (brought,) = bring_inputs(world.other, manifest).values()
    assert brought.read_bytes() == b"film" and brought.is_relative_to(world.other.work)
