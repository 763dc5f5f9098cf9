from __future__ import annotations

from dataclasses import replace

from records import FACE, RECORD, VOICE

from countenance.provenance.disclosure import IPTC_TERMS
from countenance.provenance.manifest import (
    MARK_ALGORITHM,
    RELEASE_LABEL,
    SOUND_MARK_ALGORITHM,
    Sources,
    bound_marks,
    c2pa_actions,
    c2pa_assertions,
    manifest_contradictions,
    release_facts,
)

UNTOUCHED = replace(RECORD, engines=(), language="en")


def test_actions_tell_what_was_done_in_order() -> None:
    actions = c2pa_actions(RECORD)
    assert [action["action"] for action in actions] == [
        "c2pa.opened",
        "c2pa.edited",
        "c2pa.edited",
        "c2pa.edited",
        "c2pa.translated",
        "c2pa.addedText",
        "c2pa.watermarked.bound",
    ]
    assert actions[1]["softwareAgent"] == {"name": "countenance.swap", "version": "0.1.0"}
    assert actions[1]["digitalSourceType"] == IPTC_TERMS + "compositeWithTrainedAlgorithmicMedia"
    assert actions[3]["digitalSourceType"] == IPTC_TERMS + "algorithmicMedia"
    assert actions[4]["parameters"] == {"sourceLanguage": "en", "targetLanguage": "de"}
    assert {action["when"] for action in actions} == {RECORD.released_at}


def test_an_untouched_variant_carries_plain_marks_only() -> None:
    assert [action["action"] for action in c2pa_actions(UNTOUCHED)] == [
        "c2pa.opened",
        "c2pa.watermarked.bound",
    ]


def test_what_had_no_master_was_created() -> None:
    first = c2pa_actions(replace(RECORD, master_source_type=None))[0]
    assert (first["action"], first["digitalSourceType"]) == ("c2pa.created", IPTC_TERMS + "algorithmicMedia")


def test_a_swap_without_a_dub_is_not_translated() -> None:
    actions = [action["action"] for action in c2pa_actions(replace(RECORD, engines=(FACE,), language="en"))]
    assert "c2pa.translated" not in actions


def test_the_assertions_bind_the_mark_and_forbid_training() -> None:
    data = {one["label"]: one["data"] for one in c2pa_assertions(RECORD)}
    assert data["c2pa.soft-binding"] == {
        "alg": MARK_ALGORITHM,
        "blocks": [{"scope": {}, "value": "00ff00ff00ff00ff"}],
    }
    assert {entry["use"] for entry in data["cawg.training-mining"]["entries"].values()} == {"notAllowed"}
    assert data[RELEASE_LABEL]["receipt_sha256"] == "ab" * 32
    assert data[RELEASE_LABEL]["grants"] == ["cd" * 32]


def test_two_replaced_faces_are_two_actions() -> None:
    actions = c2pa_actions(replace(RECORD, engines=(FACE, FACE), language="en"))
    assert [one["action"] for one in actions].count("c2pa.edited") == 2


def test_a_manifest_of_another_release_is_noticed() -> None:
    assert manifest_contradictions(RECORD, {"assertions": c2pa_assertions(RECORD)}) == ()
    other = replace(RECORD, release_id="01JD3ZANOTHER")
    assert manifest_contradictions(RECORD, {"assertions": c2pa_assertions(other)})
    assert len(manifest_contradictions(RECORD, {})) == 4
    actions = {"assertions": [*c2pa_assertions(RECORD)[1:], c2pa_assertions(UNTOUCHED)[0]]}
    assert manifest_contradictions(RECORD, actions) == (
        "the manifest's c2pa.actions.v2 is not what the release record says",
    )


def test_what_was_made_of_nothing_is_told_as_the_engines_own() -> None:
    trained = replace(FACE, trained=True)
    synthetic = replace(RECORD, master_source_type=None, engines=(trained, VOICE))
    told = [one.get("digitalSourceType", "").removeprefix(IPTC_TERMS) for one in c2pa_actions(synthetic)[:3]]
    assert told == ["trainedAlgorithmicMedia", "trainedAlgorithmicMedia", "algorithmicMedia"]


def test_each_mark_has_its_action_and_its_binding() -> None:
    sources = Sources(marks=(MARK_ALGORITHM, SOUND_MARK_ALGORITHM))
    told = [one["parameters"]["description"] for one in c2pa_actions(RECORD, sources)[-2:]]
    assert told == [f"picture: {MARK_ALGORITHM}", f"sound: {SOUND_MARK_ALGORITHM}"]
    assert bound_marks({"assertions": c2pa_assertions(RECORD, sources)}) == {
        MARK_ALGORITHM: RECORD.mark_id, SOUND_MARK_ALGORITHM: RECORD.mark_id,
    }  # fmt: skip


def test_a_strangers_manifest_may_hold_anything() -> None:
    for data in (None, [], "text", {"alg": 1}, {"alg": "x", "blocks": [7]}, {"alg": "x", "blocks": [{"value": 3}]}):
        manifest = {"assertions": [{"label": "c2pa.soft-binding", "data": data}, {"data": 3}, {}]}
        assert bound_marks(manifest) == {}
        assert release_facts(manifest) == {}
