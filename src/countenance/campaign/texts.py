"""A campaign's texts before anything is made of them: can they be said, do they keep the glossary, do they fit?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from countenance.campaign.brief import Brief
from countenance.campaign.ownwords import Recorded, own_words
from countenance.campaign.stages import own_speech
from countenance.errors import InputError, TextError
from countenance.media.probe import Master, is_photo, probe
from countenance.speech.glossary import Violation, check
from countenance.speech.kanji import can_read, has_kanji
from countenance.speech.load import LIMIT, LanguageLoad, Load, predict, spans_of
from countenance.speech.sanity import Trouble, troubles
from countenance.speech.sentences import sentences
from countenance.speech.wording import wording_of
from countenance.store.files import sha256_file
from countenance.store.project import Project


@dataclass(frozen=True)
class Sound:
    """A master as it is heard, before anybody looked at it."""

    master: Master
    sha256: str


@dataclass(frozen=True)
class Texts:
    """What was found in the texts, by language; `loads` is empty where the master's time is not known."""

    troubles: dict[str, tuple[Trouble, ...]]
    violations: tuple[Violation, ...]
    loads: tuple[LanguageLoad, ...] = ()

    @property
    def stops(self) -> tuple[str, ...]:
        """One sentence for each reason why nothing may be made of these texts."""
        found = [one.sentence for group in self.troubles.values() for one in group if one.blocks]
        return (*found, *(one.sentence for one in self.violations if one.blocks))

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each thing that somebody should look at."""
        found = [one.sentence for group in self.troubles.values() for one in group if not one.blocks]
        told = (one.sentence for one in self.violations if not one.blocks)
        return (*found, *told, *(sentence for load in self.loads for sentence in _told(load)))

    @property
    def fits(self) -> bool:
        """Whether every dub can be spoken within the limit of its natural rate."""
        return not any(load.whole.verdict.startswith("too") for load in self.loads)


def read_texts(brief: Brief) -> Texts:
    """Troubles and glossary of the texts that the brief wants; the sound is not needed for it."""
    languages = dict.fromkeys((brief.script.language, *brief.languages))
    texts = {language: brief.words(language) for language in languages}
    found = {language: (*troubles(text, language), *_unread(brief, language, text)) for language, text in texts.items()}
    return Texts(found, check(texts, brief.texts.glossary, brief.script.language))


def _unread(brief: Brief, language: str, text: str) -> Iterator[Trouble]:
    """What espeak-ng cannot read, whose phones are also those of Piper's voices."""
    if not language.startswith("ja") or not has_kanji(wording_of(text, language).spoken):
        return
    dubbed = language != brief.script.language
    install = "" if can_read() else "run `pip install 'countenance[japanese]'`, "
    yield Trouble(
        "kanji",
        f"The text in {language} has kanji whose reading is not known: {install}write kana, or name another voice.",
        blocks=dubbed and brief.voice(language).engine in ("espeak", "piper"),
    )


def weigh_texts(project: Project, brief: Brief) -> Texts:
    """The same, and how each dub's text fits into the time of the master's own speech."""
    texts = read_texts(brief)
    if texts.stops or is_photo(brief.master):  # a photo waits as long as the speech lasts
        return texts
    heard = Sound(probe(brief.master), sha256_file(brief.master))
    start_s, end_s = own_speech(heard.master)
    own = _own_sentences(project, brief, heard)
    dubs = [language for language in brief.languages if language != brief.script.language]
    loads = (_load(brief, language, end_s - start_s, own) for language in dubs)
    return Texts(texts.troubles, texts.violations, tuple(load for load in loads if load is not None))


def require_texts(project: Project, brief: Brief, warn: Callable[[str], None]) -> None:
    """TextError when nothing may be made of the texts; `warn` is told, sentence by sentence, what else was found."""
    texts = weigh_texts(project, brief)
    if texts.stops:
        raise TextError(f"Nothing was made for campaign '{brief.campaign}': its texts must be corrected.", texts.stops)
    for warning in texts.warnings:
        warn(warning)


def _load(brief: Brief, language: str, available_s: float, own: tuple[tuple[float, float], ...]) -> LanguageLoad | None:
    if language.startswith("ja") and has_kanji(wording_of(brief.words(language), language).spoken):
        return None  # espeak-ng would say something else
    try:
        return predict(brief.words(language), language, available_s, own)
    except InputError:
        return None  # a language that espeak-ng does not read: a voice of its own may speak it all the same


def _own_sentences(project: Project, brief: Brief, heard: Recorded) -> tuple[tuple[float, float], ...]:
    """The times of the master's own sentences, where they are known and not an estimate."""
    own = own_words(project, brief, heard)
    if not own.aligned:
        return ()
    return spans_of(sentences(brief.words(brief.script.language), brief.script.language), own.words)


def _told(load: LanguageLoad) -> Iterator[str]:
    whole = load.whole
    if whole.verdict.startswith("too"):
        yield (
            f"The text in {load.language} is {whole.verdict}: it takes {whole.needed_s:.1f} s at the natural rate, the "
            f"master speaks {whole.available_s:.1f} s, and speech changes its rate by {LIMIT:.0%} at most, "
            f"{_way_out(whole)}."
        )
        return
    for one in load.crowded:
        yield (
            f"A sentence in {load.language} is too long for the master's ({one.needed_s:.1f} s for "
            f"{one.available_s:.1f} s): '{_short(one.text)}'."
        )


def _way_out(load: Load) -> str:
    syllables = round(load.syllables * abs(load.shortfall_s) / load.available_s) or 1
    return f"so shorten it by about {syllables} syllables" if load.rate > 1 else f"so add about {syllables} syllables"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
