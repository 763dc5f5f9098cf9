"""Every kind of sink keeps the same promises, on a real store of its kind."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer
from stores import Store, store

from countenance.delivery.sinks import Item, Sink, SinkDown
from countenance.delivery.sinks.client import Client
from countenance.delivery.sinks.folder import FolderSink
from countenance.delivery.sinks.http import HttpSink
from countenance.delivery.sinks.s3 import S3Sink
from countenance.delivery.sinks.tus import TusSink, speaks_tus
from countenance.delivery.sinks.webdav import WebdavSink
from countenance.errors import InputError, IntegrityError

KINDS = ("folder", "s3", "http", "content-range", "tus", "webdav", "webdav-range")
BYTES = 11 << 20  # three parts of what S3 takes at the least
NAME = "01JD3ZVARIANT0000000000000/0123456789ab/ä film.mp4"


@dataclass
class Notes:
    """Where a sink keeps what it needs to go on."""

    text: str = ""

    def recall(self) -> str:
        return self.text

    def keep(self, text: str) -> None:
        self.text = text


@dataclass
class Place:
    """A sink, how to see what lies there, and its store where that is one of ours."""

    sink: Sink
    read: Callable[[str], bytes]
    files: Callable[[], list[str]]
    store: Store | None = None
    client: Any = None
    notes: Notes = field(default_factory=Notes)


def quiet(_done: int, _of: int) -> None:
    """Hears how much is sent."""


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def item(tmp_path: Path) -> Item:
    return made(tmp_path / "film.mp4", BYTES)


def made(path: Path, size: int, name: str = NAME, seed: int = 1) -> Item:
    content = random.Random(seed).randbytes(size)
    path.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return Item(name, path, sha256, size, "video/mp4", "public, max-age=31536000, immutable")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    kind = request.param
    if kind == "folder":
        root = tmp_path / "share"
        root.mkdir()
        yield Place(FolderSink(root), lambda name: (root / name).read_bytes(), lambda: _below(root))
        return
    if kind == "s3":
        yield from _s3(request.getfixturevalue("moto"), tmp_path.name)
        return
    with store(tmp_path / "store", tus=kind == "tus", needs_parents=kind.startswith("webdav")) as running:
        client, base = Client(), f"{running.url}/films/"
        resume = "content-range" if kind.endswith("range") else "none"
        sink: Sink
        if kind == "tus":
            sink = TusSink(client, base)
        elif kind.startswith("webdav"):
            sink = WebdavSink(client, base, resume=resume)
        else:
            sink = HttpSink(client, base, resume=resume)
        yield Place(sink, lambda name: (running.folder / "films" / name).read_bytes(), running.files, running)


def _s3(endpoint: str, bucket: str) -> Iterator[Place]:
    session = boto3.Session(aws_access_key_id="studio", aws_secret_access_key="secret", region_name="us-east-1")
    client = session.client("s3", endpoint_url=endpoint)
    bucket = "".join(c if c.isalnum() else "-" for c in bucket.lower())[-40:].strip("-") + "-films"
    client.create_bucket(Bucket=bucket)

    def read(name: str) -> bytes:
        content: bytes = client.get_object(Bucket=bucket, Key=f"films/{name}")["Body"].read()
        return content

    def files() -> list[str]:
        uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
        objects = client.list_objects_v2(Bucket=bucket).get("Contents", ())
        return sorted(one["Key"] for one in (*objects, *uploads))

    yield Place(S3Sink(client, bucket, "films/", part_bytes=5 << 20), read, files, client=client)
    client.close()


def _below(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def content_at(place: Place, url: str) -> bytes:
    if place.store is not None:
        return (place.store.folder / unquote(urlsplit(url).path).strip("/")).read_bytes()
    return place.read(NAME)


def test_a_file_lies_there_as_it_was_sent_and_is_taken_away_again(place: Place, item: Item) -> None:
    url = place.sink.put(item, quiet, place.notes)
    assert content_at(place, url) == item.path.read_bytes()
    assert place.sink.holds(item.name, url)
    assert len(place.files()) == 1
    place.sink.remove(item.name, url)
    assert not place.sink.holds(item.name, url)
    assert place.files() == []


def test_what_is_not_there_can_be_taken_away(place: Place, item: Item) -> None:
    place.sink.remove(item.name, "")
    assert not place.sink.holds(item.name, "")


def test_what_lies_there_is_not_sent_again(place: Place, item: Item) -> None:
    first = place.sink.put(item, quiet, place.notes)
    before = place.store.received if place.store else 0
    assert place.sink.put(item, quiet, place.notes) == first
    assert place.store is None or place.store.received == before
    assert len(place.files()) == 1


def test_another_file_takes_the_place_of_the_one_before(place: Place, tmp_path: Path) -> None:
    if isinstance(place.sink, TusSink):
        pytest.skip("a tus store gives each upload an address of its own")
    for seed in (1, 2):
        item = made(tmp_path / "film.mp4", 5000 + seed, seed=seed)
        place.sink.put(item, quiet, place.notes)
        assert place.read(item.name) == item.path.read_bytes()


def test_an_empty_file_and_one_of_a_byte_arrive(place: Place, tmp_path: Path) -> None:
    for size in (0, 1):
        item = made(tmp_path / f"{size}.txt", size, name=f"a/{size}.txt")
        url = place.sink.put(item, quiet, Notes())
        assert place.sink.holds(item.name, url)


class Killed(BaseException):
    """Stands for the end of the process."""


def test_an_upload_that_was_killed_is_whole_after_the_next_try(place: Place, item: Item) -> None:
    def dies(done: int, of: int) -> None:
        if done > of // 2:
            raise Killed

    with pytest.raises(Killed):
        place.sink.put(item, dies, place.notes)
    for _ in range(40):  # as a task is tried again: the store may still be taking what was on its way
        try:
            url = place.sink.put(item, quiet, place.notes)
            break
        except SinkDown:
            time.sleep(0.05)
    assert content_at(place, url) == item.path.read_bytes()
    assert len(place.files()) == 1


@pytest.mark.parametrize("place", ["s3", "content-range", "tus", "webdav-range", "folder"], indirect=True)
def test_an_upload_goes_on_where_it_was_cut_off(place: Place, item: Item) -> None:
    if place.store is not None:
        place.store.cut_after = BYTES // 2
        with pytest.raises(SinkDown):
            place.sink.put(item, quiet, place.notes)
        before = place.store.received
        place.sink.put(item, quiet, place.notes)
        assert place.store.received - before <= BYTES - BYTES // 2
        return

    def dies(done: int, of: int) -> None:
        if done >= of // 2:
            raise Killed

    with pytest.raises(Killed):
        place.sink.put(item, dies, place.notes)
    if place.client is not None:
        (upload,) = place.client.list_multipart_uploads(Bucket=place.sink.bucket)["Uploads"]  # type: ignore[attr-defined]
        parts = place.client.list_parts(
            Bucket=place.sink.bucket,
            Key=upload["Key"],
            UploadId=upload["UploadId"],  # type: ignore[attr-defined]
        )["Parts"]
        assert len(parts) == 2  # the first two of three
    place.sink.put(item, quiet, place.notes)
    assert place.read(item.name) == item.path.read_bytes()


def test_half_an_upload_is_taken_away_too(place: Place, item: Item) -> None:
    def dies(done: int, of: int) -> None:
        if done > of // 2:
            raise Killed

    with pytest.raises(Killed):
        place.sink.put(item, dies, place.notes)
    place.sink.remove(item.name, place.notes.text)
    assert [name for name in place.files() if not name.endswith(".half")] == []


@pytest.mark.parametrize("place", ["http", "tus", "webdav"], indirect=True)
def test_a_store_that_keeps_something_else_is_found_out(place: Place, item: Item) -> None:
    assert place.store is not None
    place.store.spoil = True
    with pytest.raises(IntegrityError, match="does not give back"):
        place.sink.put(item, quiet, place.notes)


@pytest.mark.parametrize("place", ["http", "tus", "webdav"], indirect=True)
def test_a_store_that_is_down_is_tried_later_and_one_that_refuses_is_not(place: Place, item: Item) -> None:
    assert place.store is not None
    for status in (429, 500, 503, 507):
        place.store.refuse = status
        with pytest.raises(SinkDown, match=str(status)):
            place.sink.put(item, quiet, place.notes)
    for status in (400, 401, 403, 413):
        place.store.refuse = status
        with pytest.raises(InputError, match=str(status)):
            place.sink.put(item, quiet, place.notes)
    place.store.stop()
    for call in (
        lambda: place.sink.put(item, quiet, place.notes),
        lambda: place.sink.remove(item.name, f"{place.store.url}/films/u1"),
        lambda: place.sink.holds(item.name, f"{place.store.url}/films/u1"),
    ):
        with pytest.raises(SinkDown, match="cannot be reached"):
            call()


def test_a_folder_that_is_not_mounted_is_down_not_empty(tmp_path: Path, item: Item) -> None:
    sink = FolderSink(tmp_path / "nowhere")
    with pytest.raises(SinkDown, match="mount it"):
        sink.put(item, quiet, Notes())
    with pytest.raises(SinkDown):
        sink.holds(item.name, "")
    assert not (tmp_path / "nowhere").exists()


def test_cache_headers_and_media_types_go_along(place: Place, item: Item) -> None:
    place.sink.put(item, quiet, place.notes)
    if place.client is not None:
        head = place.client.head_object(Bucket=place.sink.bucket, Key=f"films/{item.name}")  # type: ignore[attr-defined]
        assert (head["CacheControl"], head["ContentType"]) == (item.cache, item.media_type)
    elif place.store is not None and not isinstance(place.sink, TusSink):
        (headers,) = [one for name, one in place.store.headers.items() if name.startswith("films/")][:1]
        assert (headers["cache-control"], headers["content-type"]) == (item.cache, item.media_type)


def test_a_versioned_bucket_keeps_no_older_version(moto: str, item: Item) -> None:
    session = boto3.Session(aws_access_key_id="studio", aws_secret_access_key="secret", region_name="us-east-1")
    client = session.client("s3", endpoint_url=moto)
    client.create_bucket(Bucket="versioned")
    client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket="versioned", Key=item.name, Body=b"older")
    sink = S3Sink(client, "versioned", "")
    sink.put(item, quiet, Notes())
    sink.remove(item.name, "")
    left = client.list_object_versions(Bucket="versioned")
    client.close()
    assert "Versions" not in left and "DeleteMarkers" not in left


def test_a_bucket_that_is_not_there_or_out_of_reach_is_told(moto: str, item: Item) -> None:
    session = boto3.Session(aws_access_key_id="studio", aws_secret_access_key="secret", region_name="us-east-1")
    for endpoint, error, words in ((moto, InputError, "refuses this"), ("http://127.0.0.1:9", SinkDown, "reached")):
        client = session.client("s3", endpoint_url=endpoint)
        with pytest.raises(error, match=words):
            S3Sink(client, "none-such", "").put(item, quiet, Notes())
        client.close()


def test_a_store_says_whether_it_speaks_tus(tmp_path: Path) -> None:
    for tus in (True, False):
        with store(tmp_path / str(tus), tus=tus) as running:
            assert speaks_tus(Client(), f"{running.url}/") is tus
