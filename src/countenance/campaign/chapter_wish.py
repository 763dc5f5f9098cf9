"""What a brief says about chapters, under `chapters:`: a list of them, or that they are to be found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from countenance.campaign.caption_wish import seconds_of
from countenance.store.documents import Section

AUTO = "auto"


@dataclass(frozen=True)
class ChapterMark:
    """One chapter: its title by language, and where it begins: at `at_s` of every variant, or with words that are said,
    by language."""

    titles: Mapping[str, str]
    at_s: float | None = None
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class ChapterWish:
    """The chapters as asked for. `auto`: they are found by sentences and shots, and named by what is said."""

    marks: tuple[ChapterMark, ...] = ()
    auto: bool = False

    def to_json(self) -> Any:
        return AUTO if self.auto else [[dict(one.titles), one.at_s, dict(one.words)] for one in self.marks]


USUAL_CHAPTERS = ChapterWish()


def read_chapter_wish(whole: Section, languages: Collection[str]) -> ChapterWish:
    """`chapters` of a brief; BriefError names the line, the key and the way out."""
    if "chapters" not in whole.values:
        return USUAL_CHAPTERS
    if isinstance(whole.values["chapters"], str):
        whole.choice("chapters", (AUTO,))
        return ChapterWish(auto=True)
    marks = tuple(_mark(entry, languages) for entry in whole.sections("chapters"))
    if not marks:
        raise whole.problem("'chapters' is empty: list chapters, write auto, or remove it", "chapters")
    return ChapterWish(marks)


def _mark(entry: Section, languages: Collection[str]) -> ChapterMark:
    entry.only(("title",), ("at", "words"))
    titles = _by_language(entry, "title", languages)
    if ("at" in entry.values) == ("words" in entry.values):
        raise entry.problem(f"'{entry.name}' takes either at (seconds) or words (that are said): keep one of them")
    if "at" in entry.values:
        return ChapterMark(titles, seconds_of(entry, "at"))
    return ChapterMark(titles, None, _by_language(entry, "words", languages))


def _by_language(entry: Section, key: str, languages: Collection[str]) -> Mapping[str, str]:
    """A text for each language of the campaign; one text alone is meant for a campaign of one language."""
    if isinstance(entry.values[key], str) and len(languages) == 1:
        return MappingProxyType({next(iter(languages)): " ".join(entry.text(key).split())})
    section = entry.section(key)
    section.only(languages)
    return MappingProxyType({language: " ".join(section.text(language).split()) for language in languages})
