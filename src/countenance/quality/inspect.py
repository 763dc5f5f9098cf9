"""What any video file is, and the figures that can be had of it without knowing where it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from countenance.errors import InputError
from countenance.media.audio import Samples, at_most_stereo, read_mono, sound_blocks
from countenance.media.editlist import without_edit_list_ms
from countenance.media.loudness import measure_programme
from countenance.media.probe import Master, probe
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Perception
from countenance.quality.lips import lip_gap
from countenance.quality.lse import load, lse_of
from countenance.quality.speakers import own_moments, turns
from countenance.quality.sync import Offset, av_offset
from countenance.quality.tolerances import TOLERANCES
from countenance.quality.who import Person, people_of, who_is_who
from countenance.speech.activity import speech_segments
from countenance.speech.align import align

_RATE_HZ, HEARD_HZ = 48_000, 16_000


def inspect_file(
    path: Path,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    *,
    script: tuple[str, str] | None = None,
    syncnet: Path | None = None,
) -> dict[str, Any]:
    """Format, shots, people with the offset of their lips against the sound, who speaks, and the sound's loudness.

    `script` (text, language) is what is said: its phones, found in the sound, make the offset surer. `syncnet` are the
    user's own weights for LSE-D and LSE-C. Plain values, ready for JSON. Raises InputError for a file that is no
    readable video, where the script's language is unknown, and for weights that are none.
    """
    if syncnet is not None:
        load(syncnet)  # before minutes of looking
    master = probe(path)
    seen = perceive(master, lambda done: progress(done, master.frames))
    heard = read_mono(path, HEARD_HZ, master.origin_s)
    if heard is not None and not heard.size:
        heard = None
    times_s = np.array([float(value * master.time_base) for value in master.pts])
    openings = [_opening(seen, number, len(times_s)) for number in range(seen.people)]
    said = () if heard is None else turns(times_s, openings, heard, HEARD_HZ)
    phones = None
    if script is not None and heard is not None and speech_segments(heard, HEARD_HZ):
        phones = align(heard, HEARD_HZ, *script).phones
    people = []
    for number, opening in enumerate(openings):
        own = own_moments(times_s, openings, number) if seen.people > 1 else opening
        offset = None if heard is None else av_offset(times_s, own, heard, HEARD_HZ, phones)
        scored = {} if syncnet is None else _lse(master, seen, number, heard, syncnet)
        people.append({**_person(seen, times_s, number), **_sync(offset), **scored})
    return {
        "format": master.describe(),
        "shots": [float(master.pts[shot] * master.time_base) for shot in seen.shots],
        "people": people,
        "turns": [{"start_s": turn.start_s, "end_s": turn.end_s, "person": turn.person} for turn in said],
        "sound": None if heard is None else _sound(path, master),
    }


def _sound(path: Path, master: Master) -> dict[str, Any]:
    found = measure_programme(map(_at_most_surround, sound_blocks(path, _RATE_HZ, master.origin_s)), _RATE_HZ)
    return {
        "loudness_lufs": _told(found.lufs),
        "loudness_range_lu": found.range_lu,
        "momentary_max_lufs": _told(found.momentary_lufs),
        "short_term_max_lufs": _told(found.short_term_lufs),
        "true_peak_dbtp": _told(found.peak_dbtp),
        "without_edit_list_ms": without_edit_list_ms(path),
    }


def _at_most_surround(block: Samples) -> Samples:
    """A block (n, channels) as loudness is defined for: of more than 5.1 the stereo of it."""
    return at_most_stereo(block) if block.shape[1] > 6 else block


def _told(level: float) -> float | None:
    """A level for JSON, which has no minus infinity."""
    return level if np.isfinite(level) else None


def _opening(seen: Perception, number: int, pictures: int) -> NDArray[np.float64]:
    opening = np.full(pictures, np.nan)
    for track in seen.of_person(number):
        opening[track.frames] = [lip_gap(mesh[:POINTS]) for mesh in track.mesh]
    return opening


def _sync(offset: Offset | None) -> dict[str, Any]:
    """The offset with all that belongs to it; nothing but the reason where there is none."""
    if offset is None:
        return {"av_offset_ms": None, "av_confidence": None, "av_reason": "there is no sound"}
    told: dict[str, Any] = {
        "av_offset_ms": offset.offset_ms,
        "av_confidence": offset.confidence,
        "av_reason": offset.reason,
    }
    if offset.offset_ms is not None:
        told |= {
            "av_low_ms": offset.low_ms,
            "av_high_ms": offset.high_ms,
            "av_drift_ms": offset.drift_ms,
            "av_drift_low_ms": offset.drift_low_ms,
            "av_drift_high_ms": offset.drift_high_ms,
            "av_drifts": offset.drifts,
            "av_by": list(offset.by),
            "av_curve": [{"time_s": time, "offset_ms": value} for time, value in offset.curve],
            "av_tolerances": [one.describe(offset) for one in TOLERANCES],
        }
    return told


def _lse(master: Master, seen: Perception, number: int, heard: Samples | None, weights: Path) -> dict[str, Any]:
    """SyncNet's figures for the longest stretch in which a person is seen, or why there are none."""
    longest = max(seen.of_person(number), key=lambda track: len(track.frames))
    if heard is None:
        return {"lse_d": None, "lse_c": None, "lse_offset_ms": None, "lse_reason": "there is no sound"}
    start = round(float(master.pts[int(longest.frames[0])] * master.time_base) * HEARD_HZ)
    try:
        found = lse_of(master, longest, heard[start:], weights)
    except InputError as problem:
        return {"lse_d": None, "lse_c": None, "lse_offset_ms": None, "lse_reason": str(problem)}
    return {
        "lse_d": found.distance, "lse_c": found.confidence, "lse_offset_ms": found.offset_ms, "lse_reason": "",
    }  # fmt: skip


def inspect_faces(
    path: Path, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> tuple[list[Person], Image.Image]:
    """Everybody in a master by number, and the sheet that shows who is who.

    `progress` gets pictures passed and to pass; the master is read twice. Raises InputError for a file that is no
    readable video.
    """
    master = probe(path)
    seen = perceive(master, lambda done: progress(done, 2 * master.frames))
    sheet = who_is_who(master, seen, lambda done: progress(master.frames + done, 2 * master.frames))
    return people_of(master, seen), sheet


def _person(seen: Perception, times_s: NDArray[np.float64], number: int) -> dict[str, Any]:
    tracks = seen.of_person(number)
    widths = np.concatenate([np.ptp(track.mesh[:, :POINTS, 0], axis=1) for track in tracks])
    return {
        "person": number,
        "pictures": int(sum(len(track.frames) for track in tracks)),
        "first_s": float(times_s[min(int(track.frames[0]) for track in tracks)]),
        "width_px": int(np.median(widths)),
    }
