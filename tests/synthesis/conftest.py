"""One short look at ada and one likeness of ben, shared by every test of the room."""

from __future__ import annotations

from pathlib import Path

import pytest
from clips import EXAMPLES, frames_of

from countenance.media.frame import Frame
from countenance.media.probe import Master, probe
from countenance.perception.networks import FaceNetworks
from countenance.perception.perceive import perceive
from countenance.perception.tracks import Perception
from countenance.synthesis.likeness import Likeness, build_likeness
from countenance.synthesis.mouths import MouthLibrary, collect_mouths

BEN_REFERENCES = sorted((EXAMPLES / "ben" / "refs").glob("[123]_*.jpg"))


@pytest.fixture(scope="session")
def networks() -> FaceNetworks:
    return FaceNetworks()


@pytest.fixture(scope="session")
def ada_master(ada_clip: Path) -> Master:
    return probe(ada_clip)


@pytest.fixture(scope="session")
def ada_seen(ada_master: Master) -> Perception:
    return perceive(ada_master)


@pytest.fixture(scope="session")
def ada_frames(ada_clip: Path) -> list[Frame]:
    """To be copied before anything is painted on them."""
    return frames_of(ada_clip)


@pytest.fixture(scope="session")
def ben_likeness(networks: FaceNetworks) -> Likeness:
    return build_likeness(BEN_REFERENCES, networks)


@pytest.fixture(scope="session")
def ada_mouths(ada_master: Master, ada_seen: Perception) -> MouthLibrary:
    return collect_mouths(ada_master, ada_seen.of_person(0))
