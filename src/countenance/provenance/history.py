"""The signed history of a file (C2PA): sealing a release, and reading what any file says of itself."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import c2pa
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from countenance import __version__
from countenance.errors import InputError, IntegrityError
from countenance.provenance.authority import Authority, ensure_authority
from countenance.provenance.disclosure import ReleaseRecord
from countenance.provenance.manifest import RELEASE_LABEL, c2pa_assertions, manifest_contradictions
from countenance.store.files import atomic_path
from countenance.store.project import Project

NO_HISTORY, INVALID, VALID, TRUSTED = "none", "Invalid", "Valid", "Trusted"

MEDIA_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".avi": "video/avi",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".flac": "audio/flac",
}  # fmt: skip

# "label" is what the `c2pa.opened` action refers to; file names may tell names of people.
MASTER = {"title": "master", "relationship": "parentOf", "label": "master"}

# Key usages of signers that the C2PA trust lists name. With anchors but without this list, only
# e-mail protection would pass, and files of other signers would read as Invalid instead of Valid.
_KEY_USAGES = (
    "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n1.3.6.1.5.5.7.3.8\n1.3.6.1.5.5.7.3.9\n"
    "1.3.6.1.4.1.311.76.59.1.9\n1.3.6.1.4.1.62558.2.1\n"
)


@dataclass(frozen=True)
class History:
    """What a file's manifest says and whether that can be believed.

    `state`: "none" (no manifest), "Invalid" (broken or changed), "Valid" (whole, signer unknown) or
    "Trusted" (whole, signed under one of the anchors). `manifest` is the active one as the reader
    gives it; the ids are read from it and prove something only when the state is "Trusted".
    """

    state: str
    manifest_id: str | None
    release_id: str | None
    receipt_sha256: str | None
    mark_id: str | None
    problems: tuple[str, ...]
    manifest: Mapping[str, Any]


def seal(project: Project, source: Path, target: Path, record: ReleaseRecord, master: Path | None) -> str:
    """Write `source` with the signed history of a release to `target`; returns the manifest's id.

    `master` is the file that the release was made from, None when it is wholly synthetic. Signing
    comes last: any later change of the file's bytes breaks the seal. The sealed file is read back and
    must be trusted and say what the record says, else IntegrityError and no file.
    """
    media_type = _media_type(source)
    if (master is None) != (record.master_source_type is None):
        raise InputError("a release record and its seal must agree on whether there was a master.")
    authority = ensure_authority(project)
    definition = {
        "claim_generator_info": [{"name": "Countenance", "version": __version__}],
        "title": f"release {record.release_id}",
        "assertions": c2pa_assertions(record),
    }
    with atomic_path(target) as temporary:
        _sign(authority, definition, media_type, source, temporary, master)
        history = read_history(temporary, authority.anchor_pem)
        problems = history.problems + manifest_contradictions(record, history.manifest)
        if history.state != TRUSTED or history.manifest_id is None or problems:
            raise IntegrityError(f"the seal of {source} does not check out ({'; '.join(problems)}).")
    return history.manifest_id


def read_history(path: Path, anchors_pem: str) -> History:
    """Read and check a file's manifest against the given root certificates; nothing is fetched.

    C2PA's hash covers all media and all it says of itself, but by its rules not every byte of a file:
    an MP4's `ftyp`, `free` and `skip` boxes and the zero padding behind the signature are left out.
    Whoever holds the release record compares the whole file's SHA-256 as well. InputError when the
    file cannot be read.
    """
    try:
        with path.open("rb") as stream, _context(anchors_pem) as context:
            reader = c2pa.Reader.try_create(MEDIA_TYPES.get(path.suffix.lower()), stream, context=context)
            if reader is None:
                return _without_manifest(NO_HISTORY)
            with reader:
                return _history(reader)
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); check the path.") from exc
    except c2pa.C2paError.NotSupported:
        return _without_manifest(NO_HISTORY)
    except c2pa.C2paError as exc:
        return _without_manifest(INVALID, str(exc))


def _context(anchors_pem: str) -> Any:
    # An empty list of anchors is an error to the library; without any, whole files read as Valid.
    trust = {"trust_anchors": anchors_pem, "trust_config": _KEY_USAGES} if anchors_pem.strip() else {}
    return c2pa.Context.from_dict(
        {
            "trust": trust,
            "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
            "builder": {
                "thumbnail": {"enabled": False},
                "actions": {"auto_placed_action": {"enabled": False}},
            },
        }
    )


def _media_type(path: Path) -> str:
    if path.suffix.lower() not in MEDIA_TYPES:
        raise InputError(f"{path} cannot carry a signed history; use one of {', '.join(MEDIA_TYPES)}.")
    return MEDIA_TYPES[path.suffix.lower()]


def _any_media_type(path: Path) -> str:
    """For a master, of which the manifest only tells that it was: any container will do."""
    known = MEDIA_TYPES.get(path.suffix.lower())
    return known or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _sign(
    authority: Authority,
    definition: dict[str, Any],
    media_type: str,
    source: Path,
    target: Path,
    master: Path | None,
) -> None:
    def sign(data: bytes) -> bytes:
        return authority.key.sign(data, ec.ECDSA(hashes.SHA256()))

    try:
        with (
            _context(authority.anchor_pem) as context,
            c2pa.Signer.from_callback(sign, c2pa.C2paSigningAlg.ES256, authority.chain_pem) as signer,
            c2pa.Builder(definition, context) as builder,
        ):
            if master is not None:
                with master.open("rb") as stream:
                    builder.add_ingredient(MASTER, _any_media_type(master), stream)
            # The signer reads back what it wrote to hash it, so the target must be readable too.
            with source.open("rb") as unsigned, target.open("w+b") as signed:
                builder.sign(signer, media_type, unsigned, signed)
    except OSError as exc:
        raise InputError(f"{exc.filename} cannot be read or written ({exc.strerror}).") from exc
    except c2pa.C2paError as exc:
        raise IntegrityError(f"{source} could not be signed ({exc}); check that the file is whole.") from exc


def _without_manifest(state: str, *problems: str) -> History:
    return History(state, None, None, None, None, problems, {})


def _history(reader: Any) -> History:
    store = json.loads(reader.json())
    manifest_id = store.get("active_manifest")
    manifest = store.get("manifests", {}).get(manifest_id, {})
    data = {one["label"]: one.get("data", {}) for one in manifest.get("assertions", ())}
    release = data.get(RELEASE_LABEL, {})
    blocks = data.get("c2pa.soft-binding", {}).get("blocks", [])
    return History(
        state=str(reader.get_validation_state()),
        manifest_id=manifest_id,
        release_id=release.get("release"),
        receipt_sha256=release.get("receipt_sha256"),
        mark_id=blocks[0].get("value") if blocks else None,
        problems=tuple(_failures(reader.get_validation_results() or {})),
        manifest=manifest,
    )


def _failures(results: Mapping[str, Any]) -> Iterator[str]:
    for failure in results.get("activeManifest", {}).get("failure", ()):
        yield f"{failure.get('code')}: {failure.get('explanation', 'no explanation')}"
