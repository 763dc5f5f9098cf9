"""Who speaks a dub: the brief's words for it, whose permission it needs, and what is told about it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaigns import grant, write_campaign
from pipers import write_piper

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.permission import require_rights
from countenance.campaign.person import _outside_of
from countenance.campaign.plan import plan
from countenance.campaign.stages import Dub, Seen, see, speak_dub
from countenance.campaign.voice_facts import voice_engine, voice_sentence
from countenance.errors import BriefError, RightsError
from countenance.media.audio import write_wav
from countenance.speech.espeak import speak
from countenance.store.project import Project, init_project

NARRATOR = {**grant("ben"), "talent": "nora", "purposes": ["voice"]}


@pytest.fixture(scope="module")
def studio_seen(short_master: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Seen]:
    folder = tmp_path_factory.mktemp("voices")
    project = init_project(folder)
    return project, see(project, load_brief(write_campaign(folder / "first", short_master)), lambda *_: None)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    spoken = speak("Diese Maschine.", "de", voice="f2")
    write_wav(tmp_path / "de.wav", spoken.samples, spoken.rate_hz)
    return tmp_path / "de.wav"


def brief_with(
    folder: Path,
    master: Path,
    voices: Mapping[str, Any] | None,
    *,
    talents: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Brief:
    path = write_campaign(folder, master, voices=voices, **changes)
    if talents:
        import yaml

        whole = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, document in talents.items():
            (folder / f"{name}.grant.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
            whole["talents"][name] = {"grant": f"{name}.grant.yaml"}
        path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return load_brief(path)


def dub(studio_seen: tuple[Project, Seen], brief: Brief) -> Dub:
    project, seen = studio_seen
    return speak_dub(project, brief, seen, "de")


def test_without_a_word_about_it_the_house_voice_speaks(
    studio_seen: tuple[Project, Seen], short_master: Path, tmp_path: Path
) -> None:
    spoken = dub(studio_seen, brief_with(tmp_path, short_master, None))
    assert spoken.voice == {"engine": "espeak-ng", "of": "nobody", "phrases": 1}
    assert voice_sentence(spoken.voice) == "espeak-ng; nobody's voice, as the owner says"


def test_another_variant_is_another_dub(studio_seen: tuple[Project, Seen], short_master: Path, tmp_path: Path) -> None:
    usual = dub(studio_seen, brief_with(tmp_path / "a", short_master, None))
    other = dub(studio_seen, brief_with(tmp_path / "b", short_master, {"de": {"voice": "espeak", "variant": "f2"}}))
    assert other.sound != usual.sound and other.voice["variant"] == "f2"
    assert not np.array_equal(other.speech.samples, usual.speech.samples)


def test_the_lexicon_is_heard_and_makes_another_dub(
    studio_seen: tuple[Project, Seen], short_master: Path, tmp_path: Path
) -> None:
    (tmp_path / "brand.yaml").write_text("de: {Maschine: muˈfiː}\n", encoding="utf-8")
    spoken = dub(studio_seen, brief_with(tmp_path, short_master, None, lexicon="brand.yaml"))
    assert "f" in [phone.symbol for phone in spoken.speech.phones]
    assert [word.text for word in spoken.speech.words] == ["Diese", "Maschine."]
    usual = dub(studio_seen, brief_with(tmp_path / "b", short_master, None))
    assert usual.sound != spoken.sound


def test_a_recording_is_used_as_it_is(
    studio_seen: tuple[Project, Seen], short_master: Path, tmp_path: Path, recording: Path
) -> None:
    brief = brief_with(tmp_path, short_master, {"de": {"recording": str(recording), "of": "ada"}})
    spoken = dub(studio_seen, brief)
    assert spoken.rate_factor == 1.0
    own = speak("Diese Maschine.", "de", voice="f2").span_s
    start_s, end_s = spoken.speech.span_s
    assert end_s - start_s == pytest.approx(own[1] - own[0], abs=0.15)
    assert voice_engine(spoken.voice) is None
    assert "the voice of ada" in voice_sentence(spoken.voice) and spoken.voice["file"] == "de.wav"


def test_a_piper_voice_speaks(studio_seen: tuple[Project, Seen], short_master: Path, tmp_path: Path) -> None:
    model = write_piper(tmp_path / "house.onnx", "de")
    brief = brief_with(tmp_path, short_master, {"de": {"voice": "piper", "model": str(model), "of": "nobody"}})
    spoken = dub(studio_seen, brief)
    engine = voice_engine(spoken.voice)
    assert engine is not None and engine.name == "Piper house.onnx" and engine.trained
    assert [word.text for word in spoken.speech.words] == ["Diese", "Maschine."]


def test_ssml_in_a_translation_keeps_captions_and_marks(
    studio_seen: tuple[Project, Seen], short_master: Path, tmp_path: Path
) -> None:
    path = write_campaign(tmp_path, short_master)
    text = "<speak>Diese <mark name='m'/><prosody rate='90%'>Maschine</prosody>.</speak>"
    (tmp_path / "script.de.txt").write_text(text, encoding="utf-8")
    brief = load_brief(path)
    spoken = dub(studio_seen, brief)
    assert brief.words("de") == "Diese Maschine."
    assert [word.text for word in spoken.speech.words] == ["Diese", "Maschine."]
    assert [mark.name for mark in spoken.speech.marks] == ["m"]
    assert spoken.speech.marks[0].at_s == pytest.approx(spoken.speech.words[1].start_s)


@pytest.mark.parametrize(
    ("voices", "what"),
    [
        ({"en": "espeak"}, "the script's own language"),
        ({"fr": "espeak"}, "does not know 'fr'"),
        ({"de": "parrot"}, "does not know 'parrot'"),
        ({"de": {"voice": "espeak", "variant": "f99"}}, "'f99'"),
        ({"de": {"voice": "espeak", "of": "ada"}}, "does not know 'ada'"),
        ({"de": {"recording": "none.wav", "of": "nobody"}}, "does not exist"),
        ({"de": {"recording": "script.txt", "of": "nobody"}}, "cannot be read"),
        ({"de": {"recording": "script.txt"}}, "of' is missing"),
        ({"de": {"recording": "script.txt", "of": "carl"}}, "'carl', who has no entry in talents"),
        ({"de": {"voice": "piper", "model": "script.txt", "of": "nobody"}}, "script.txt.json cannot be read"),
        ({"de": {"voice": "http", "url": "http://voices.example", "model": "m", "name": "n", "of": "nobody"}}, "https"),
        ({"de": {"voice": "http", "url": "https://a:b@c.example", "model": "m", "name": "n", "of": "nobody"}}, "keys"),
        ({"de": {"voice": "http", "url": "https://c.example", "model": "m", "name": "n"}}, "of' is missing"),
    ],
)
def test_what_a_brief_says_wrongly_about_voices_is_told(
    short_master: Path, tmp_path: Path, voices: dict[str, Any], what: str
) -> None:
    with pytest.raises(BriefError, match=what) as told:
        brief_with(tmp_path, short_master, voices)
    assert "brief.yaml, line" in str(told.value)


def test_a_lexicon_that_is_not_ipa_is_told(short_master: Path, tmp_path: Path) -> None:
    (tmp_path / "brand.yaml").write_text("Good: ɡʊd\nCountenance: COUNT-a-nance\n", encoding="utf-8")
    with pytest.raises(BriefError, match=r"brand\.yaml, line 2: 'COUNT-a-nance' is not IPA"):
        brief_with(tmp_path, short_master, None, lexicon="brand.yaml")


def test_voices_and_lexicon_are_part_of_the_job_only_where_they_are_named(short_master: Path, tmp_path: Path) -> None:
    usual = brief_with(tmp_path / "a", short_master, None).digest()
    named = brief_with(tmp_path / "b", short_master, {"de": {"voice": "espeak", "variant": "f2"}}).digest()
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "brand.yaml").write_text("Maschine: maˈʃiːnə\n", encoding="utf-8")
    worded = brief_with(tmp_path / "c", short_master, None, lexicon="brand.yaml").digest()
    assert len({usual, named, worded}) == 3
    assert brief_with(tmp_path / "d", short_master, None).digest() == usual


def test_a_recorded_voice_needs_a_grant_for_the_voice(
    studio_seen: tuple[Project, Seen], short_master: Path, tmp_path: Path, recording: Path
) -> None:
    project, _ = studio_seen
    voices = {"de": {"recording": str(recording), "of": "nora"}}
    without = {**NARRATOR, "purposes": ["lipsync"]}
    brief = brief_with(tmp_path / "a", short_master, voices, talents={"nora": without}, faces=("keep",))
    with pytest.raises(RightsError) as refused:
        require_rights(project, brief, plan(brief))
    assert any("nora" in reason and "purpose voice" in reason for reason in refused.value.reasons)

    other = init_project(tmp_path / "other")
    brief = brief_with(tmp_path / "b", short_master, voices, talents={"nora": NARRATOR}, faces=("keep",))
    grants = require_rights(other, brief, plan(brief))
    assert "nora" in [one.grant.talent for one in grants]


def test_a_voice_lent_for_one_language_is_asked_for_that_language_alone(
    short_master: Path, tmp_path: Path, recording: Path
) -> None:
    voices = {"de": {"recording": str(recording), "of": "nora"}}
    brief = brief_with(tmp_path, short_master, voices, talents={"nora": NARRATOR}, faces=("keep",))
    asked = {use.language for use in plan(brief).uses if use.talent == "nora"}
    assert asked == {"de"}
    assert {use.purpose for use in plan(brief).uses if use.talent == "nora"} == {"voice"}


def test_a_synthetic_house_voice_needs_no_grant(short_master: Path, tmp_path: Path, recording: Path) -> None:
    brief = brief_with(tmp_path, short_master, {"de": {"recording": str(recording), "of": "nobody"}}, faces=("keep",))
    assert {use.talent for use in plan(brief).uses} == {"ada"}


def test_who_is_seen_still_has_reference_pictures(short_master: Path, tmp_path: Path) -> None:
    with pytest.raises(BriefError, match=r"'talents.nora.references' is missing"):
        brief_with(tmp_path, short_master, None, talents={"nora": NARRATOR})


def test_a_recording_is_among_the_files_of_the_person_who_spoke_it(
    short_master: Path, tmp_path: Path, recording: Path
) -> None:
    voices = {"de": {"recording": str(recording), "of": "nora"}}
    brief = brief_with(tmp_path / "a", short_master, voices, talents={"nora": NARRATOR}, faces=("keep",))
    own = {Path(one.path).name: one for one in _outside_of(brief, "nora")}
    assert set(own) == {"de.wav", "nora.grant.yaml"} and own["de.wav"].kind == "voice" and own["de.wav"].alone
    assert "de.wav" not in {Path(one.path).name for one in _outside_of(brief, "ada")}
