"""What each look at a file showed: a state, how sure that is, and a sentence in the language of the asker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from countenance.ledger.log import LedgerReport
from countenance.provenance.changes import changes_of_record
from countenance.provenance.container import LARGEST_BYTES
from countenance.provenance.history import INVALID, NO_HISTORY, TRUSTED, History
from countenance.provenance.looks import NOT_READ, TELLING_SOUND_S, Looks
from countenance.provenance.records import Known
from countenance.provenance.verify_words import say

# What each kind of evidence is worth. A hash or a signature does not err. A mark of either sort is named where
# there is none less than once in 10^9 files (docs/watermark.md, docs/soundmark.md). A mark that is not found may
# have been destroyed, all the more so in a single still, or in a sound that is too short for it.
PROOF, MARK = 1.0, 1 - 1e-9
NO_MARK, NO_MARK_IN_STILL, NO_MARK_IN_SHORT_SOUND = 0.9, 0.5, 0.5
RESEMBLES = 0.5  # the same picture may be in several releases, and in the master

_SHOWN_DIGITS = 12  # of a commitment, in a sentence


@dataclass(frozen=True)
class Finding:
    """What one look at the file showed.

    `about`: bytes, history, mark, sound, release, ledger, maker, changes or grants. `confidence` 0..1.
    """

    about: str
    state: str
    confidence: float
    sentence: str


def findings_of(looks: Looks, ledger: LedgerReport, maker: str, language: str) -> tuple[Finding, ...]:
    """All findings about a file in the project of `maker`."""
    tell = Teller(language)
    found = looks.found
    return (
        tell.of_bytes(looks),
        tell.of_history(looks.history),
        tell.of_mark(looks),
        tell.of_sound(looks),
        *([tell.of_release(found)] if found else []),
        tell.of_ledger(ledger),
        *(tell.about_release(found, maker) if found else []),
    )


@dataclass(frozen=True)
class Teller:
    """Puts what was seen into findings of one language."""

    language: str

    def tell(self, about: str, state: str, confidence: float, variant: str = "", **values: object) -> Finding:
        """A finding whose sentence is the one of `about.state`, or of `about.state.variant`."""
        key = ".".join(part for part in (about, state, variant) if part)
        return Finding(about, state, confidence, say(self.language, key, **values))

    def of_bytes(self, looks: Looks) -> Finding:
        if looks.by_bytes:
            return self.tell("bytes", "same", PROOF, release=looks.by_bytes.id)
        if looks.derived and looks.by_history:
            return self.tell("bytes", "derived", PROOF, release=looks.by_history.id)
        if looks.found:
            return self.tell("bytes", "changed", PROOF, release=looks.found.id)
        return self.tell("bytes", "unknown", PROOF)

    def of_history(self, history: History, variant: str = "", maker: str = "") -> Finding:
        state = seen_state(history)
        if state == NOT_READ:
            return self.tell("history", state, 0.0, most=LARGEST_BYTES >> 30)
        variant = variant if state not in (NO_HISTORY, INVALID) else ""
        problems = "; ".join(history.problems) or "?"
        return self.tell("history", state, PROOF, variant, problems=problems, release=history.release_id, maker=maker)

    def of_mark(self, looks: Looks) -> Finding:
        if not looks.streams.picture:
            return self.tell("mark", "no picture", PROOF)
        if looks.pictures == 0:
            return self.tell("mark", "unreadable", 0.0)
        one = looks.pictures == 1
        where = say(self.language, "where.one" if one else "where.many", count=looks.pictures)
        if looks.mark is None and looks.recovered is not None:
            if looks.by_mark is None:
                return self.tell("mark", "resembles", RESEMBLES, release=looks.recovered.release_id, where=where)
            fit = f"{looks.recovered.confidence:.2f}"
            return self.tell("mark", "recovered", MARK, release=looks.by_mark.id, fit=fit, where=where)
        if looks.mark is None:
            return self.tell("mark", "none", NO_MARK_IN_STILL if one else NO_MARK, where=where)
        fit = f"{looks.mark.confidence:.2f}"
        if looks.by_mark is None:
            return self.tell("mark", "unreleased", MARK, mark=f"{looks.mark.mark_id:016x}", fit=fit, where=where)
        other = looks.found is not None and looks.found.id != looks.by_mark.id
        state = "other release" if other else "found"
        return self.tell("mark", state, MARK, release=looks.by_mark.id, fit=fit, where=where)

    def of_sound(self, looks: Looks) -> Finding:
        if not looks.streams.sound:
            return self.tell("sound", "no sound", PROOF)
        if looks.sound_s == 0:
            return self.tell("sound", "unreadable", 0.0)
        if looks.sound is None:
            sure = NO_MARK if looks.sound_s >= TELLING_SOUND_S else NO_MARK_IN_SHORT_SOUND
            release = looks.found.id if looks.found else None
            state = "missing" if looks.sound_lost else "none"
            return self.tell("sound", state, sure, seconds=round(looks.sound_s), release=release)
        if looks.sound.mark_id is None:
            return self.tell("sound", "present", min(looks.sound.confidence, MARK))
        if looks.by_sound is None:
            return self.tell("sound", "unreleased", MARK, mark=f"{looks.sound.mark_id:016x}")
        other = looks.found is not None and looks.found.id != looks.by_sound.id
        return self.tell("sound", "other release" if other else "found", MARK, release=looks.by_sound.id)

    def of_release(self, found: Known) -> Finding:
        state = "withdrawn" if found.withdrawn else "released" if found.sealed else "unproven"
        return self.tell("release", state, PROOF, release=found.id, day=found.released_at[:10])

    def of_ledger(self, ledger: LedgerReport) -> Finding:
        state = "proven" if ledger.ok else "damaged"
        return self.tell("ledger", state, PROOF, count=ledger.count, problem=ledger.problem)

    def about_release(self, found: Known, maker: str) -> Iterator[Finding]:
        yield self.tell("maker", "known", PROOF, maker=maker)
        if "engines" in found.record:
            yield self.of_changes(changes_of_record(found.record, self.language), PROOF)
        if found.grants:
            yield self.of_grants(found)

    def of_changes(self, changes: tuple[str, ...], confidence: float) -> Finding:
        return self.tell("changes", "made" if changes else "none", confidence, what="; ".join(changes))

    def of_grants(self, found: Known) -> Finding:
        withdrawn = [one.commitment for one in found.grants if one.withdrawn is not None]
        unproven = [one.commitment for one in found.grants if one.granted is None]
        state = "withdrawn" if withdrawn else "unproven" if unproven else "live"
        named = withdrawn or unproven or [one.commitment for one in found.grants]
        return self.tell("grants", state, PROOF, count=len(found.grants), grants=short(named))


def seen_state(history: History) -> str:
    """The C2PA state: what cannot be parsed at all reads as broken, but is just a file without any history."""
    unread = history.manifest_id is None and history.state not in (TRUSTED, NOT_READ)
    return NO_HISTORY if unread else history.state


def short(commitments: list[str]) -> str:
    """Commitments by their first digits, for a sentence."""
    return ", ".join(f"{one[:_SHOWN_DIGITS]}…" for one in commitments)
