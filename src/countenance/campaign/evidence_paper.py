"""`evidence.pdf`: the same content as `evidence.json`, set for people who read and file paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode, XPos, YPos
from fpdf.fonts import FontFace
from fpdf.util import Padding

from countenance.rights.vocabulary import EVERYTHING

_INK, _SOFT, _LINE, _WASH = (29, 28, 26), (95, 91, 83), (214, 208, 196), (244, 242, 236)
_TEXT, _MONO = "NotoSans", "PlexMono"
_MARGIN_MM, _LINE_MM = 20, 4.6
_SCOPES = ("purposes", "engines", "campaigns", "markets", "channels", "languages")


class Paper(FPDF):
    """An A4 paper with the confidentiality note and page numbers on every page."""

    def __init__(self, title: str, note: str) -> None:
        super().__init__(format="A4")
        self.note = note
        self.set_title(title)
        self.set_margins(_MARGIN_MM, 18, _MARGIN_MM)
        self.set_auto_page_break(True, 20)
        self.c_margin = 0  # text, pictures and lines begin at the same edge
        sans = files("fontpkg_noto_sans").joinpath("files/NotoSans[wdth,wght].ttf")
        mono = files("fontpkg_ibm_plex_mono").joinpath("files/IBMPlexMono-Regular.ttf")
        self.add_font(_TEXT, "", str(sans), variations={"wght": 400.0, "wdth": 100.0})
        self.add_font(_TEXT, "B", str(sans), variations={"wght": 650.0, "wdth": 100.0})
        self.add_font(_MONO, "", str(mono))
        self._known = {name: frozenset(getattr(self.fonts[name.lower()], "cmap", ())) for name in (_TEXT, _MONO)}
        self.alias_nb_pages()

    def header(self) -> None:
        self._ink(7.5, _SOFT)
        self.cell(0, 4, self.shown(self.note), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)

    def footer(self) -> None:
        self.set_y(-14)
        self._ink(7.5, _SOFT)
        self.cell(self.epw / 2, 4, self.shown(self.title or ""))
        self.cell(self.epw / 2, 4, f"{self.page_no()} / {{nb}}", align="R")

    def heading(self, text: str, size_pt: float = 13) -> None:
        """A section's title; it never stands alone at the end of a page."""
        if self.will_page_break(24):
            self.add_page()
        elif self.get_y() > 30:
            self.ln(4)
        self._ink(size_pt, _INK, "B")
        self.multi_cell(0, size_pt * 0.48, self.shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.5)

    def words(self, text: str, *, soft: bool = False, bold: bool = False, size_pt: float = 9.5) -> None:
        """A paragraph."""
        self._ink(size_pt, _SOFT if soft else _INK, "B" if bold else "")
        self.multi_cell(0, size_pt * 0.5, self.shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def code(self, text: str) -> None:
        """A command, on a ground of its own; lines break anywhere, and are to be joined when it is typed."""
        self.set_font(_MONO, size=7.5)
        self.set_text_color(*_INK)
        self.set_fill_color(*_WASH)
        self.multi_cell(
            0, 3.9, self.shown(text, _MONO), align="L", fill=True, padding=Padding(1, 1.5, 1, 1.5), wrapmode=WrapMode.CHAR,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        self.ln(0.8)

    def facts(self, values: Mapping[str, object], width_mm: float = 38) -> None:
        """Names and values, one a line."""
        for name, value in values.items():
            if value in (None, "", [], ()):
                continue
            text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
            mono = len(text) >= 26 and " " not in text
            self._ink(8.5, _SOFT)
            top = self.get_y()
            if self.will_page_break(6):
                self.add_page()
                top = self.get_y()
            self.cell(width_mm, _LINE_MM, self.shown(name))
            self.set_font(_MONO if mono else _TEXT, size=7.8 if mono else 8.5)
            self.set_text_color(*_INK)
            self.set_xy(self.l_margin + width_mm, top)
            self.multi_cell(
                0, _LINE_MM, self.shown(text, _MONO if mono else _TEXT), align="L",
                wrapmode=WrapMode.CHAR if mono else WrapMode.WORD, new_x=XPos.LMARGIN, new_y=YPos.NEXT,
            )  # fmt: skip
        self.ln(1.5)

    def grid(self, columns: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[float]) -> None:
        """A table with a line under its head and between rows."""
        self._ink(8, _INK)
        self.set_draw_color(*_LINE)
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES, col_widths=tuple(widths), line_height=_LINE_MM,
            headings_style=FontFace(emphasis="", color=_SOFT), padding=(0.8, 1, 0.8, 0), text_align="LEFT",
            first_row_as_headings=True,
        ) as made:  # fmt: skip
            made.row([self.shown(one) for one in columns])
            for row in rows:
                made.row([self.shown(str(cell)) for cell in row])
        self.ln(2)

    def shown(self, text: str, font: str = _TEXT) -> str:
        """The text with what the font lacks as code points, so that nothing is left out unseen."""
        known = self._known[font]
        return "".join(one if ord(one) in known or one in "\n\u00a0" else f"[U+{ord(one):04X}]" for one in text)

    def _ink(self, size_pt: float, colour: tuple[int, int, int], style: str = "") -> None:
        self.set_font(_TEXT, style, size_pt)
        self.set_text_color(*colour)


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
        }
    )
    for one in references:
        paper.words(f"Reference of {one}", size_pt=8)
    if references:
        paper.ln(1.5)
    models = [(one["name"], one["licence"], one["sha256"][:16] + "…") for one in evidence["models"]]
    if models:
        paper.grid(("weights", "licence", "SHA-256"), models, (5, 4, 4))


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
