"""What a brief says about its texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from campaigns import write_campaign

from countenance.campaign.brief import Brief, load_brief
from countenance.campaign.text_wish import USUAL_TEXT, TranslateWish
from countenance.errors import BriefError, InputError, WaitingError

HTTP = {"by": "http", "url": "https://api.example.org/v1", "model": "large", "key": "translator"}


def brief_with(folder: Path, master: Path, **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "glossary.yaml").write_text("terms: [{must: coffee}]", encoding="utf-8")
    return write_campaign(folder, master, **changes)


def loaded(folder: Path, master: Path, **changes: Any) -> Brief:
    return load_brief(brief_with(folder, master, **changes))


def test_without_a_word_about_texts_nothing_is_asked_for(tmp_path: Path, short_master: Path) -> None:
    assert loaded(tmp_path, short_master).texts == USUAL_TEXT


def test_a_glossary_is_read_and_enters_the_digest_by_its_content(tmp_path: Path, short_master: Path) -> None:
    plain = loaded(tmp_path, short_master)
    brief = loaded(tmp_path, short_master, glossary="glossary.yaml")
    assert [term.form("en") for term in brief.texts.glossary] == ["coffee"]
    assert brief.digest() != plain.digest()
    before = brief.digest()
    (tmp_path / "glossary.yaml").write_text("terms: [{must: tea}]", encoding="utf-8")
    assert load_brief(tmp_path / "brief.yaml").digest() != before


def test_who_translates_does_not_change_the_job(tmp_path: Path, short_master: Path) -> None:
    plain = loaded(tmp_path, short_master)
    assert loaded(tmp_path, short_master, translate=HTTP).digest() == plain.digest()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"glossary": "none.yaml"}, "'glossary' is .*none.yaml, which does not exist"),
        ({"translate": {"by": "post"}}, "does not know 'post'"),
        ({"translate": {"by": "http", "url": "https://a.example"}}, "'translate.model' is missing"),
        ({"translate": {**HTTP, "url": "http://a.example"}}, "use https"),
        ({"translate": {**HTTP, "token": "x"}}, "unknown key 'token'"),
        ({"translate": {"by": "argos", "url": "https://a.example"}}, "unknown key 'url'"),
    ],
)
def test_slips_are_told_with_file_and_line(tmp_path: Path, short_master: Path, changes: Any, told: str) -> None:
    with pytest.raises(BriefError, match=rf"brief.yaml, line \d+: .*{told}"):
        loaded(tmp_path, short_master, **changes)


def test_a_brief_without_a_translation_waits_for_its_draft(tmp_path: Path, short_master: Path) -> None:
    path = brief_with(tmp_path, short_master, translate=HTTP, translations=None)
    (tmp_path / "script.de.txt").unlink()
    with pytest.raises(WaitingError, match=r"there is no text in de yet.*countenance script translate") as caught:
        load_brief(path)
    assert caught.value.exit_status == 4
    (tmp_path / "script.de.draft.txt").write_text("Diese Maschine.", encoding="utf-8")
    with pytest.raises(WaitingError, match=r"waits for a person: read script\.de\.draft\.txt"):
        load_brief(path)
    assert load_brief(path, untranslated=True).text_path("de") == tmp_path / "script.de.txt"


def test_a_secret_that_is_not_there_is_asked_for() -> None:
    with pytest.raises(InputError, match="countenance keys secret translator"):
        TranslateWish(**HTTP).translator(lambda _name: None)
