"""What one machine has made another brings: over a real PostgreSQL and a real S3 server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from buckets import allow, client_of, new_bucket, objects_in, project_in_bucket, s3_server, second_machine

from countenance.errors import InputError, IntegrityError
from countenance.jobs.failures import is_final
from countenance.store import blobs, folders, places
from countenance.store.blobs import blob_path, cache_folder, check_blob, put_blob
from countenance.store.collect import collect
from countenance.store.places import StorageError, blob_place
from countenance.store.project import Project, init_project
from countenance.store.quota import QuotaError, usage
from countenance.store.results import bring, bring_inputs, drop_result, has_result, share, share_inputs
from countenance.store.sealedblobs import subject_keys
from countenance.store.subjects import subject_tag
from countenance.store.survey import check, clock_ahead_s


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
    subject_keys(one, [subject_tag(one, "nobody")], make=True)  # there before the keys are copied
    yield World(one, second_machine(one, tmp_path / "other"), client, bucket)
    client.close()


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


def _all_whole(one: Path, other: Path) -> bool:
    return {path.name: path.read_bytes() for path in one.rglob("*") if path.is_file()} == {
        path.name: path.read_bytes() for path in other.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("how", ["damaged", "cut short", "lost"])
def test_a_result_whose_blob_is_damaged_or_lost_is_made_again_and_mended(world: World, how: str) -> None:
    folder = made(world.one)
    share(world.one, "perception/abc", folder)
    key = max(world.objects(), key=lambda key: len(world.objects()[key]))
    content = world.objects()[key]
    if how == "lost":
        world.client.delete_object(Bucket=world.bucket, Key=key)
    else:
        world.client.put_object(Bucket=world.bucket, Key=key, Body=b"X" + content[1 if how == "damaged" else 9 :])
    assert check(world.one).missing + check(world.one).damaged == (key.removeprefix("studio/").replace("/", ""),)
    assert not bring(world.other, "perception/abc")
    assert list((world.other.work / "perception").glob("*")) == []
    share(world.one, "perception/abc", folder)
    assert bring(world.other, "perception/abc") and world.objects()[key] == content
    assert check(world.one).damaged == ()


def test_a_file_that_cannot_be_made_again_and_is_damaged_is_refused(world: World, tmp_path: Path) -> None:
    (tmp_path / "form.pdf").write_bytes(b"signed" * 99)
    sha256 = put_blob(world.one, tmp_path / "form.pdf")
    assert check_blob(world.other, sha256).read_bytes() == b"signed" * 99
    (cached,) = (path for path in cache_folder(world.other).rglob("*") if path.is_file())
    cached.chmod(0o644)
    cached.write_bytes(b"forged" * 99)
    assert check_blob(world.other, sha256).read_bytes() == b"signed" * 99  # this machine's copy alone was wrong
    (key,) = world.objects()
    world.client.put_object(Bucket=world.bucket, Key=key, Body=b"forged" * 99)
    with pytest.raises(IntegrityError, match="no longer has its content"):
        check_blob(world.one, sha256)
    put_blob(world.one, tmp_path / "form.pdf")
    assert check_blob(world.one, sha256).is_file()


def test_a_machine_killed_while_it_brings_shows_nothing_and_brings_it_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(world.one)
    share(world.one, "perception/abc", folder, ["ada"])
    fetch, left = folders.fetch_blob, [1]

    def killed(*given: Any) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        fetch(*given)

    with monkeypatch.context() as patch:
        patch.setattr(folders, "fetch_blob", killed)
        patch.setattr(folders.shutil, "rmtree", lambda *_given, **_more: None)  # a killed process tidies nothing up
        with pytest.raises(KeyboardInterrupt):
            bring(world.other, "perception/abc")
    assert not (world.other.work / "perception/abc").exists()
    assert bring(world.other, "perception/abc")
    assert _all_whole(folder, world.other.work / "perception/abc")


def test_a_folder_that_a_killed_run_began_is_replaced_as_a_whole(world: World) -> None:
    folder = made(world.one)
    share(world.one, "perception/abc", folder)
    begun = world.other.work / "perception/abc"
    begun.mkdir(parents=True)
    (begun / "half.bin").write_bytes(b"half")
    assert bring(world.other, "perception/abc") and _all_whole(folder, begun)


def test_a_full_disk_leaves_nothing_under_the_name_and_is_worth_another_try(
    world: World, tmp_path: Path, small_disk: Path
) -> None:
    folder = made(world.one, content=b"x" * 3_000_000)
    share(world.one, "perception/abc", folder, ["ada"])
    (world.other.work / "perception").symlink_to(small_disk)
    with pytest.raises(StorageError, match="make room") as caught:
        bring(world.other, "perception/abc")
    assert not is_final(caught.value) and list(small_disk.iterdir()) == []
    (world.other.work / "perception").unlink()
    assert bring(world.other, "perception/abc")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("This user may not mount a small disk to fill.")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_bucket_that_is_down_is_told_in_one_sentence_and_worth_another_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch)
    monkeypatch.setitem(places._RETRIES, "max_retries", 1)
    with s3_server() as url:
        client = client_of(url)
        project = project_in_bucket(tmp_path / "one", url, new_bucket(client))
        client.close()
        folder = made(project)
        share(project, "perception/abc", folder)
    folder.rename(tmp_path / "aside")
    for attempt in (lambda: bring(project, "perception/abc"), lambda: put_blob(project, tmp_path / "aside" / "empty")):
        with pytest.raises(StorageError, match="try again when it answers") as caught:
            attempt()
        assert not is_final(caught.value) and "\n" not in str(caught.value)
    assert has_result(project, "perception/abc") and not folder.exists()


def test_a_bucket_that_is_not_there_is_a_wrong_setting(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch)
    project = project_in_bucket(tmp_path / "one", s3_url, "no-such-bucket")
    with pytest.raises(InputError, match="make the bucket"):
        share(project, "perception/abc", made(project))


def test_what_would_be_more_than_the_quota_is_not_kept(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch)
    client = client_of(s3_url)
    bucket = new_bucket(client)
    quotas = '[quota]\nproject = "12 kB"\n[quota.campaigns]\n"*" = "4 kB"\n[quota.owners]\nops = "6 kB"\n'
    project = project_in_bucket(tmp_path / "one", s3_url, bucket, s3=quotas)

    def keep(name: str, campaign: str, owner: str, times: int = 100) -> None:
        share(project, name, made(project, name, name.encode() * times), campaign=campaign, owner=owner)

    keep("render/a" + "a" * 22, "spring", "ops")  # 3 kB
    with pytest.raises(QuotaError, match=r"campaign 'spring' keeps 3\.0 kB and would need 3\.0 kB more"):
        keep("render/b" + "b" * 22, "spring", "else")
    keep("render/c" + "c" * 22, "summer", "else")
    with pytest.raises(QuotaError, match="owner 'ops'"):
        keep("render/d" + "d" * 22, "autumn", "ops")
    with pytest.raises(QuotaError, match="the project keeps"):
        keep("render/e" + "e" * 22, "", "", 300)
    assert {(one.sort, one.name): one.size for one in usage(project)} == {
        ("project", "Countenance"): 6005, ("campaign", "spring"): 3005, ("campaign", "summer"): 3005,
        ("owner", "else"): 3005, ("owner", "ops"): 3005,
    }  # fmt: skip
    assert len(objects_in(client, bucket)) == 4
    client.close()


def test_in_a_common_folder_nothing_is_copied_but_the_quota_holds(tmp_path: Path) -> None:
    project = init_project(tmp_path)
    folder = made(project)
    share(project, "perception/abc", folder)
    assert bring(project, "perception/abc") and not has_result(project, "perception/abc")
    with project.settings_path.open("a", encoding="utf-8") as stream:
        stream.write('\n[quota]\nproject = "2 kB"\n')
    share(project, "perception/abc", folder, campaign="c")
    with pytest.raises(QuotaError):
        share(project, "perception/def", made(project, "perception/def"), campaign="c")
    assert list(project.blobs.rglob("*")) == []
    shutil.rmtree(folder)
    collect(project, really=True, unused=timedelta(0))
    share(project, "perception/def", project.work / "perception/def", campaign="c")


def test_two_machines_that_share_the_same_at_once_keep_one(world: World) -> None:
    folders_of = [(one, made(one)) for one in (world.one, world.other)]
    with ThreadPoolExecutor(2) as both:
        for future in [both.submit(share, one, "perception/abc", folder, ["ada"]) for one, folder in folders_of]:
            future.result()
    shutil.rmtree(folders_of[1][1])
    assert bring(world.other, "perception/abc")
    now = datetime.now(UTC)
    for days in (2, 4, 6):
        collect(world.one, really=True, now=now + timedelta(days=days))
    assert len(world.objects()) == 3 and check(world.one).missing == ()
    drop_result(world.one, "perception/abc")
    for days in (8, 10):
        collect(world.one, really=True, now=now + timedelta(days=days))
    assert world.objects() == {}


def test_a_machine_with_keys_of_its_own_is_told_so(world: World) -> None:
    (world.other.keys / "storage.key").unlink()
    share(world.one, "perception/abc", made(world.one), ["ada"])
    with pytest.raises(IntegrityError, match=r"copy storage\.key and subjects.key"):
        bring(world.other, "perception/abc")


def test_the_cache_of_a_bucket_keeps_within_its_limit(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch)
    monkeypatch.setattr(blobs, "_FRESH_S", -1.0)
    client = client_of(s3_url)
    project = project_in_bucket(tmp_path / "one", s3_url, new_bucket(client), s3='cache = "2.5 kB"\n')
    client.close()
    names = []
    for number in range(4):
        (tmp_path / "file").write_bytes(bytes([number]) * 1000)
        names.append(put_blob(project, tmp_path / "file"))
    for at, sha256 in enumerate(names):
        os.utime(blob_path(project, sha256), (at, at))
    assert len([path for path in cache_folder(project).rglob("*") if path.is_file()]) == 2
    assert all(blob_path(project, sha256).is_file() for sha256 in names)


def test_inputs_that_were_changed_are_not_used(tmp_path: Path) -> None:
    project = init_project(tmp_path / "one")
    (tmp_path / "script.txt").write_text("said", encoding="utf-8")
    manifest = share_inputs(project, {"script.txt": tmp_path / "script.txt"})
    assert bring_inputs(project, manifest) == {"script.txt": tmp_path / "script.txt"}
    (tmp_path / "script.txt").write_text("else", encoding="utf-8")
    with pytest.raises(InputError, match="was changed since"):
        bring_inputs(project, manifest)
    for name in ("../x", "/x", ""):
        with pytest.raises(InputError):
            share_inputs(project, {name: tmp_path / "script.txt"})


def test_the_place_and_this_machine_have_the_same_time(world: World, tmp_path: Path) -> None:
    assert abs(clock_ahead_s(world.one)) < 5 and clock_ahead_s(init_project(tmp_path / "folder")) == 0
    assert world.objects() == {} and list(blob_place(world.one).listing()) == []
