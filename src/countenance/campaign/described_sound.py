"""The sound of a release with its audio description over it: a file of its own, sealed, in time with the video.

It is mixed on disk, so that an hour of it needs little more memory than a minute.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.campaign.audio_description import Description
from countenance.campaign.task import Task
from countenance.campaign.voice_facts import voice_engine
from countenance.delivery.descriptions import Span
from countenance.errors import InputError
from countenance.media import mix
from countenance.media.audio import Samples, at_most_stereo, sound_blocks
from countenance.media.loudness import limited, measure_loudness
from countenance.media.m4a import write_m4a
from countenance.provenance.disclosure import ReleaseRecord, digital_source_type
from countenance.provenance.metadata import write_source_type
from countenance.provenance.sealing import extend
from countenance.provenance.sound_mark import mark_blocks
from countenance.provenance.steps import description_spoken, sound_taken_out
from countenance.speech.fit import RATE_HZ
from countenance.store.files import atomic_path, sha256_file

AUDIO, TRACK = "description.m4a", "descriptions.vtt"
CHANNELS = 2
DUCKING = mix.Ducking(depth_db=12.0, attack_s=0.2, release_s=0.4, hold_s=0.3)
_PIECE = 10 * RATE_HZ
_CONTEXT = RATE_HZ // 10  # what the limiter looks at on both sides
_REACH_S = 2.0  # longer than ducking reaches beyond a span
_SILENT_LUFS = -20.0  # of the description where the sound itself is silent


def write_description(
    task: Task, made: Description, video: Path, target: Path, record: ReleaseRecord, key: bytes
) -> dict[str, Any]:
    """Write the sound of a sealed video with its description to `target`, sealed; returns what the receipt says of it.

    The sound steps back under the description, whose voice carries the release's mark by `key` as the sound does. As
    long as the video's sound and in time with it, so that a player can change over. InputError when the video has no
    sound; errors otherwise as those of `sealing.extend`.
    """
    engine = voice_engine(made.facts)
    whole = replace(record, engines=(*record.engines, *([engine] if engine else [])))
    length = sum(len(block) for block in sound_blocks(video, RATE_HZ))
    if not length:
        raise InputError("the brief has a description, but the master has no sound to lay it over: remove that line.")
    with atomic_path(target) as part:
        plain, mixed = part.with_suffix(".plain.m4a"), part.with_suffix(".mix")
        try:
            table = np.memmap(mixed, np.float32, "w+", shape=(length, CHANNELS))
            _mix(table, video, made, key, int(record.mark_id, 16))
            write_m4a(plain, table, RATE_HZ)
            write_source_type(plain, part, digital_source_type(whole))
        finally:
            for path in (plain, mixed):
                path.unlink(missing_ok=True)
    steps = [sound_taken_out(), description_spoken(made.language)]
    manifest_id = extend(task.project, video, target, steps, title="audio description")
    return {
        "manifest_id": manifest_id,
        "sha256": sha256_file(target),
        "voice": made.facts,
        "passages": len(made.passages),
        "left_out": list(made.notes),
    }


def _mix(table: NDArray[np.float32], video: Path, made: Description, key: bytes, mark_id: int) -> None:
    """Fill `table` (n, 2): the video's sound, lower under the passages, and the marked voice as loud as that sound.

    The voice says what it says at the sound's own loudness, so the whole stays at it; what would exceed full scale in
    sum is limited where it does.
    """
    found = measure_loudness((_stereo(block) for block in sound_blocks(video, RATE_HZ)), RATE_HZ)
    spoken = [one for one in made.passages if one.spoken]
    spans = [(one.start_s, one.end_s) for one in spoken]
    level = found.lufs if math.isfinite(found.lufs) else _SILENT_LUFS
    at = 0
    for block in sound_blocks(video, RATE_HZ):
        part = _stereo(block)[: len(table) - at]
        table[at : at + len(part)] = part * _gain(spans, at, len(part))[:, None]
        at += len(part)
    at = 0
    for block in mark_blocks(_voice_blocks(made, len(table), level), RATE_HZ, key, mark_id):
        table[at : at + len(block)] += block
        at += len(block)
    ceiling = max(found.peak_dbtp, -1.5) if math.isfinite(found.peak_dbtp) else -1.5
    for start_s, end_s in spans:
        _limit(table, round(start_s * RATE_HZ), round(end_s * RATE_HZ), ceiling)


def _voice_blocks(made: Description, length: int, level: float) -> Iterator[Samples]:
    """The voice on the video's clock, in blocks (n, 2), at a loudness; silent between the passages."""
    spoken = [one for one in made.passages if one.spoken]
    placed = [mix.placed(voice * np.float32(mix.gain_to(voice, RATE_HZ, level)), CHANNELS) for voice in made.voices]
    starts = [round(one.start_s * RATE_HZ) for one in spoken]
    for first in range(0, length, _PIECE):
        block = np.zeros((min(_PIECE, length - first), CHANNELS), np.float32)
        for start, voice in zip(starts, placed, strict=True):
            a, b = max(start, first), min(start + len(voice), first + len(block))
            if a < b:
                block[a - first : b - first] += voice[a - start : b - start]
        yield block


def _gain(spans: list[Span], at: int, length: int) -> Samples:
    """The gain of the sound (length,) from sample `at` on."""
    first_s, last_s = at / RATE_HZ, (at + length) / RATE_HZ
    near = [
        (start_s - first_s, end_s - first_s)
        for start_s, end_s in spans
        if end_s > first_s - _REACH_S and start_s < last_s + _REACH_S
    ]
    return mix.ducking_gain(near, length, RATE_HZ, DUCKING)


def _limit(table: NDArray[np.float32], first: int, last: int, ceiling_dbtp: float) -> None:
    """Hold a passage below the ceiling, in place; around it nothing changes."""
    low, high = max(0, first - _CONTEXT), min(len(table), last + _CONTEXT)
    table[low:high] = limited(np.array(table[low:high]), RATE_HZ, ceiling_dbtp)


def _stereo(block: Samples) -> Samples:
    return mix.widened(at_most_stereo(block), CHANNELS)
