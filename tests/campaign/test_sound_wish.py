from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from countenance.campaign.sound_wish import AUTO, NONE, USUAL_SOUND, SoundWish, read_sound_wish
from countenance.errors import BriefError
from countenance.media.mix import Ducking
from countenance.store.documents import read_document


def wish(folder: Path, sound: Any) -> SoundWish:
    (folder / "me.wav").write_bytes(b"sound")
    (folder / "brief.yaml").write_text(yaml.safe_dump({"sound": sound}), encoding="utf-8")
    return read_sound_wish(read_document(folder / "brief.yaml"))


def test_without_a_word_about_it_the_sound_is_as_usual(tmp_path: Path) -> None:
    (tmp_path / "brief.yaml").write_text("campaign: x", encoding="utf-8")
    assert read_sound_wish(read_document(tmp_path / "brief.yaml")) == USUAL_SOUND == SoundWish(AUTO)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"music_and_effects": "none"}, SoundWish(NONE)),
        ({"music_and_effects": {"track": 1}}, SoundWish(1)),
        ({"music_and_effects": {"channels": ["L", "R"]}}, SoundWish(("L", "R"))),
        ({"music_and_effects": {"channels": [3, 4]}}, SoundWish(("3", "4"))),
        ({"profile": "broadcast"}, SoundWish(profile="broadcast")),
        ({"ducking": False, "profile": "web"}, SoundWish(ducking=Ducking(depth_db=0.0))),
        ({"ducking": {"depth": 6, "attack": 0.2}}, SoundWish(ducking=Ducking(6, 0.2, 0.5, 0.4))),
    ],
)
def test_what_is_said_is_what_is_meant(tmp_path: Path, said: Any, meant: SoundWish) -> None:
    assert wish(tmp_path, said) == meant


def test_files_are_found_beside_the_brief_and_told_by_content(tmp_path: Path) -> None:
    bed = wish(tmp_path, {"bed": "me.wav", "level": -15})
    assert (bed.bed, bed.level_lu, bed.effects) == (tmp_path / "me.wav", -15, NONE)
    effects = wish(tmp_path, {"music_and_effects": {"file": "me.wav"}})
    assert effects.effects == tmp_path / "me.wav"
    before = (bed.to_json(), effects.to_json())
    (tmp_path / "me.wav").write_bytes(b"other sound")
    assert all(a != b for a, b in zip(before, (bed.to_json(), effects.to_json()), strict=True))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"level": -18}, r"line 2: 'sound.level' is about a bed, and there is none: add bed: FILE"),
        ({"bed": "other.wav"}, "'sound.bed' is .*other.wav, which does not exist: correct the path"),
        ({"bed": "."}, "which is a folder"),
        ({"bed": "me.wav", "level": 20}, "'sound.level' is 20: write a number from -60 to 6"),
        ({"bed": "me.wav", "level": "low"}, "'sound.level' is 'low': write a number"),
        ({"bed": "me.wav", "music_and_effects": {"track": 1}}, "names both a bed and music_and_effects"),
        ({"music_and_effects": {"track": -1}}, "counts from 0, so it cannot be -1"),
        ({"music_and_effects": {"track": 1, "file": "me.wav"}}, "takes one of track, channels and file"),
        ({"music_and_effects": "yes please"}, "does not know 'yes please'"),
        ({"music_and_effects": {"channels": []}}, "must be a list"),
        ({"ducking": {"depth": 99}}, "'sound.ducking.depth' is 99: write a number from 0 to 60"),
        ({"ducking": {"depht": 9}}, "did you mean 'depth'"),
        ({"profile": "webb"}, r"did you mean 'web'\? \(known: web, youtube, broadcast\)"),
        ({"musik": 1}, "unknown key 'musik' in sound"),
    ],
)
def test_mistakes_are_answered_with_the_way_out(tmp_path: Path, said: Any, problem: str) -> None:
    with pytest.raises(BriefError, match=problem):
        wish(tmp_path, said)
