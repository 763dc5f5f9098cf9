"""The IPTC digital source type in a file's XMP packet, where search engines and platforms look for it.

Written before the file is sealed, without touching a pixel or a sample: a segment of a JPEG, a chunk of a
PNG, a box of an MP4 (XMP specification, part 3). The property is `Iptc4xmpExt:DigitalSourceType` of the
IPTC photo metadata standard; the older IPTC-IIM records have no such field.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from countenance.errors import InputError
from countenance.provenance.container import BrokenContainer, Content, boxes, kind_of, mapped
from countenance.provenance.disclosure import IPTC_TERMS, MASTER_SOURCE_TYPES
from countenance.store.files import atomic_path

_JPEG_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_HEAD = b"XML:com.adobe.xmp\0\0\0\0\0"  # keyword, not compressed, no language, no translation
_MP4_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_BMFF = ("video/mp4", "audio/mp4", "video/quicktime")
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


def write_source_type(source: Path, target: Path, term: str) -> None:
    """Copy a JPEG, PNG or MP4 with its digital source type, an IPTC term such as "trainedAlgorithmicMedia".

    InputError for another kind of file, one that is damaged, one that has an XMP packet already, or a term that
    is none of IPTC's.
    """
    if term not in MASTER_SOURCE_TYPES:
        raise InputError(f"{term!r} is no digital source type of IPTC; use one of {', '.join(MASTER_SOURCE_TYPES)}.")
    kind = kind_of(source)
    try:
        if read_packet(source) is not None:
            raise InputError(f"{source} has an XMP packet already; remove it, so that the two cannot contradict.")
        with mapped(source) as content:
            at, part = _part(content, kind, _packet(term))
            with atomic_path(target) as temporary, temporary.open("wb") as stream:
                stream.write(content[:at])
                stream.write(part)
                stream.write(content[at:])
    except (BrokenContainer, struct.error, ValueError) as exc:
        raise InputError(f"{source} is damaged or of a kind that no source type is written into ({exc}).") from exc
    except OSError as exc:
        raise InputError(f"{target} cannot be written ({exc.strerror or exc}).") from exc


def read_source_type(path: Path) -> str | None:
    """The IPTC term that a JPEG, PNG or MP4 declares of itself; None when it declares none."""
    packet = read_packet(path)
    if packet is None or b"<!" in packet:  # XMP has no document type, and what declares one may blow up
        return None
    try:
        root = ElementTree.fromstring(packet)
    except ElementTree.ParseError:
        return None
    name = f"{{{_EXTENSION}}}DigitalSourceType"
    for node in root.iter(f"{{{_RDF}}}Description"):
        child = node.find(name)
        told = node.get(name) or (None if child is None else child.get(f"{{{_RDF}}}resource") or child.text)
        if told:
            return told.strip().removeprefix(IPTC_TERMS)
    return None


def read_packet(path: Path) -> bytes | None:
    """A file's XMP packet; None when it has none, or is of a kind that is not looked into."""
    kind = kind_of(path)
    if kind not in ("image/jpeg", "image/png", *_BMFF):
        return None
    try:
        with mapped(path) as content:
            return _find(content, kind)
    except (BrokenContainer, struct.error, IndexError):
        return None


def _packet(term: str) -> bytes:
    about = f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{_EXTENSION}" Iptc4xmpExt:DigitalSourceType='
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
        f"{about}{quoteattr(IPTC_TERMS + term)}/></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    ).encode()


def _part(content: Content, kind: str | None, packet: bytes) -> tuple[int, bytes]:
    """Where the packet goes, and what is written there."""
    if kind == "image/jpeg":
        return _after_jfif(content), b"\xff\xe1" + struct.pack(">H", 2 + len(_JPEG_HEAD + packet)) + _JPEG_HEAD + packet
    if kind == "image/png":
        body = b"iTXt" + _PNG_HEAD + packet
        return 33, struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))  # behind the header
    if kind in _BMFF:
        last = [end for *_rest, end in boxes(content)][-1]  # at the end, so that no offset of a sample changes
        return last, struct.pack(">I4s", 24 + len(packet), b"uuid") + _MP4_BOX + packet
    raise ValueError("it is no JPEG, PNG or MP4")


def _after_jfif(content: Content) -> int:
    """Behind the JFIF or Exif segments, which have to come first."""
    at = 2
    while content[at] == 0xFF and content[at + 1] in (0xE0, 0xE1):
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]
    return at


def _find(content: Content, kind: str) -> bytes | None:
    if kind == "image/jpeg":
        return _find_in_jpeg(content)
    if kind == "image/png":
        return _find_in_png(content)
    for name, _start, body, end in boxes(content):
        if name == b"uuid" and content[body : body + 16] == _MP4_BOX:
            return content[body + 16 : end]
    return None


def _find_in_jpeg(content: Content) -> bytes | None:
    at = 2
    while content[at] == 0xFF and content[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", content, at + 2)
        segment = content[at + 4 : at + 2 + length]
        if content[at + 1] == 0xE1 and segment.startswith(_JPEG_HEAD):
            return segment[len(_JPEG_HEAD) :]
        at += 2 + length
    return None


def _find_in_png(content: Content) -> bytes | None:
    at = 8
    while at < len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        if name == b"iTXt" and content[at + 8 : at + 8 + len(_PNG_HEAD)] == _PNG_HEAD:
            return content[at + 8 + len(_PNG_HEAD) : at + 8 + length]
        at += 12 + length
    return None
