"""Talents on record: references that were checked to show one and the same person, and the face model of them."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from countenance.errors import InputError
from countenance.ledger.log import append, commitment, utc_now
from countenance.perception.networks import FaceNetworks
from countenance.store.files import read_json, sha256_file, write_json
from countenance.store.project import Project
from countenance.synthesis.facemodel import build_face_model, face_model, require_permission
from countenance.synthesis.references import Reference, widest_gap
from countenance.synthesis.selection import by_ease
from countenance.synthesis.takes import read_by_file

_NAME = re.compile(r"\w[\w .-]{0,63}")


@dataclass(frozen=True)
class CheckedReference:
    """A still or a clip that shows the talent: turn of the head in degrees, width of the face in pixels.

    Of a clip these are those of the picture that leads; `pictures` is how many were taken from it. `note` says what is
    weak about it, and is empty when nothing is.
    """

    file: str
    sha256: str
    yaw: float
    pitch: float
    face_px: int
    pictures: int = 1
    note: str = ""


@dataclass(frozen=True)
class Talent:
    """A talent as the project has it on record. `widest_gap`: largest identity distance of two references."""

    name: str
    kind: str  # "real" or "synthetic"
    references: tuple[CheckedReference, ...]
    widest_gap: float
    added_at: str


def matching_files(patterns: Sequence[str]) -> list[Path]:
    """The files that paths and patterns name, each once; InputError for one that names none."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        names = [pattern] if Path(pattern).is_file() else sorted(glob.glob(pattern, recursive=True))
        files = [Path(name) for name in names if Path(name).is_file()]
        if not files:
            raise InputError(f"{pattern}: no reference has this path or fits this pattern; check it.")
        found.update(dict.fromkeys(files))
    if not found:
        raise InputError("a talent needs references; name them with --refs.")
    return list(found)


def add_talent(
    project: Project,
    name: str,
    paths: Sequence[Path],
    *,
    synthetic: bool,
    actor: str,
    progress: Callable[[int], None] = lambda _done: None,
) -> Talent:
    """Check the references, build the face model, and put the talent on record, in the project and in the ledger.

    Adding a talent again with the same references changes nothing; with others it replaces record and model.
    Raises InputError for a reference that does not show exactly one usable face or shows another person, and
    RightsError where grants were recorded and all have ended.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot name a talent; use up to 64 letters, digits, spaces, dots and hyphens.")
    by_file = read_by_file(paths, FaceNetworks(), progress)
    found = [one for pictures in by_file for one in pictures]
    checked = tuple(_told(path, pictures) for path, pictures in zip(paths, by_file, strict=True))
    kind = "synthetic" if synthetic else "real"
    talent = Talent(name, kind, checked, round(widest_gap(found), 3), utc_now())
    known = _read(_place(project, name))
    if known is not None and _essence(known) == _essence(talent):
        face_model(project, name, paths)
        return known
    build_face_model(project, name, paths, found=found)
    # The ledger first: a record without an entry would be unproven, an entry without a record is repeated.
    append(project, "talent.added", actor, _ledger_data(project, talent))
    write_json(_place(project, name), asdict(talent))
    return talent


def build_talent(
    project: Project,
    name: str,
    paths: Sequence[Path] = (),
    *,
    actor: str,
    progress: Callable[[int], None] = lambda _done: None,
) -> Talent:
    """Build the face model of a talent on record anew: of the references on record, or of others, which replace them.

    Raises InputError when the talent is not on record or a reference is not as it was, and as `add_talent` does.
    """
    require_permission(project, name)
    talent = talent_on_record(project, name)
    if paths:
        synthetic = talent.kind == "synthetic"
        return add_talent(project, name, paths, synthetic=synthetic, actor=actor, progress=progress)
    build_face_model(project, name, files_of(talent), progress=progress)
    return talent


def talent_on_record(project: Project, name: str) -> Talent:
    """The record of a talent; InputError when there is none."""
    known = _read(_place(project, name)) if _NAME.fullmatch(name) else None
    if known is None:
        raise InputError(f"{name!r} is no talent on record; add them with `countenance talent add`.")
    return known


def is_on_record(project: Project, name: str) -> bool:
    """Whether there is a record of a talent of this name."""
    return bool(_NAME.fullmatch(name)) and _place(project, name).exists()


def forget_talent(project: Project, name: str) -> None:
    """Remove the record of a talent, with what a killed `add_talent` left behind; the face model is another matter."""
    if _NAME.fullmatch(name):
        place = _place(project, name)
        for path in (place, *place.parent.glob(f".{name}.*.json")):
            path.unlink(missing_ok=True)


def files_of(talent: Talent) -> list[Path]:
    """The talent's references where they lie; InputError when one is gone or is another file now."""
    for one in talent.references:
        path = Path(one.file)
        if not path.is_file() or sha256_file(path) != one.sha256:
            raise InputError(
                f"{path}: this reference of {talent.name} is gone or was changed; name the references with --refs."
            )
    return [Path(one.file) for one in talent.references]


def _told(path: Path, pictures: Sequence[Reference]) -> CheckedReference:
    """What is known of one file by its close-ups."""
    first = by_ease(pictures)[0]
    yaw, pitch, _roll = (round(float(turn), 1) for turn in first.pose)
    return CheckedReference(
        str(path.resolve()), sha256_file(path), yaw, pitch, first.face_px, len(pictures), first.note
    )


def _essence(talent: Talent) -> Any:
    return talent.kind, sorted(one.sha256 for one in talent.references)


def _ledger_data(project: Project, talent: Talent) -> dict[str, Any]:
    """No name and no plain hash of a portrait: both can be traced back to the person."""
    return {
        "talent": commitment(project, talent.name, talent.name),
        "kind": talent.kind,
        "references": [commitment(project, one.sha256, talent.name) for one in talent.references],
    }


def _place(project: Project, name: str) -> Path:
    return project.folder / "talents" / f"{name}.json"


def _read(path: Path) -> Talent | None:
    if not path.exists():
        return None
    values = read_json(path)
    try:
        references = tuple(CheckedReference(**one) for one in values["references"])
        return Talent(**{**values, "references": references})
    except (KeyError, TypeError) as error:
        raise InputError(f"{path} is no record of a talent ({error}); remove it and add the talent again.") from error
