"""Two passes over a master, one of them on its pictures: shots, faces, and who is who."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from countenance.media.beside import Beside, ahead
from countenance.media.decode import decode
from countenance.media.frame import F32
from countenance.media.probe import Master
from countenance.perception.follow import Follower, Trace
from countenance.perception.identity import embed
from countenance.perception.networks import FaceNetworks
from countenance.perception.people import Chain, chained, numbered
from countenance.perception.pose import pose_of
from countenance.perception.scout import looks
from countenance.perception.smooth import smoothed
from countenance.perception.spool import Spool
from countenance.perception.topology import IRIS_POINTS, POINTS
from countenance.perception.tracks import FaceTrack, Perception

_MESH = (POINTS + IRIS_POINTS, 3)
_NUMBERS = _MESH[0] * _MESH[1]
_SHORTEST = 5  # pictures; sightings that are shorter, in a longer shot, are false alarms


def perceive(
    master: Master, progress: Callable[[int], None] = lambda _frame: None, *, scratch: Path | None = None
) -> Perception:
    """Follow every face through the whole master, then, knowing all of it, tell who is who and smooth.

    Newcomers are followed back to the picture in which they came. Memory grows neither with the pictures nor with
    the tracks, whose meshes lie in a file without a name in the folder `scratch` (by default that of the system for
    temporary files) and are read as they are used. `progress` is called with the number of pictures seen so far.
    """
    networks, shots, seen = FaceNetworks(), [0], 0
    with Spool(scratch) as spool:
        with Beside() as beside:
            follower = Follower(networks, beside, spool)
            for number, look in enumerate(ahead(looks(decode(master), networks))):
                if look.cut:
                    shots.append(number)
                    follower.cut()
                follower.see(number, look.frame, look.found)
                seen = number + 1
                progress(seen)
            traces = follower.finish()
        lengths = np.diff([*shots, seen])
        chains = _chains([trace for trace in traces if len(trace) >= min(_SHORTEST, int(lengths[trace.shot]))])
        return Perception(seen, tuple(shots), _tracks(chains, numbered(chains), scratch))


def _chains(traces: list[Trace]) -> list[Chain]:
    return chained(traces, [embed([face for _quality, face in trace.chips]).mean(axis=0) for trace in traces])


def _tracks(chains: list[Chain], people: list[int], scratch: Path | None) -> tuple[FaceTrack, ...]:
    """Smooth tracks, by person and time."""
    order = sorted(range(len(chains)), key=lambda i: (people[i], chains[i].first))
    tracks = []
    with tempfile.TemporaryFile(dir=scratch) as file:
        beside = [_write(chains[index], file.write) for index in order]
        file.flush()
        whole = sum(len(chain) for chain in chains)
        meshes = np.memmap(file, np.float32, "r", shape=(whole, *_MESH)) if whole else np.empty((0, *_MESH), np.float32)
    start = 0
    for index, (pose, score) in zip(order, beside, strict=True):
        chain = chains[index]
        textures, texture_frames = chain.textures
        tracks.append(
            FaceTrack(
                shot=chain.shot,
                person=people[index],
                frames=np.arange(chain.first, chain.last + 1),
                mesh=np.asarray(meshes[start : start + len(chain)]),
                score=score,
                pose=pose,
                embedding=chain.embedding,
                textures=textures,
                texture_frames=texture_frames,
            )
        )
        start += len(chain)
    return tuple(tracks)


def _write(chain: Chain, write: Callable[[bytes], object]) -> tuple[F32, F32]:
    """Write a chain's smooth meshes, a few at a time; returns its poses `(n, 3)` and scores `(n,)`."""
    poses, scores = [], []

    def rows(start: int, stop: int) -> tuple[F32, F32]:
        found = chain.rows(start, stop)
        return found[:, :_NUMBERS].reshape(-1, *_MESH), found[:, _NUMBERS:-1]

    start = 0
    for meshes in smoothed(rows, len(chain)):
        write(np.ascontiguousarray(meshes).tobytes())
        poses += [pose_of(mesh) for mesh in meshes]
        scores.append(chain.rows(start, start + len(meshes))[:, -1])
        start += len(meshes)
    return np.stack(poses), np.concatenate(scores)
