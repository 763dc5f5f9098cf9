"""One variant to be made: all that its rendering and its release need to know, in one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from countenance.campaign.brief import Brief
from countenance.campaign.plan import Variant
from countenance.campaign.stages import Dub, Seen
from countenance.campaign.timeline import Timeline, as_shot
from countenance.media.audio import read_audio
from countenance.media.beside import ahead
from countenance.media.decode import decode
from countenance.media.encode import Sound, can_copy_sound
from countenance.media.frame import Frame
from countenance.media.probe import Master
from countenance.perception.tracks import Face
from countenance.store.project import Project


@dataclass(frozen=True)
class Task:
    """`dub` is None where the master's own voice stays."""

    project: Project
    brief: Brief
    seen: Seen
    variant: Variant
    variant_id: str
    dub: Dub | None

    @property
    def master(self) -> Master:
        return self.seen.master

    @property
    def timeline(self) -> Timeline:
        return self.dub.timeline if self.dub else as_shot(self.master)

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that paint, in their order."""
        return self.variant.engines

    def face(self, track: int, source: int) -> Face | None:
        """A person's face in one of the master's pictures, or None where it is not seen."""
        return self.seen.perception.face_of(track, source)

    def presenter(self, source: int) -> Face | None:
        """The presenter's face in one of the master's pictures, or None where it is not seen."""
        return self.face(self.brief.presenter.track, source)

    def samples(self) -> Any:
        """What is heard, as samples at 48 kHz; None without sound."""
        return self.dub.speech.samples if self.dub else read_audio(self.master.path)

    def sound(self) -> Sound | None:
        """What is delivered: the dub, or the master's own track, copied where it can be."""
        if self.dub:
            return Sound(samples=self.dub.speech.samples)
        if self.master.audio_codec is None:
            return None
        return Sound(copy_from=self.master.path) if can_copy_sound(self.master) else Sound(samples=self.samples())


def shown_frames(master: Master, timeline: Timeline) -> Iterator[tuple[int, int, Frame]]:
    """Yield (output number, master's number, frame with the output's time). Held pictures come again as copies."""
    last_use = {source: number for number, source in enumerate(timeline.source)}
    frames, ready, read = ahead(decode(master)), dict[int, Frame](), 0
    for number, source in enumerate(timeline.source):
        while read <= source:
            frame = next(frames, None)
            if frame is None:
                return
            if read in last_use:
                ready[read] = frame
            read += 1
        frame = ready[source]
        if last_use[source] == number:
            del ready[source]
        else:
            frame = frame.copy()
        yield number, source, Frame(timeline.pts[number], timeline.time_base, frame.planes)
