"""What any video file is, and the figures that can be had of it without knowing where it came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from countenance.media.audio import mono, read_audio
from countenance.media.loudness import integrated_lufs, true_peak_dbtp
from countenance.media.probe import Master, probe
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Perception
from countenance.quality.meter import lip_gap
from countenance.quality.sync import av_offset
from countenance.quality.who import Person, people_of, who_is_who

_RATE_HZ = 48_000


def inspect_file(path: Path, progress: Callable[[int, int], None] = lambda _done, _of: None) -> dict[str, Any]:
    """Format, shots, people with the offset of their lips against the sound, and the sound's loudness.

    Plain values, ready for JSON. Raises InputError for a file that is no readable video.
    """
    master = probe(path)
    seen = perceive(master, lambda done: progress(done, master.frames))
    samples = read_audio(path, _RATE_HZ)
    sound = None
    if samples is not None and samples.size:
        sound = {
            "loudness_lufs": integrated_lufs(samples, _RATE_HZ),
            "true_peak_dbtp": true_peak_dbtp(samples, _RATE_HZ),
        }
    return {
        "format": master.describe(),
        "shots": [float(master.pts[shot] * master.time_base) for shot in seen.shots],
        "people": [_person(master, seen, number, samples) for number in range(seen.people)],
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


def _person(master: Master, seen: Perception, number: int, samples: Any) -> dict[str, Any]:
    tracks = seen.of_person(number)
    times_s = np.array([float(value * master.time_base) for value in master.pts])
    opening = np.full(len(times_s), np.nan)
    for track in tracks:
        opening[track.frames] = [lip_gap(mesh[:POINTS]) for mesh in track.mesh]
    offset = None if samples is None else av_offset(times_s, opening, mono(samples), _RATE_HZ)
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
