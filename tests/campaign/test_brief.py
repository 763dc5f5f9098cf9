from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from countenance.campaign.brief import Brief, load_brief
from countenance.errors import BriefError

Content = dict[str, Any]


def content() -> Content:
    return {
        "campaign": "espresso-launch",
        "owner": "ops@example.org",
        "master": "master.mp4",
        "script": {"language": "en", "text": "script.txt"},
        "faces": {"presenter": {"in": "master", "track": 0, "talent": "ada"}},
        "talents": {
            "ada": {"references": ["ada/*.png"], "grant": "ada-grant.yaml"},
            "ben": {"references": ["ben/*.png"], "grant": "ben-grant.yaml"},
        },
        "variants": {"face": ["keep", "ben"], "language": ["en", "de", "es"]},
        "translations": {"de": "script.de.txt", "es": "script.es.txt"},
        "markets": {"de": ["DE", "AT"], "es": ["ES"], "en": ["IE"]},
        "channels": ["web", "youtube"],
        "quality": {"gate": "standard"},
        "release": {"approve": "manual", "badge": "corner"},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "campaign [1]"  # a folder name that a careless glob would misread
    for name in ("master.mp4", "ada-grant.yaml", "ben-grant.yaml", "ada/2.png", "ada/1.png", "ben/1.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    for name, words in (("script.txt", "Fresh coffee."), ("script.de.txt", "Frischer Kaffee.\n")):
        (root / name).write_text(words, encoding="utf-8")
    (root / "script.es.txt").write_text("\ufeffCafé recién hecho.", encoding="utf-8")
    return root


def write(folder: Path, brief: Content) -> Path:
    path = folder / "brief.yaml"
    path.write_text(yaml.safe_dump(brief, sort_keys=False), encoding="utf-8")
    return path


def load(folder: Path, brief: Content) -> Brief:
    return load_brief(write(folder, brief))


def changed(place: str, value: object) -> Content:
    """The good brief with one place ("variants.face") set, or removed when the value is None."""
    brief = content()
    *way, last = place.split(".")
    inner = brief
    for key in way:
        inner = inner.setdefault(key, {})
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return brief


def test_a_whole_brief_is_read(folder: Path) -> None:
    brief = load(folder, content())
    assert (brief.campaign, brief.owner, brief.gate, brief.label.badge, brief.approve, brief.seed) == (
        "espresso-launch",
        "ops@example.org",
        "standard",
        "corner",
        "manual",
        0,
    )
    assert brief.master == folder / "master.mp4"
    assert brief.presenter.talent == "ada"
    assert brief.talents["ada"].references == (folder / "ada/1.png", folder / "ada/2.png")
    assert [face.key for face in brief.faces] == ["keep", "ben"] and not brief.others_untouched
    assert brief.languages == ("en", "de", "es")
    assert brief.markets["de"] == ("DE", "AT") and brief.channels == ("web", "youtube")
    assert [brief.text(language) for language in brief.languages] == [
        "Fresh coffee.",
        "Frischer Kaffee.",
        "Café recién hecho.",
    ]


def test_the_brief_of_the_readme_shape_with_its_comments_and_flow_maps(folder: Path) -> None:
    text = (
        "campaign: espresso-launch\nowner: ops@example.org\nmaster: master.mp4\n"
        "script: {language: en, text: script.txt}\nfaces:\n"
        "  presenter: {in: master, track: 0, talent: ada}       # a grant for each is required\n"
        "talents:\n  ada: {references: [ada/*.png], grant: ada-grant.yaml}\n"
        "variants:\n  face: [keep]\n  language: [en]\nmarkets: {en: [NO]}\nchannels: [web]\n"
        "release: {approve: manual, badge: off}\n"
    )
    (folder / "brief.yaml").write_text(text)
    brief = load_brief(folder / "brief.yaml")
    assert brief.label.badge == "off" and brief.markets["en"] == ("NO",)
    assert brief.gate == "standard" and dict(brief.translations) == {}


def test_absolute_and_nested_patterns_find_references(folder: Path) -> None:
    brief = load(folder, changed("talents.ada.references", [str(folder / "ben/1.png"), "**/2.png"]))
    assert brief.talents["ada"].references == (folder / "ben/1.png", folder / "ada/2.png")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        # unknown keys, at every level
        ("langage", "x", "unknown key 'langage'"),
        ("mastre", "x", "unknown key 'mastre': did you mean 'master'?"),
        ("variants.langauge", ["de"], "unknown key 'langauge' in variants: did you mean 'language'?"),
        ("script.txt", "x", "unknown key 'txt' in script: did you mean 'text'?"),
        ("faces.presenter.tracks", 1, "unknown key 'tracks' in faces.presenter: did you mean 'track'?"),
        ("talents.ben.grants", "x", "unknown key 'grants' in talents.ben: did you mean 'grant'?"),
        ("quality.gates", "x", "unknown key 'gates' in quality: did you mean 'gate'?"),
        ("release.aprove", "x", "unknown key 'aprove' in release: did you mean 'approve'?"),
        ("variants.exclude", [{"face": "ben", "lang": "de"}], "unknown key 'lang' in variants.exclude[0]"),
        # missing keys
        ("campaign", None, "'campaign' is missing"),
        ("script.text", None, "'script.text' is missing"),
        # wrong types and names
        ("channels", "web", "'channels' must be a list: write [web]"),
        ("faces", ["ada"], "'faces' must be a mapping"),
        ("seed", "one", "'seed' must be a whole number, not 'one'"),
        ("campaign", "Espresso Launch!", "use small letters"),
        ("faces.presenter.track", -1, "counts from 0"),
        ("faces.presenter.in", "studio", "'faces.presenter.in' does not know 'studio' (known: master)"),
        # files
        ("master", "gone.mp4", "gone.mp4, which does not exist: correct the path"),
        ("master", "ada", "which is a folder"),
        ("script.text", "gone.txt", "gone.txt, which does not exist"),
        ("translations.de", "gone.txt", "gone.txt, which does not exist"),
        ("talents.ben.references", ["ben/*.jpg"], "no file matches 'ben/*.jpg' of talents.ben.references"),
        ("talents.ben.references", ["*"], None),  # folders among the matches are passed over
        # languages and translations
        ("translations.de", None, "variants wants language 'de' but translations has no text for it"),
        ("translations", None, "variants wants language 'de' but translations has no text for it"),
        ("translations.en", "script.txt", "translations names 'en', the language of the script itself"),
        ("variants.language", ["en", "German"], "'German' is not a language code"),
        ("variants.language", ["en", "en"], "'variants.language' names 'en' twice"),
        ("markets.de", None, "markets says nothing for language 'de'"),
        ("markets.de", ["Germany"], "'Germany' in markets.de is not a country code"),
        # people
        ("variants.face", ["keep", "bne"], "'variants.face' does not know 'bne': did you mean 'ben'?"),
        ("variants.face", ["keep", "ada"], "'ada', who is in the picture already: write keep"),
        ("variants.face", ["ben", "ben"], "'variants.face' names 'ben' twice"),
        ("variants.face", ["ben", {"presenter": "ben"}], "'variants.face' names 'ben' twice"),
        ("variants.face", [{"presenter": "keep"}, "keep"], "'variants.face' names 'keep' twice"),
        ("variants.face", [{"presenter": "bne"}], "'variants.face[0].presenter' does not know 'bne': did you mean"),
        ("variants.face", ["keep", {"presnter": "ben"}], "unknown key 'presnter' in variants.face[1]: did you mean"),
        ("variants.face", [{"presenter": "ada"}], "'variants.face[0].presenter' is 'ada', whose face that is already"),
        ("variants.face", [{"presenter": ["ben"]}], "'variants.face[0].presenter' must be a text"),
        ("variants.face", ["keep", {"presenter": "ben"}, 7], "'variants.face' must hold texts and mappings only"),
        ("variants.face", [{}], "'variants.face' must be a mapping (key: value) with at least one entry"),
        ("faces", {"The Boss": {"talent": "ada"}}, "the name 'The Boss' becomes part of file names"),
        ("others", "shown", "'others' does not know 'shown' (known: untouched)"),
        ("faces.presenter.talent", "cleo", "'faces.presenter.talent' is 'cleo', who has no entry in talents"),
        ("faces.guest", {"talent": "ben"}, "faces 'presenter' and 'guest' both claim track 0"),
        ("talents.keep", {"references": ["ada/*.png"], "grant": "ada-grant.yaml"}, "cannot be called 'keep'"),
        # closed sets
        ("channels", ["web", "youtub"], "'channels' does not know 'youtub': did you mean 'youtube'?"),
        ("quality.gate", "strikt", "'quality.gate' does not know 'strikt': did you mean 'strict'?"),
        ("release.badge", "conrer", "'release.badge' does not know 'conrer': did you mean 'corner'?"),
        ("release.approve", "auto", "'release.approve' does not know 'auto' (known: manual)"),
        # exclusions
        ("variants.exclude", [{"face": "ben", "language": "fr"}], "exclude[0].language' does not know 'fr'"),
        ("variants.exclude", [{"face": "ben"}], "'variants.exclude[0].language' is missing"),
        ("variants.exclude", [{"face": "ben", "language": "de"}] * 2, "excludes ben x de a second time"),
        (
            "variants.exclude",
            [{"face": "ben", "language": "de"}, {"face": {"presenter": "ben"}, "language": "de"}],
            "excludes ben x de a second time",
        ),
        ("variants.exclude", [{"face": {"guest": "ben"}, "language": "de"}], "unknown key 'guest' in variants.exclude"),
    ],
)  # fmt: skip
def test_mistakes_are_refused_in_words(folder: Path, place: str, value: object, message: str | None) -> None:
    brief = changed(place, value)
    if message is None:
        load(folder, brief)
        return
    with pytest.raises(BriefError) as refusal:
        load(folder, brief)
    assert message in str(refusal.value)
    assert str(refusal.value).startswith("brief.yaml, line ")


def with_guest(**changes: object) -> Content:
    """Two people in the master, and a third talent."""
    brief = content()
    brief["faces"]["guest"] = {"in": "master", "track": 1, "talent": "ben"}
    brief["talents"]["cleo"] = {"references": ["ben/*.png"]}
    return {**brief, **changes}


def test_a_variant_may_map_several_people(folder: Path) -> None:
    casts = [
        "keep",
        "cleo",
        {"guest": "ada", "presenter": "ben"},
        {"guest": "cleo"},
        {"presenter": "ben", "guest": "keep"},
    ]
    brief = load(folder, with_guest(variants={"face": casts, "language": ["en"]}))
    assert {one.key: dict(one.faces) for one in brief.faces} == {
        "keep": {},
        "cleo": {"presenter": "cleo"},
        "presenter=ben+guest=ada": {"presenter": "ben", "guest": "ada"},
        "guest=cleo": {"guest": "cleo"},
        "ben": {"presenter": "ben"},
    }


def test_two_people_may_get_the_same_face_but_nobody_their_own(folder: Path) -> None:
    same = {"face": [{"presenter": "cleo", "guest": "cleo"}], "language": ["en"]}
    assert load(folder, with_guest(variants=same)).faces[0].key == "presenter=cleo+guest=cleo"
    own = {"face": ["keep", {"presenter": "cleo", "guest": "ben"}], "language": ["en"]}
    with pytest.raises(BriefError, match=r"line \d+: 'variants.face\[1\].guest' is 'ben', whose face that is already"):
        load(folder, with_guest(variants=own))


@pytest.mark.parametrize("written", [{"guest": "ada", "presenter": "cleo"}, "presenter=cleo+guest=ada"])
def test_an_exclusion_names_a_cast_by_its_people_or_by_its_key(folder: Path, written: object) -> None:
    variants = {
        "face": ["keep", {"presenter": "cleo", "guest": "ada"}],
        "language": ["en", "de"],
        "exclude": [{"face": written, "language": "de"}],
    }
    (out,) = load(folder, with_guest(variants=variants)).exclude
    assert (out.face, out.language) == ("presenter=cleo+guest=ada", "de")


def test_people_who_are_not_named_are_shown_only_where_the_brief_says_so(folder: Path) -> None:
    brief = load(folder, {**content(), "others": "untouched"})
    assert brief.others_untouched
    assert brief.digest() != load(folder, content()).digest()


def test_the_line_of_the_mistake_is_named(folder: Path) -> None:
    path = write(folder, changed("variants.langauge", ["de"]))
    line = 1 + next(n for n, text in enumerate(path.read_text().splitlines()) if "langauge" in text)
    with pytest.raises(BriefError, match=f"^brief.yaml, line {line}: "):
        load_brief(path)


def test_empty_and_undecodable_scripts_are_refused(folder: Path) -> None:
    (folder / "script.de.txt").write_text(" \n")
    with pytest.raises(BriefError, match=r"script.de.txt holds no words"):
        load(folder, content())
    (folder / "script.de.txt").write_bytes("für".encode("latin-1"))
    with pytest.raises(BriefError, match=r"script.de.txt is not UTF-8"):
        load(folder, content())


def test_a_brief_that_excludes_everything_is_refused(folder: Path) -> None:
    brief = changed("variants", {"face": ["ben"], "language": ["de"], "exclude": [{"face": "ben", "language": "de"}]})
    with pytest.raises(BriefError, match="every variant is excluded"):
        load(folder, brief)


def test_the_digest_follows_content_and_not_place(folder: Path, tmp_path: Path) -> None:
    here = load(folder, content()).digest()
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert load_brief(tmp_path / "elsewhere" / "brief.yaml").digest() == here
    reordered = dict(reversed(content().items()))
    assert load(folder, reordered).digest() == here


@pytest.mark.parametrize(
    "name",
    [
        "master.mp4",
        "script.txt",
        "script.de.txt",
        "ada/1.png",
        "ben/1.png",
        "ada-grant.yaml",
        "ben-grant.yaml",
    ],
)
def test_the_digest_changes_with_every_file(folder: Path, name: str) -> None:
    before = load(folder, content()).digest()
    (folder / name).write_bytes((folder / name).read_bytes() + b"!")
    assert load(folder, content()).digest() != before


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("campaign", "other"),
        ("owner", "other"),
        ("markets.de", ["DE"]),
        ("channels", ["web"]),
        ("quality.gate", "draft"),
        ("release.badge", "off"),
        ("seed", 7),
        ("variants.language", ["en", "de"]),
        ("variants.exclude", [{"face": "ben", "language": "es"}]),
        ("faces.presenter.track", 1),
        ("variants.face", ["ben"]),
    ],
)
def test_the_digest_changes_with_every_decision(folder: Path, place: str, value: object) -> None:
    assert load(folder, changed(place, value)).digest() != load(folder, content()).digest()
