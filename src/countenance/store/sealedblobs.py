"""Blobs that show people, encrypted so that they are gone when any one of these people is erased.

Each person has a key of their own in the database, sealed with the project's storage key (`keys/storage.key`, which
every machine of a project needs, as it needs `keys/subjects.key`). A blob's key is drawn (HKDF-SHA256, RFC 5869) from
the keys of all whom it shows together and a salt of its own: with one of them destroyed nobody can open it any more,
whatever copies of it there are.

Content is sealed piece by piece with AES-256-GCM, after the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár
2015): the nonce counts the pieces and marks the last, so that none can be changed, swapped, dropped or cut off.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, insert, select

from countenance.errors import IntegrityError, RightsError
from countenance.store.database import reading, writing
from countenance.store.project import Project
from countenance.store.secrets import SYMMETRIC_BYTES, decrypt, encrypt, load_or_create_symmetric
from countenance.store.subjects import subject_tag
from countenance.store.tables import subject_key

_MAGIC = b"CNTB1\n"
_SALT_BYTES, _TAG_BYTES = 16, 16
_PIECE_BYTES = 1 << 20
STORAGE_KEY = "storage"
_PROJECT = "project"  # in the place of a tag: proves that a machine has the project's keys and not some of its own
_INFO = b"countenance sealed blob v1"


def seal_file(keys: Sequence[bytes], source: Path, into: Path, bound_to: str) -> None:
    """Encrypt a file with the keys of all whom it shows, into a new file. It opens only as what it is bound to."""
    salt = secrets.token_bytes(_SALT_BYTES)
    cipher = _cipher(keys, salt)
    with source.open("rb") as plain, into.open("xb") as sealed:
        sealed.write(_MAGIC + salt)
        for number, (piece, last) in enumerate(_pieces(plain, _PIECE_BYTES)):
            sealed.write(cipher.encrypt(_nonce(number, last), piece, bound_to.encode()))


def open_file(keys: Sequence[bytes], sealed: Path, into: Path, bound_to: str) -> None:
    """Decrypt into a new file; IntegrityError when the key, the content or what it is bound to is another."""
    try:
        with sealed.open("rb") as stream, into.open("xb") as plain:
            head = stream.read(len(_MAGIC) + _SALT_BYTES)
            if len(head) != len(_MAGIC) + _SALT_BYTES or not head.startswith(_MAGIC):
                raise InvalidTag
            cipher = _cipher(keys, head[len(_MAGIC) :])
            for number, (piece, last) in enumerate(_pieces(stream, _PIECE_BYTES + _TAG_BYTES)):
                plain.write(cipher.decrypt(_nonce(number, last), piece, bound_to.encode()))
    except InvalidTag as exc:
        into.unlink()
        raise IntegrityError(f"{bound_to} does not open with its people's keys; make it again.") from exc


def subject_keys(project: Project, tags: Sequence[str], *, make: bool = False) -> list[bytes]:
    """The keys of people, by their tags, in order; with `make` those that have none yet get one.

    RightsError when somebody's key is destroyed, IntegrityError when this machine has not the project's keys.
    """
    wanted = sorted(set(tags))
    storage = load_or_create_symmetric(project, STORAGE_KEY)
    with reading(project) as connection:
        found = _kept(connection, [_PROJECT, *wanted])
    if make and len(found) <= len(wanted):
        with writing(project) as connection:
            found = _kept(connection, [_PROJECT, *wanted])
            for tag in [_PROJECT, *wanted]:
                if tag not in found:
                    content = _proof(project) if tag == _PROJECT else secrets.token_bytes(SYMMETRIC_BYTES)
                    sealed = base64.b64encode(encrypt(storage, content, _bound(tag))).decode()
                    connection.execute(insert(subject_key).values(subject=tag, sealed=sealed))
                    found[tag] = sealed
    _require_own_keys(project, storage, found.get(_PROJECT))
    if not all(tag in found for tag in wanted):
        raise RightsError("the key of a person is destroyed: nothing of theirs can be opened any more.")
    return [_opened(project, storage, tag, found[tag]) for tag in wanted]


def _kept(connection: Connection, tags: Sequence[str]) -> dict[str, str]:
    rows = connection.execute(select(subject_key).where(subject_key.c.subject.in_(tags)))
    return {row.subject: row.sealed for row in rows}


def _require_own_keys(project: Project, storage: bytes, kept: str | None) -> None:
    if kept is not None and not hmac.compare_digest(_opened(project, storage, _PROJECT, kept), _proof(project)):
        raise _foreign(project)


def _opened(project: Project, storage: bytes, tag: str, sealed: str) -> bytes:
    try:
        return decrypt(storage, base64.b64decode(sealed), _bound(tag))
    except IntegrityError as exc:
        raise _foreign(project) from exc


def _foreign(project: Project) -> IntegrityError:
    return IntegrityError(
        f"the keys in {project.keys} are not those of this project's other machines; copy storage.key and subjects.key "
        "from the first of them."
    )


def _proof(project: Project) -> bytes:
    """What only a machine with the project's key for tags can know."""
    return subject_tag(project, "\0this project").encode()


def _bound(tag: str) -> bytes:
    return b"countenance subject key v1 " + tag.encode()


def _cipher(keys: Sequence[bytes], salt: bytes) -> AESGCM:
    drawn = HKDF(algorithm=SHA256(), length=SYMMETRIC_BYTES, salt=salt, info=_INFO)
    return AESGCM(drawn.derive(b"".join(keys)))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _pieces(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of a stream, each with whether it is the last; an empty stream is one empty piece."""
    piece = stream.read(size)
    while True:
        after = stream.read(size)
        yield piece, not after
        if not after:
            return
        piece = after
