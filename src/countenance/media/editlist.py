"""What a player makes of a file's sound that does not mind edit lists."""

from __future__ import annotations

from pathlib import Path

import av

from countenance.errors import InputError

_ENOUGH = 8  # packets of each stream


def without_edit_list_ms(path: Path) -> float:
    """By how many milliseconds the sound comes later, against the picture, in a player that ignores edit lists.

    MP4 and MOV say in an edit list how much of the beginning is not to be shown: the encoder's priming of the sound
    (1024 samples or more of AAC) and the delay of the first picture behind those it was made from. Some players and
    tools do not mind it. 0 for files without one. Raises InputError for what is no media file.
    """
    minded, ignored = (_times(path, options) for options in ({}, {"ignore_editlist": "1"}))
    moved = []
    for one, other in zip(minded, ignored, strict=True):
        same = sorted(one.keys() & other.keys())
        if not same:
            return 0.0
        moved.append(other[same[0]] - one[same[0]])
    return 1000 * (moved[1] - moved[0])


def _times(path: Path, options: dict[str, str]) -> tuple[dict[int, float], dict[int, float]]:
    """When the first packets of picture and sound are due, seconds, by where they lie in the file."""
    try:
        with av.open(str(path), options=options) as container:
            found: tuple[dict[int, float], dict[int, float]] = ({}, {})
            if not container.streams.video or not container.streams.audio:
                return found
            streams = (container.streams.video[0], container.streams.audio[0])
            for packet in container.demux(*streams):
                if packet.pts is not None and packet.pos is not None:
                    found[0 if packet.stream is streams[0] else 1][packet.pos] = float(packet.pts * packet.time_base)
                if min(len(part) for part in found) >= _ENOUGH:
                    break
            return found
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{path}: this is not a media file that can be read; export or copy it again.") from error
