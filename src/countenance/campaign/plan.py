"""From a brief to the variants that will be made and the permissions that each of them needs."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from countenance.campaign.brief import Brief, SeenFace
from countenance.campaign.casting import Cast
from countenance.media.probe import is_photo
from countenance.rights.decide import ANY, Use

# Who needs what. The presenter is the person who speaks; anybody in the picture may get another face.
# Keys: (is the face replaced?, is the mouth re-made for another language?)
#
# - An untouched person still appears in a campaign: some grant must cover campaign, market, channel, language
#   and period, whatever it otherwise allows (purpose "any").
# - A re-made mouth is lip-sync, also under another face: the presenter's own mouth is re-shaped too.
# - The presenter's recorded voice goes on being heard when only the face is replaced: a voice without its
#   person is a use of its own. A dub replaces it by the voice that the brief names for the language: a synthetic one
#   that is nobody's needs no grant, a recorded or cloned one is a use of the voice of its talent.
PRESENTER_NEEDS: dict[tuple[bool, bool], tuple[tuple[str, str], ...]] = {  # (purpose, engine)
    (False, False): ((ANY, ANY),),
    (False, True): (("lipsync", "lipsync"),),
    (True, False): (("swap_target", "swap"), ("voice", "swap")),
    (True, True): (("swap_target", "swap"), ("lipsync", "lipsync")),
}
# Everybody else in the picture is silent: their mouths are never re-made. Key: is the face replaced?
OTHERS_NEEDS: dict[bool, tuple[tuple[str, str], ...]] = {
    False: ((ANY, ANY),),
    True: (("swap_target", "swap"),),
}
NEW_FACE_NEEDS: dict[bool, tuple[tuple[str, str], ...]] = {  # is the mouth under it re-made?
    False: (("swap_source", "swap"),),
    True: (("swap_source", "swap"), ("lipsync", "lipsync")),
}


VOICE_NEED = ("voice", ANY)  # of whoever's voice speaks a dub: no engine paints it


@dataclass(frozen=True)
class Part:
    """What becomes of one person of the master in one variant."""

    name: str  # in the brief's `faces`
    track: int
    seen: str  # the talent whom the master shows
    shown: str  # the talent whose face the variant shows
    dubbed: bool  # the mouth is re-made for another language

    @property
    def swapped(self) -> bool:
        return self.shown != self.seen

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that paint this person, in their order: first the mouth, then the face over it."""
        return (("lipsync",) if self.dubbed else ()) + (("swap",) if self.swapped else ())


@dataclass(frozen=True)
class Variant:
    """One cell of face x language."""

    key: str  # stable, and fit for a file's name: "ben-de", "presenter=ben+guest=ada-de"
    face: str  # the cast's key
    language: str
    parts: tuple[Part, ...]  # everybody whom the brief names, the presenter first
    dubs: bool
    uses: tuple[Use, ...]  # every one of them must be allowed before anything is rendered

    @property
    def presenter(self) -> Part:
        return self.parts[0]

    @property
    def swapped(self) -> tuple[Part, ...]:
        """Those who get another face."""
        return tuple(part for part in self.parts if part.swapped)

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that paint anybody, in their order."""
        return tuple(name for name in ("lipsync", "swap") if any(name in part.engines for part in self.parts))


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
            if (face.key, language) not in excluded
        ),
    )


def _variant(brief: Brief, cast: Cast, language: str, at: datetime.date) -> Variant:
    dubs = language != brief.script.language or is_photo(brief.master)  # a photo has no voice of its own
    parts = tuple(_part(brief, face, cast, dubs) for face in brief.seen)
    needs = [need for part in parts for need in _needs(part, speaks=part is parts[0])]
    if dubs and (lender := brief.voice(language).of):
        needs.append((lender, VOICE_NEED))
    return Variant(
        key=f"{cast.key}-{language}",
        face=cast.key,
        language=language,
        parts=parts,
        dubs=dubs,
        uses=tuple(dict.fromkeys(_uses(brief, language, needs, at))),
    )


def _part(brief: Brief, face: SeenFace, cast: Cast, dubs: bool) -> Part:
    shown = cast.talent_for(face.name) or face.talent
    return Part(face.name, face.track, face.talent, shown, dubs and face is brief.presenter)


def _needs(part: Part, *, speaks: bool) -> Iterator[tuple[str, tuple[str, str]]]:
    """Which talent must allow what, so that this may become of a person."""
    own = PRESENTER_NEEDS[part.swapped, part.dubbed] if speaks else OTHERS_NEEDS[part.swapped]
    yield from ((part.seen, need) for need in own)
    if part.swapped:
        yield from ((part.shown, need) for need in NEW_FACE_NEEDS[part.dubbed])


def _uses(
    brief: Brief, language: str, needs: Iterable[tuple[str, tuple[str, str]]], at: datetime.date
) -> Iterator[Use]:
    for talent, (purpose, engine) in needs:
        for market in brief.markets[language]:
            for channel in brief.channels:
                yield Use(
                    talent, purpose, engine, brief.campaign, market, channel, language, at,
                    products=brief.content.products, publisher=brief.publisher, derivative=brief.content.derivative,
                )  # fmt: skip
