"""Where blobs lie: a folder of the project, or a bucket of S3 that many machines share; and copies of either.

`blobs = "s3://bucket/prefix"` in settings.toml names a bucket, `[s3]` its endpoint and region; without it blobs lie in
the project's folder. `blob_replicas` is a list of more places into which somebody else copies them. Both kinds of place
are the same here: whole objects, named by their SHA-256. The client's threads do not outlive a fork: processes that use
a bucket are spawned.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

from countenance.errors import CountenanceError, InputError, IntegrityError
from countenance.store.files import atomic_path
from countenance.store.project import Project

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

_NAME = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"([0-9a-f]{2})/([0-9a-f]{62})")
_PART_BYTES = 8 << 20
_PARTS_AT_ONCE = 2  # memory of an upload: so many parts
_CLIENT: ClientConfig = {"connect_timeout": "5s", "timeout": "120s"}
_RETRIES: RetryConfig = {
    "max_retries": 6,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=8), "base": 2},
}


class StorageError(CountenanceError, ConnectionError):
    """A place has no room or does not answer now. Jobs try again what fails with a ConnectionError."""


class AbsentError(InputError):
    """A place does not have the blob."""


@dataclass(frozen=True)
class Stored:
    """A blob as a place lists it."""

    sha256: str
    size: int
    at: datetime


@dataclass(frozen=True)
class BlobPlace:
    """One place; `folder` is None for a bucket. `name` is what people call it."""

    name: str
    store: LocalStore | S3Store
    folder: Path | None = None

    def put(self, sha256: str, source: Path) -> None:
        """Keep a file under its hash, whole or not at all; InputError when its content is another."""
        with _trouble(f"blob {sha256} could not be written to {self.name}"):
            if self.folder is not None:
                with atomic_path(self.folder / key_of_blob(sha256)) as part:
                    shutil.copyfile(source, part)
                    _require(sha256, part, source)
                    part.chmod(0o444)
                return
            _require(sha256, source, source)
            with source.open("rb") as stream:
                try:
                    obstore.put(
                        self.store, key_of_blob(sha256), stream, chunk_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE
                    )
                except FileNotFoundError as exc:
                    raise InputError(f"{self.name} is not there; make the bucket, or correct 'blobs'.") from exc

    def size(self, sha256: str) -> int | None:
        """The bytes of a blob, None where the place does not have it."""
        with _trouble(f"{self.name} cannot be asked for blob {sha256}"):
            try:
                return int(obstore.head(self.store, key_of_blob(sha256))["size"])
            except FileNotFoundError:
                return None

    def fetch(self, sha256: str, into: Path) -> None:
        """Write a blob to a new file. AbsentError when it is not there, IntegrityError when its content is another."""
        digest = hashlib.sha256()
        with _trouble(f"blob {sha256} could not be fetched from {self.name}"):
            try:
                answer = obstore.get(self.store, key_of_blob(sha256))
            except FileNotFoundError as exc:
                raise AbsentError(f"blob {sha256} is not kept in {self.name}; add the file again.") from exc
            with into.open("xb") as stream:
                for chunk in answer.stream(min_chunk_size=1 << 20):
                    digest.update(chunk)
                    stream.write(chunk)
        if digest.hexdigest() != sha256:
            into.unlink()
            raise IntegrityError(
                f"blob {sha256} in {self.name} no longer has its content; add the file again, or restore it from a "
                "backup."
            )

    def remove(self, names: Iterable[str]) -> None:
        """Remove blobs; those that are not there are no matter."""
        keys = [key_of_blob(sha256) for sha256 in names]
        with _trouble(f"blobs could not be removed from {self.name}"):
            if self.folder is not None:
                for key in keys:
                    (self.folder / key).unlink(missing_ok=True)
            elif keys:
                obstore.delete(self.store, keys)

    def trouble(self, what: str) -> AbstractContextManager[None]:
        """Say in one sentence what the place could not do: `StorageError`, or `InputError` without access."""
        return _trouble(what)

    def listing(self) -> Iterator[Stored]:
        """Every blob of the place, in no order. What else lies there is left out."""
        with _trouble(f"{self.name} cannot be listed"):
            for batch in obstore.list(self.store):
                for one in batch:
                    if found := _KEY.fullmatch(one["path"]):
                        yield Stored(found[1] + found[2], one["size"], one["last_modified"])


@contextmanager
def room_trouble(what: str) -> Iterator[None]:
    """Say in one sentence what a disk could not do."""
    try:
        yield
    except CountenanceError:
        raise
    except OSError as exc:
        full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
        way_out = "make room (`countenance storage gc` tells what could go)" if full else "check the disk"
        raise StorageError(f"{what} ({exc.strerror or exc}); {way_out}.") from exc


def key_of_blob(sha256: str) -> str:
    """Under which path a place keeps a blob; InputError for what is no name of one."""
    if not _NAME.fullmatch(sha256):
        raise InputError(f"{sha256!r} is no blob name; give 64 lower-case hex digits.")
    return f"{sha256[:2]}/{sha256[2:]}"


def blob_place(project: Project) -> BlobPlace:
    """Where the project's blobs lie. InputError for settings that cannot be understood."""
    named = storage_settings(project).get("blobs")
    return _place(project, str(named)) if named is not None else _folder(project.blobs)


def replica_places(project: Project) -> list[BlobPlace]:
    """The places of `blob_replicas`: what is erased is erased there as well."""
    named = storage_settings(project).get("blob_replicas", [])
    if not isinstance(named, list) or not all(isinstance(one, str) and one.strip() for one in named):
        raise InputError(f"'blob_replicas' in {project.settings_path} must be a list of folders or s3://bucket/prefix.")
    return [_place(project, one) for one in named]


def is_shared(project: Project) -> bool:
    """Whether blobs lie in a bucket, so that machines share work by blobs instead of by a common folder."""
    return "blobs" in storage_settings(project)


def storage_settings(project: Project) -> Mapping[str, Any]:
    """The content of settings.toml as it is now; InputError when it cannot be read."""
    try:
        found = project.settings_path.stat()
        return _settings(project.settings_path, (found.st_ino, found.st_mtime_ns, found.st_size))
    except (OSError, ValueError) as exc:
        raise InputError(f"{project.settings_path} cannot be understood ({exc}); repair it.") from exc


@lru_cache(maxsize=64)
def _settings(path: Path, _version: tuple[int, ...]) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@contextmanager
def _trouble(what: str) -> Iterator[None]:
    """Say in one sentence what a place could not do, whether a disk or a network is behind it."""
    with room_trouble(what):
        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError) as exc:
            raise InputError(f"{what}: access was refused; check the credentials and their rights.") from exc
        except BaseError as exc:
            raise StorageError(f"{what} ({_first_line(exc)}); try again when it answers.") from exc


def _place(project: Project, named: str) -> BlobPlace:
    if not named.startswith("s3://"):
        return _folder((project.root / named).resolve())
    wanted = storage_settings(project).get("s3", {})
    if not isinstance(wanted, dict) or not all(isinstance(one, str) for one in wanted.values()):
        raise InputError(f"[s3] in {project.settings_path} must hold texts such as endpoint and region; correct it.")
    endpoint = wanted.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return _bucket(named, endpoint, wanted.get("region"))


def _folder(folder: Path) -> BlobPlace:
    return BlobPlace(str(folder), _local(folder), folder)


@lru_cache(maxsize=16)
def _local(folder: Path) -> LocalStore:
    try:
        return LocalStore(folder, mkdir=True)
    except (BaseError, OSError) as exc:
        raise StorageError(f"{folder} cannot be used for blobs ({_first_line(exc)}); check the disk.") from exc


@lru_cache(maxsize=16)
def _bucket(named: str, endpoint: str | None, region: str | None) -> BlobPlace:
    bucket, _, prefix = named.removeprefix("s3://").partition("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise InputError(f"{named!r} is no place for blobs; write s3://bucket/prefix.")
    config: S3Config = {"checksum_algorithm": "SHA256"}
    if endpoint:
        config["endpoint"] = endpoint
    if region:
        config["region"] = region
    try:
        store = S3Store(
            bucket,
            prefix=prefix.strip("/") or None,
            config=config,
            credential_provider=_credentials(),
            client_options={**_CLIENT, "allow_http": bool(endpoint and endpoint.startswith("http://"))},
            retry_config=_RETRIES,
        )
    except BaseError as exc:
        raise InputError(f"{named} cannot be used for blobs ({_first_line(exc)}); check [s3].") from exc
    return BlobPlace(named, store)


def _credentials() -> Any:
    """None where the environment or the machine gives them; else boto3 reads the usual files, where it is installed."""
    files = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()
    if "AWS_ACCESS_KEY_ID" in os.environ or not files.is_file():
        return None
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ModuleNotFoundError as exc:
        raise InputError("credentials for S3 in files need boto3; run `pip install 'countenance[s3]'`.") from exc
    return Boto3CredentialProvider()


def _require(sha256: str, path: Path, source: Path) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise InputError(f"{source} changed while it was copied; try again when it is complete.")


def _first_line(problem: Exception) -> str:
    return next((line for line in str(problem).splitlines() if line.strip()), type(problem).__name__)
