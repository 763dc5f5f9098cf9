"""The command that puts together what is on record about a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command


def register(app: typer.Typer) -> None:
    command(app, "evidence")(evidence)


def evidence(
    call: Call,
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="A release's id or its variant's, or the start.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="An empty or new folder.")],
) -> None:
    """Write all that is on record about a release for a lawyer: one PDF, JSON, files and checks. It names people."""
    from countenance.campaign.evidence import write_evidence
    from countenance.campaign.evidence_words import CONFIDENTIAL

    with call.progress() as stage:
        stage("putting the evidence together", None)
        folder = write_evidence(call.project(), release, out)
    paper = folder / "evidence.pdf"
    call.show({"folder": str(folder), "paper": str(paper), "note": CONFIDENTIAL}, f"written: {paper}", CONFIDENTIAL)
