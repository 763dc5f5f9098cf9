from __future__ import annotations

from pathlib import Path

import pytest

from countenance.media.probe import probe
from countenance.perception.networks import FaceNetworks
from countenance.perception.perceive import perceive
from countenance.perception.tracks import FaceTrack, Perception


@pytest.fixture(scope="session")
def networks() -> FaceNetworks:
    return FaceNetworks()


@pytest.fixture(scope="session")
def ada_seen(ada_clip: Path) -> Perception:
    return perceive(probe(ada_clip))


@pytest.fixture(scope="session")
def ada_track(ada_seen: Perception) -> FaceTrack:
    (track,) = ada_seen.tracks
    return track
