"""A small campaign with people of unmistakable names, and a search for what is left of one of them anywhere."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import io
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import yaml
import zstandard
from campaigns import write_campaign
from clips import EXAMPLES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from countenance.store.project import Project

PRESENTER, GUEST = "quillfeather", "zauberstern"  # stand for ada and ben
_NONCE = 12
_SEALED_AT_MOST = 4 << 20
_PORTRAIT_AT_LEAST = 30_000  # bytes; the references have three times as many
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


def named_campaign(folder: Path, master: Path, **changes: object) -> Path:
    """The small campaign, in which the two people have names that occur nowhere by chance."""
    brief = write_campaign(folder, master, **changes)  # type: ignore[arg-type]
    content = yaml.safe_load(brief.read_text(encoding="utf-8"))
    (folder / "refs").mkdir(exist_ok=True)
    for old, new in (("ada", PRESENTER), ("ben", GUEST)):
        if old not in content["talents"]:
            continue
        grant = yaml.safe_load((folder / f"{old}.grant.yaml").read_text(encoding="utf-8"))
        (folder / f"{old}.grant.yaml").unlink()
        (folder / f"{new}.grant.yaml").write_text(yaml.safe_dump({**grant, "talent": new}), encoding="utf-8")
        for path in sorted((EXAMPLES / old / "refs").glob("[123]_*.jpg")):
            shutil.copyfile(path, folder / "refs" / f"{new}-{path.name}")
        content["talents"].pop(old)
        content["talents"][new] = {"references": [f"refs/{new}-*.jpg"], "grant": f"{new}.grant.yaml"}
        for face in content["faces"].values():
            face["talent"] = new if face["talent"] == old else face["talent"]
        content["variants"]["face"] = [new if one == old else one for one in content["variants"]["face"]]
    brief.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return brief


@dataclass
class Traces:
    """What would betray a person: words, stretches of bytes, and hashes of whole files."""

    words: set[str] = field(default_factory=set)
    stretches: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # sha256 -> what it is
    pixels: dict[str, str] = field(default_factory=dict)  # the same, of a picture's pixels, however it is coded

    def add_file(self, path: Path, what: str, *, released: bool = False) -> None:
        """`released`: its hash stays on record, so that a copy that is found outside is known as withdrawn."""
        content = path.read_bytes()
        self.files[hashlib.sha256(content).hexdigest()] = what
        if (pixels := _pixels(content)) is not None:
            self.pixels[pixels] = what
        if not released:
            self.words.add(hashlib.sha256(content).hexdigest())
        if len(content) > 4096:  # a stretch from the middle, where headers are over
            self.stretches[f"{what} (part)"] = content[len(content) // 2 :][:64]

    def add_numbers(self, what: str, numbers: np.ndarray) -> None:
        """Floats as they lie in memory, in single and double precision, row by row."""
        for row, values in enumerate(np.atleast_2d(numbers)):
            for kind in (np.float32, np.float64):
                self.stretches[f"{what}, row {row} as {np.dtype(kind)}"] = values.astype(kind).tobytes()[:64]

    def in_bytes(self, content: bytes) -> Iterator[str]:
        lowered = content.lower()
        for word in self.words:
            if word.lower().encode() in lowered or word.encode("utf-16-le") in content:
                yield f"the word {word}"
        for what, stretch in self.stretches.items():
            if stretch in content:
                yield what
        if (what := self.files.get(hashlib.sha256(content).hexdigest())) is not None:
            yield f"{what} (whole)"
        if (what := self.pixels.get(_pixels(content) or "")) is not None:
            yield f"{what} (pixels)"


def remainders(folders: Iterable[Path], traces: Traces, keys: Iterable[bytes] = ()) -> list[str]:
    """Every trace in any file's path or content: as it is, unpacked, decoded, or opened with any of the keys."""
    keys = list(keys)
    found: list[str] = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if any(word in str(path.relative_to(folder)).lower() for word in traces.words):
                found.append(f"{path}: the path")
            if path.is_file():
                for content in _readings(path.read_bytes(), keys):
                    found += [f"{path}: {what}" for what in traces.in_bytes(content)]
                found += [f"{path}: {what}" for what in _in_tables(path, traces, keys)]
    return sorted(set(found))


def commitments_that_open(project: Project, values: Iterable[str], keys: Iterable[bytes], text: str) -> list[str]:
    """The values whose keyed hash, under any of the keys, stands in a text, whole or shortened."""
    keys = list(keys)
    return [
        value
        for value in values
        if any(hmac.new(key, value.encode(), "sha256").hexdigest()[:16] in text for key in keys)
        or hashlib.sha256(value.encode()).hexdigest()[:16] in text
    ]


def keys_left(project: Project) -> list[bytes]:
    """Every symmetric key that the project still has."""
    return [path.read_bytes() for path in sorted(project.keys.glob("*.key")) if path.stat().st_size == 32]


def _pixels(content: bytes) -> str | None:
    """The hash of a picture's pixels; None for what is no JPEG or PNG."""
    if not content.startswith((b"\xff\xd8\xff", b"\x89PNG")) or len(content) < _PORTRAIT_AT_LEAST:
        return None
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return None if picture is None else hashlib.sha256(picture.tobytes()).hexdigest()


def _readings(content: bytes, keys: list[bytes]) -> Iterator[bytes]:
    yield content
    yield from _unpacked(content)
    for opened in _opened(content, keys):
        yield opened
        yield from _unpacked(opened)


def _unpacked(content: bytes) -> Iterator[bytes]:
    """What compressed or coded parts hold: zip members, zstandard and zlib streams anywhere, Base64 words."""
    if content[:2] == b"PK":
        # Noise begins like an archive once in 65,536 readings: what cannot be opened as one is none.
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode() + b"\0" + archive.read(name)
    for match in re.finditer(re.escape(_ZSTANDARD), content):
        try:
            yield zstandard.ZstdDecompressor().decompressobj().decompress(content[match.start() :])
        except zstandard.ZstdError:
            continue
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content):
        try:
            yield zlib.decompressobj().decompress(content[match.start() :], 1 << 24)
        except zlib.error:
            continue
    for match in re.finditer(rb"[A-Za-z0-9+/]{40,}={0,2}", content):
        word = match[0]
        try:
            yield base64.b64decode(word[: len(word) // 4 * 4])
        except binascii.Error:
            continue


def _opened(content: bytes, keys: list[bytes]) -> Iterator[bytes]:
    """What any key opens, wherever the sealed part may begin (after a head of 0 or 36 bytes).

    The counter mode below GCM needs no label and no valid tag: whoever has a key could read that way.
    """
    if len(content) > _SEALED_AT_MOST or content[:15] == b"SQLite format 3" or content[4:8] == b"ftyp":
        return
    for key in keys:
        for start in (0, 36):
            sealed = content[start:]
            counter = sealed[:_NONCE] + (2).to_bytes(4, "big")
            if len(counter) == 16:
                reader = Cipher(algorithms.AES(key), modes.CTR(counter)).decryptor()
                begin = reader.update(sealed[_NONCE:][:4096])
                # With a key that is not its own everything reads as noise, which no packer can shorten.
                if begin.startswith(b"PK") or len(zlib.compress(begin, 1)) < len(begin):
                    yield begin + reader.update(sealed[_NONCE + 4096 :])


def _in_tables(path: Path, traces: Traces, keys: list[bytes]) -> Iterator[str]:
    if path.read_bytes()[:15] != b"SQLite format 3":
        return
    connection = sqlite3.connect(path)
    try:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                for cell in row:
                    content = cell.encode() if isinstance(cell, str) else cell if isinstance(cell, bytes) else b""
                    for reading in _readings(content, keys):
                        yield from (f"table {table}: {what}" for what in traces.in_bytes(reading))
    finally:
        connection.close()
