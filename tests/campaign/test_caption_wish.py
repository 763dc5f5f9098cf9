from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from countenance.campaign.caption_wish import USUAL_CAPTIONS, CaptionWish, SoundNote, read_caption_wish
from countenance.errors import BriefError
from countenance.store.documents import read_document

LANGUAGES = ("en", "ar")


def wish(folder: Path, said: Any) -> CaptionWish:
    (folder / "brief.yaml").write_text(yaml.safe_dump({"captions": said}, allow_unicode=True), encoding="utf-8")
    return read_caption_wish(read_document(folder / "brief.yaml"), LANGUAGES)


def test_without_a_word_about_them_captions_are_as_usual(tmp_path: Path) -> None:
    (tmp_path / "brief.yaml").write_text("campaign: x", encoding="utf-8")
    assert read_caption_wish(read_document(tmp_path / "brief.yaml"), LANGUAGES) == USUAL_CAPTIONS


def test_what_is_said_is_what_is_meant(tmp_path: Path) -> None:
    sounds = [{"from": "1:02.5", "until": 65, "text": "door  closes"}, {"from": 3, "until": 4.5, "text": "beep"}]
    read = wish(tmp_path, {"speaker": " Ada ", "burnt": ["ar"], "sounds": {"en": sounds}})
    assert (read.speaker, read.burnt) == ("Ada", ("ar",))
    assert read.sounds["en"] == (SoundNote(3, 4.5, "beep"), SoundNote(62.5, 65, "door closes"))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"burned": ["ar"]}, "unknown key 'burned' in captions: did you mean 'burnt'?"),
        ({"burnt": ["de"]}, r"'captions.burnt' does not know 'de' \(known: en, ar\)"),
        ({"sounds": {"de": []}}, "does not know 'de'"),
        ({"sounds": {"en": [{"from": 1, "text": "x"}]}}, r"'captions.sounds.en\[0\].until' is missing"),
        ({"sounds": {"en": [{"from": 5, "until": 5, "text": "x"}]}}, "is not after 'from': give a later time"),
        ({"sounds": {"en": [{"from": "1:75", "until": 99, "text": "x"}]}}, 'write seconds such as 12.5, or "1:30"'),
        ({"sounds": {"en": [{"from": -1, "until": 9, "text": "x"}]}}, "is -1: write seconds"),
        ({"sounds": {"en": [{"from": True, "until": 9, "text": "x"}]}}, "is True: write seconds"),
    ],
)
def test_mistakes_are_answered_with_the_line_and_the_way_out(tmp_path: Path, said: Any, problem: str) -> None:
    with pytest.raises(BriefError, match=problem):
        wish(tmp_path, said)


def test_everything_that_is_asked_for_enters_the_digest() -> None:
    wishes = [
        USUAL_CAPTIONS, CaptionWish("Ada"), CaptionWish(burnt=("ar",)),
        CaptionWish(sounds={"en": (SoundNote(1, 2, "x"),)}), CaptionWish(sounds={"en": (SoundNote(1, 2, "y"),)}),
    ]  # fmt: skip
    assert len({yaml.safe_dump(one.to_json()) for one in wishes}) == len(wishes)
