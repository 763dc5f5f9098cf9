"""Sealing: a release gets its signed history (C2PA), and what is made of a release later continues it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import c2pa

from countenance import __version__
from countenance.errors import CountenanceError, InputError, IntegrityError
from countenance.ledger.log import utc_now
from countenance.provenance.container import (
    LARGEST_BYTES,
    MEDIA_TYPES,
    BrokenContainer,
    kind_of,
    mapped,
    require_kind,
    unhashed_boxes,
)
from countenance.provenance.disclosure import ReleaseRecord
from countenance.provenance.history import GENERATOR, TRUSTED, History, read_history, reading_context
from countenance.provenance.manifest import (
    FILE_LABEL,
    MARK_ALGORITHM,
    MASTER,
    VOICE,
    Sources,
    c2pa_assertions,
    derived_assertions,
    manifest_contradictions,
    reference_label,
    voice_assertions,
)
from countenance.provenance.signing import Identity, OpenSigner, anchors_of, identity_of, open_signer
from countenance.store.files import atomic_path, sha256_file
from countenance.store.project import Project

_ANY_TYPE = "application/octet-stream"
Check = Callable[[History], Iterable[str]]


def seal(
    project: Project,
    source: Path,
    target: Path,
    record: ReleaseRecord,
    master: Path | None,
    *,
    voice: Path | None = None,
    references: Sequence[str] = (),
    marks: Sequence[str] = (MARK_ALGORITHM,),
    identity: Identity | None = None,
) -> str:
    """Write `source` with the signed history of a release to `target`; returns the manifest's id.

    `master` is the file that the release was made from, None when it is wholly synthetic; the others are those
    of `Sources`. `identity` signs, by default the one of the project's settings. Signing comes last: any later
    change of the file's bytes breaks the seal. The sealed file is read back and must be trusted and say what the
    record says, else IntegrityError and no file. InputError when a file is not what its name says, cannot be read
    or written, or is too large.
    """
    if (master is None) != (record.master_source_type is None):
        raise InputError("a release record and its seal must agree on whether there was a master.")
    sources = Sources(master, voice, tuple(references), tuple(marks))
    ingredients = [_by_hash(reference_label(n), "inputTo", sha) for n, sha in enumerate(sources.references)]
    return _write(
        project,
        identity or identity_of(project),
        source,
        target,
        f"release {record.release_id}",
        c2pa_assertions(record, sources),
        [*ingredients, *_files(((master, MASTER, "parentOf"), (voice, VOICE, "componentOf")))],
        lambda history: manifest_contradictions(record, history.manifest, sources),
    )


def seal_voice(
    project: Project, source: Path, target: Path, record: ReleaseRecord, *, identity: Identity | None = None
) -> str:
    """Seal the voice track of a dubbed release, which becomes a part of the release; returns the manifest's id."""
    if not record.recorded_voice and not any(engine.part == "voice" for engine in record.engines):
        raise InputError(f"release {record.release_id} has no voice of its own to seal.")
    signer = identity or identity_of(project)
    return _write(project, signer, source, target, VOICE, voice_assertions(record), [], lambda _history: ())


def extend(
    project: Project,
    source: Path,
    target: Path,
    actions: Sequence[Mapping[str, Any]],
    *,
    title: str = "derived",
    medium: str = "",
    identity: Identity | None = None,
) -> str:
    """Seal `target`, which was made from the sealed file `source` by `actions`, in place; returns the manifest's id.

    The actions are those of `steps`. The new history has that of `source` in it, names the same release and
    binds the same marks, as far as they are of its medium: "image" or "audio" for a track of pictures or of sound
    alone, by default as the file's kind says. Only what this project sealed is continued:
    IntegrityError when `source` is not trusted. Errors otherwise as for `seal`; `target` then stays unsealed.
    """
    signer = identity or identity_of(project)
    parent = read_history(source, anchors_of(project) + signer.anchor_pem)  # perhaps sealed by an earlier signer
    if parent.state != TRUSTED or parent.release_id is None:
        raise IntegrityError(f"{source} is no sealed release of this project, so nothing can be derived from it.")
    assertions = derived_assertions(parent.manifest, actions, medium or require_kind(target), utc_now())
    return _write(
        project,
        signer,
        target,
        target,
        f"release {parent.release_id}: {title}",
        assertions,
        _files(((source, MASTER, "parentOf"),)),
        lambda history: [] if history.release_id == parent.release_id else ["it names another release"],
    )


def _write(
    project: Project,
    identity: Identity,
    source: Path,
    target: Path,
    title: str,
    assertions: Sequence[Mapping[str, Any]],
    ingredients: Sequence[tuple[dict[str, Any], Path | None]],
    check: Check,
) -> str:
    kind = require_kind(source)
    definition = {
        "claim_generator_info": [{"name": GENERATOR, "version": __version__}],
        "title": title,
        "assertions": [*assertions, *_of_file(source, kind)],
        "ingredients": [told for told, path in ingredients if path is None],
    }
    streamed = [(told, path) for told, path in ingredients if path is not None]
    try:
        with atomic_path(target) as temporary, open_signer(project, identity) as signer:
            _sign(identity, signer, definition, kind, source, temporary, streamed)
            history = read_history(temporary, identity.anchor_pem)
            if history.state != TRUSTED or history.manifest_id is None:
                raise IntegrityError(f"the seal of {source} does not check out ({'; '.join(history.problems)}).")
            if problems := tuple(check(history)):
                raise IntegrityError(f"the seal of {source} does not check out ({'; '.join(problems)}).")
    except OSError as exc:
        raise InputError(f"{target} cannot be written ({exc.strerror or exc}); nothing was sealed.") from exc
    return history.manifest_id


def _of_file(source: Path, kind: str) -> list[dict[str, Any]]:
    """An assertion about those bytes of an MP4 that C2PA's own hash leaves out."""
    try:
        with mapped(source) as content:
            loose = unhashed_boxes(content, kind)
    except BrokenContainer as exc:
        raise InputError(f"{source} is damaged ({exc}); encode it again.") from exc
    if loose is None:
        return []
    return [{"label": FILE_LABEL, "data": {"unhashed_sha256": hashlib.sha256(loose).hexdigest()}}]


def _files(files: Iterable[tuple[Path | None, str, str]]) -> list[tuple[dict[str, Any], Path | None]]:
    """Ingredients that are files; None stands for those that are not there."""
    found: list[tuple[dict[str, Any], Path | None]] = []
    for path, label, relationship in files:
        if path is None:
            continue
        if not path.is_file():
            raise InputError(f"{path} cannot be read (no such file); check the path.")
        told = _by_hash(label, relationship, sha256_file(path))[0]
        # What is too large for the library is named by its hash alone; whatever history it has is not continued.
        found.append((told, path if path.stat().st_size <= LARGEST_BYTES else None))
    return found


def _by_hash(label: str, relationship: str, sha256: str) -> tuple[dict[str, Any], None]:
    """An ingredient that is named by nothing but its SHA-256, as a name of RFC 6920."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).rstrip(b"=").decode()
    return {
        "title": label,  # what it is, since file names may tell names of people
        "relationship": relationship,
        "label": label,
        "format": _ANY_TYPE,
        "instance_id": f"ni:///sha-256;{digest}",
    }, None


class _Target:
    """A file being written that remembers why writing failed: the library would only say that it did."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, content: bytes) -> int:
        try:
            return self._stream.write(content)
        except OSError as exc:
            self.failure = exc
            raise


def _sign(
    identity: Identity,
    signer: OpenSigner,
    definition: Mapping[str, Any],
    kind: str,
    source: Path,
    target: Path,
    ingredients: Sequence[tuple[dict[str, Any], Path]],
) -> None:
    # The signer reads back what it wrote to hash it, so the target must be readable too.
    with source.open("rb") as unsigned, target.open("w+b", buffering=0) as stream:
        written = _Target(stream)
        try:
            with reading_context(identity.anchor_pem) as context, c2pa.Builder(dict(definition), context) as builder:
                for told, path in ingredients:
                    with path.open("rb") as content:
                        builder.add_ingredient(told, _ingredient_type(path), content)
                builder.sign(signer.native, kind, unsigned, written)
        except c2pa.C2paError as exc:
            if written.failure is not None:
                raise written.failure from exc
            if isinstance(signer.failure, CountenanceError):
                raise signer.failure from exc
            raise IntegrityError(
                f"{source} could not be signed ({signer.failure or exc}); check that the file is whole."
            ) from exc


def _ingredient_type(path: Path) -> str:
    """For what the manifest only tells that it was: any container will do."""
    return kind_of(path) or MEDIA_TYPES.get(path.suffix.lower(), _ANY_TYPE)
