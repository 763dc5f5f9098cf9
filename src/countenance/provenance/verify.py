"""Whether a file is ours, was released, and is intact; with what each of its marks says.

Four marks of a release can be found on a file: its bytes are those on record, it carries our signed
history, its picture carries our mark, and so does its sound. Each leads to a release on its own; whether
that release happened and still stands, the ledger says.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from countenance.ledger.log import LedgerReport
from countenance.ledger.log import verify as verify_ledger
from countenance.provenance.changes import changes_of_record
from countenance.provenance.findings import PROOF, Finding, findings_of, seen_state
from countenance.provenance.history import TRUSTED
from countenance.provenance.looks import Looks, look, mark_key
from countenance.provenance.portable import Portable, judge_alone
from countenance.provenance.records import Known
from countenance.provenance.verify_words import say, spoken
from countenance.store.project import Project

__all__ = ["Finding", "Verification", "mark_key", "verify_file"]


@dataclass(frozen=True)
class Verification:
    """The answers, None where the file leaves them open, with the findings that they rest on.

    `c2pa` is the state of the signed history: "none", "Invalid", "Valid" (whole, signer unknown), "Trusted", or
    "not read" in a file that is too large for it.
    `release_state` is "released", "withdrawn" or "unknown"; `grants` are commitments, never names. `redubbed`:
    the sound is not the one that belongs to the picture.
    """

    file: str
    sha256: str
    language: str
    ours: bool | None
    released: bool | None
    intact: bool | None
    c2pa: str
    release_id: str | None
    release_state: str
    released_at: str | None
    maker: str | None
    changes: tuple[str, ...] | None
    grants: tuple[str, ...]
    ledger_entry: int | None
    redubbed: bool
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
            "changes": None if self.changes is None else list(self.changes),
            "grants": list(self.grants),
            "findings": [asdict(finding) for finding in self.findings],
            "exit_status": self.exit_status,
        }


def verify_file(
    project: Project | None,
    path: Path,
    language: str = "en",
    *,
    name: str | None = None,
    anchor: str = "",
    proof: dict[str, Any] | None = None,
    ledger: LedgerReport | None = None,
) -> Verification:
    """Look at a video, an image or a sound from all sides; nothing is written to it, nothing is fetched.

    With a project its records, keys and ledger decide. Without one there are only the embedded history,
    judged by the root certificate in `anchor` (PEM), and an inclusion `proof` of the maker's ledger, checked
    by the public key that stands beside the certificate. `name` is what the sentences call the file. `ledger`
    is a report that the caller has just had made, since proving a long ledger takes seconds.

    Raises InputError when the file is absent, or can be neither seen nor heard and carries no history.
    """
    language = spoken(language)
    if project is None:
        return _alone(judge_alone(path, language, anchor, proof), name or path.name, language)
    report = ledger or verify_ledger(project)
    looks = look(project, path, report)
    maker = project.settings.tenant
    findings = findings_of(looks, report, maker, language)
    return _conclude(name or path.name, looks, report, findings, maker, language)


def _conclude(
    name: str, looks: Looks, ledger: LedgerReport, findings: tuple[Finding, ...], maker: str, language: str
) -> Verification:
    found = looks.found
    ours = found is not None or bool(looks.mark_id is not None or looks.sound) or looks.history.state == TRUSTED
    same = looks.by_bytes is not None and looks.by_bytes.sealed is not None
    intact = (same or looks.derived) and not looks.mixed
    stands = found is not None and found.sealed is not None and ledger.ok
    return Verification(
        file=name,
        sha256=looks.sha256,
        language=language,
        ours=ours,
        released=bool(stands and found and not found.withdrawn),
        intact=intact if ours else None,
        c2pa=seen_state(looks.history),
        release_id=found.id if found else None,
        release_state=_release_state(found, ledger),
        released_at=found.released_at if found else None,
        maker=maker if ours else None,
        changes=changes_of_record(found.record, language) if found and "engines" in found.record else None,
        grants=tuple(one.commitment for one in found.grants) if found else (),
        ledger_entry=found.sealed.seq if found and found.sealed else None,
        redubbed=looks.redubbed or looks.sound_lost,
        confidence=_confidence(looks, findings),
        sentence=f"{name} {_closing(looks, ledger, intact, language)}",
        findings=findings,
    )


def _confidence(looks: Looks, findings: tuple[Finding, ...]) -> float:
    """How sure the answer as a whole is: as sure as the best of the ways that lead to it."""
    if looks.by_bytes or looks.history.state == TRUSTED:
        return PROOF
    marks = [one for one in findings if one.about in ("mark", "sound") and not one.state.startswith("no ")]
    found = [one for one in marks if one.state not in ("none", "missing", "unreadable")]
    return max((one.confidence for one in found or marks), default=PROOF)


def _release_state(found: Known | None, ledger: LedgerReport) -> str:
    if found is None or (not ledger.ok and not found.withdrawn):
        return "unknown"
    return "withdrawn" if found.withdrawn else "released" if found.sealed else "unknown"


def _closing(looks: Looks, ledger: LedgerReport, intact: bool, language: str) -> str:
    """The one plain sentence, without the file's name before it."""
    found = looks.found
    if found is None:
        if looks.mark_id is not None or looks.sound or looks.history.state == TRUSTED:
            return say(language, "end.unreleased")
        if looks.by_history:
            return say(language, "end.strange with history", release=looks.by_history.id)
        if looks.resembles:
            return say(language, "end.resembles", release=looks.resembles)
        return say(language, "end.strange")
    if looks.redubbed and looks.by_mark:
        heard = looks.by_sound
        return say(
            language,
            f"end.redubbed{'' if heard else '.unreleased'}",
            release=looks.by_mark.id,
            other=heard and heard.id,
        )
    if looks.mixed:
        key = "mixed"
    elif not ledger.ok:
        key = "damaged ledger"
    elif found.withdrawn:
        key = "withdrawn.intact" if intact else "withdrawn.changed"
    elif not found.sealed:
        key = "unproven"
    elif looks.sound_lost:
        key = "redubbed.lost"
    else:
        key = "good" if looks.by_bytes else "derived" if intact else "changed"
    return say(language, f"end.{key}", release=found.id)


def _alone(seen: Portable, name: str, language: str) -> Verification:
    return Verification(
        file=name,
        sha256=seen.sha256,
        language=language,
        ours=seen.trusted,
        released=seen.released,
        intact=seen.intact,
        c2pa=seen_state(seen.history),
        release_id=seen.release_id,
        release_state="unknown",
        released_at=seen.released_at,
        maker=seen.maker,
        changes=seen.changes,
        grants=seen.grants,
        ledger_entry=seen.ledger_entry,
        redubbed=False,
        confidence=PROOF,
        sentence=f"{name} {seen.closing}",
        findings=seen.findings,
    )
