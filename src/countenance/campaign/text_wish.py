"""What a brief says about its texts: the `glossary` that they must keep to, and who makes drafts under `translate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.errors import InputError, WaitingError
from countenance.speech.glossary import Glossary, read_glossary
from countenance.speech.translate import BY, ArgosTranslator, HttpTranslator, Translator, check_address
from countenance.store.documents import Section
from countenance.store.files import sha256_file


@dataclass(frozen=True)
class TranslateWish:
    """Who makes drafts of translations. `key` is the name of a secret, not the secret."""

    by: str
    url: str = ""
    model: str = ""
    key: str | None = None

    def translator(self, secret: Callable[[str], str | None]) -> Translator:
        """The translator that is meant; `secret` gives the text of a named secret. InputError when it is not there."""
        if self.by == "argos":
            return ArgosTranslator()
        key = secret(self.key) if self.key else None
        if self.key and key is None:
            raise InputError(
                f"there is no secret named {self.key!r}; store it by `countenance keys secret {self.key}`."
            )
        return HttpTranslator(self.url, self.model, key)


@dataclass(frozen=True)
class TextWish:
    """The texts as asked for. Without `translate` every translation is a file that the brief names."""

    glossary_path: Path | None = None
    glossary: Glossary = ()
    translate: TranslateWish | None = None

    def to_json(self) -> dict[str, Any]:
        """By content: the glossary by its SHA-256. Who translates does not matter: the accepted texts do."""
        return {"glossary": sha256_file(self.glossary_path) if self.glossary_path else None}


USUAL_TEXT = TextWish()


@dataclass(frozen=True)
class Draft:
    """The files of one drafted translation."""

    language: str
    draft: Path
    accepted: Path
    record: Path


def draft_of(brief_path: Path, script: Path, language: str) -> Draft:
    """Where the drafted translation of a script lies: beside the brief, named after the script."""
    stem = brief_path.parent / script.stem
    return Draft(
        language,
        stem.with_name(f"{stem.name}.{language}.draft.txt"),
        stem.with_name(f"{stem.name}.{language}.txt"),
        stem.with_name(f"{stem.name}.{language}.translation.json"),
    )


def drafted(whole: Section, script: Path, language: str, untranslated: bool) -> Path:
    """The accepted translation of a script that the brief has translated.

    WaitingError where no person has accepted one yet, unless it does not matter that it is `untranslated`.
    """
    files = draft_of(whole.file, script, language)
    if untranslated or files.accepted.is_file():
        return files.accepted
    command, options = f"countenance script {{}} {whole.file.name}", f"--to {language}"
    if files.draft.is_file():
        raise WaitingError(
            f"the text in {language} waits for a person: read {files.draft.name}, correct it, and run "
            f"`{command.format('accept')} {options} --as NAME`."
        )
    raise WaitingError(
        f"there is no text in {language} yet: have one drafted by `{command.format('translate')} {options}`."
    )


def read_text_wish(whole: Section) -> TextWish:
    """`glossary` and `translate` of a brief; BriefError names the file, the line and the way out."""
    path = None
    if "glossary" in whole.values:
        path = (whole.file.parent / whole.text("glossary")).resolve()
        if not path.is_file():
            raise whole.problem(f"'glossary' is {path}, which does not exist: correct the path", "glossary")
    glossary = read_glossary(path) if path else ()
    return TextWish(path, glossary, _translate(whole) if "translate" in whole.values else None)


def _translate(whole: Section) -> TranslateWish:
    section = whole.section("translate")
    by = section.choice("by", BY)
    if by == "argos":
        section.only(("by",))
        return TranslateWish(by)
    section.only(("by", "url", "model"), ("key",))
    url = section.text("url")
    try:
        check_address(url)
    except InputError as problem:
        raise section.problem(str(problem).rstrip("."), "url") from problem
    return TranslateWish(by, url, section.text("model"), section.text("key") if "key" in section.values else None)
