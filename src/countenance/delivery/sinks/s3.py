"""S3 and stores that speak like it: whole objects in parts that survive a killed process, each with its checksum."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from countenance.delivery.sinks import Item, Memory, Sent, SinkDown
from countenance.delivery.sinks.settings import SinkSettings
from countenance.errors import InputError, IntegrityError

PART_BYTES = 8 << 20
MOST_PARTS = 9000  # S3 takes 10,000
_CONNECT_S, _READ_S = 10, 120
_REFUSED = (
    "AccessDenied", "AllAccessDisabled", "EntityTooLarge", "ExpiredToken", "InvalidAccessKeyId", "InvalidBucketName",
    "InvalidToken", "NoSuchBucket", "PermanentRedirect", "SignatureDoesNotMatch", "403",
)  # fmt: skip
_ABSENT = ("404", "NoSuchKey", "NotFound", "NoSuchUpload")


@dataclass(frozen=True)
class S3Sink:
    """Objects of a bucket below a prefix."""

    client: Any
    bucket: str
    prefix: str
    public: str = ""
    part_bytes: int = PART_BYTES

    def put(self, item: Item, sent: Sent, _memory: Memory) -> str:
        key = self.prefix + item.name
        with self._trouble():
            if not self._lies(key, item):
                if item.bytes <= self.part_bytes:
                    self._put_whole(key, item)
                else:
                    self._put_parts(key, item, sent)
                if not self._lies(key, item):
                    raise IntegrityError(f"s3://{self.bucket}/{key} is not what was sent; look at the store.")
        sent(item.bytes, item.bytes)
        return self.address(item.name)

    def remove(self, name: str, _url: str) -> None:
        """With its older versions, where the bucket keeps such."""
        key = self.prefix + name
        with self._trouble():
            for upload in self._uploads(key):
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)
            self.client.delete_object(Bucket=self.bucket, Key=key)
            pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=key)
            for page in pages:
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    if one["Key"] == key:
                        self.client.delete_object(Bucket=self.bucket, Key=key, VersionId=one["VersionId"])

    def holds(self, name: str, _url: str) -> bool:
        with self._trouble():
            return self._head(self.prefix + name) is not None

    def address(self, name: str) -> str:
        return f"{self.public}{name}" if self.public else f"s3://{self.bucket}/{self.prefix}{name}"

    def _put_whole(self, key: str, item: Item) -> None:
        content = item.path.read_bytes()
        self.client.put_object(
            Bucket=self.bucket, Key=key, Body=content, ChecksumSHA256=_checksum(content), **_described(item)
        )  # fmt: skip

    def _put_parts(self, key: str, item: Item, sent: Sent) -> None:
        """Send what is not there yet of an upload that was begun, by this process or one that was killed."""
        size = max(self.part_bytes, -(-item.bytes // MOST_PARTS))
        upload, there = self._begun(key, item)
        parts = []
        with item.path.open("rb") as source:
            for number in range(1, -(-item.bytes // size) + 1):
                content = source.read(size)
                checksum = _checksum(content)
                before = there.get(number)
                if before is not None and before.get("ChecksumSHA256", checksum) == checksum and _same(before, content):
                    tag = before["ETag"]
                else:
                    tag = self.client.upload_part(
                        Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=content,
                        ChecksumSHA256=checksum,
                    )["ETag"]  # fmt: skip
                parts.append({"PartNumber": number, "ETag": tag, "ChecksumSHA256": checksum})
                sent(min(item.bytes, number * size), item.bytes)
        self.client.complete_multipart_upload(
            Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
        )

    def _begun(self, key: str, item: Item) -> tuple[str, dict[int, Any]]:
        """An upload of this key that was begun and is not complete, with its parts by number; else a new one."""
        for upload in self._uploads(key):
            pages = self.client.get_paginator("list_parts").paginate(Bucket=self.bucket, Key=key, UploadId=upload)
            return upload, {one["PartNumber"]: one for page in pages for one in page.get("Parts", ())}
        begun = self.client.create_multipart_upload(
            Bucket=self.bucket, Key=key, ChecksumAlgorithm="SHA256", **_described(item)
        )
        return str(begun["UploadId"]), {}

    def _uploads(self, key: str) -> list[str]:
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=key)
        return [one["UploadId"] for page in pages for one in page.get("Uploads", ()) if one["Key"] == key]

    def _lies(self, key: str, item: Item) -> bool:
        """Whether the object is this file, by its length, the hash it was sent with, and the store's own checksum."""
        head = self._head(key)
        if head is None or head["ContentLength"] != item.bytes or head["Metadata"].get("sha256") != item.sha256:
            return False
        if head.get("CacheControl") != item.cache or head.get("ContentType") != item.media_type:
            return False
        found = str(head.get("ChecksumSHA256", ""))
        if found:
            return found.partition("-")[0] == self._expected(item)
        return str(head["ETag"]).strip('"') == self._tag(item)

    def _expected(self, item: Item) -> str:
        """The checksum that S3 gives an object: of the file, or of the checksums of its parts."""
        if item.bytes <= self.part_bytes:
            return base64.b64encode(bytes.fromhex(item.sha256)).decode()
        parts = b"".join(hashlib.sha256(content).digest() for content in self._parts(item))
        return base64.b64encode(hashlib.sha256(parts).digest()).decode()

    def _tag(self, item: Item) -> str:
        """The entity tag of stores that have no other checksum: MD5, of the file or of its parts' MD5s."""
        parts = [hashlib.md5(content, usedforsecurity=False).digest() for content in self._parts(item)]
        if item.bytes <= self.part_bytes:
            return parts[0].hex() if parts else hashlib.md5(b"", usedforsecurity=False).hexdigest()
        return f"{hashlib.md5(b''.join(parts), usedforsecurity=False).hexdigest()}-{len(parts)}"

    def _parts(self, item: Item) -> Iterator[bytes]:
        size = max(self.part_bytes, -(-item.bytes // MOST_PARTS))
        with item.path.open("rb") as source:
            while content := source.read(size):
                yield content

    def _head(self, key: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return self.client.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") in _ABSENT:
                return None
            raise

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        try:
            yield
        except ClientError as exc:
            code = exc.response.get("Error", {}).get("Code", "")
            if code in _REFUSED:
                raise InputError(f"the bucket {self.bucket} refuses this ({code}); check its name and rights.") from exc
            raise SinkDown(f"the bucket {self.bucket} answers {code or exc}; it is tried again.") from exc
        except NoCredentialsError as exc:
            raise InputError(f"there are no credentials for the bucket {self.bucket}; set AWS_PROFILE.") from exc
        except BotoCoreError as exc:
            raise SinkDown(f"the bucket {self.bucket} cannot be reached ({exc}); it is tried again.") from exc


def open_s3(settings: SinkSettings) -> S3Sink:
    """The sink of these settings. Access comes from the usual AWS settings; InputError when boto3 is missing."""
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ModuleNotFoundError as exc:
        raise InputError("sinks on S3 need boto3; run `pip install 'countenance[s3]'`.") from exc
    bucket, _, prefix = settings.url.removeprefix("s3://").partition("/")
    config = Config(connect_timeout=_CONNECT_S, read_timeout=_READ_S, retries={"max_attempts": 2, "mode": "standard"})
    try:
        session = boto3.Session(profile_name=settings.profile or None, region_name=settings.region or None)
        client = session.client("s3", endpoint_url=settings.endpoint or None, config=config)
    except (BotoCoreError, ValueError) as exc:
        raise InputError(f"the sink {settings.name} cannot be used ({exc}); check its settings.") from exc
    public = f"{settings.public.rstrip('/')}/" if settings.public else ""
    return S3Sink(client, bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else "", public)


def _described(item: Item) -> dict[str, Any]:
    return {"ContentType": item.media_type, "CacheControl": item.cache, "Metadata": {"sha256": item.sha256}}


def _same(part: Any, content: bytes) -> bool:
    if part["Size"] != len(content):
        return False
    return (
        "ChecksumSHA256" in part or part["ETag"].strip('"') == hashlib.md5(content, usedforsecurity=False).hexdigest()
    )


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
