"""What the evidence says in words: of the ledger's entries, of its own limits."""

from __future__ import annotations

CONFIDENTIAL = "Confidential: names people, for those who answer for this release and their counsel."

KINDS = {
    "consent.granted": "Consent was given and put on record",
    "consent.recorded": "The consent's record was made and signed",
    "consent.replaced": "Consent was replaced by a newer one",
    "consent.withdrawn": "Consent was withdrawn",
    "render.started": "Making the variants began",
    "render.refused": "Making was refused for lack of consent",
    "qc.judged": "The finished pictures were measured and judged",
    "review.approved": "A person approved these pictures",
    "review.rejected": "A person rejected these pictures",
    "release.sealed": "The release was marked, signed and entered",
    "release.withdrawn": "The release was withdrawn",
    "release.taken_down": "A place no longer shows the release",
    "patches.exported": "What was painted was handed out",
}

LIMITS = (
    "The ledger shows what was entered and when, and that nothing was changed since. Whether what was entered is "
    "true (that a signature is the person's own, that a declared age is right) must be judged from the evidence files.",
    "Times are those of the studio's clock; a witness or a time stamp authority, where one was used, confirms them.",
    "Whoever holds the studio's ledger key could have written another history from the beginning; a checkpoint that "
    "was given to somebody else before, or a witness's signature, rules that out.",
    "The ledger names people by keyed hashes only. Which hash is whose can be shown at the studio alone, as long as "
    "it keeps the person's key.",
    "The mark in picture and sound can be removed with effort; that it is not found does not prove that a file is not "
    "of this release.",
)
