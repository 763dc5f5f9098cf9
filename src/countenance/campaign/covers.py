"""What stands in front of a person's face in the master: looked at once, and left free in every variant.

Hands, hair and glasses are the same whoever's face is painted under them and whatever it says, so they are found per
person and section of the master and kept.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path

import cv2
import numpy as np
import zstandard

from countenance.campaign.sections import Section, master_sections
from countenance.campaign.stages import Progress, Seen, at_hand, key_of, perception_key
from countenance.errors import InputError
from countenance.media.beside import ahead
from countenance.media.decode import decode
from countenance.media.frame import Box
from countenance.store.files import locked, write_bytes
from countenance.store.holdings import WORK, hold
from countenance.store.project import Project
from countenance.store.results import share
from countenance.synthesis.occlusion import Cover, Occlusion

_COVERS = "covers/1"
_FILE = "covers.npz"
_LONG_LOOK = 12  # times at a photo: belief grows from picture to picture


def covers_name(seen: Seen, track: int) -> str:
    """What the folders below `work` are named after that hold what hides one person of a master."""
    return f"covers/{key_of(_COVERS, perception_key(seen.sha256), track)}"


def look(project: Project, seen: Seen, talent: str, track: int, number: int, progress: Progress) -> None:
    """Find what hides a person, whom the master shows as `talent`, in one section, or find that it was done."""
    name = _section_name(seen, track, number)
    folder = project.work / name
    hold(project, WORK, name, [talent])
    with locked(project.work / "jobs" / f"{name.replace('/', '-')}.lock"):
        if not at_hand(project, name, folder / _FILE):
            section = master_sections(seen.master, seen.perception.shots)[number]
            write_bytes(folder / _FILE, _packed(list(_found(seen, track, section, progress))))
        share(project, name, folder, [talent])


def _found(seen: Seen, track: int, section: Section, progress: Progress) -> Iterator[tuple[int, Cover]]:
    tracks = seen.perception.of_person(track)
    shot, watching = -1, None
    frames = ahead(decode(seen.master, start=section.run_in, stop=section.stop))
    if seen.master.is_still:
        frames = repeat(next(frames), _LONG_LOOK)
    for number, frame in enumerate(frames, section.run_in):
        source = min(number, section.stop - 1)
        now = bisect_right(seen.perception.shots, source) - 1
        if now != shot:  # another shot has other things in front of the face
            shot, watching = now, Occlusion([one for one in tracks if one.shot == now])
        face = next((face for one in tracks if (face := one.at(source)) is not None), None)
        cover = watching.see(frame, face) if watching is not None and face is not None else None
        if cover is not None and number >= section.first and (not seen.master.is_still or number == _LONG_LOOK - 1):
            yield source, cover
        progress("look", source - section.run_in + 1, section.stop - section.run_in)


@dataclass(frozen=True)
class Covers:
    """What hides one person, by the number of the master's picture."""

    project: Project
    name: str
    parts: tuple[Section, ...]

    def at(self, source: int) -> Cover | None:
        """What hides the face in a picture; None if nothing does."""
        place = bisect_right(self._firsts, source) - 1
        if place not in self._open:
            self._open.clear()  # pictures come in order: one section at a time is enough
            self._open[place] = _read(self.project.work / f"{self.name}.{place:04d}" / _FILE)
        return self._open[place].at(source)

    @cached_property
    def _firsts(self) -> list[int]:
        return [part.first for part in self.parts]

    @cached_property
    def _open(self) -> dict[int, _Kept]:
        return {}


def covers_of(project: Project, seen: Seen, track: int) -> Covers:
    """What `look` found in all sections; those that are asked for must have been looked at."""
    return Covers(project, covers_name(seen, track), master_sections(seen.master, seen.perception.shots))


@dataclass(frozen=True)
class _Kept:
    """The covers of a section: pictures `(n,)`, boxes `(n, 4)`, and where in `packed` each one's share begins."""

    sources: np.ndarray
    boxes: np.ndarray
    starts: np.ndarray
    packed: np.ndarray

    def at(self, source: int) -> Cover | None:
        place = int(np.searchsorted(self.sources, source))
        if place == len(self.sources) or self.sources[place] != source:
            return None
        box = Box(*(int(value) for value in self.boxes[place]))
        raw = zstandard.ZstdDecompressor().decompress(
            self.packed[self.starts[place] : self.starts[place + 1]].tobytes()
        )
        share = np.frombuffer(raw, np.uint8).reshape(box.height, box.width)
        return Cover(box, share.astype(np.float32) * np.float32(1 / 255))


def _packed(found: Sequence[tuple[int, Cover]]) -> bytes:
    packer = zstandard.ZstdCompressor(level=1)
    parts = [packer.compress(cv2.convertScaleAbs(cover.alpha, alpha=255).tobytes()) for _, cover in found]
    boxes = [(cover.box.x, cover.box.y, cover.box.width, cover.box.height) for _, cover in found]
    stream = io.BytesIO()
    np.savez(
        stream,
        sources=np.array([source for source, _ in found], np.int64),
        boxes=np.array(boxes, np.int64).reshape(-1, 4),
        starts=np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64),
        packed=np.frombuffer(b"".join(parts), np.uint8),
    )
    return stream.getvalue()


def _read(path: Path) -> _Kept:
    try:
        with np.load(path, allow_pickle=False) as kept:
            return _Kept(kept["sources"], kept["boxes"], kept["starts"], kept["packed"])
    except (OSError, ValueError, KeyError) as problem:
        raise InputError(f"{path} cannot be read ({problem}); remove it and run `countenance produce` again.") from None


def _section_name(seen: Seen, track: int, number: int) -> str:
    return f"{covers_name(seen, track)}.{number:04d}"
