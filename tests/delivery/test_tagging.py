from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.delivery.tagging import UTM, file_name, variant_in, with_utm
from countenance.errors import InputError

VARIANT = "01JD3ZVARIANT0000000000001"
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=("C", "Z")), min_size=1)


def test_the_variant_stands_at_the_beginning_of_every_file_name() -> None:
    assert file_name(VARIANT, "pt-BR", "video.mp4") == f"{VARIANT}-pt-BR.mp4"
    assert file_name(VARIANT, "de", "captions.vtt") == f"{VARIANT}-de-captions.vtt"
    for name in ("video.mp4", "poster.jpg"):
        tagged = file_name(VARIANT, "de", name)
        assert variant_in(f"https://cdn.example/films/{tagged.lower()}?t=1") == VARIANT
    assert variant_in("https://cdn.example/video.mp4") is None


@pytest.mark.parametrize(("variant", "language"), [("ben", "de"), (VARIANT, "../de"), ("../" + VARIANT, "de")])
def test_what_is_no_id_or_no_language_names_no_file(variant: str, language: str) -> None:
    with pytest.raises(InputError):
        file_name(variant, language, "video.mp4")


@given(campaign=WORDS, source=WORDS, kept=WORDS)
def test_a_tagged_link_says_which_variant_and_keeps_what_it_had(campaign: str, source: str, kept: str) -> None:
    link = f"https://shop.example/espresso?colour=red&utm_content=old&{'ref'}=1#{'top'}"
    tagged = with_utm(link, VARIANT, campaign, source=source, medium="video", more={"term": kept})
    parts = urlsplit(tagged)
    assert parse_qs(parts.query) == {
        "colour": ["red"], "ref": ["1"], "utm_source": [source], "utm_medium": ["video"], "utm_campaign": [campaign],
        "utm_content": [VARIANT], "utm_term": [kept],
    }  # fmt: skip
    assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("https", "shop.example", "/espresso", "top")
    assert with_utm(tagged, VARIANT, campaign, source=source, medium="video", more={"term": kept}) == tagged


@pytest.mark.parametrize(
    ("url", "more"), [("shop.example", {}), ("javascript:alert(1)", {}), ("https://a.example", {"face": "ben"})]
)
def test_what_is_no_address_or_no_parameter_is_refused(url: str, more: dict[str, str]) -> None:
    with pytest.raises(InputError):
        with_utm(url, VARIANT, "espresso", source="desk", medium="video", more=more)
    assert "content" in UTM
