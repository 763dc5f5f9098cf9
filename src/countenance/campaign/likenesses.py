"""The faces of a brief's talents, worked out once per process: what is painted with, and what is compared with."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from countenance.campaign.brief import Brief
from countenance.media.frame import F32
from countenance.perception.networks import FaceNetworks
from countenance.synthesis.likeness import Likeness, build_likeness, reference_embedding


def likeness_of(brief: Brief, talent: str) -> Likeness:
    """What a talent's face is painted with; every language shows the same one."""
    return _likeness(brief.talents[talent].references)


def embeddings_of(brief: Brief, talent: str) -> F32:
    """Who a talent is `(n, 128)`, one row for each reference."""
    return _embeddings(brief.talents[talent].references)


@lru_cache(maxsize=8)
def _likeness(references: tuple[Path, ...]) -> Likeness:
    return build_likeness(references, FaceNetworks())


@lru_cache(maxsize=64)
def _embeddings(references: tuple[Path, ...]) -> F32:
    networks = FaceNetworks()
    return np.stack([reference_embedding(path, networks) for path in references])
