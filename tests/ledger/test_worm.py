from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import append
from countenance.ledger.offline import verify_export
from countenance.ledger.proof import log_key_of
from countenance.ledger.tiles import export
from countenance.ledger.worm import MODE, LockedBucket, open_bucket
from countenance.store.project import Project


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    settings = {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "studio",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    yield client
    client.close()


def test_an_export_lies_locked_and_proves_itself(project: Project, s3: Any) -> None:
    s3.create_bucket(Bucket="worm", ObjectLockEnabledForBucket=True)
    for _ in range(3):
        append(project, "render.started", "worker", {})
    shelf = open_bucket("s3://worm/ledger", 3650)
    assert export(project, shelf).new_files == 5
    assert verify_export(shelf, log_key_of(project)).count == 3
    append(project, "render.started", "worker", {})
    export(project, shelf)
    assert verify_export(shelf, log_key_of(project)).count == 4
    assert export(project, shelf).new_files == 0
    shelf.client.close()
    versions = s3.list_object_versions(Bucket="worm")["Versions"]
    assert len([one for one in versions if one["Key"] == "ledger/checkpoint"]) == 2
    for one in versions:
        kept = s3.head_object(Bucket="worm", Key=one["Key"], VersionId=one["VersionId"])
        assert kept["ObjectLockMode"] == MODE
        assert kept["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=3649)
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket="worm", Key=one["Key"], VersionId=one["VersionId"])


def test_a_bucket_without_object_lock_is_refused(s3: Any) -> None:
    s3.create_bucket(Bucket="plain")
    with pytest.raises(InputError, match="made without Object Lock"):
        open_bucket("s3://plain/x", 1)


@pytest.mark.parametrize(("place", "days"), [("s3://", 1), ("s3://none-such", 1), ("s3://worm", 0), ("worm", 1)])
def test_a_place_that_cannot_be_used_is_named(s3: Any, place: str, days: int) -> None:
    with pytest.raises(InputError):
        open_bucket(place, days)


def test_a_store_that_does_not_answer_is_named(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(InputError, match="cannot be reached"):
        open_bucket("s3://worm", 1)


def test_a_store_that_forgets_the_lock_is_found_out(s3: Any, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="forgetful")

    class Forgetful:
        """A store that takes the object and drops what it does not know, as some do."""

        def put_object(self, **values: Any) -> Any:
            return s3.put_object(**{k: v for k, v in values.items() if not k.startswith("ObjectLock")})

        head_object = staticmethod(s3.head_object)

    until = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(IntegrityError, match="without its lock"):
        LockedBucket(Forgetful(), "forgetful", "", until).put("checkpoint", b"x")
