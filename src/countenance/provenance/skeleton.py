"""The bytes of a manifest store that nothing signs, held to the one way in which they are written.

A claim's hashes cover what a manifest says, but not the frame that holds it: sizes and labels of the
outer boxes, reserved bits, the padding behind a signature. A reader of C2PA passes over them, so that
some of a sealed file's bytes could be changed unseen. They carry no information: from what is signed
they can be told bit by bit, and that is what is checked here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, tsp
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_HAS_LABEL, _HAS_SALT = 0x03, 0x10  # toggles of a description box: requestable and labelled; a private box follows
_PARTS = ((b"c2as", "c2pa.assertions"), (b"c2cl", "c2pa.claim.v2"), (b"c2cs", "c2pa.signature"))
_OTHERS = {*_PARTS, (b"c2cl", "c2pa.claim"), (b"c2vc", "c2pa.credentials"), (b"c2db", "c2pa.databoxes")}
_MANIFEST = b"c2ma"
_TAG_SIGN1 = 18  # COSE_Sign1 (RFC 9052)
_SIGNATURE_BYTES = 64  # ES256
_CURVE_BYTES = (32, 48, 66)  # P-256, P-384, P-521


class Odd(ValueError):
    """A store is framed in another way than it is ever written in."""


@dataclass(frozen=True)
class _Box:
    """A superbox: its label and type, the boxes in it, and the contents that are no superboxes."""

    label: str
    kind: bytes
    boxes: tuple[_Box, ...]
    contents: tuple[tuple[bytes, bytes], ...]


def require_plain(store: bytes, manifest_id: str) -> bool:
    """Raise Odd unless every byte of a store that nothing signs is as it has to be; True when it holds a time stamp.

    Whether the stamp can be trusted is for a reader of C2PA to say, who would pass over one that cannot.
    `manifest_id` is the active manifest, whose signature and contents have been checked before. What older
    manifests in the store hold is covered by the hashes of those that refer to them, up to their frame.
    """
    root = _one(store)
    if (root.label, root.kind) != ("c2pa", b"c2pa") or root.contents or not root.boxes:
        raise Odd("the store is not labelled as one")
    active = root.boxes[-1]
    if active.label != manifest_id:
        raise Odd("the active manifest is not the last one")
    for manifest in root.boxes:
        parts = tuple((box.kind, box.label) for box in manifest.boxes)
        if manifest is active:
            known = manifest.kind == _MANIFEST and parts == _PARTS
        else:  # that of a foreign master may be an update or compressed
            known = manifest.kind in (b"c2um", b"c2cm") or (manifest.kind == _MANIFEST and set(parts) <= _OTHERS)
        if (manifest.contents and manifest.kind != b"c2cm") or not known:
            raise Odd(f"manifest {manifest.label} is not made up as manifests are")
    claim, signature = active.boxes[1:]
    for box in (claim, signature):
        if box.boxes or [name for name, _body in box.contents] != [b"cbor"]:
            raise Odd(f"{box.label} holds more than one thing")
    return _require_plain_signature(signature.contents[0][1])


def _one(content: bytes) -> _Box:
    boxes = list(_split(content))
    if len(boxes) != 1 or boxes[0][0] != b"jumb":
        raise Odd("the store is not one box")
    return _box(boxes[0][1])


def _box(body: bytes) -> _Box:
    parts = list(_split(body))
    if not parts or parts[0][0] != b"jumd":
        raise Odd("a box has no description")
    label, kind = _description(parts[0][1])
    return _Box(
        label,
        kind,
        tuple(_box(inner) for name, inner in parts[1:] if name == b"jumb"),
        tuple((name, inner) for name, inner in parts[1:] if name != b"jumb"),
    )


def _description(body: bytes) -> tuple[str, bytes]:
    """Label and type of a superbox (ISO 19566-5, A.3)."""
    end = body.find(b"\0", 17)
    if end < 0:
        raise Odd("a box has no proper label")
    salt = body[end + 1 :]
    private = list(_split(salt))
    toggles = _HAS_LABEL | (_HAS_SALT if salt else 0)
    if body[16] != toggles or any(name != b"c2sh" for name, _value in private) or len(private) > 1:
        raise Odd("the description of a box has other bits set than those that are used")
    return body[17:end].decode("utf-8", "replace"), body[:4]


def _split(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        if at + 8 > len(content):
            raise Odd("a box ends within its head")
        size, name = struct.unpack_from(">I4s", content, at)
        if size < 8 or at + size > len(content):
            raise Odd("a box has an impossible size")
        yield name, content[at + 8 : at + size]
        at += size


def _require_plain_signature(body: bytes) -> bool:
    """COSE_Sign1 with only time stamps and zeros beside what is signed; True when there are stamps."""
    value, end = _cbor(body, 0)
    if end != len(body) or not isinstance(value, _Tagged) or value.tag != _TAG_SIGN1 or len(value.content) != 4:
        raise Odd("the signature is not one signature")
    _protected, loose, payload, signature = value.content
    if payload is not None or not isinstance(loose, dict) or len(signature) != _SIGNATURE_BYTES:
        raise Odd("the signature is not made up as signatures are")
    for name, entry in loose.items():
        if name in ("pad", "pad2"):
            if not isinstance(entry, bytes) or entry.strip(b"\0"):
                raise Odd("the padding behind the signature is not empty")
        elif name == "sigTst2":
            _require_plain_tokens(entry)
        else:
            raise Odd(f"the signature has something unknown beside it, {name!r}")
    return "sigTst2" in loose


def _require_plain_tokens(entry: Any) -> None:
    if not isinstance(entry, dict) or list(entry) != ["tstTokens"]:
        raise Odd("the time stamp is not kept as time stamps are")
    for token in entry["tstTokens"]:
        if not isinstance(token, dict) or list(token) != ["val"]:
            raise Odd("the time stamp is not kept as time stamps are")
        _require_plain_token(token["val"])


def _require_plain_token(der: bytes) -> None:
    """The parts of an RFC 3161 token that neither its signature nor its certificates' signatures cover."""
    try:
        outer = cms.ContentInfo.load(der, strict=True)
        signed = outer["content"]
        (signer,) = signed["signer_infos"]
        digest = signer["digest_algorithm"]["algorithm"].native
        plain = (
            outer["content_type"].native == "signed_data"
            and (signed["version"].native, signer["version"].native) == ("v3", "v1")
            and signed["encap_content_info"]["content_type"].native == "tst_info"
            and [one.dump() for one in signed["digest_algorithms"]] == [signer["digest_algorithm"].dump()]
            and not signer["unsigned_attrs"]
            and not signed["crls"]
            and isinstance(signed["encap_content_info"]["content"].parsed, tsp.TSTInfo)
            and _is_plain_signature(signer["signature_algorithm"], signer["signature"].native, digest)
            and all(
                _is_plain_signature(one.chosen["signature_algorithm"], one.chosen.signature)
                for one in signed["certificates"]
            )
        )
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise Odd("the time stamp cannot be taken apart") from exc
    if not plain:
        raise Odd("the time stamp holds more than a time stamp")


def _is_plain_signature(algorithm: Any, signature: bytes, digest: str = "") -> bool:
    """The algorithm goes with the digest, and the numbers of an ECDSA signature are of the size of a curve.

    Readers have been seen to take the first without looking at it, and to cut the second to size.
    """
    name = algorithm["algorithm"].native
    if name not in ("rsassa_pkcs1v15", "rsassa_pss", "ed25519") and not name.startswith(digest):
        return False
    if not name.endswith("ecdsa"):
        return True
    size = max((number.bit_length() + 7) // 8 for number in decode_dss_signature(signature))
    return any(curve - 3 <= size <= curve for curve in _CURVE_BYTES)  # smaller by chance once in 2^47


@dataclass(frozen=True)
class _Tagged:
    tag: int
    content: Any


def _cbor(data: bytes, at: int) -> tuple[Any, int]:
    """One value of CBOR (RFC 8949) in its shortest form, of the types that signatures are made of, and its end."""
    try:
        first = data[at]
        kind, count, at = first >> 5, first & 31, at + 1
        if kind == 7:
            if first != 0xF6:
                raise Odd("the signature holds a value of an unknown type")
            return None, at
        if count >= 24:
            width = {24: 1, 25: 2, 26: 4}.get(count)
            if width is None:
                raise Odd("the signature holds a value of an unknown size")
            count = int.from_bytes(data[at : at + width])
            if count < (24, 1 << 8, 1 << 16)[(1, 2, 4).index(width)]:
                raise Odd("the signature holds a size in another form than the shortest")
            at += width
    except IndexError as exc:
        raise Odd("the signature ends early") from exc
    if kind in (0, 1):
        return (count if kind == 0 else -1 - count), at
    if kind in (2, 3):
        if at + count > len(data):
            raise Odd("the signature ends early")
        value = data[at : at + count]
        return (value if kind == 2 else value.decode("utf-8", "replace")), at + count
    if kind == 6:
        inner, at = _cbor(data, at)
        return _Tagged(count, inner), at
    items = []
    for _ in range(count * (2 if kind == 5 else 1)):
        item, at = _cbor(data, at)
        items.append(item)
    if kind == 4:
        return items, at
    if len({repr(key) for key in items[::2]}) != count or any(isinstance(key, (list, dict)) for key in items[::2]):
        raise Odd("the signature names something twice")
    return dict(zip(items[::2], items[1::2], strict=True)), at
