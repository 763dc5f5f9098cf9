"""Whether a file is ours, was released, and is intact; with what each of its marks says.

Three marks of a release can be found on a file: its bytes are those on record, it carries our signed
history, its picture carries our mark. Each leads to a release on its own; whether that release happened
and still stands, the ledger says.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, select

from countenance.errors import InputError
from countenance.ledger.log import LedgerReport, entries_in
from countenance.ledger.log import verify as verify_ledger
from countenance.media.sample import sample_lumas
from countenance.provenance.authority import anchor_pem
from countenance.provenance.history import INVALID, NO_HISTORY, TRUSTED, VALID, History, read_history
from countenance.provenance.watermark_read import MarkReading, read_mark
from countenance.store.database import reading
from countenance.store.files import sha256_file
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_symmetric
from countenance.store.tables import release as release_table

MARK_KEY = "watermark"
SAMPLE_PICTURES = 60

# What each kind of evidence is worth. A hash or a signature does not err. A mark is read where there is none
# once in 2^24 tries of its checksum, and some 700 poses are tried. A mark that is not found may have been
# destroyed, all the more so in a single still.
_PROOF, _MARK, _NO_MARK, _NO_MARK_IN_STILL = 1.0, 0.9999, 0.9, 0.5


@dataclass(frozen=True)
class Finding:
    """What one look at the file showed. `about`: bytes, history, mark, release or ledger."""

    about: str
    state: str
    confidence: float
    sentence: str


@dataclass(frozen=True)
class Verification:
    """The answers, None where the file leaves them open, with the findings that they rest on."""

    file: Path
    sha256: str
    ours: bool | None
    released: bool | None
    intact: bool | None
    release_id: str | None
    confidence: float
    sentence: str
    findings: tuple[Finding, ...]

    @property
    def exit_status(self) -> int:
        """0: ours, released and intact; 1: something of that is not so, or cannot be told."""
        return 0 if self.ours and self.released and self.intact else 1

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "file": str(self.file),
            "findings": [asdict(finding) for finding in self.findings],
            "exit_status": self.exit_status,
        }


@dataclass(frozen=True)
class _Release:
    """A row of the release table, and whether the ledger proves its sealing and knows of a withdrawal."""

    id: str
    released_at: str
    sealed: bool
    withdrawn: bool


@dataclass(frozen=True)
class _Looks:
    """What was seen of the file, and the release that each way leads to."""

    history: History
    mark: MarkReading | None
    by_bytes: _Release | None
    by_history: _Release | None  # as named there, which only a trusted history proves
    by_mark: _Release | None

    @property
    def ways(self) -> tuple[_Release, ...]:
        """The releases that are proven to be meant, the surest first."""
        trusted = self.by_history if self.history.state == TRUSTED else None
        return tuple(way for way in (self.by_bytes, trusted, self.by_mark) if way)

    @property
    def found(self) -> _Release | None:
        return self.ways[0] if self.ways else None

    @property
    def mixed(self) -> bool:
        return len({way.id for way in self.ways}) > 1


def mark_key(project: Project) -> bytes:
    """The 32-byte key under which the project writes and reads its picture marks."""
    return load_or_create_symmetric(project, MARK_KEY)


def verify_file(project: Project | None, path: Path) -> Verification:
    """Look at a video or an image from all sides; nothing is written to it, nothing is fetched.

    Without a project there is no record, no key and no anchor, so only the embedded history is judged.
    Raises InputError when the file is absent, or is neither a video nor an image and carries no history.
    """
    sha256 = sha256_file(path)
    history = read_history(path, anchor_pem(project) if project else "")
    if project is None:
        if history.manifest_id is None:
            sample_lumas(path, 1)  # refuses what is no picture at all
        return _by_history_alone(path, sha256, history)
    ledger = verify_ledger(project)
    mark, pictures = _look_for_mark(project, path, history)
    looks = _Looks(
        history=history,
        mark=mark,
        by_bytes=_find(project, release_table.c.record["sha256"].as_string() == sha256, ledger),
        by_history=_find(project, release_table.c.id == history.release_id, ledger),
        by_mark=_find(project, release_table.c.mark_id == f"{mark.mark_id:016x}", ledger) if mark else None,
    )
    found = looks.found
    findings = (
        _of_bytes(looks.by_bytes, found),
        _of_history(history),
        _of_mark(mark, looks.by_mark, found, pictures),
        *([_of_release(found)] if found else []),
        _of_ledger(ledger),
    )
    return _conclude(path, sha256, looks, ledger, findings)


def _look_for_mark(project: Project, path: Path, history: History) -> tuple[MarkReading | None, int]:
    """The mark, and in how many pictures it was looked for (0: no picture can be read)."""
    try:
        lumas = sample_lumas(path, SAMPLE_PICTURES)
    except InputError:
        if history.manifest_id is None:
            raise
        return None, 0
    return read_mark(lumas, mark_key(project)), len(lumas)


def _find(project: Project, where: ColumnElement[bool], ledger: LedgerReport) -> _Release | None:
    with reading(project) as connection:
        row = connection.execute(select(release_table).where(where)).first()
        if row is None:
            return None
        # A damaged ledger proves nothing either way.
        sealed = entries_in(connection, "release.sealed") if ledger.ok else []
        withdrawn = entries_in(connection, "release.withdrawn") if ledger.ok else []
    facts = {"release": row.id, "mark_id": row.mark_id, "sha256": row.record.get("sha256")}
    return _Release(
        id=row.id,
        released_at=row.released_at,
        sealed=any(facts.items() <= entry.data.items() for entry in sealed),
        withdrawn=row.state == "withdrawn" or any(entry.data.get("release") == row.id for entry in withdrawn),
    )


def _of_bytes(same: _Release | None, found: _Release | None) -> Finding:
    if same:
        words = f"Byte for byte this is the file of release {same.id}."
        return Finding("bytes", "same", _PROOF, words)
    if found:
        words = f"These are not the bytes of release {found.id}: the file was changed or re-encoded."
        return Finding("bytes", "changed", _PROOF, words)
    return Finding("bytes", "unknown", _PROOF, "No release of this project has these bytes.")


def _of_history(history: History) -> Finding:
    words = {
        NO_HISTORY: "The file carries no signed history.",
        INVALID: f"The file's signed history is broken ({'; '.join(history.problems) or 'no reason given'}).",
        VALID: "The file's signed history is whole, but this project did not sign it.",
        TRUSTED: f"The file's signed history is whole, ours, and names release {history.release_id}.",
    }
    # What cannot be parsed at all reads as broken, but is just a file without any history.
    state = NO_HISTORY if history.manifest_id is None else history.state
    return Finding("history", state, _PROOF, words[state])


def _of_mark(mark: MarkReading | None, marked: _Release | None, found: _Release | None, pictures: int) -> Finding:
    where = "one picture" if pictures == 1 else f"{pictures} pictures sampled"
    if pictures == 0:
        return Finding("mark", "unreadable", 0.0, "No picture of the file can be decoded to find a mark in.")
    if mark is None:
        certainty = _NO_MARK_IN_STILL if pictures == 1 else _NO_MARK
        return Finding("mark", "none", certainty, f"The mark of this project is not found ({where}).")
    strength = f"(fit {mark.confidence:.2f}, {where})"
    if marked is None:
        words = f"The picture carries this project's mark {mark.mark_id:016x} of no release {strength}."
        return Finding("mark", "unreleased", _MARK, words)
    if found and found.id != marked.id:
        words = f"The picture carries the mark of another release, {marked.id} {strength}."
        return Finding("mark", "other release", _MARK, words)
    return Finding("mark", "found", _MARK, f"The picture carries the mark of release {marked.id} {strength}.")


def _of_release(found: _Release) -> Finding:
    if found.withdrawn:
        words = f"Release {found.id} was withdrawn and may not be shown any more."
        return Finding("release", "withdrawn", _PROOF, words)
    if not found.sealed:
        words = f"The ledger does not prove that release {found.id} was sealed as it is on record."
        return Finding("release", "unproven", _PROOF, words)
    words = f"Release {found.id} was made on {found.released_at[:10]} and stands."
    return Finding("release", "released", _PROOF, words)


def _of_ledger(ledger: LedgerReport) -> Finding:
    if ledger.ok:
        return Finding("ledger", "proven", _PROOF, f"The ledger checks out (entries: {ledger.count}).")
    return Finding("ledger", "damaged", _PROOF, f"The ledger does not check out: {ledger.problem}.")


def _conclude(
    path: Path, sha256: str, looks: _Looks, ledger: LedgerReport, findings: tuple[Finding, ...]
) -> Verification:
    found, mixed = looks.found, looks.mixed
    ours = found is not None or looks.mark is not None or looks.history.state == TRUSTED
    intact = looks.by_bytes is not None and looks.by_bytes.sealed and not mixed
    if looks.by_bytes or looks.history.state == TRUSTED:
        confidence = _PROOF
    else:
        confidence = next(finding.confidence for finding in findings if finding.about == "mark")
    return Verification(
        file=path,
        sha256=sha256,
        ours=ours,
        released=found is not None and found.sealed and not found.withdrawn and ledger.ok,
        intact=intact if ours else None,
        release_id=found.id if found else None,
        confidence=confidence,
        sentence=f"{path.name} " + (_of_ours(looks, intact, ledger) if ours else _of_strange(looks)),
        findings=findings,
    )


def _of_strange(looks: _Looks) -> str:
    if looks.by_history:
        return (
            f"is not ours as it stands: it carries the history of release {looks.by_history.id}, "
            "but neither that release's bytes nor its picture mark."
        )
    return "is not ours: nothing on it leads to a release of this project."


def _of_ours(looks: _Looks, intact: bool, ledger: LedgerReport) -> str:
    found = looks.found
    if found is None:
        return "was made with this project but never released."
    if looks.mixed:
        return f"is put together: its marks lead to several releases, first of them {found.id}."
    kept = "is intact" if intact else "is no longer what was released: it was changed or re-encoded"
    if not ledger.ok:
        return f"is release {found.id} by our records, but the ledger is damaged and proves nothing."
    if found.withdrawn:
        return f"is release {found.id}, which was withdrawn; the file {kept}."
    if not found.sealed:
        return f"is release {found.id} by our records, but the ledger does not prove that it was released."
    if not intact:
        return f"is release {found.id}, ours and released, but the file {kept}."
    return f"is release {found.id}: ours, released and intact."


def _by_history_alone(path: Path, sha256: str, history: History) -> Verification:
    limits = "without a project only the embedded history can be judged"
    finding = _of_history(history)
    if finding.state == VALID:
        who = f"names release {history.release_id}" if history.release_id else "names no release of ours"
        words = "The file's signed history is whole; who signed it cannot be judged without a project."
        finding = Finding("history", VALID, _PROOF, words)
        sentence = f"{path.name} carries a whole signed history that {who}; {limits}, and not who signed it."
    elif finding.state == INVALID:
        sentence = f"{path.name} carries a broken signed history: it was changed after signing; {limits}."
    else:
        sentence = f"{path.name} carries no signed history; {limits}, so nothing can be said about it."
    intact = {VALID: True, INVALID: False}.get(finding.state)
    return Verification(path, sha256, None, None, intact, history.release_id, _PROOF, sentence, (finding,))
