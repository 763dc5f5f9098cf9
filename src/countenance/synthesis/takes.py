"""References from what was handed in: stills as they are, and of a clip its sharp and most different pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from countenance.errors import InputError
from countenance.media.decode import decode
from countenance.media.probe import probe
from countenance.perception.networks import FaceNetworks
from countenance.synthesis.references import (
    SMALLEST_FACE_PX,
    Reference,
    clear_mesh,
    people_in,
    read_reference,
    reference_of,
    sharp_enough,
)
from countenance.synthesis.selection import most_different

MOST_REFERENCES = 200
CLIPS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mxf", ".ts")
_LOOKS = 120  # pictures of a clip that are looked at
_FROM_CLIP = 24
_SPLIT = 0.05  # share of the looks that may show several people: passers-by and false alarms
_SHARP_ENOUGH = 0.8  # of the clip's median
_WORN = 0.3  # share of a clip's pictures in which glasses are noticed when they are worn in all
_ALIKE = 0.5  # steps; pictures nearer than this add nothing


def read_references(
    paths: Sequence[Path], networks: FaceNetworks, progress: Callable[[int], None] = lambda _done: None
) -> list[Reference]:
    """Close-ups of the face in all stills and clips; errors and `progress` as for `read_by_file`."""
    return [one for pictures in read_by_file(paths, networks, progress) for one in pictures]


def read_by_file(
    paths: Sequence[Path], networks: FaceNetworks, progress: Callable[[int], None] = lambda _done: None
) -> list[list[Reference]]:
    """For each file its close-ups: one of a still, several of a clip; `progress` is told how many files are done.

    Raises InputError as `read_reference` and `read_clip` do, and for more than 200 files.
    """
    if len(paths) > MOST_REFERENCES:
        raise InputError(f"{len(paths)} references are more than the {MOST_REFERENCES} that serve; choose the best.")
    found = []
    for done, path in enumerate(paths, start=1):
        is_clip = path.suffix.lower() in CLIPS
        found.append(read_clip(path, networks) if is_clip else [read_reference(path, networks).close_up()])
        progress(done)
    return found


def read_clip(path: Path, networks: FaceNetworks) -> list[Reference]:
    """Up to 24 close-ups from a clip of one person: sharp ones, over all poses and expressions that it shows.

    Raises InputError when it is no clip, or shows no face large and sharp enough, or several people.
    """
    master = probe(path)
    step = -(-master.frames // _LOOKS)
    seen: list[Reference] = []
    looks = crowded = 0
    for number, frame in enumerate(decode(master)):
        if number % step:
            continue
        looks += 1
        faces = people_in(frame, networks)
        crowded += len(faces) > 1
        mesh = clear_mesh(frame, faces[0], networks) if len(faces) == 1 else None
        if mesh is not None and np.ptp(mesh[:, 0]) >= SMALLEST_FACE_PX:
            name = f"{path} at {float(frame.time):.2f} s"
            seen.append(reference_of(name, frame, mesh, networks).close_up())
    if crowded > max(2, _SPLIT * looks):
        raise InputError(f"{path}: this clip shows several people; give one of the talent alone.")
    if not seen:
        raise InputError(f"{path}: no face that is large and clear enough is found in this clip; use another.")
    sharp_enough(max(seen, key=lambda one: one.sharpness))
    limit = _SHARP_ENOUGH * float(np.median([one.sharpness for one in seen]))
    if sum(one.glasses for one in seen) > _WORN * len(seen):  # and not noticed in each picture
        seen = [replace(one, glasses=True) for one in seen]
    sharp = sorted((one for one in seen if one.sharpness >= limit), key=lambda one: -one.sharpness)
    return most_different(sharp, _FROM_CLIP, alike=_ALIKE)
