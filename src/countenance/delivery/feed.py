"""A feed of variants for ad servers and analytics: every creative with its parameters and addresses, CSV or JSON.

One row is one variant at one sink. `COLUMNS` says what each column holds.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

FORMAT = "countenance feed 1"
# What spreadsheets take for the beginning of a formula (OWASP, CSV Injection), also behind a quote of their own.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_LIST = " "  # between the members of a list: none of them holds a blank

COLUMNS: Mapping[str, str] = {
    "variant": "the variant's id, a ULID; it stands in the file names too",
    "release": "the release's id; another one means other pictures or sound",
    "campaign": "the campaign's name",
    "face": "whose face is shown: `keep` for as shot",
    "language": "BCP 47",
    "duration_s": "seconds, to the thousandth",
    "width": "pixels",
    "height": "pixels",
    "voice": "`original`, or what speaks: the engine's name",
    "made": "what was made with AI: `face`, `mouth`, `voice`, or nothing",
    "disclosure": "the sentence that says so, in the variant's language",
    "source_type": "the IPTC digital source type, as schema.org names it",
    "markets": "countries (ISO 3166-1) that it may be shown in, or `*`",
    "channels": "channels that it may be shown on, or `*`",
    "until": "the last day on which it may be shown, ISO 8601; empty for no end",
    "serve": "`true` while it may be shown; ask again before each delivery all the same",
    "sink": "the sink that the addresses below are of",
    "video": "address of the video",
    "video_sha256": "its SHA-256",
    "video_bytes": "its length",
    "poster": "address of the poster",
    "captions": "address of the captions (WebVTT)",
    "playlist": "address of the HLS master playlist; empty where there is none",
    "index": "address of the index with all files",
    "landing": "the landing page with UTM parameters; empty without one",
}


@dataclass(frozen=True)
class Creative:
    """A variant at a sink; its fields are the columns of the feed."""

    variant: str
    release: str
    campaign: str
    face: str
    language: str
    duration_s: float
    width: int
    height: int
    voice: str
    made: tuple[str, ...]
    disclosure: str
    source_type: str
    markets: tuple[str, ...]
    channels: tuple[str, ...]
    until: str | None
    serve: bool
    sink: str
    video: str
    video_sha256: str
    video_bytes: int
    poster: str
    captions: str
    playlist: str
    index: str
    landing: str = ""


def feed_json(creatives: Iterable[Creative], issued: str) -> str:
    """The feed as JSON: `format`, `issued` (ISO 8601) and `creatives`, whose members are the columns."""
    told = {"format": FORMAT, "issued": issued, "creatives": [asdict(one) for one in creatives]}
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def feed_csv(creatives: Iterable[Creative]) -> str:
    """The feed as CSV (RFC 4180): a heading, one row each, lists by blanks.

    A text that a spreadsheet would take for a formula is written with an apostrophe before it; `cell_text` takes it
    away again.
    """
    target = io.StringIO()
    rows = csv.writer(target, lineterminator="\r\n")
    names = [one.name for one in fields(Creative)]
    rows.writerow(names)
    for one in creatives:
        rows.writerow([_cell(getattr(one, name)) for name in names])
    return target.getvalue()


def cell_text(cell: str) -> str:
    """The text that a cell of the CSV feed stands for."""
    return cell[1:] if cell.startswith("'") else cell


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = _LIST.join(value) if isinstance(value, tuple) else str(value or "")
    return f"'{text}" if text.startswith(_FORMULA) else text
