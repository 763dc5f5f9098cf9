"""Erasing a person whose work many machines share: a real bucket, a copy of it, a real PostgreSQL, two machines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from buckets import allow, client_of, new_bucket, objects_in, project_in_bucket, s3_server, second_machine
from campaigns import grant
from erasures import PRESENTER, Traces, remainders

from countenance.campaign.expiry import _end_work
from countenance.campaign.forget import forget
from countenance.errors import IntegrityError, RightsError
from countenance.rights.grants import load_grant
from countenance.rights.register import record_grant
from countenance.store import buried
from countenance.store.blobs import put_blob
from countenance.store.buried import heed
from countenance.store.database import reading
from countenance.store.places import StorageError
from countenance.store.project import Project
from countenance.store.results import bring, has_result, share, share_inputs
from countenance.store.sealedblobs import open_file, subject_keys
from countenance.store.secrets import load_or_create_symmetric
from countenance.store.subjects import subject_tag

OTHER = "somebody"
TRACKS = "perception/0123456789abcdef01234567"
JOINT = "render/0123456789abcdef01234567"
OTHERS = "speech/0123456789abcdef01234567"


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with s3_server() as url:
        yield url


@dataclass
class Scene:
    one: Project
    other: Project
    client: Any
    bucket: str
    copy: str
    traces: Traces
    objects: dict[str, bytes]  # as they lay in the bucket before

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """Every object of both buckets, and every value of every table as text."""
        for bucket in (self.bucket, self.copy):
            yield from objects_in(self.client, bucket).items()
        with reading(self.one) as connection:
            for table in sa.inspect(connection).get_table_names():
                for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')):
                    yield table, repr(tuple(row)).encode()


@pytest.fixture
def scene(s3_url: str, postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    allow(monkeypatch)
    monkeypatch.setattr(buried, "_HEED_EVERY_S", 0.0)
    client = client_of(s3_url)
    bucket, copy = new_bucket(client), new_bucket(client)
    one = project_in_bucket(
        tmp_path / "one", s3_url, bucket, database=postgresql, more=f'blob_replicas = ["s3://{copy}/studio"]\n'
    )
    traces = Traces({PRESENTER})
    for name in (PRESENTER, OTHER):
        (tmp_path / f"{name}.pdf").write_bytes(f"signed by {name}".encode() * 999)
        document = {**grant("ada"), "talent": name, "evidence": [f"{name}.pdf"]}
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        record_grant(one, load_grant(path), "ops")
        put_blob(one, tmp_path / f"{name}.pdf")
    traces.add_file(tmp_path / f"{PRESENTER}.pdf", "evidence")
    for name, people in ((TRACKS, [PRESENTER]), (JOINT, [PRESENTER, OTHER]), (OTHERS, [OTHER])):
        folder = one.work / name
        folder.mkdir(parents=True)
        (folder / "data.bin").write_bytes(f"what is biometric in {name} of {people[0]}".encode() * 9999)
        share(one, name, folder, people, campaign="c", owner="o")
        if PRESENTER in people:
            traces.add_file(folder / "data.bin", name)
    master = tmp_path / "master.mp4"
    master.write_bytes(b"footage of both" * 9999)
    share_inputs(one, {"master.mp4": master}, [PRESENTER, OTHER])
    traces.add_file(master, "the master")
    other = second_machine(one, tmp_path / "other")
    for name in (TRACKS, JOINT, OTHERS):
        assert bring(other, name)
    model = other.folder / "talents" / f"face-{subject_tag(one, PRESENTER)}.model"
    model.parent.mkdir()
    model.write_bytes(b"sealed")
    objects = objects_in(client, bucket)
    for key, content in objects.items():
        client.put_object(Bucket=copy, Key=key, Body=content)
    yield Scene(one, other, client, bucket, copy, traces, objects)
    client.close()


def test_before_there_are_traces_everywhere_and_none_in_the_clear_but_the_evidence(scene: Scene) -> None:
    in_bucket = {what.split(" (")[0] for content in scene.objects.values() for what in scene.traces.in_bytes(content)}
    assert in_bucket == {"evidence", f"the word {PRESENTER}"}
    assert any(list(scene.traces.in_bytes(content)) for _where, content in scene.everything())
    assert remainders([scene.one.folder, scene.other.folder], scene.traces)


def test_nothing_of_the_person_is_left_anywhere(scene: Scene, tmp_path: Path) -> None:
    storage = load_or_create_symmetric(scene.one, "storage")
    tag = subject_tag(scene.one, PRESENTER)
    both = subject_keys(scene.one, [tag, subject_tag(scene.one, OTHER)])
    forget(scene.one, PRESENTER, "ops")
    assert heed(scene.other, at_once=True) == 4  # two folders, the model, the key of what the ledger says
    assert not (scene.other.work / TRACKS).exists()
    keys = [path.read_bytes() for path in scene.one.keys.glob("*.key")]
    assert storage in keys and not {*both[:1], *both[1:]} & set(keys)
    assert remainders([scene.one.folder, scene.other.folder], scene.traces, keys) == []
    told = {f"{where}: {what}" for where, content in scene.everything() for what in scene.traces.in_bytes(content)}
    assert told == set()
    with pytest.raises(RightsError, match="destroyed"):
        subject_keys(scene.one, [tag])
    # A copy of the bucket that somebody made before opens with nothing that is left.
    left = subject_keys(scene.one, [subject_tag(scene.one, OTHER)])
    sealed = [content for content in scene.objects.values() if content.startswith(b"CNTB1")]
    opened = 0
    for number, content in enumerate(sealed):
        (tmp_path / "sealed").write_bytes(content)
        for name in (TRACKS, JOINT, OTHERS):
            for way, tried in enumerate((left, [storage], keys)):
                with suppress(IntegrityError):
                    open_file(tried, tmp_path / "sealed", tmp_path / f"{number}-{name[:5]}-{way}", f"{name}/data.bin")
                    opened += 1
    assert opened == 1  # what shows the other alone


def test_others_keep_what_is_theirs_alone(scene: Scene) -> None:
    forget(scene.one, PRESENTER, "ops")
    heed(scene.other, at_once=True)
    shutil.rmtree(scene.other.work / OTHERS)
    assert bring(scene.other, OTHERS) and (scene.other.work / OTHERS / "data.bin").is_file()
    assert not has_result(scene.one, JOINT) and not bring(scene.other, JOINT)


def test_a_machine_that_has_not_heard_of_it_cannot_bring_the_person_back(scene: Scene, tmp_path: Path) -> None:
    forget(scene.one, PRESENTER, "ops")
    late = tmp_path / "late"
    late.mkdir()
    (late / "data.bin").write_bytes(b"x")
    with pytest.raises(RightsError, match="was erased"):
        share(scene.other, "render/late", late, [PRESENTER])
    assert not has_result(scene.one, "render/late")


def test_with_new_consent_the_same_work_may_be_kept_again(scene: Scene, tmp_path: Path) -> None:
    forget(scene.one, PRESENTER, "ops")
    document = {**grant("ada"), "talent": PRESENTER, "evidence": [f"{OTHER}.pdf"]}
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    record_grant(scene.one, load_grant(tmp_path / "again.yaml"), "ops")
    folder = scene.one.work / TRACKS
    folder.mkdir(parents=True)
    (folder / "data.bin").write_bytes(b"anew")
    share(scene.one, TRACKS, folder, [PRESENTER])
    assert bring(scene.other, TRACKS)
    heed(scene.other, at_once=True)
    assert (scene.other.work / TRACKS / "data.bin").read_bytes() == b"anew"


def test_while_the_bucket_is_down_nothing_is_certified_and_the_same_command_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_given: object) -> None:
        raise StorageError("the bucket does not answer; try again when it answers.")

    with monkeypatch.context() as patch:
        patch.setattr("countenance.store.places.BlobPlace.remove", down)
        with pytest.raises(StorageError):
            forget(scene.one, PRESENTER, "ops")
    assert not list((scene.one.folder / "certificates").glob("*.json"))
    forget(scene.one, PRESENTER, "ops")
    told = {what for _where, content in scene.everything() for what in scene.traces.in_bytes(content)}
    assert told == set()


def test_work_whose_time_is_over_goes_from_the_bucket_and_from_the_other_machine(scene: Scene) -> None:
    _end_work(scene.one, TRACKS)
    assert not has_result(scene.other, TRACKS) and heed(scene.other, at_once=True) == 1
    assert len(objects_in(scene.client, scene.bucket)) == len(scene.objects) - 1
