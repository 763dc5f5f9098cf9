"""How each rule is checked: one function for each kind of question, by the name that the rule data use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from countenance.delivery.facts import PackageFacts
from countenance.delivery.jsonld import SOURCE_TYPES
from countenance.delivery.situation import Situation
from countenance.provenance.badge import badge_of
from countenance.provenance.disclosure import (
    badge_text,
    captions_note,
    contradictions,
    digital_source_type,
    machine_fields,
)
from countenance.provenance.history import INVALID, NO_HISTORY, TRUSTED, VALID
from countenance.provenance.manifest import SOUND_MARK_ALGORITHM
from countenance.provenance.metadata import read_source_type
from countenance.provenance.placement import hidden_by

PASSED, FAILED, BY_HAND, UNKNOWN = "passed", "failed", "to do", "not checked"
_RATIO_SLACK = 0.02
_READABLE_S = 15.0  # of sound, from which on its mark is read for sure

Params = Mapping[str, Any]


class Outcome(NamedTuple):
    """`state`: passed, failed, to do (by a person) or not checked; `told`: what was found, in words."""

    state: str
    told: str


Run = Callable[[PackageFacts, Params, Situation], Outcome]


@dataclass(frozen=True)
class Check:
    """One kind of question, and the parameters that a rule may give it."""

    run: Run
    params: Mapping[str, type | tuple[type, ...]]


CHECKS: dict[str, Check] = {}
_NUMBER = (int, float)


def _check(**params: type | tuple[type, ...]) -> Callable[[Run], Run]:
    """Enter a function into `CHECKS` under its name, with the parameters that it takes."""

    def enter(function: Run) -> Run:
        CHECKS[function.__name__.lstrip("_")] = Check(function, params)
        return function

    return enter


def _judged(broken: list[str], fine: str) -> Outcome:
    return Outcome(FAILED, "; ".join(broken)) if broken else Outcome(PASSED, fine)


@_check(field=str, value=str)
def _person(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    told = f"set '{params['field']}' to '{params['value']}'" if "field" in params else "only a person can do this"
    return Outcome(BY_HAND, told)


@_check()
def _refused(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    return Outcome(FAILED, f"{situation.channel} does not take it in {', '.join(situation.markets) or 'any market'}")


@_check()
def _history(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    history = facts.history
    if history.state == TRUSTED:
        return Outcome(PASSED, "whole, and signed by this project")
    if history.state == VALID and not facts.keys:
        return Outcome(UNKNOWN, "whole, but without the project nobody can say by whom it was signed")
    told = {
        NO_HISTORY: "there is none: the file was written anew after it was sealed",
        INVALID: f"it is broken ({'; '.join(history.problems)[:200]})",
        VALID: "whole, but signed by somebody else",
    }
    return Outcome(FAILED, told.get(history.state, history.state))


@_check()
def _bytes(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    same = facts.sha256 == facts.sealed_sha256
    return (
        Outcome(PASSED, facts.sha256[:12])
        if same
        else Outcome(
            FAILED, f"its SHA-256 begins with {facts.sha256[:12]}, that of the release with {facts.sealed_sha256[:12]}"
        )
    )


@_check()
def _agreement(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    captions = facts.captions_vtt if facts.cues or facts.captions_vtt else None
    problems = list(contradictions(facts.record, jsonld=facts.jsonld, captions=captions))
    history, record = facts.history, facts.record
    for what, told, wanted in (
        ("release", history.release_id, record.release_id),
        ("receipt", history.receipt_sha256, record.receipt_sha256),
        ("mark", history.mark_id, record.mark_id),
    ):
        if told not in (None, wanted):
            problems.append(f"the signed history names {what} {told}, not {wanted}")
    if facts.disclosure is not None and facts.disclosure != machine_fields(record):
        problems.append("the receipt tells machines something else")
    return _judged(problems, "all say the same")


@_check()
def _released(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if not facts.keys:
        return Outcome(UNKNOWN, "without the project nobody can say")
    if facts.state is None:
        return Outcome(FAILED, f"the project knows no release {facts.record.release_id}")
    withdrawn = facts.state != "released"
    return _judged([f"it is {facts.state}: take the file down wherever it is"] if withdrawn else [], facts.state)


@_check()
def _mark(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if not facts.keys:
        return Outcome(UNKNOWN, "without the project's key nobody can read it")
    if facts.mark is None:
        return Outcome(FAILED, "no mark can be read")
    read = f"{facts.mark.mark_id:016x}"
    if read != facts.record.mark_id:
        return Outcome(FAILED, f"it is that of another release ({read}, not {facts.record.mark_id})")
    return Outcome(PASSED, f"{read}, confidence {facts.mark.confidence:.2f}")


@_check()
def _sound_mark(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if not facts.keys:
        return Outcome(UNKNOWN, "without the project's key nobody can read it")
    if facts.history.state in (TRUSTED, VALID) and SOUND_MARK_ALGORITHM not in facts.history.marks:
        return Outcome(PASSED, "none is promised")
    if facts.sound_mark is None:
        short = facts.duration_s < _READABLE_S
        return (
            Outcome(UNKNOWN, f"{facts.duration_s:.1f} s are too short") if short else Outcome(FAILED, "none is heard")
        )
    if facts.sound_mark.mark_id is None:
        return Outcome(PASSED, "there is one; the sound is too short to tell whose")
    read = f"{facts.sound_mark.mark_id:016x}"
    other = read != facts.record.mark_id
    return _judged([f"it is that of another release ({read})"] if other else [], read)


@_check()
def _poster(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if facts.poster is None:
        return Outcome(FAILED, "poster.jpg is missing")
    if facts.poster.state not in (TRUSTED, VALID):
        return Outcome(FAILED, f"the signed history of poster.jpg is {facts.poster.state.lower()}")
    other = facts.poster.release_id != facts.record.release_id
    return _judged([f"it is that of release {facts.poster.release_id}"] if other else [], facts.poster.state)


@_check()
def _sound_alone(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if facts.audio is None:
        return Outcome(PASSED, "there is none")
    if facts.audio.state not in (TRUSTED, VALID):
        return Outcome(FAILED, f"the signed history of audio.m4a is {facts.audio.state.lower()}")
    other = facts.audio.release_id != facts.record.release_id
    return _judged([f"it is that of release {facts.audio.release_id}"] if other else [], facts.audio.state)


@_check()
def _badge(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if not facts.badge.due:
        return Outcome(PASSED, "none is promised")
    told = f"'{badge_text(facts.record)}', contrast {facts.badge.contrast:.1f}:1, {len(facts.badge.looks)} pictures"
    return _judged(list(facts.badge.problems), told)


@_check(field=str, value=str)
def _badge_due(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    also = f"; set '{params['field']}' to '{params['value']}' as well" if "field" in params else ""
    if not facts.record.modified:
        return Outcome(
            FAILED, "nothing was changed, so no badge is drawn: say beside the video that people in it are made"
        )
    if not facts.badge.due:
        return Outcome(FAILED, "the badge is off: set `release.badge` in the brief and release again")
    if facts.record.badge == "endcard":
        return Outcome(FAILED, "the badge is on the end card only, not at first exposure: use `badge: corner`")
    if not facts.badge.first_exposure:
        return Outcome(FAILED, "the first picture does not show it: " + "; ".join(facts.badge.problems))
    return Outcome(PASSED, f"'{badge_text(facts.record)}' from the first picture on{also}")


@_check(corners=list)
def _badge_corner(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    corner = facts.record.label.corner
    return _judged([] if corner in params["corners"] else [f"it stands {corner.replace('-', ' ')}"], corner)


@_check()
def _badge_again(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    label = facts.record.label
    again = facts.record.badge == "corner" and label.when in ("always", "intervals")
    return _judged([] if again else [f"it is shown '{label.when}' only"], f"shown '{label.when}'")


@_check(most=float)
def _badge_off_faces(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    share = facts.record.label.covers_face
    told = f"it touches a face in {share:.0%} of the pictures that were looked at"
    return _judged([told] if share > params.get("most", 0.0) else [], told)


@_check()
def _badge_in_sight(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    badge = badge_of(facts.record)
    if badge.kind == "endcard":
        return Outcome(PASSED, "the end card stands in the middle")
    hidden = hidden_by(badge, facts.width, facts.height, [situation.channel])
    return _judged([f"it lies under {', '.join(hidden)}"] if hidden else [], f"clear on {situation.channel}")


@_check(least_share=float, least_s=float)
def _badge_size(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if not facts.badge.due:
        return Outcome(FAILED, "the badge is off")
    share = facts.badge.capitals_px / max(1, min(facts.width, facts.height))
    broken = []
    if share < params.get("least_share", 0.0):
        broken.append(f"letters of {share:.1%} of the shorter side; `badge: {{size: large}}` sets larger ones")
    label = facts.record.label
    if label.when != "always" and label.seconds < params.get("least_s", 0.0):
        broken.append(f"shown for {label.seconds:g} s")
    return _judged(broken, f"letters of {share:.1%} of the shorter side")


@_check()
def _badge_and_history(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    broken = [] if facts.badge.due and facts.badge.ok else ["no clear badge"]
    if facts.history.state not in (TRUSTED, VALID):
        broken.append("no whole signed history")
    return _judged(broken, "both are there")


@_check()
def _two_layers(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    broken = [] if facts.history.state in (TRUSTED, VALID) else ["no whole signed history"]
    if facts.keys and facts.mark is None:
        broken.append("no mark in the picture")
    if broken or facts.keys:
        return _judged(broken, "signed history and invisible mark")
    return Outcome(UNKNOWN, "the history is there; without the project's key nobody can read the mark")


@_check()
def _time_stamp(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    stamped = facts.history.stamped_at
    return _judged([] if stamped else ["there is no trusted time stamp"], f"stamped {stamped}")


@_check()
def _source_type(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    term = digital_source_type(facts.record)
    told = _told_source_types(facts)
    page = str(facts.jsonld.get("digitalSourceType", "")).rsplit("/", 1)[-1]
    broken = [f"the signed history does not say {term}"] if term not in told else []
    packet = read_source_type(facts.media)
    if packet != term:
        broken.append(f"the XMP packet says {packet or 'nothing'}")
    if page != SOURCE_TYPES[term]:
        broken.append(f"the page's data say {page or 'nothing'}")
    return _judged(broken, term)


def _told_source_types(facts: PackageFacts) -> set[str]:
    """Every digital source type that the signed history names."""
    found: set[str] = set()

    def search(value: Any) -> None:
        if isinstance(value, Mapping):
            for key, one in value.items():
                if key in ("digitalSourceType", "digital_source_type") and isinstance(one, str):
                    found.add(one.rsplit("/", 1)[-1])
                search(one)
        elif isinstance(value, list):
            for one in value:
                search(one)

    search(facts.history.manifest)
    return found


@_check()
def _captions(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if not facts.cues:
        return Outcome(FAILED, "captions.vtt has no captions")
    lacking = [line for line in captions_note(facts.record).splitlines() if line not in facts.captions_vtt]
    broken = [f"the note lacks {lacking[0]!r}"] if lacking else []
    if f"Language: {facts.record.language}" not in facts.captions_vtt:
        broken.append(f"they do not say that they are in '{facts.record.language}'")
    return _judged(broken, f"{facts.cues} captions in '{facts.record.language}'")


@_check()
def _srt(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    there = " --> " in facts.captions_srt
    return _judged([] if there else ["captions.srt is missing or empty"], "captions.srt is there")


@_check(least_lufs=float, most_lufs=float, most_dbtp=float)
def _loudness(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if facts.loudness is None:
        return Outcome(UNKNOWN, "there is no sound")
    lufs, peak = facts.loudness.lufs, facts.loudness.peak_dbtp
    told = f"{lufs:.1f} LUFS, {peak:.1f} dBTP"
    inside = params.get("least_lufs", -999.0) <= lufs <= params.get("most_lufs", 999.0)
    return _judged([] if inside and peak <= params.get("most_dbtp", 999.0) else [told], told)


@_check()
def _spoken_notice(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    if facts.notice_s is None:
        return Outcome(FAILED, "the record promises none: set `release.notice` in the brief and release again")
    if not facts.notice_s or facts.notice_s[0] > 1:
        return Outcome(FAILED, "it is not heard at the start")
    return Outcome(PASSED, f"heard at {', '.join(f'{one:g} s' for one in facts.notice_s)}")


@_check(least_s=float, most_s=float)
def _duration(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    inside = (
        params.get("least_s", 0.0) <= facts.duration_s + 0.05 and facts.duration_s <= params.get("most_s", 1e9) + 0.05
    )
    return _judged([] if inside else [f"it lasts {facts.duration_s:.1f} s"], f"{facts.duration_s:.1f} s")


@_check(ratios=list)
def _aspect(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    wanted = [int(one.split(":")[0]) / int(one.split(":")[1]) for one in params["ratios"]]
    ratio = facts.width / facts.height
    told = f"{facts.width}x{facts.height}"
    fits = any(abs(ratio / one - 1) <= _RATIO_SLACK for one in wanted)
    return _judged([] if fits else [f"{told} is none of {', '.join(params['ratios'])}"], told)


@_check(wide=list, tall=list, square=list)
def _size(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    shape = "wide" if facts.width > 1.1 * facts.height else "tall" if facts.width < 0.9 * facts.height else "square"
    told = f"{facts.width}x{facts.height}"
    if shape not in params:
        return Outcome(FAILED, f"{told}, but {shape} pictures are not provided for")
    width, height = params[shape]
    fits = facts.width >= width and facts.height >= height
    return _judged([] if fits else [f"{told} is smaller than {width}x{height}"], told)


@_check(least_px=int, most_px=int, least_ratio=float, most_ratio=float)
def _sides(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    told = f"{facts.width}x{facts.height}"
    sides = sorted((facts.width, facts.height))
    fits = params.get("least_px", 0) <= sides[0] and sides[1] <= params.get("most_px", 1_000_000)
    ratio = facts.width / max(1, facts.height)
    fits &= params.get("least_ratio", 0.0) - _RATIO_SLACK <= ratio <= params.get("most_ratio", 999.0) + _RATIO_SLACK
    return _judged([] if fits else [told], told)


@_check(
    containers=list, video=list, audio=list, least_bytes=int, most_bytes=int, least_bits_per_s=int,
    under_frames_per_s=_NUMBER,
)  # fmt: skip
def _file(facts: PackageFacts, params: Params, situation: Situation) -> Outcome:
    broken = []
    for what, found, key in (
        ("container", facts.container, "containers"),
        ("video codec", facts.video_codec, "video"),
        ("audio codec", facts.audio_codec, "audio"),
    ):
        if key in params and found is not None and found not in params[key]:
            broken.append(f"the {what} is {found or 'absent'}")
    if not params.get("least_bytes", 0) <= facts.bytes <= params.get("most_bytes", 1 << 62):
        broken.append(f"it has {facts.bytes / 1e6:.2f} MB")
    if facts.bits_per_s < params.get("least_bits_per_s", 0):
        broken.append(f"it has {facts.bits_per_s / 1000:.0f} kbit/s")
    if facts.frame_rate >= params.get("under_frames_per_s", 1e9):
        broken.append(f"it has {facts.frame_rate:.2f} frames/s")
    told = f"{facts.container}, {facts.video_codec}, {facts.audio_codec or 'no sound'}, {facts.bytes / 1e6:.2f} MB"
    return _judged(broken, f"{told}, {facts.bits_per_s / 1000:.0f} kbit/s")
