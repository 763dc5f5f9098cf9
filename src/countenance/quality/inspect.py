"""What any video file is, and the figures that can be had of it without knowing where it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from countenance.media.audio import Samples, read_mono, sound_blocks
from countenance.media.loudness import measure_loudness
from countenance.media.probe import Master, probe
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Perception
from countenance.quality.meter import lip_gap
from countenance.quality.sync import av_offset
from countenance.quality.who import Person, people_of, who_is_who

_RATE_HZ, _HEARD_HZ = 48_000, 16_000


def inspect_file(path: Path, progress: Callable[[int, int], None] = lambda _done, _of: None) -> dict[str, Any]:
    """Format, shots, people with the offset of their lips against the sound, and the sound's loudness.

    Plain values, ready for JSON. Raises InputError for a file that is no readable video.
    """
    master = probe(path)
    seen = perceive(master, lambda done: progress(done, master.frames))
    heard = read_mono(path, _HEARD_HZ, master.origin_s)
    sound = None
    if heard is not None and heard.size:
        loudness = measure_loudness(sound_blocks(path, _RATE_HZ, master.origin_s), _RATE_HZ)
        sound = {"loudness_lufs": loudness.lufs, "true_peak_dbtp": loudness.peak_dbtp}
    return {
        "format": master.describe(),
        "shots": [float(master.pts[shot] * master.time_base) for shot in seen.shots],
        "people": [_person(master, seen, number, heard) for number in range(seen.people)],
        "sound": sound,
    }


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


def _person(master: Master, seen: Perception, number: int, heard: Samples | None) -> dict[str, Any]:
    tracks = seen.of_person(number)
    times_s = np.array([float(value * master.time_base) for value in master.pts])
    opening = np.full(len(times_s), np.nan)
    for track in tracks:
        opening[track.frames] = [lip_gap(mesh[:POINTS]) for mesh in track.mesh]
    offset = None if heard is None else av_offset(times_s, opening, heard, _HEARD_HZ)
    widths = np.concatenate([np.ptp(track.mesh[:, :POINTS, 0], axis=1) for track in tracks])
    return {
        "person": number,
        "pictures": int(sum(len(track.frames) for track in tracks)),
        "first_s": float(times_s[min(int(track.frames[0]) for track in tracks)]),
        "width_px": int(np.median(widths)),
        "av_offset_ms": None if offset is None else offset.offset_ms,
        "av_confidence": None if offset is None else offset.confidence,
        "av_reason": "there is no sound" if offset is None else offset.reason,
    }
