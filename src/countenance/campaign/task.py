"""One variant to be made: all that its rendering and its release need to know, in one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from countenance.campaign.brief import Brief
from countenance.campaign.plan import Variant
from countenance.campaign.soundtrack import Soundtrack, soundtrack
from countenance.campaign.stages import Dub, Seen
from countenance.campaign.timeline import Timeline, as_shot
from countenance.media.audio import Samples, mono, read_mono, resample, sound_blocks
from countenance.media.beside import ahead
from countenance.media.decode import decode
from countenance.media.encode import Sound, SoundWork, sound_of
from countenance.media.frame import Frame
from countenance.media.loudness import Loudness, measure_loudness
from countenance.media.probe import Master
from countenance.perception.tracks import Face
from countenance.speech.fit import RATE_HZ
from countenance.store.project import Project

HEARD_HZ = 16000


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

    def heard(self) -> Samples | None:
        """What is heard, (n,) at `HEARD_HZ`, for what only listens; None without sound."""
        if self.dub:
            return resample(mono(self.dub.speech.samples), RATE_HZ, HEARD_HZ)
        return read_mono(self.master.path, HEARD_HZ, self.master.origin_s)

    @cached_property
    def soundtrack(self) -> Soundtrack | None:
        """The mixed sound of a dub; None where the master's own sound stays."""
        return soundtrack(self.brief, self.seen, self.dub) if self.dub else None

    def loudness(self) -> Loudness | None:
        """How loud it is; None without sound."""
        if self.soundtrack:
            return measure_loudness([self.soundtrack.samples], RATE_HZ)
        if self.master.audio_codec is None:
            return None
        return measure_loudness(sound_blocks(self.master.path, RATE_HZ, self.master.origin_s), RATE_HZ)

    def sound(self, mark: SoundWork | None = None) -> Sound | None:
        """What is delivered: the dub, or the master's own track, copied where it can be and gets no `mark`."""
        if self.soundtrack:
            return Sound(samples=self.soundtrack.samples, work=mark)
        if mark is None or self.master.audio_codec is None:
            return sound_of(self.master)
        return Sound(blocks_of=self.master.path, origin_s=self.master.origin_s, work=mark)


def shown_frames(
    master: Master, timeline: Timeline, first: int = 0, stop: int | None = None
) -> Iterator[tuple[int, int, Frame]]:
    """Yield (output number, master's number, frame with the output's time) of pictures `first` to `stop` (exclusive).

    Held pictures come again as copies.
    """
    shown = range(first, len(timeline.source) if stop is None else stop)
    last_use = {timeline.source[number]: number for number in shown}
    read, end = min(last_use), max(last_use) + 1
    frames, ready = ahead(decode(master, start=read, stop=end)), dict[int, Frame]()
    for number in shown:
        source = timeline.source[number]
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
