from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.speech.languages import canonical, voice_for

AVAILABLE = {"en-us", "en-gb", "de", "pt", "pt-br", "cmn", "yue", "nb", "es", "es-419"}


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("en", "en-us"),
        ("en-GB", "en-gb"),
        ("en-IE", "en-us"),
        ("de-AT", "de"),
        ("pt_BR", "pt-br"),
        ("pt-PT", "pt"),
        ("zh-Hans-CN", "cmn"),
        ("zh-HK", "yue"),
        ("nn-NO", "nb"),
        (" es-419 ", "es-419"),
        ("xx", None),
        ("", None),
        ("-", None),
    ],
)
def test_the_nearest_voice_is_taken(language: str, voice: str | None) -> None:
    assert voice_for(language, AVAILABLE) == voice


@given(st.text(max_size=20))
def test_any_text_gives_an_available_voice_or_none(language: str) -> None:
    assert voice_for(language, AVAILABLE) in AVAILABLE | {None}


@given(st.sampled_from(sorted(AVAILABLE - {"en"})), st.sampled_from(["", "-XX", "-Latn-YY"]))
def test_a_longer_tag_falls_back_to_what_there_is(tag: str, more: str) -> None:
    assert voice_for(tag.upper() + more, AVAILABLE) == tag
    assert canonical(tag.upper()) == tag
