"""The signed history of a file (C2PA): reading what it says of itself, and whether that can be believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import c2pa

from countenance.errors import InputError
from countenance.provenance.container import BrokenContainer, embedded, kind_of, mapped
from countenance.provenance.manifest import FILE_LABEL, MARK_ALGORITHM, bound_marks, file_facts, release_facts
from countenance.provenance.skeleton import Odd, require_plain

NO_HISTORY, INVALID, VALID, TRUSTED = "none", "Invalid", "Valid", "Trusted"
GENERATOR = "Countenance"

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
    gives it; the ids are read from it and prove something only when the state is "Trusted". `marks` are
    the ids of its soft bindings by algorithm, `mark_id` that of the picture; `stamped_at` is the time
    that a trusted time stamp proves, ISO 8601, None without one.
    """

    state: str
    manifest_id: str | None
    release_id: str | None
    receipt_sha256: str | None
    mark_id: str | None
    problems: tuple[str, ...]
    manifest: Mapping[str, Any]
    marks: Mapping[str, str] = field(default_factory=dict)
    stamped_at: str | None = None


def read_history(path: Path, anchors_pem: str) -> History:
    """Read and check a file's manifest against the given root certificates; nothing is fetched.

    C2PA's hashes leave out some bytes that carry no information: the frame of the manifest store, the padding
    behind its signature, some boxes of an MP4. In files that this product sealed they are checked as well, so
    that a trusted file is the sealed one bit by bit, save what stands in a foreign master's own manifests.
    InputError when the file cannot be read or is too large.
    """
    kind = kind_of(path)
    try:
        with path.open("rb") as stream, reading_context(anchors_pem) as context:
            reader = c2pa.Reader.try_create(kind, stream, context=context)
            if reader is None:
                return _without_manifest(NO_HISTORY)
            with reader:
                history = _history(reader)
        odd = _loose_bytes(path, kind, history) if kind and _is_own(history) else None
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); check the path.") from exc
    except c2pa.C2paError.NotSupported:
        return _without_manifest(NO_HISTORY)
    except c2pa.C2paError as exc:
        return _without_manifest(INVALID, str(exc))
    return replace(history, state=INVALID, problems=(odd,)) if odd else history


def reading_context(anchors_pem: str) -> Any:
    """The settings of the C2PA library for reading and signing without a network."""
    # An empty list of anchors is an error to the library; without any, whole files read as Valid.
    trust = {"trust_anchors": anchors_pem, "trust_config": _KEY_USAGES} if anchors_pem.strip() else {}
    return c2pa.Context.from_dict(
        {
            "trust": trust,
            # Who a person or brand named in a master's own history is (CAWG) is not judged: it would take lists of
            # identities to trust, and would make every file derived from that master untrusted.
            "core": {"decode_identity_assertions": False},
            "verify": {
                "verify_trust": True,
                "verify_after_sign": False,  # what was sealed is read back by `read_history`, which is stricter
                "remote_manifest_fetch": False,
                "ocsp_fetch": False,
            },
            "builder": {
                "thumbnail": {"enabled": False},
                "actions": {"auto_placed_action": {"enabled": False}},
            },
        }
    )


def _without_manifest(state: str, *problems: str) -> History:
    return History(state, None, None, None, None, problems, {})


def _history(reader: Any) -> History:
    store = json.loads(reader.json())
    manifest_id = store.get("active_manifest")
    manifest = store.get("manifests", {}).get(manifest_id, {})
    results = (reader.get_validation_results() or {}).get("activeManifest", {})
    release, marks = release_facts(manifest), bound_marks(manifest)
    stamped = any(one.get("code") == "timeStamp.trusted" for one in results.get("success", ()))
    return History(
        state=str(reader.get_validation_state()),
        manifest_id=manifest_id,
        release_id=_text(release.get("release")),
        receipt_sha256=_text(release.get("receipt_sha256")),
        mark_id=marks.get(MARK_ALGORITHM) or next(iter(marks.values()), None),
        problems=(*_failures(results), *_inherited(reader)),
        manifest=manifest,
        marks=marks,
        stamped_at=manifest.get("signature_info", {}).get("time") if stamped else None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _failures(results: Mapping[str, Any]) -> Iterator[str]:
    for failure in results.get("failure", ()):
        yield f"{failure.get('code')}: {failure.get('explanation', 'no explanation')}"


def _inherited(reader: Any) -> Iterator[str]:
    """What is wrong with the histories of the files that a file was made from, unless its maker said so."""
    for delta in (reader.get_validation_results() or {}).get("ingredientDeltas", ()):
        for problem in _failures(delta.get("validationDeltas", {})):
            yield f"in a file that it was made from, {problem}"


def _is_own(history: History) -> bool:
    """Sealed by this product, as far as the signature can be believed."""
    generators = history.manifest.get("claim_generator_info", ())
    return history.state == TRUSTED and any(one.get("name") == GENERATOR for one in generators)


def _loose_bytes(path: Path, kind: str, history: History) -> str | None:
    """What is wrong with the bytes that C2PA's hashes leave out; None when they are as they were written."""
    try:
        with mapped(path) as content:
            found = embedded(content, kind)
        stamped = require_plain(found.store, str(history.manifest_id))
    except (BrokenContainer, Odd) as exc:
        return f"bytes that the signature does not cover were changed: {exc}"
    wanted = file_facts(history.manifest).get("unhashed_sha256")
    if wanted is not None and hashlib.sha256(found.unhashed).hexdigest() != wanted:
        return f"bytes that the signature does not cover were changed: not what {FILE_LABEL} says"
    if stamped and history.stamped_at is None:
        return "the time stamp beside the signature is not one that can be trusted"
    return None
