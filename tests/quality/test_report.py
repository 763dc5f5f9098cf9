from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image

from countenance.errors import CountenanceError
from countenance.quality.gate import judge
from countenance.quality.report import render_report

VOID = {"meta", "img", "br", "link", "input", "source", "track", "path", "rect"}


class Page(HTMLParser):
    """Checks that tags are balanced, and keeps addresses and visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "poster")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def picture(kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 4), (200, 120, 40)).save(buffer, kind)
    return buffer.getvalue()


def qc(reasons: dict[str, str] | None = None, **changes: float | None) -> dict[str, Any]:
    values: dict[str, float | None] = {
        "identity_wanted": 0.43,
        "jitter_ratio": 1.12,
        "av_offset_ms": -24.0,
        "loudness_lufs": -16.08,
        "missing_face_share": 0.012,
        **changes,
    }
    verdict = judge(values, "standard", reasons)
    return {
        "variant": {"id": "01K9ZQ", "face": "ben", "language": "de", "campaign": "espresso-launch"},
        "figures": [figure.record() for figure in verdict.figures],
        "verdict": verdict.record(),
        "curves": [
            {
                "key": "identity_wanted",
                "label": "Distance",
                "unit": "",
                "times_s": [0.0, 0.04, 0.08],
                "values": [0.4, None, 0.5],
                "baseline": [0.8, 0.9, 0.8],
            }
        ],
        "notes": ["The speech was slowed by 4 %."],
    }


def test_the_verdict_stands_at_the_top_in_words() -> None:
    text = Page(render_report(qc(), {})).text
    assert text.startswith("Passes the standard gate · Ben, German · Espresso launch")
    assert "All 5 judged figures lie within their limits." in text
    for words in (
        "0.43",
        "at most 0.60",
        "1.12×",
        "−24\u00a0ms",
        "±80\u00a0ms",
        "−16.1\u00a0LUFS",
        "1.2\u00a0%",
    ):
        assert " ".join(words.split()) in text
    assert "−17.0 to −15.0 LUFS" in text and "The speech was slowed by 4 %." in text


def test_figures_stand_under_their_headings() -> None:
    text = Page(render_report(qc(), {})).text
    headings = ["Whose face it is", "How steady it is", "Sound", "What was painted"]
    assert [text.index(heading) for heading in headings] == sorted(text.index(heading) for heading in headings)
    assert "How it moves" not in text  # nothing of it was measured


def test_fades_are_shown_over_time_and_listed() -> None:
    told = qc()
    fade = {"state": "faded", "why": "turned too far", "from_s": 2.0, "to_s": 2.4, "pictures": 10, "course": [0.4]}
    whole = {"state": "painted", "why": "", "from_s": 0.0, "to_s": 2.0, "pictures": 50, "course": []}
    told["strips"] = [{"label": "guest", "stretches": [whole, fade]}, {"label": "presenter", "stretches": [whole]}]
    html = render_report(told, {})
    text = Page(html).text
    assert "What was painted, frame by frame" in text
    assert "2.00–2.40 s 10 faded to the original, down to 40 % turned too far" in text
    assert text.count("Every frame that shows the person was painted in full.") == 1
    assert html.count('<path class="painted"') == 2 and html.count('<path class="faded"') == 1
    assert "frame by frame" not in Page(render_report(qc(), {})).text


def test_a_failed_gate_names_what_failed() -> None:
    text = Page(render_report(qc(jitter_ratio=1.83, loudness_lufs=-18.9), {})).text
    assert "Does not pass the standard gate" in text
    assert "2 of 5 figures lie outside their limits: trembling of the face and loudness." in text
    assert text.count("outside limits") == 2


def test_what_was_not_measured_is_shown_with_its_reason() -> None:
    text = Page(render_report(qc({"av_offset_ms": "no plosives"}, av_offset_ms=None), {})).text
    assert "not measured no plosives" in text
    assert "All 4 judged figures lie within their limits. One more is shown without judgement." in text


def test_the_page_needs_nothing_but_itself() -> None:
    html = render_report(qc(), {"contact_sheet": picture(), "mouth": picture("JPEG"), "eyes": picture("WEBP")})
    addresses = Page(html).addresses
    assert [address[:16] for address in addresses] == [
        "data:image/png;b",
        "data:image/webp;",
        "data:image/jpeg;",
    ]
    assert "http" not in html.replace("http-equiv", "") and "@import" not in html


def test_the_figures_limit_shades_the_curve_of_the_same_key() -> None:
    assert render_report(qc(), {}).count('class="band"') == 1
    other = qc()
    other["curves"][0]["key"] = "something_else"
    assert 'class="band"' not in render_report(other, {})


def test_text_from_outside_is_escaped() -> None:
    hostile = qc()
    hostile["notes"] = ["<script>alert(1)</script>"]
    hostile["variant"]["id"] = '"><img src=x>'
    html = render_report(hostile, {})
    assert "<script" not in html and "<img" not in html


def test_figures_that_no_gate_knows_are_shown_as_they_stand() -> None:
    more = qc()
    more["figures"].append(
        {
            "key": "psnr",
            "label": "PSNR",
            "value": 41.234,
            "unit": "dB",
            "limit": None,
            "passed": None,
            "means": "M.",
        }
    )
    assert "41.23 dB" in Page(render_report(more, {})).text


def test_an_untouched_variant_without_curves_is_reported_too() -> None:
    verdict = judge({"loudness_lufs": -16.0}, "strict")
    plain = {
        "variant": {"id": "1", "face": "keep", "language": "tlh", "campaign": "c"},
        "figures": [figure.record() for figure in verdict.figures],
        "verdict": verdict.record(),
    }
    text = Page(render_report(plain, {})).text
    assert "face as shot, tlh" in text and "The one judged figure lies within its limits." in text
    assert "Over time" not in text and "Notes" not in text


def test_pictures_of_another_kind_are_refused() -> None:
    with pytest.raises(CountenanceError, match="neither PNG nor JPEG"):
        render_report(qc(), {"contact_sheet": b"GIF89a"})
