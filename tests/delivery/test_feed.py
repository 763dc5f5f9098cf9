from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.feed import COLUMNS, Creative, cell_text, feed_csv, feed_json

DOCS = Path(__file__).resolve().parents[2] / "docs" / "sinks.md"
CREATIVE = Creative(
    variant="01JD3ZVARIANT0000000000001", release="01JD3ZRELEASE0000000000001", campaign="espresso-launch", face="ben",
    language="de", duration_s=6.04, width=1280, height=720, voice="espeak", made=("face", "mouth", "voice"),
    disclosure="Mit KI verändert.", source_type="CompositeSyntheticDigitalSource", markets=("AT", "DE"),
    channels=("web",), until="2027-12-31", serve=True, sink="cdn", video="https://cdn.example/v.mp4",
    video_sha256="ab" * 32, video_bytes=123456, poster="https://cdn.example/p.jpg", captions="https://cdn.example/c.vtt",
    playlist="", index="https://cdn.example/i.json",
)  # fmt: skip
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_column_is_explained_and_on_the_page() -> None:
    names = [one.name for one in fields(Creative)]
    assert names == list(COLUMNS)
    page = DOCS.read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in page] == []


def test_both_forms_say_the_same() -> None:
    (row,) = read(feed_csv([CREATIVE]))
    told = json.loads(feed_json([CREATIVE], "2026-11-22T00:00:00+00:00"))["creatives"][0]
    assert row["made"].split() == told["made"] == ["face", "mouth", "voice"]
    assert float(row["duration_s"]) == told["duration_s"]
    assert (row["serve"], told["serve"]) == ("true", True)
    assert row["disclosure"] == told["disclosure"]
    assert list(row) == list(told) == list(COLUMNS)


@given(texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_no_cell_is_a_formula_and_nothing_is_lost(texts: list[tuple[str, str]]) -> None:
    rows = [replace(CREATIVE, campaign=first, disclosure=second) for first, second in texts]
    text = feed_csv(rows)
    found = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert len(found) == len(rows)
    assert not any(cell.startswith(DANGEROUS) for row in found for cell in row)
    for row, (first, second) in zip(read(text), texts, strict=True):
        assert (cell_text(row["campaign"]), cell_text(row["disclosure"])) == (first, second)
