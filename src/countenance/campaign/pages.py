"""The campaign pages of variants that stay when others are erased: made anew without them, and without the brief."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from countenance.campaign.person import tokens
from countenance.campaign.variants import VariantRow, variant_rows
from countenance.delivery.campaign_page import Showing, write_campaign_page
from countenance.errors import InputError
from countenance.provenance.disclosure import record_from_json, sentence
from countenance.store.files import read_json, sweep, write_bytes
from countenance.store.project import Project

_REPORTS = ("qc.json", "qc.html")


def renew_pages(project: Project, pages: Sequence[str], erased: Sequence[str]) -> None:
    """Write the campaign pages again for who is left, or remove them where nobody is."""
    for page in map(Path, pages):
        sweep(page.parent)
        rows = [row for row in variant_rows(project) if _out(row) == page.parent and row.id not in erased]
        if rows and page.parent.is_dir():
            write_campaign_page(page.parent, rows[0].campaign, [_showing(row, page.parent) for row in rows])
            continue
        page.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something else lies there
            page.parent.rmdir()


def unname(project: Project, name: str, jobs: Sequence[str], erased: Sequence[str]) -> int:
    """Take a person out of the reports of variants that stay: these say when a face came near to another talent's.

    Returns how many files were changed.
    """
    said = re.compile(rb"(?<=nearer to )" + re.escape(name).encode() + rb"(?![\w-])")
    changed = 0
    for row in variant_rows(project):
        if row.job not in jobs or row.id in erased or "folder" not in row.render:
            continue
        out = _out(row)
        for folder in (Path(row.render["folder"]), *([out / row.id] if out else [])):
            for path in (folder / report for report in _REPORTS):
                content = path.read_bytes() if path.is_file() else b""
                if said.search(content):
                    write_bytes(path, said.sub(b"somebody else", content))
                    changed += 1
    return changed


def _out(row: VariantRow) -> Path | None:
    out = row.render.get("request", {}).get("out")
    return Path(out) if out else None


def _showing(row: VariantRow, out: Path) -> Showing:
    package = out / row.id
    released = row.state == "released" and package.is_dir()
    shown, disclosure = tuple(sorted(tokens(row.face))), ""
    if released:
        receipt = read_json(package / "receipt.json")
        shown = tuple(one["shown"] for one in receipt["receipt"]["people"])
        disclosure = sentence(record_from_json({**receipt["record"], "language": "en"}))
    report = _report(package if released else Path(row.render.get("folder", "")))
    return Showing(row.id, row.face, shown, row.language, row.state, disclosure, report, row.id if released else None)


def _report(folder: Path) -> dict[str, Any] | None:
    try:
        return dict(read_json(folder / "qc.json"))
    except InputError:
        return None
