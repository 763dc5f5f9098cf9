"""`evidence.pdf`: the same content as `evidence.json`, set for people who read and file paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from countenance.campaign.paper import Paper
from countenance.campaign.voice_facts import voice_sentence
from countenance.rights.vocabulary import EVERYTHING

_SCOPES = ("purposes", "engines", "campaigns", "markets", "channels", "languages")


def write_paper(evidence: Mapping[str, Any], poster: Path | None) -> bytes:
    """The PDF of `evidence.json`'s content, with the released still on the first page."""
    release = evidence["release"]
    paper = Paper(f"Evidence of release {release['id']}", evidence["confidential"])
    paper.add_page()
    _front(paper, evidence, poster)
    _timeline(paper, evidence["timeline"])
    _grants(paper, evidence["grants"])
    _approval(paper, evidence)
    _quality(paper, evidence["quality"])
    _sources(paper, evidence)
    _proofs(paper, evidence)
    _checks(paper, evidence["checks"])
    paper.heading("What this evidence cannot show")
    for one in evidence["limits"]:
        paper.words(f"–  {one}", size_pt=9)
        paper.ln(1)
    buffer = BytesIO()
    paper.output(buffer)
    return buffer.getvalue()


def _front(paper: Paper, evidence: Mapping[str, Any], poster: Path | None) -> None:
    release = evidence["release"]
    paper.heading(f"Evidence of release {release['id']}", 19)
    paper.words(evidence["verification"]["sentence"], bold=True, size_pt=10.5)
    paper.ln(3)
    if poster is not None:
        paper.image(str(poster), h=58)
        paper.ln(3)
    paper.facts(
        {
            "Studio": evidence["studio"]["name"],
            "Campaign": release["campaign"],
            "Answered for by": release["owner"],
            "Released at": release["released_at"],
            "State": release["state"],
            "Language": release["language"],
            "Changed with AI": "; ".join(release["changes"]) or "nothing",
            "Variant": release["variant"],
            "Mark": release["mark_id"],
            "Signed history": release["manifest_id"],
            "Written at": evidence["made_at"],
            "Written by": evidence["made_by"],
        }
    )
    people = [(one["face"], one["seen"], one["shown"], ", ".join(one["engines"]) or "–") for one in release["people"]]
    if people:
        paper.heading("Who is seen")
        paper.grid(("in the picture", "who was filmed", "whose face is shown", "done by"), people, (3, 3, 3, 3))


def _timeline(paper: Paper, moments: Iterable[Mapping[str, Any]]) -> None:
    paper.heading("Timeline")
    paper.words("From the ledger; each entry is proven under “How to check”. Times are UTC.", soft=True, size_pt=8.5)
    paper.ln(1)
    rows = [(one["at"][:19].replace("T", " "), one["entry"], one["what"], one["by"]) for one in moments]
    paper.grid(("when", "entry", "what", "by whom"), rows, (4, 1.3, 6, 5))


def _grants(paper: Paper, grants: Iterable[Mapping[str, Any]]) -> None:
    paper.heading("Consent")
    for one in grants:
        if not one["on_record"]:
            paper.words("A consent that is no longer on record; the ledger still shows that it was given.")
            paper.facts({"Ledger's commitment": one["commitment"], "Entries": one["entries"]})
            continue
        document = one["document"]
        kind = "a real person" if document["kind"] == "real" else "a synthetic talent: nobody's likeness"
        paper.words(f"{document['talent']}, {kind}", bold=True)
        ended = f"{one['withdrawn_at']} by {one['withdrawn_by']}: {one['reason']}" if one["withdrawn_at"] else None
        paper.facts(
            {
                "Given to": document["controller"],
                **{name.capitalize(): _scope(document[name]) for name in _SCOPES},
                "Valid": f"{document['valid_from']} to {document['valid_until']}",
                "Licence": document.get("licence"),
                "Origin": document.get("origin"),
                "Put on record at": one["recorded_at"],
                "Withdrawn at": ended or "not withdrawn",
                "Evidence files": "; ".join(f"{file['name']} ({file['sha256']})" for file in document["evidence"]),
                "Document's SHA-256": one["document_sha256"],
                "Ledger's commitment": one["commitment"],
                "Ledger's entries": one["entries"],
            }
        )


def _scope(values: Sequence[str]) -> str:
    return "all" if EVERYTHING in values else ", ".join(values)


def _approval(paper: Paper, evidence: Mapping[str, Any]) -> None:
    approval = evidence["approval"]
    paper.heading("Approval")
    how = "without a look at the pictures (--approve-as)" if approval.get("in_one_go") else "after review"
    paper.facts(
        {
            "Approved by": approval.get("by"),
            "At": approval.get("at"),
            "How": how if approval else None,
            "Note": approval.get("note"),
        }
    )


def _quality(paper: Paper, quality: Mapping[str, Any]) -> None:
    verdict = quality.get("verdict", {})
    paper.heading("Quality")
    passed = verdict.get("passed")
    if passed is not None:
        words = "passed" if passed else "did not pass"
        paper.words(f"The finished pictures {words} the gate “{verdict.get('gate', 'standard')}”.")
        paper.ln(1)
    figures = [
        (name.replace("_", " "), _figure(value))
        for name, value in (quality.get("figures") or {}).items()
        if value is not None
    ]
    if figures:
        half = (len(figures) + 1) // 2
        padded = [*figures, *[("", "")] * (2 * half - len(figures))]
        rows = [(*padded[n], *padded[n + half]) for n in range(half)]
        paper.grid(("figure", "value", "figure", "value"), rows, (5, 2.4, 5, 2.4))


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _sources(paper: Paper, evidence: Mapping[str, Any]) -> None:
    inputs = evidence["inputs"]
    paper.heading("What went in, and what made it")
    engines = [f"{name} {one.get('version', '')}".strip() for name, one in evidence["engines"].items()]
    references = [f"{one['talent']}: {one['file']}, {one['sha256']}" for one in inputs.get("references", [])]
    paper.facts(
        {
            "Brief": inputs.get("brief"),
            "Master's SHA-256": inputs.get("master", {}).get("sha256"),
            "Text's SHA-256": inputs.get("text", {}).get("sha256"),
            "Engines": "; ".join(engines),
            "Voice": voice_sentence(evidence.get("voice") or {}),
        }
    )
    for one in references:
        paper.words(f"Reference of {one}", size_pt=8)
    if references:
        paper.ln(1.5)
    models = [(one["name"], one["licence"], _pinned(one)) for one in evidence["models"]]
    if models:
        paper.grid(("weights", "licence", "SHA-256"), models, (5, 4, 4))


def _pinned(model: Mapping[str, Any]) -> str:
    """By what a model is pinned: its hash, or the release of the library that brings it."""
    return f"{model['sha256'][:16]}…" if "sha256" in model else model["source"]


def _proofs(paper: Paper, evidence: Mapping[str, Any]) -> None:
    ledger = evidence["ledger"]
    paper.heading("Proofs")
    state = f"proven, {ledger['entries']} entries" if ledger["proven"] else f"damaged: {ledger['problem']}"
    hashes = {one["file"]: one["sha256"] for one in evidence["files"]}
    paper.facts({"Ledger": state, **hashes, "Receipt": evidence["receipt_sha256"]})
    rows = [(one["about"], one["state"], one["sentence"]) for one in evidence["verification"]["findings"]]
    paper.grid(("looked at", "found", "in words"), rows, (2.2, 2.2, 9))


def _checks(paper: Paper, checks: Iterable[Mapping[str, Any]]) -> None:
    paper.heading("How to check each step without our software")
    paper.words(
        "The commands need openssl (3.0 or newer), sha256sum and python3, and are run in this evidence folder. "
        "evidence.json has them to copy from, under “checks”.",
        soft=True, size_pt=8.5,
    )  # fmt: skip
    where = {"studio": " (at the studio)", "holder": " (where the file is kept)"}
    for number, one in enumerate(checks, 1):
        if paper.will_page_break(30):
            paper.add_page()
        paper.ln(2.5)
        paper.words(f"{number}. {one['title']}{where.get(one['where'], '')}", bold=True, size_pt=9)
        paper.words(one["shows"], size_pt=8.5)
        paper.ln(0.8)
        paper.code(one["command"])
        paper.words("The answer contains:", soft=True, size_pt=8)
        paper.code(one["answer"])
