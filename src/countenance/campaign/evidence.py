"""Evidence of one release: everything on record about it, in a folder that a lawyer can file.

The folder holds `evidence.pdf` for people, `evidence.json` with the same content, the released files, and what is
needed to check each step without this software. It names people, unlike anything else that leaves: it is for
those who answer for the release, and says so on every page.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, or_, select

from countenance import __version__
from countenance.campaign.evidence_checks import Check, checks_of, write_checks
from countenance.campaign.evidence_words import CONFIDENTIAL, KINDS, LIMITS
from countenance.errors import InputError
from countenance.ledger.chain import Entry
from countenance.ledger.log import entries, utc_now
from countenance.ledger.log import verify as verify_ledger
from countenance.provenance.verify import verify_file
from countenance.rights.grants import RecordedGrant
from countenance.rights.register import all_grants, grant_commitment
from countenance.store.database import reading
from countenance.store.files import read_json, sha256_file, write_bytes, write_json
from countenance.store.project import Project
from countenance.store.tables import release, variant

FORMAT = "countenance evidence v1"
FILES = ("video.mp4", "poster.jpg")  # of a release, if it has them


@dataclass(frozen=True)
class Case:
    """What is on record about a release: its row, its variant's row, its sealed facts, its grants, its entries."""

    project: Project
    row: Row[Any]
    variant: Row[Any]
    sealed: Mapping[str, Any]
    grants: tuple[tuple[str, RecordedGrant | None], ...]  # by commitment; None when it is no longer on record
    entries: tuple[Entry, ...]

    @property
    def folder(self) -> Path:
        return self.project.releases / str(self.row.id)


def write_evidence(project: Project, name: str, out: Path) -> Path:
    """Write the evidence of a release (its id, or the start of it or of its variant's) into the folder `out`.

    InputError when no release or several are meant, when its files were erased, or when `out` has something in it.
    """
    case = open_case(project, name)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder; name a new one for the evidence.")
    out.mkdir(parents=True, exist_ok=True)
    try:
        _write(case, out)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)  # half a file of evidence is worse than none
        raise
    return out


def open_case(project: Project, name: str) -> Case:
    """All that is on record about a release."""
    like = f"{name.strip().upper()}%"
    with reading(project) as connection:
        meant = or_(release.c.id.like(like), release.c.variant_id.like(like))
        rows = connection.execute(select(release).where(meant)).all()
        if len(rows) != 1:
            count = "no release has" if not rows else "several releases have"
            raise InputError(f"{count} an id that starts with {name!r}; the package's receipt.json names it.")
        made = connection.execute(select(variant).where(variant.c.id == rows[0].variant_id)).one()
    facts = project.releases / rows[0].id / "release.json"
    if not facts.is_file() or not (facts.parent / FILES[0]).is_file():
        raise InputError(f"the files of release {rows[0].id} were erased; only the ledger still knows of it.")
    known = {grant_commitment(project, one.grant): one for one in all_grants(project)}
    grants = tuple((one, known.get(one)) for one in rows[0].record.get("grants", ()))
    ids = {rows[0].id, made.id, *(one for one, _ in grants), *(one.id for _, one in grants if one)}
    told = tuple(one for one in entries(project) if one.kind != "detector.query" and ids & set(_values(one.data)))
    return Case(project, rows[0], made, read_json(facts), grants, told)


def evidence_of(case: Case, checks: Iterable[Check]) -> dict[str, Any]:
    """The content of `evidence.json`."""
    receipt = case.sealed.get("receipt", {})
    settings = case.project.settings
    seen = verify_file(case.project, case.folder / FILES[0])
    report = verify_ledger(case.project)
    return {
        "format": FORMAT,
        "made_at": utc_now(),
        "made_by": f"Countenance {__version__}",
        "confidential": CONFIDENTIAL,
        "studio": {"name": settings.tenant, "project": settings.project_id},
        "release": {
            "id": case.row.id,
            "state": case.row.state,
            "released_at": case.row.released_at,
            "variant": case.variant.id,
            "campaign": case.variant.campaign,
            "face": case.variant.face,
            "language": case.variant.language,
            "owner": receipt.get("owner"),
            "mark_id": case.row.mark_id,
            "manifest_id": case.sealed["seal"]["manifest_id"],
            "changes": list(seen.changes or ()),
            "people": receipt.get("people", []),
        },
        "verification": {"sentence": seen.sentence, "findings": [vars(one) for one in seen.findings]},
        "timeline": [_moment(one) for one in case.entries],
        "grants": [_grant(commitment, one, case.entries) for commitment, one in case.grants],
        "approval": receipt.get("review", {}),
        "quality": receipt.get("qc", {}),
        "inputs": receipt.get("inputs", {}),
        "engines": receipt.get("engines", {}),
        "voice": receipt.get("voice", {}),
        "models": receipt.get("models", []),
        "files": [
            {"file": f"files/{name}", "sha256": sha256_file(case.folder / name)}
            for name in FILES
            if (case.folder / name).is_file()
        ],
        "receipt_sha256": case.sealed["record"]["receipt_sha256"],
        "ledger": {"proven": report.ok, "entries": report.count, "problem": report.problem},
        "checks": [vars(one) for one in checks],
        "limits": list(LIMITS),
    }


def _write(case: Case, out: Path) -> None:
    from countenance.campaign.evidence_paper import write_paper  # its fonts take a moment to load

    (out / "files").mkdir()
    for name in FILES:
        if (case.folder / name).is_file():
            shutil.copyfile(case.folder / name, out / "files" / name)
    write_checks(case, out / "checks")
    evidence = evidence_of(case, checks_of(case))
    write_json(out / "evidence.json", evidence)
    poster = out / "files" / FILES[1]
    write_bytes(out / "evidence.pdf", write_paper(evidence, poster if poster.is_file() else None))
    files = sorted(path for path in out.rglob("*") if path.is_file())
    sums = "".join(f"{sha256_file(path)}  {path.relative_to(out).as_posix()}\n" for path in files)
    write_bytes(out / "SHA256SUMS", sums.encode())


def _moment(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.ts,
        "entry": entry.seq,
        "kind": entry.kind,
        "what": KINDS.get(entry.kind, entry.kind),
        "by": entry.actor,
        "hash": entry.hash,
    }


def _grant(commitment: str, recorded: RecordedGrant | None, told: Iterable[Entry]) -> dict[str, Any]:
    """A grant with the names in it, and what the ledger calls it."""
    numbers = [one.seq for one in told if one.data.get("document") == commitment]
    if recorded is None:
        return {"commitment": commitment, "entries": numbers, "on_record": False}
    return {
        "commitment": commitment,
        "entries": numbers,
        "on_record": True,
        "id": recorded.id,
        "recorded_at": recorded.recorded_at,
        "withdrawn_at": recorded.withdrawn_at,
        "withdrawn_by": recorded.withdrawn_by,
        "reason": recorded.reason,
        "document": recorded.grant.document,
        "document_sha256": recorded.grant.document_sha256,
    }


def _values(data: Any) -> Iterable[str]:
    """All texts in an entry's data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _values(value)
    elif isinstance(data, list):
        for value in data:
            yield from _values(value)
