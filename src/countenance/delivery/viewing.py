"""Looking at a video before it is reframed or thumbnails are taken: who is where in it, and who speaks when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from countenance.delivery.sightings import F64, Sightings, sightings
from countenance.media.audio import read_mono
from countenance.media.probe import Master, probe
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Perception
from countenance.quality.lips import lip_gap
from countenance.quality.speakers import Turn, turns

_HEARD_HZ = 16_000


@dataclass(frozen=True)
class View:
    """A video, what was perceived in it, where everybody is, and the turns of speech that can be told."""

    master: Master
    perception: Perception
    seen: Sightings
    speaking: tuple[Turn, ...]


def view(path: Path, progress: Callable[[int, int], None] = lambda _done, _of: None) -> View:
    """Probe and perceive a file. `progress` gets pictures done and how many there are. InputError for no video."""
    master = probe(path)
    return view_of(master, perceive(master, lambda done: progress(done, master.frames)))


def view_of(master: Master, perception: Perception) -> View:
    """What `view` gives, of a file that was perceived before."""
    times_s = np.array([float(pts * master.time_base) for pts in master.pts])
    seen = sightings(perception, (master.width, master.height), times_s)
    return View(master, perception, seen, _speaking(master, perception, times_s))


def _speaking(master: Master, perception: Perception, times_s: F64) -> tuple[Turn, ...]:
    """Turns of speech; nothing where they do not matter, since one person or nobody is seen, or nothing is heard."""
    heard = read_mono(master.path, _HEARD_HZ, master.origin_s) if perception.people > 1 else None
    if heard is None or not heard.size:
        return ()
    openings = np.full((perception.people, len(times_s)), np.nan)
    for track in perception.tracks:
        for number in track.frames.tolist():
            face = track.at(number)
            if face is not None:
                openings[track.person, number] = lip_gap(face.mesh[:POINTS])
    return turns(times_s, list(openings), heard, _HEARD_HZ)
