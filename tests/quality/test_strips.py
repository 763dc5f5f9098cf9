from __future__ import annotations

from typing import Any

from countenance.quality.strips import BASE, TOP, WIDTH, draw_strip


def stretch(state: str, start: float, end: float, why: str = "", course: tuple[float, ...] = ()) -> dict[str, Any]:
    pictures = round((end - start) * 25)
    return {
        "state": state, "why": why, "from_s": start, "to_s": end, "pictures": pictures, "course": list(course),
    }  # fmt: skip


STRIP = {
    "label": "guest",
    "stretches": [
        stretch("painted", 0, 4),
        stretch("faded", 4, 5, "turned too far", (0.75, 0.25)),
        stretch("untouched", 5, 6, "turned too far"),
        stretch("absent", 6, 8),
        stretch("painted", 8, 10),
    ],
}


def test_blocks_lie_where_their_time_is_and_are_as_high_as_the_paint_is_strong() -> None:
    drawn = draw_strip(STRIP)
    assert [block.state for block in drawn.blocks] == ["painted", "faded", "untouched", "painted"]
    painted, faded = drawn.blocks[0].path, drawn.blocks[1].path
    assert painted == f"M0.0 {BASE}V{TOP:.1f}H{0.4 * WIDTH:.1f}V{BASE}Z"
    high, low = (BASE - strength * (BASE - TOP) for strength in (0.75, 0.25))
    assert faded == f"M{0.4 * WIDTH:.1f} {BASE}V{high:.1f}H{0.45 * WIDTH:.1f}V{low:.1f}H{0.5 * WIDTH:.1f}V{BASE}Z"


def test_what_was_not_painted_in_full_is_listed_with_its_time_and_reason() -> None:
    rows = draw_strip(STRIP).rows
    assert [(row.when, row.frames, row.what, row.why) for row in rows] == [
        ("4.00\u20135.00\u00a0s", "25", "faded to the original, down to 25\u00a0%", "turned too far"),
        ("5.00\u20136.00\u00a0s", "25", "left as shot", "turned too far"),
    ]
    assert "faded to the original (turned too far)" in draw_strip(STRIP).told


def test_a_long_list_is_cut_and_says_by_how_much() -> None:
    stretches = [
        stretch("untouched" if number % 2 else "painted", number, number + 1, "too small" if number % 2 else "")
        for number in range(100)
    ]
    drawn = draw_strip({"label": "", "stretches": stretches})
    assert (len(drawn.rows), drawn.more) == (40, 10)


def test_a_last_single_picture_can_still_be_seen() -> None:
    drawn = draw_strip({"label": "", "stretches": [stretch("painted", 0, 2), stretch("untouched", 2, 2, "too small")]})
    assert drawn.blocks[-1].path.startswith(f"M{WIDTH - 2:.1f} ")
