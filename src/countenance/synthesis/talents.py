"""Talents on record: reference stills that were checked to show one and the same person."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countenance.errors import InputError
from countenance.ledger.log import append, commitment, utc_now
from countenance.media.frame import F32
from countenance.perception.identity import SAME_PERSON, chip, embed
from countenance.perception.networks import FaceNetworks
from countenance.store.files import read_json, sha256_file, write_json
from countenance.store.project import Project
from countenance.synthesis.references import read_reference

_NAME = re.compile(r"\w[\w .-]{0,63}")


@dataclass(frozen=True)
class CheckedReference:
    """A still that shows the talent: turn of the head in degrees, width of the face in pixels."""

    file: str
    sha256: str
    yaw: float
    pitch: float
    face_px: int


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
        raise InputError("a talent needs reference stills; name them with --refs.")
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
    """Check the references and put the talent on record, in a file of the project and in the ledger.

    Adding a talent again with the same references changes nothing; with others it replaces the record.
    Raises InputError for a still that does not show exactly one usable face or shows another person.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot name a talent; use up to 64 letters, digits, spaces, dots and hyphens.")
    references, embeddings = _check(paths, progress)
    kind = "synthetic" if synthetic else "real"
    talent = Talent(name, kind, tuple(references), round(_one_person(paths, embeddings), 3), utc_now())
    known = _read(_place(project, name))
    if known is not None and _essence(known) == _essence(talent):
        return known
    # The ledger first: a record without an entry would be unproven, an entry without a record is repeated.
    append(project, "talent.added", actor, _ledger_data(project, talent))
    write_json(_place(project, name), asdict(talent))
    return talent


def _check(paths: Sequence[Path], progress: Callable[[int], None]) -> tuple[list[CheckedReference], F32]:
    networks = FaceNetworks()
    references, chips = [], []
    for number, path in enumerate(paths, 1):
        reference = read_reference(path, networks)
        yaw, pitch, _roll = (round(float(turn), 1) for turn in reference.pose)
        face_px = round(float(np.ptp(reference.mesh[:, 0])))
        references.append(CheckedReference(str(path.resolve()), sha256_file(path), yaw, pitch, face_px))
        chips.append(chip(reference.frame, reference.mesh))
        progress(number)
    return references, embed(chips)


def _one_person(paths: Sequence[Path], embeddings: F32) -> float:
    """The largest distance of two references; InputError when it is too large, naming the one that stands out."""
    gaps = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2)
    widest = float(gaps.max())
    if widest >= SAME_PERSON:
        odd = int(gaps.sum(axis=0).argmax())
        raise InputError(
            f"{paths[odd]}: this does not look like the person of the other references (distance "
            f"{gaps[odd].max():.2f}, the same person is below {SAME_PERSON:.2f}); take it out or replace it."
        )
    return widest


def _essence(talent: Talent) -> Any:
    return talent.kind, sorted(one.sha256 for one in talent.references)


def _ledger_data(project: Project, talent: Talent) -> dict[str, Any]:
    """No name and no plain hash of a portrait: both can be traced back to the person."""
    return {
        "talent": commitment(project, talent.name),
        "kind": talent.kind,
        "references": [commitment(project, one.sha256) for one in talent.references],
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
