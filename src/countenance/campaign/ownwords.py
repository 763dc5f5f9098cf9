"""When the master's own words are said: its sound aligned with the brief's script, once, and found again.

The captions of the master's own language take their times from here. Where script and sound are not the same text,
no time is to be trusted, and the words are spread over the speech by their length instead, with a note that says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from countenance.campaign.brief import Brief
from countenance.campaign.stages import key_of, own_speech
from countenance.delivery.captions import spread_words
from countenance.errors import InputError
from countenance.media.audio import read_mono
from countenance.media.probe import Master
from countenance.speech.activity import speech_span
from countenance.speech.align import Alignment, Mismatch, align
from countenance.speech.lexicon import Match, matches
from countenance.speech.phones import Phone, Word
from countenance.speech.wording import Piece, Wording, wording_of
from countenance.store.files import read_json, write_json
from countenance.store.holdings import WORK, hold
from countenance.store.project import Project

HEARD_HZ = 16000
_OWN = "alignment/3"
# What makes all times be given up. By 15 recordings in seven languages (docs/text.md): with the right text the aligner
# doubts up to 0.31 of the letters and tells of up to 0.27 of the words, with another text it doubts all of them.
DOUBTFUL = 0.5  # of how sure a word's place is
MOST_DOUBTED = 0.35  # of the script's letters: little words are doubted more easily
MOST_TOLD = 0.33  # of the script's words, as missing or unsure
MOST_EXTRA = 0.25  # of the time in which somebody speaks


class Recorded(Protocol):
    """A master whose sound is known; whether anybody looked at its picture does not matter."""

    @property
    def master(self) -> Master: ...

    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True)
class OwnWords:
    """The script's words with their times; `aligned` is False where the times are an estimate.

    `notes` says, one clear sentence each, where script and sound are not the same.
    """

    words: tuple[Word, ...]
    aligned: bool
    notes: tuple[str, ...] = ()


def own_words(project: Project, brief: Brief, seen: Recorded) -> OwnWords:
    """The words of the script as the master says them, for its captions."""
    facts = _kept(project, brief, seen)
    if "words" not in facts:
        return OwnWords(_estimate(brief, seen), False, (facts["failed"], _ESTIMATE) if "failed" in facts else ())
    alignment = _read(facts)
    kept = trusted(alignment)
    return OwnWords(alignment.words if kept else _estimate(brief, seen), kept, told(alignment))


def own_alignment(project: Project, brief: Brief, seen: Recorded) -> Alignment | None:
    """The master's own speech aligned with the brief's script, or None when nobody speaks in it.

    None also where it cannot be aligned, such as in a language that espeak-ng does not know; `own_words` says why.
    Kept in the project's work folder under a key of the master, the script and the lexicon.
    """
    facts = _kept(project, brief, seen)
    return _read(facts) if "words" in facts else None


def _kept(project: Project, brief: Brief, seen: Recorded) -> dict[str, Any]:
    language = brief.script.language
    text, spellings = brief.words(language), dict(brief.lexicon.of(language))
    wording = _worded(text, language, spellings)
    folder = project.work / "alignment" / key_of(_OWN, seen.sha256, language, text, wording.spoken, spellings)
    hold(project, WORK, f"alignment/{folder.name}", [brief.presenter.talent])
    record = folder / "alignment.json"
    if not record.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(record, _aligned(seen, wording, spellings))
    return dict(read_json(record))


def _estimate(brief: Brief, seen: Recorded) -> tuple[Word, ...]:
    return spread_words(brief.words(brief.script.language), *own_speech(seen.master))


def trusted(alignment: Alignment) -> bool:
    """Whether script and sound are the same text, but for a slip here and there."""
    problems = alignment.problems
    if any(problem.kind == "language" for problem in problems) or not alignment.words:
        return False
    told = sum(len(problem.text.split()) for problem in problems if problem.kind in ("missing", "unsure"))
    letters = sum(len(word.text) for word in alignment.words)
    sure = zip(alignment.words, alignment.certainty, strict=True)
    doubted = sum(len(word.text) for word, certainty in sure if certainty < DOUBTFUL)
    spoken_s = sum(phone.end_s - phone.start_s for phone in alignment.phones if not phone.silent)
    extra_s = sum(problem.end_s - problem.start_s for problem in problems if problem.kind == "extra")
    few = doubted <= MOST_DOUBTED * letters and told <= MOST_TOLD * len(alignment.words)
    return few and extra_s <= MOST_EXTRA * spoken_s


def told(alignment: Alignment) -> tuple[str, ...]:
    """One sentence for each kind of mismatch, with the first of its places."""
    kept = trusted(alignment)
    found: list[str] = []
    for kind, what in _WHAT.items():
        places = [problem for problem in alignment.problems if problem.kind == kind]
        if places and not (found and found[0].startswith(_ANOTHER)):  # then nothing else is worth telling
            found.append(f"{what.format(places=_places(places))}.")
    if found and not kept:
        found.append(_ESTIMATE)
    return tuple(found)


_ANOTHER = "The master does not seem to say the script"
_WHAT = {
    "language": f"{_ANOTHER}: {{places}}",
    "missing": "The master does not say these words of the script: {places}",
    "extra": "The master says something that is not in the script: {places}",
    "unsure": "It is not sure when the master says these words of the script: {places}",
}
_ESTIMATE = "The times of the captions in the master's own language are an estimate: make the script what is said."
_SHOWN, _LETTERS = 3, 48


def _places(problems: list[Mismatch]) -> str:
    shown = [
        (f"'{_short(one.text)}' " if one.text else "") + f"at {one.start_s:.1f}-{one.end_s:.1f} s"
        for one in problems[:_SHOWN]
    ]
    more = len(problems) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _short(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[:_LETTERS].rstrip()}…"


def _worded(text: str, language: str, lexicon: Mapping[str, str]) -> Wording:
    """How the script is said; words of the lexicon stay as they are, for it to say."""
    wording = wording_of(text, language)
    kept = matches(text, lexicon, language)
    return replace(wording, pieces=tuple(piece for piece in wording.pieces if not _meets(piece, kept)))


def _meets(piece: Piece, kept: Sequence[Match]) -> bool:
    return any(piece.start < one.end and one.start < piece.end for one in kept)


def _aligned(seen: Recorded, wording: Wording, lexicon: Mapping[str, str]) -> dict[str, Any]:
    heard = read_mono(seen.master.path, HEARD_HZ, seen.master.origin_s)
    if heard is None or speech_span(heard, HEARD_HZ) is None:
        return {"silent": True}
    try:
        alignment = align(heard, HEARD_HZ, wording.spoken, wording.language, lexicon)
    except InputError as problem:  # the master keeps its voice all the same; only its captions are not exact
        return {"failed": str(problem)}
    words = wording.written(alignment.words)
    return {
        "phones": [asdict(phone) for phone in alignment.phones],
        "words": [asdict(word) for word in words],
        "certainty": _certainty(words, alignment),
        "problems": [asdict(problem) for problem in alignment.problems],
    }


def _certainty(words: Sequence[Word], alignment: Alignment) -> list[float]:
    """How sure each written word's place is: as sure as the least sure of what is said for it."""
    heard = list(zip(alignment.words, alignment.certainty, strict=True))
    return [
        min((sure for one, sure in heard if word.start_s <= one.start_s < word.end_s), default=0.0) for word in words
    ]


def _read(facts: dict[str, Any]) -> Alignment:
    return Alignment(
        tuple(Phone(**phone) for phone in facts["phones"]),
        tuple(Word(**word) for word in facts["words"]),
        tuple(facts["certainty"]),
        tuple(Mismatch(**problem) for problem in facts["problems"]),
    )
