"""The quality report of one variant: a page that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.errors import CountenanceError
from countenance.quality.curves import HEIGHT, LEFT, RIGHT, WIDTH, draw
from countenance.quality.gate import Kind, kinds
from countenance.quality.mouthline import HEIGHT as MOUTH_HEIGHT
from countenance.quality.mouthline import WIDTH as MOUTH_WIDTH
from countenance.quality.mouthline import draw_mouth
from countenance.quality.page import environment, face_name, language_name, number, readable, with_unit
from countenance.quality.strips import HEIGHT as STRIP_HEIGHT
from countenance.quality.strips import WIDTH as STRIP_WIDTH
from countenance.quality.strips import draw_strip

_CAPTIONS = {"contact_sheet": "Before (the master) and after (this variant), at the same moments."}


@dataclass(frozen=True)
class Gauge:
    """Positions on a figure's gauge in percent of its width."""

    zone_left: float
    zone_width: float
    dot: float


@dataclass(frozen=True)
class Row:
    group: str
    label: str
    means: str
    value: str
    limit: str
    state: str  # good | bad | open
    word: str
    reason: str
    gauge: Gauge | None


def render_report(qc: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    """The whole HTML page for the content of qc.json.

    `pictures` maps names to PNG, JPEG or WebP bytes; "contact_sheet" comes first, full width. A curve without
    a limit of its own is drawn with that of the figure of the same key. Everything is inline: no request
    leaves the page. Raises CountenanceError for a picture of another kind.
    """
    figures = [dict(figure) for figure in qc["figures"]]
    limits = {figure["key"]: _both_ways(figure) for figure in figures}
    curves = [{"limit": limits.get(curve["key"]), **curve} for curve in qc.get("curves", ())]
    rows = [_row(figure) for figure in figures]
    order = sorted(pictures, key=lambda name: (name != "contact_sheet", name))
    return (
        environment("countenance.quality")
        .get_template("report.html.j2")
        .render(
            variant=qc["variant"],
            campaign=readable(qc["variant"]["campaign"]),
            face=face_name(qc["variant"]["face"]),
            language=language_name(qc["variant"]["language"]),
            gate=qc["verdict"]["gate"],
            passed=qc["verdict"]["passed"],
            headline=headline(qc),
            summary=summary(rows),
            groups=_grouped(rows),
            strips=[draw_strip(strip) for strip in qc.get("strips", ()) if strip["stretches"]],
            strip_box={"width": STRIP_WIDTH, "height": STRIP_HEIGHT},
            mouth=draw_mouth(qc.get("mouth") or {}),
            mouth_box={"width": MOUTH_WIDTH, "height": MOUTH_HEIGHT},
            curves=[draw(curve) for curve in curves if curve["times_s"]],
            box={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT},
            pictures=[(_CAPTIONS.get(name, name.replace("_", " ")), _data_uri(pictures[name])) for name in order],
            notes=qc.get("notes", ()),
        )
    )


def _both_ways(figure: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The limit as a curve is drawn with it: of a figure whose size counts, whichever way it points, on both sides."""
    limit: Mapping[str, Any] | None = figure.get("limit")
    if limit and limit.get("max") is not None and _kind_of(figure).magnitude:
        return {"min": -limit["max"], "max": limit["max"]}
    return limit


def _grouped(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The rows under their headings, in the order in which the headings come first."""
    return [(group, [row for row in rows if row.group == group]) for group in dict.fromkeys(row.group for row in rows)]


def headline(qc: Mapping[str, Any]) -> str:
    """The verdict as one sentence."""
    gate = qc["verdict"]["gate"]
    if qc["verdict"]["passed"]:
        return f"Passes the {gate} gate"
    return f"Does not pass the {gate} gate"


def summary(rows: Sequence[Row]) -> str:
    """What the verdict rests on, in one or two sentences."""
    judged = [row for row in rows if row.state != "open"]
    bad = [row.label.lower() for row in judged if row.state == "bad"]
    unjudged = len(rows) - len(judged)
    if not judged:
        return "Nothing could be judged, and what was not judged is not passed."
    if not bad:
        told = "The one judged figure lies" if len(judged) == 1 else f"All {len(judged)} judged figures lie"
        told += " within its limits." if len(judged) == 1 else " within their limits."
    else:
        verb = "lies outside its limits" if len(bad) == 1 else "lie outside their limits"
        told = f"{len(bad)} of {len(judged)} figures {verb}: {_listed(bad)}."
    if unjudged:
        told += f" {'One more is' if unjudged == 1 else f'{unjudged} more are'} shown without judgement."
    return told


def figure_text(figure: Mapping[str, Any], page_language: str = "en") -> str:
    """The value of a figure of qc.json as people read it: "0.41", "−16.1 LUFS", or "–"."""
    kind = _kind_of(figure)
    if figure["value"] is None:
        return "–"
    return with_unit(number(figure["value"] * kind.scale, kind.decimals, page_language), kind.unit)


def _row(figure: Mapping[str, Any]) -> Row:
    kind = _kind_of(figure)
    limit = figure.get("limit") or {}
    state, word = {
        True: ("good", "within limits"),
        False: ("bad", "outside limits"),
        None: ("open", "not measured" if figure["value"] is None else "not judged"),
    }[figure["passed"]]
    return Row(
        group=kind.group,
        label=figure["label"],
        means=figure["means"],
        value=figure_text(figure),
        limit=_limit_text(kind, limit.get("min"), limit.get("max")),
        state=state,
        word=word,
        reason=figure.get("reason") or "",
        gauge=_gauge(kind, figure["value"], limit.get("min"), limit.get("max")),
    )


def _kind_of(figure: Mapping[str, Any]) -> Kind:
    """What the gates know about the figure; one that they do not know is shown as it stands."""
    known = kinds().get(figure["key"])
    return known or Kind(figure["key"], figure["label"], figure.get("unit") or "", figure["means"])


def _limit_text(kind: Kind, least: float | None, most: float | None) -> str:
    low, high = (None if end is None else number(end * kind.scale, kind.decimals) for end in (least, most))
    if low is None and high is None:
        return ""
    if low is not None and high is not None:
        return with_unit(f"{low} to {high}", kind.unit)
    if high is not None:
        return with_unit(f"{'±' if kind.magnitude else 'at most '}{high}", kind.unit)
    return with_unit(f"at least {low}", kind.unit)


def _gauge(kind: Kind, value: float | None, least: float | None, most: float | None) -> Gauge | None:
    if value is None or (least is None and most is None):
        return None
    start, end = kind.shown
    if kind.magnitude and most is not None:
        least = -most

    def place(at: float) -> float:
        return round(100 * min(max((at - start) / (end - start), 0.0), 1.0), 2)

    left = 0.0 if least is None else place(least)
    right = 100.0 if most is None else place(most)
    return Gauge(left, round(right - left, 2), place(value))


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _data_uri(picture: bytes) -> str:
    for start, kind in ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"RIFF", "webp")):
        if picture.startswith(start):
            return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
    raise CountenanceError("a picture for the report is neither PNG nor JPEG nor WebP: save it as one of them")
