"""From a brief to the variants that will be made and the permissions that each of them needs."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from countenance.campaign.brief import KEEP, Brief
from countenance.rights.decide import ANY, Use

# Who needs what. The presenter is the person who speaks and whose face may be replaced.
# Keys: (is the face replaced?, is the mouth re-made for another language?)
#
# - An untouched person still appears in a campaign: some grant must cover campaign, market, channel, language
#   and period, whatever it otherwise allows (purpose "any").
# - A re-made mouth is lip-sync, also under another face: the presenter's own mouth is re-shaped too.
# - The presenter's recorded voice goes on being heard when only the face is replaced: a voice without its
#   person is a use of its own. A dub replaces it by a synthetic voice, which is nobody's and needs no grant.
PRESENTER_NEEDS: dict[tuple[bool, bool], tuple[tuple[str, str], ...]] = {  # (purpose, engine)
    (False, False): ((ANY, ANY),),
    (False, True): (("lipsync", "lipsync"),),
    (True, False): (("swap_target", "swap"), ("voice", "swap")),
    (True, True): (("swap_target", "swap"), ("lipsync", "lipsync")),
}
NEW_FACE_NEEDS: dict[bool, tuple[tuple[str, str], ...]] = {  # is the mouth re-made?
    False: (("swap_source", "swap"),),
    True: (("swap_source", "swap"), ("lipsync", "lipsync")),
}
BYSTANDER_NEEDS = ((ANY, ANY),)  # everybody else in the picture stays as shot


@dataclass(frozen=True)
class Variant:
    """One cell of face x language."""

    key: str  # stable, and fit for a folder name: "ben-de"
    face: str  # as in the brief: "keep" or a talent
    language: str
    replaced: str  # the talent whose face the master shows
    shown: str  # the talent whose face the variant shows
    swaps: bool
    dubs: bool
    uses: tuple[Use, ...]  # every one of them must be allowed before anything is rendered


@dataclass(frozen=True)
class Plan:
    campaign: str
    variants: tuple[Variant, ...]

    @property
    def uses(self) -> tuple[Use, ...]:
        """All uses of all variants, each once, in the order of the variants."""
        return tuple(dict.fromkeys(use for variant in self.variants for use in variant.uses))

    def variant(self, key: str) -> Variant:
        return next(variant for variant in self.variants if variant.key == key)


def plan(brief: Brief, at: datetime.date | None = None) -> Plan:
    """The variants of a brief in its own order (faces outside, languages inside), exclusions left out.

    `at` is the day for which permission is asked, today when not given.
    """
    day = at or datetime.datetime.now(datetime.UTC).date()
    excluded = {(cell.face, cell.language) for cell in brief.exclude}
    return Plan(
        brief.campaign,
        tuple(
            _variant(brief, face, language, day)
            for face in brief.faces
            for language in brief.languages
            if (face, language) not in excluded
        ),
    )


def _variant(brief: Brief, face: str, language: str, at: datetime.date) -> Variant:
    swaps, dubs = face != KEEP, language != brief.script.language
    presenter = brief.presenter.talent
    needs = [(presenter, need) for need in PRESENTER_NEEDS[swaps, dubs]]
    if swaps:
        needs += [(face, need) for need in NEW_FACE_NEEDS[dubs]]
    needs += [(other.talent, need) for other in brief.seen[1:] for need in BYSTANDER_NEEDS]
    return Variant(
        key=f"{face}-{language}",
        face=face,
        language=language,
        replaced=presenter,
        shown=face if swaps else presenter,
        swaps=swaps,
        dubs=dubs,
        uses=tuple(dict.fromkeys(_uses(brief, language, needs, at))),
    )


def _uses(
    brief: Brief, language: str, needs: Iterable[tuple[str, tuple[str, str]]], at: datetime.date
) -> Iterator[Use]:
    for talent, (purpose, engine) in needs:
        for market in brief.markets[language]:
            for channel in brief.channels:
                yield Use(talent, purpose, engine, brief.campaign, market, channel, language, at)
