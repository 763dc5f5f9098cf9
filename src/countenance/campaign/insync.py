"""The delivered file itself is measured: lips against sound after the encode, not before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from countenance.campaign.render import Rendering
from countenance.campaign.task import HEARD_HZ, Task
from countenance.errors import IntegrityError
from countenance.media.audio import Samples, resample, sound_blocks
from countenance.quality.delivered import clocks_of
from countenance.speech.fit import RATE_HZ

MOST_APART_MS = 5.0


def measure_delivered(task: Task, rendering: Rendering, video: Path) -> dict[str, Any]:
    """How the encoded file's clocks stand, and the offset of lips against sound in it, ready for release.json.

    The offset is that of the rendering and what the file adds, which is known to a fraction of a millisecond. Raises
    IntegrityError where the file moves sound against pictures by more than 5 ms.
    """
    clocks = clocks_of(video, task.timeline.times_s().tolist(), _heard(task))
    if abs(clocks.apart_ms) > MOST_APART_MS:
        raise IntegrityError(
            f"the encode of variant {task.variant_id} moved the sound against the picture by "
            f"{clocks.apart_ms:+.1f} ms; run `countenance produce` again, and report it if it stays so."
        )
    figures = {figure["key"]: figure["value"] for figure in rendering.qc["figures"]}
    rendered = figures.get("av_offset_ms")
    return {
        "sound_later_ms": clocks.sound_ms,
        "pictures_later_ms": clocks.picture_ms,
        "av_offset_ms": None if rendered is None else rendered + clocks.apart_ms,
    }


def _heard(task: Task) -> Iterator[Samples]:
    """The sound that is meant, from its beginning."""
    if task.dub:
        size = 10 * RATE_HZ
        samples = task.dub.speech.samples
        for start in range(0, min(len(samples), 12 * size), size):
            yield resample(samples[start : start + size], RATE_HZ, HEARD_HZ)
    elif task.master.audio_codec is not None:
        yield from sound_blocks(task.master.path, HEARD_HZ, task.master.origin_s)
