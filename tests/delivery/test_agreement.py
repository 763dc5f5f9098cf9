"""What the package says must agree with the one release record that everything is derived from."""

from __future__ import annotations

import pytest

from countenance.delivery.captions import cues, spread_words
from countenance.delivery.jsonld import SOURCE_TYPES, video_object
from countenance.delivery.webvtt import webvtt
from countenance.provenance.disclosure import (
    MASTER_SOURCE_TYPES,
    EngineUse,
    ReleaseRecord,
    captions_note,
    contradictions,
    jsonld_fields,
)

SWAP, MOUTH, VOICE = (EngineUse(part, "engine", "1") for part in ("face", "mouth", "voice"))


@pytest.mark.parametrize("engines", [(), (SWAP,), (MOUTH, VOICE), (SWAP, MOUTH, VOICE), (VOICE,)])
@pytest.mark.parametrize("language", ["en", "de", "pt-BR"])
def test_captions_and_structured_data_do_not_contradict_the_release(
    engines: tuple[EngineUse, ...], language: str
) -> None:
    record = ReleaseRecord(
        release_id="01K9ZQ4T8M3V",
        variant_id="01K9ZQ4T8M3W",
        mark_id="0123456789abcdef",
        released_at="2026-06-01T12:00:00+00:00",
        receipt_sha256="0" * 64,
        language=language,
        master_language="en",
        master_source_type="digitalCapture",
        engines=engines,
        badge="corner",
        grants=(),
    )
    described = video_object(
        {
            "name": "espresso",
            "description": "A coffee machine.",
            "upload_date": record.released_at,
            "duration_s": 6.52,
            **jsonld_fields(record),
        }
    )
    captions = webvtt(cues(spread_words("Just press the button.", 0, 2)), language, captions_note(record))
    assert contradictions(record, jsonld=described, captions=captions) == ()


def test_every_source_type_that_a_master_may_have_can_be_described() -> None:
    assert set(MASTER_SOURCE_TYPES) <= set(SOURCE_TYPES)
