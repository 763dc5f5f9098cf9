"""The C2PA manifest store of a sealed file, as bytes: what a resolver gives to those whose copy has lost it."""

from __future__ import annotations

from pathlib import Path

from countenance.errors import IntegrityError
from countenance.provenance.container import BrokenContainer, embedded, kind_of, mapped

_JUMBF_HEAD_BYTES = 8


def manifest_store(path: Path) -> bytes:
    """The store (JUMBF, media type application/c2pa) of a sealed file; IntegrityError when it has none."""
    kind = kind_of(path)
    try:
        if kind is None:
            raise BrokenContainer("it is of no kind that carries a history")
        with mapped(path) as content:
            store = embedded(content, kind).store
    except (BrokenContainer, ValueError) as exc:
        raise IntegrityError(f"{path} has no manifest store ({exc}); restore the sealed file from a backup.") from exc
    return store[: int.from_bytes(store[:4], "big")]  # without the room that a signer may leave behind it


def active_manifest(store: bytes) -> bytes:
    """The last manifest (a JUMBF box) of a store: the active one."""
    at, last = _JUMBF_HEAD_BYTES, b""
    while at + _JUMBF_HEAD_BYTES <= len(store):
        size = int.from_bytes(store[at : at + 4], "big")
        if size < _JUMBF_HEAD_BYTES:
            break
        if store[at + 4 : at + 8] == b"jumb":
            last = store[at : at + size]
        at += size
    if not last:
        raise IntegrityError("the manifest store holds no manifest; restore the sealed file from a backup.")
    return last
