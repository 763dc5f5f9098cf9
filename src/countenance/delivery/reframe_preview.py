"""A small film that shows how a video would be reframed. It says on every picture that it is not released."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from countenance.delivery.camera import Camera
from countenance.delivery.reframe import plan_camera
from countenance.delivery.relabel import badge_for, relabelled
from countenance.delivery.viewing import View
from countenance.media.decode import decode
from countenance.media.encode import PREVIEW, encode, sound_of
from countenance.media.frame import Frame
from countenance.provenance.badge import Badge
from countenance.store.files import atomic_path

NOTE = "PREVIEW - NOT RELEASED"


def write_preview(
    looked: View,
    target: tuple[int, int],
    out: Path,
    channels: Iterable[str] = (),
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Camera:
    """Write a video, reframed to the shape of `target`, at half that size to `out`; returns the planned camera.

    The note stands where nothing of the channels covers it.
    """
    master = looked.master
    camera = plan_camera(looked.seen, target, speaking=looked.speaking)
    badge = badge_for(Badge("corner", text=NOTE), camera, looked.seen, channels)

    def pictures() -> Iterator[Frame]:
        shots = relabelled(decode(master), camera, worn=Badge("off"), badge=badge, duration=master.duration)
        for number, frame in enumerate(shots, start=1):
            yield frame
            progress(number, master.frames)

    with atomic_path(out) as part:
        encode(
            part,
            pictures(),
            size=target,
            time_base=master.time_base,
            frame_rate=master.frame_rate,
            sound=sound_of(master),
            picture=PREVIEW,
        )
    return camera
