"""What an erasure leaves on purpose, and the reason and legal basis of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countenance.campaign.journal import Journal


@dataclass(frozen=True)
class Kept:
    """`basis` names articles of the GDPR unless it says otherwise."""

    what: str
    count: int
    why: str
    basis: str

    def told(self) -> dict[str, Any]:
        return {"what": self.what, "count": self.count, "why": f"{self.why} ({self.basis})"}


def kept(journal: Journal, releases: int) -> list[Kept]:
    """Everything of which something stays; nothing of it can be traced to the person by what the studio still has,
    except the footage and files outside of the product, which are named as such."""
    person = journal.person
    shared = [one for one in journal.outside if one.kind == "footage" and one.others]
    alone = [one for one in journal.outside if one.alone]
    found = [
        Kept(
            "ledger entries with commitments of the person", person.entries,
            "the ledger proves what was allowed and done and cannot be changed; the key that tied these commitments to "
            "the person is destroyed, so they are anonymous", "recital 26",
        ),
        Kept(
            "decisions about others that name the person as who took them", person.acted,
            "whoever decided stays answerable for it; the ledger and sealed receipts cannot be changed without losing "
            "what they prove", "Art. 17(3)(b) and (e)",
        ),
        Kept(
            "entries of the block list that protect the person", person.blocked,
            "they were made so that this face is never created or shown, and serve nothing else; they go with "
            "`countenance policy unblock`", "Art. 6(1)(f), 9(2)(f)",
        ),
        Kept(
            "releases as withdrawn: number, mark, hash of the file, without name or place", releases,
            "a copy that is found outside must be known as withdrawn and be taken down", "Art. 17(2) and 17(3)(e)",
        ),
        Kept(
            "keyed fingerprints of the person's grant documents", len(person.grants),
            "so that an old grant file cannot bring the person back; they meet only whoever has that very document",
            "Art. 17(1) and 5(2)",
        ),
        Kept(
            "footage of the studio that shows other people too", len(shared),
            "it is outside of the product and others' grants rest on it; the product holds no face, track or name of "
            "this person from it any more, and a brief that shows the person is refused unless somebody answers for "
            "it; cut or blur the person, or keep it on a ground of your own", "Art. 17(3)(e) or 6(1)(f), to be "
            "weighed by the controller",
        ),
        Kept(
            "masters that show the person among others, where no brief names them", len(person.unnamed),
            "the tracks are destroyed; footage and releases belong to campaigns whose owners answer for everybody whom "
            "they show unnamed, and must weigh whether to go on showing this person", "Art. 6(1)(f), 21",
        ),
        Kept(
            "the studio's own references, grants and footage of the person alone",
            0 if journal.inputs else len(alone),
            "they lie outside of the product, which names them when it erases and deletes them only when asked to "
            "(--inputs)", "to be deleted by the controller",
        ),
        Kept(
            "this certificate", 1, "it proves that the request was fulfilled, and names nobody", "Art. 5(2)",
        ),
    ]  # fmt: skip
    return [one for one in found if one.count]
