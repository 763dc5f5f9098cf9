from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import FACE, MOUTH, RECORD, VOICE

from countenance.errors import InputError
from countenance.provenance.disclosure import (
    BADGES,
    IPTC_TERMS,
    MASTER_SOURCE_TYPES,
    PARTS,
    EngineUse,
    ReleaseRecord,
    badge_text,
    badge_words,
    captions_note,
    contradictions,
    digital_source_type,
    jsonld_fields,
    machine_fields,
    master_source_type,
    player_note,
    record_from_json,
    sentence,
    spoken_text,
)
from countenance.provenance.label import Label
from countenance.provenance.wording import WORDINGS

UNTOUCHED = replace(RECORD, engines=(), language="en")


@pytest.mark.parametrize(
    ("change", "term"),
    [
        ({"engines": (FACE,)}, "compositeWithTrainedAlgorithmicMedia"),
        ({"engines": (MOUTH, VOICE)}, "compositeWithTrainedAlgorithmicMedia"),
        ({"engines": (VOICE,)}, "compositeSynthetic"),  # espeak is an algorithm, the picture is as shot
        ({"engines": (replace(VOICE, trained=True),)}, "compositeWithTrainedAlgorithmicMedia"),
        ({"engines": ()}, "digitalCapture"),
        ({"engines": (), "master_source_type": "compositeSynthetic"}, "compositeSynthetic"),
        ({"engines": (FACE,), "master_source_type": None}, "algorithmicMedia"),
        ({"engines": (replace(FACE, trained=True),), "master_source_type": None}, "trainedAlgorithmicMedia"),
    ],
)
def test_the_source_type_is_the_truthful_one(change: dict[str, Any], term: str) -> None:
    assert digital_source_type(replace(RECORD, **change)) == term


def test_a_master_is_a_capture_only_if_everybody_in_it_is_real() -> None:
    assert master_source_type(["real", "real"]) == "digitalCapture"
    assert master_source_type(["real", "synthetic"]) == "compositeSynthetic"


def test_of_an_untouched_variant_only_the_release_is_told() -> None:
    assert sentence(UNTOUCHED) == badge_text(UNTOUCHED) == ""
    assert captions_note(UNTOUCHED) == "Release 01JD3ZRELEASE"


def test_people_are_told_in_their_language() -> None:
    assert sentence(RECORD) == (
        "Dieses Video wurde mit KI bearbeitet: ein Gesicht wurde ersetzt; "
        "Mundbewegungen wurden neu erzeugt; die Stimme ist synthetisch."
    )
    assert badge_text(RECORD) == "KI-bearbeitet"
    assert badge_text(replace(RECORD, language="de-AT")) == "KI-bearbeitet"
    assert badge_text(replace(RECORD, language="sw")) == "AI modified"
    assert badge_text(replace(RECORD, badge="off")) == ""
    assert captions_note(RECORD).splitlines() == [sentence(RECORD), "Release 01JD3ZRELEASE"]


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_every_language_says_everything(language: str) -> None:
    words = WORDINGS[language]
    said = sentence(replace(RECORD, language=language))
    assert all(getattr(words, part) in said for part in PARTS)
    assert "{" not in said
    several = sentence(replace(RECORD, engines=(FACE, FACE, MOUTH, VOICE), language=language))
    assert words.faces in several and words.face not in several


@pytest.mark.parametrize(
    "change",
    [
        {"mark_id": "FF00FF00FF00FF00"},
        {"mark_id": "1"},
        {"receipt_sha256": "ab"},
        {"master_source_type": "photo"},
        {"badge": "huge"},
        {"engines": (EngineUse("ear", "x", "1"),)},
        {"grants": ("Zoë Example",)},
    ],
)
def test_a_record_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(change))):
        replace(RECORD, **change)


RECORDS = st.builds(
    replace,
    st.just(RECORD),
    language=st.sampled_from(["en", "de", "sw"]),
    badge=st.sampled_from(BADGES),
    master_source_type=st.sampled_from([*MASTER_SOURCE_TYPES, None]),
    engines=st.lists(
        st.builds(EngineUse, st.sampled_from(PARTS), st.just("engine"), st.just("1"), st.booleans()),
        max_size=3,
    ).map(tuple),
)


@given(RECORDS)
def test_a_record_survives_json(record: ReleaseRecord) -> None:
    assert record_from_json(json.loads(json.dumps(record.to_json()))) == record


def _jsonld(record: ReleaseRecord) -> dict[str, Any]:
    fields = jsonld_fields(record)
    term = fields["digital_source_type"]
    return {
        "digitalSourceType": f"https://schema.org/{term[0].upper()}{term[1:]}DigitalSource",
        "inLanguage": fields["language"],
        "description": f"An espresso. {fields['disclosure']}",
        "identifier": {"@type": "PropertyValue", "value": fields["release_id"]},
        "accessibilitySummary": fields["player_note"],
    }


@given(RECORDS)
def test_what_is_derived_never_contradicts_itself(record: ReleaseRecord) -> None:
    captions = f"WEBVTT\n\nNOTE\n{captions_note(record)}\n"
    assert contradictions(record, _jsonld(record), captions, badge_text(record)) == ()


@given(RECORDS, RECORDS)
def test_disclosures_of_another_release_are_noticed(record: ReleaseRecord, other: ReleaseRecord) -> None:
    other = replace(other, release_id="01JD3ZANOTHER")
    assert contradictions(record, jsonld=_jsonld(other))
    assert contradictions(record, captions=captions_note(other))
    assert bool(contradictions(record, badge=badge_text(other))) is (badge_text(record) != badge_text(other))


def test_a_contradiction_is_named() -> None:
    jsonld = {**_jsonld(RECORD), "digitalSourceType": "https://schema.org/DigitalCaptureDigitalSource"}
    (problem,) = contradictions(RECORD, jsonld=jsonld)
    assert "DigitalCaptureDigitalSource" in problem
    (problem,) = contradictions(RECORD, badge="")
    assert problem == "the badge says '', not 'KI-bearbeitet'"


def test_what_was_wholly_made_says_generated_not_modified() -> None:
    made = replace(RECORD, master_source_type=None, language="en")
    assert badge_text(made) == badge_words(made) == "AI generated"
    assert sentence(made) == "This video was generated with AI."
    assert machine_fields(made)["ai"] == "made"


def test_an_icon_alone_is_told_as_one_and_the_note_keeps_the_words() -> None:
    record = replace(RECORD, language="hi", label=Label(form="icon", why="the words' script cannot be set correctly"))
    assert badge_text(record) == "AI"
    assert player_note(record).startswith("AI से संशोधित. इस वीडियो")
    told = machine_fields(record)["badge"]
    assert told["words"] == "AI" and told["form"] == "icon" and "script" in told["why"]


def test_players_and_screen_readers_get_the_words_also_without_a_badge() -> None:
    record = replace(RECORD, badge="off")
    assert player_note(record) == f"KI-bearbeitet. {sentence(record)}"
    assert player_note(UNTOUCHED) == "" and machine_fields(UNTOUCHED)["badge"] is None


def test_a_voice_of_one_s_own_needs_no_spoken_notice() -> None:
    assert "künstlicher Intelligenz" in spoken_text(RECORD)
    assert spoken_text(replace(RECORD, engines=(FACE, MOUTH))) == ""
    assert spoken_text(replace(RECORD, label=Label(notice="none"))) == ""


def test_machine_fields_are_plain_and_say_what_people_are_told() -> None:
    told = json.loads(json.dumps(machine_fields(RECORD)))
    assert told["digital_source_type"] == IPTC_TERMS + "compositeWithTrainedAlgorithmicMedia"
    assert (told["ai"], told["parts"], told["language"]) == ("modified", ["face", "mouth", "voice"], "de")
    assert told["sentence"] == sentence(RECORD) and told["player_note"] == player_note(RECORD)
    assert told["badge"]["words"] == "KI-bearbeitet" and told["badge"]["when"] == "always"


def test_records_of_older_releases_have_the_usual_label() -> None:
    values = RECORD.to_json()
    del values["label"]
    assert record_from_json(values) == RECORD


def test_a_page_that_keeps_the_note_from_screen_readers_is_noticed() -> None:
    silent = {key: value for key, value in _jsonld(RECORD).items() if key != "accessibilitySummary"}
    (problem,) = contradictions(RECORD, jsonld=silent)
    assert "screen readers" in problem
