"""Exports to S3 with Object Lock: nobody, not even the account's owner, can change or delete them before their time.

The bucket must have been made with Object Lock. Every object is put in COMPLIANCE mode with its own date; a second
`checkpoint` becomes a new version and leaves the one before it locked. Nothing about people may lie there, since
it could not be erased: ledger entries hold keyed commitments only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from countenance.errors import InputError, IntegrityError

MODE = "COMPLIANCE"


@dataclass(frozen=True)
class LockedBucket:
    """A shelf in a bucket, below a prefix; what is put there stays until `until`."""

    client: Any
    bucket: str
    prefix: str
    until: datetime

    def get(self, name: str) -> bytes | None:
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + name)
            with answer["Body"] as body:
                content: bytes = body.read()
        except self.client.exceptions.NoSuchKey:
            return None
        return content

    def names(self) -> set[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        return {one["Key"].removeprefix(self.prefix) for page in pages for one in page.get("Contents", ())}

    def put(self, name: str, content: bytes) -> None:
        """IntegrityError when the store took the object but not the lock."""
        key = self.prefix + name
        self.client.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=content,
            ChecksumAlgorithm="SHA256",
            ObjectLockMode=MODE,
            ObjectLockRetainUntilDate=self.until,
        )
        kept = self.client.head_object(Bucket=self.bucket, Key=key)
        if kept.get("ObjectLockMode") != MODE or kept["ObjectLockRetainUntilDate"] < self.until - timedelta(seconds=1):
            raise IntegrityError(f"s3://{self.bucket}/{key} was stored without its lock; use a store that keeps locks.")


def open_bucket(place: str, retain_days: int) -> LockedBucket:
    """The shelf at `s3://bucket/prefix`. Access comes from the usual AWS settings (AWS_ENDPOINT_URL for other stores).

    InputError when boto3 is missing, the bucket cannot be reached, or was made without Object Lock.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ModuleNotFoundError as exc:
        raise InputError("exports to S3 need boto3; run `pip install 'countenance[s3]'`.") from exc
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    if not place.startswith("s3://") or not bucket or retain_days < 1:
        raise InputError(f"{place!r} for {retain_days} days is no place to keep a ledger; write s3://bucket/prefix.")
    try:
        client = boto3.client("s3")
        client.head_bucket(Bucket=bucket)
        found = client.get_object_lock_configuration(Bucket=bucket)
    except ClientError as exc:
        if "ObjectLockConfigurationNotFound" in str(exc):
            raise InputError(f"the bucket {bucket} was made without Object Lock; make a new one with it.") from exc
        raise InputError(f"the bucket {bucket} cannot be used ({exc}); check its name and rights.") from exc
    except (BotoCoreError, ValueError) as exc:
        raise InputError(f"the bucket {bucket} cannot be reached ({exc}); check the AWS settings.") from exc
    if found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
        raise InputError(f"the bucket {bucket} was made without Object Lock; make a new one with it.")
    until = (datetime.now(UTC) + timedelta(days=retain_days)).replace(microsecond=0)
    return LockedBucket(client, bucket, f"{prefix.rstrip('/')}/" if prefix else "", until)
