"""campaign.html: all variants of a campaign side by side, for the people who decide and those who watch."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from countenance.delivery.labels import FIGURES, LABELS, STATES
from countenance.errors import InputError
from countenance.quality.page import environment, face_name, language_name, readable
from countenance.quality.report import figure_text
from countenance.store.files import atomic_path

KEY_FIGURES = ("identity_wanted", "av_offset_ms", "jitter_ratio", "loudness_lufs")
MOST_COLUMNS = 4
_STATE_SIGN = {"released": "good", "approved": "good", "rejected": "bad", "withdrawn": "bad"}


@dataclass(frozen=True)
class Showing:
    """One variant as the page shows it."""

    id: str
    face: str  # the key of the cast, such as "keep", "ben" or "presenter=ben+guest=ada"
    shown: tuple[str, ...]  # the talents whose faces are seen, the presenter's first
    language: str
    state: str  # planned | rendered | in_review | approved | rejected | released | withdrawn
    disclosure: str  # one sentence in the page's language, from the release record
    qc: Mapping[str, Any] | None = None  # the content of qc.json, once there is one
    folder: str | None = None  # its package, beside the page; None while there is none


def write_campaign_page(out: Path, campaign: str, showings: Sequence[Showing], page_language: str = "en") -> Path:
    """Write `out/campaign.html` whole and return it. Files of the packages are named, captions are inlined.

    Captions stand in the page itself because a browser refuses to load them for a page opened from disk.
    InputError when a package that should be shown lacks its video or its captions.
    """
    for showing in showings:
        for name in ("video.mp4", "captions.vtt") if showing.folder else ():
            if not (out / str(showing.folder) / name).is_file():
                raise InputError(f"{out / str(showing.folder)} has no {name}: package variant {showing.id} again")
    captions = {
        showing.folder: (out / showing.folder / "captions.vtt").read_text(encoding="utf-8")
        for showing in showings
        if showing.folder
    }
    sizes = {folder: _size(out / folder / "video.jsonld") for folder in captions}
    page = render_campaign(campaign, showings, captions, sizes, page_language)
    with atomic_path(out / "campaign.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    return out / "campaign.html"


def render_campaign(
    campaign: str,
    showings: Sequence[Showing],
    captions: Mapping[str, str],
    sizes: Mapping[str, tuple[int, int]],
    page_language: str = "en",
) -> str:
    """The HTML of the page; `captions` maps package folders to WebVTT, `sizes` to (width, height) in px."""
    if page_language not in LABELS:
        raise InputError(f"the campaign page has no words in '{page_language}' (it has {', '.join(LABELS)})")
    words = LABELS[page_language]
    columns, places = _columns(showings)
    cards = [
        _card(showing, place, captions, sizes, page_language) for showing, place in zip(showings, places, strict=True)
    ]
    return (
        environment("countenance.delivery")
        .get_template("campaign.html.j2")
        .render(
            page_language=page_language,
            words=words,
            campaign=readable(campaign),
            summary=_summary(showings, page_language),
            columns=columns,
            cards=cards,
            playable=sum(card["folder"] is not None for card in cards) > 1,
        )
    )


def _card(
    showing: Showing,
    place: int | None,
    captions: Mapping[str, str],
    sizes: Mapping[str, tuple[int, int]],
    page_language: str,
) -> dict[str, Any]:
    folder = showing.folder
    words = LABELS[page_language]
    verdict = showing.qc["verdict"] if showing.qc else None
    return {
        "id": showing.id,
        "key": f"{showing.face}-{showing.language}",
        "place": place,
        "title": words["speaks"].format(
            name=" & ".join(map(face_name, showing.shown)), language=language_name(showing.language, page_language)
        ),
        "changed": words[_changed(showing.face)],
        "language": showing.language,
        "language_name": language_name(showing.language, page_language),
        "state": STATES[page_language].get(showing.state, showing.state),
        "sign": _STATE_SIGN.get(showing.state, "open"),
        "waits": showing.state == "in_review",
        "disclosure": showing.disclosure,
        "folder": quote(folder) if folder else None,
        "size": sizes[folder] if folder else next(iter(sizes.values()), (16, 9)),
        "captions": _data_uri(captions[folder]) if folder else None,
        "verdict": words["passed" if verdict["passed"] else "failed"].format(gate=verdict["gate"]) if verdict else "",
        "verdict_sign": "good" if verdict and verdict["passed"] else "bad",
        "figures": _figures(showing.qc, page_language) if showing.qc else [],
    }


def _changed(face: str) -> str:
    """Which words say what became of the faces."""
    if face == "keep":
        return "face_kept"
    return "faces_replaced" if "+" in face else "face_replaced"


def _figures(qc: Mapping[str, Any], page_language: str) -> list[dict[str, Any]]:
    """The figures that matter most to a reader, and every one that failed."""
    return [
        {
            "label": FIGURES[page_language].get(figure["key"], figure["label"]),
            "value": figure_text(figure, page_language),
            "failed": figure["passed"] is False,
        }
        for figure in qc["figures"]
        if figure["key"] in KEY_FIGURES or figure["passed"] is False
    ]


def _columns(showings: Sequence[Showing]) -> tuple[int, list[int | None]]:
    """Number of columns and each card's own: languages across when they fit, so that faces stand in rows."""
    languages = list(dict.fromkeys(showing.language for showing in showings))
    if 2 <= len(languages) <= MOST_COLUMNS:
        return len(languages), [languages.index(showing.language) + 1 for showing in showings]
    return max(1, min(MOST_COLUMNS - 1, len(showings))), [None] * len(showings)


def _summary(showings: Sequence[Showing], page_language: str) -> str:
    words = LABELS[page_language]
    counts = {state: sum(one.state == state for one in showings) for state in STATES[page_language]}
    told = ", ".join(f"{count} {STATES[page_language][state]}" for state, count in counts.items() if count)
    key = "one_variant" if len(showings) == 1 else "many_variants"
    return words[key].format(count=len(showings), states=told)


def _size(jsonld: Path) -> tuple[int, int]:
    """Width and height of the video, as its own description says; 16:9 when it does not."""
    try:
        described = json.loads(jsonld.read_text(encoding="utf-8"))
        return int(described["width"]["value"]), int(described["height"]["value"])
    except (OSError, ValueError, KeyError, TypeError):
        return 16, 9


def _data_uri(vtt: str) -> str:
    return f"data:text/vtt;base64,{base64.b64encode(vtt.encode()).decode()}"
