"""What a brief says about the visible label and the spoken notice, under `release:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from countenance.provenance.disclosure import BADGES
from countenance.provenance.label import CORNERS, LONG_FORM_S, NOTICES, SHORTEST_S, SIZES, USUAL, WHENS, Label
from countenance.provenance.placement import AUTO
from countenance.store.documents import Section

_KEYS = ("kind", "position", "when", "seconds", "every_s", "end_card", "size")
_ONLY_CORNER = ("position", "when", "seconds", "every_s", "end_card", "size")


@dataclass(frozen=True)
class LabelWish:
    """The label as asked for: `badge` is "off", "corner" or "endcard"; `position` a corner, or "auto".

    `audio`: the sound is wanted as a file of its own as well, which says by voice what the badge says.
    """

    badge: str = "corner"
    position: str = AUTO
    label: Label = USUAL
    audio: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_label_wish(whole: Section) -> LabelWish:
    """`release.badge`, a word or a mapping, `release.audio` and `release.notice`; BriefError names the key."""
    if "release" not in whole.values:
        return LabelWish()
    release = whole.section("release")
    audio = _yes(release, "audio")
    if "notice" in release.values and not audio:
        message = "'release.notice' is about the sound alone, which nobody asked for: add audio: true"
        raise release.problem(message, "notice")
    notice = release.choice("notice", NOTICES, USUAL.notice)
    if "badge" not in release.values:
        return LabelWish(label=Label(notice=notice), audio=audio)
    entry = release.entry("badge")
    if isinstance(entry, str):
        return LabelWish(release.known("badge", entry, BADGES), label=Label(notice=notice), audio=audio)
    entry.only((), _KEYS)
    kind = entry.choice("kind", BADGES, "corner")
    needless = next((key for key in _ONLY_CORNER if kind != "corner" and key in entry.values), None)
    if needless:
        raise entry.problem(f"'{entry.path_of(needless)}' says nothing to a badge of kind {kind}: remove it", needless)
    return LabelWish(
        kind, entry.choice("position", (AUTO, *CORNERS), AUTO), Label(**_look(entry), notice=notice), audio
    )


def _look(entry: Section) -> Mapping[str, Any]:
    when = entry.choice("when", WHENS, USUAL.when)
    needs = {"seconds": ("start", "intervals"), "every_s": ("intervals",)}
    for key, whens in needs.items():
        if key in entry.values and when not in whens:
            message = f"'{entry.path_of(key)}' says nothing when the badge is shown '{when}': add when: {whens[-1]}"
            raise entry.problem(message, key)
    seconds = entry.whole("seconds", round(USUAL.seconds)) or 0
    if seconds < SHORTEST_S:
        message = f"'{entry.path_of('seconds')}' is {seconds}, too short to be read: give {SHORTEST_S:g} or more"
        raise entry.problem(message, "seconds")
    every_s = entry.whole("every_s", max(round(USUAL.every_s), 2 * seconds)) or 0
    if every_s < max(LONG_FORM_S, 2 * seconds):
        least = max(LONG_FORM_S, 2 * seconds)
        message = f"'{entry.path_of('every_s')}' is {every_s}, which would blink: give {least:g} or more"
        raise entry.problem(message, "every_s")
    card = _yes(entry, "end_card")
    size = entry.choice("size", SIZES, USUAL.size)
    return {"when": when, "seconds": float(seconds), "every_s": float(every_s), "end_card": card, "size": size}


def _yes(section: Section, key: str) -> bool:
    value = section.values.get(key, False)
    if not isinstance(value, bool):
        raise section.problem(f"'{section.path_of(key)}' must be true or false, not {value!r}", key)
    return value
