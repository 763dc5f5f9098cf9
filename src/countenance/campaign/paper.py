"""A plain A4 paper: headings, paragraphs, facts, tables and commands, in embedded fonts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode, XPos, YPos
from fpdf.fonts import FontFace
from fpdf.util import Padding

_INK, _SOFT, _LINE, _WASH = (29, 28, 26), (95, 91, 83), (214, 208, 196), (244, 242, 236)
_TEXT, _MONO = "NotoSans", "PlexMono"
_MARGIN_MM, _LINE_MM = 20, 4.6


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
            0, 3.9, self.shown(text, _MONO), align="L", fill=True, padding=Padding(1, 1.5, 1, 1.5),
            wrapmode=WrapMode.CHAR, new_x=XPos.LMARGIN, new_y=YPos.NEXT,
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
