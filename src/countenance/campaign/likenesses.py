"""The faces of a brief's talents: what is painted with, and what is compared with."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from countenance.campaign.brief import Brief
from countenance.media.frame import F32
from countenance.perception.networks import FaceNetworks
from countenance.store.project import Project
from countenance.synthesis.facemodel import face_model
from countenance.synthesis.likeness import Likeness, reference_embedding


def likeness_of(project: Project, brief: Brief, talent: str) -> Likeness:
    """What a talent's face is painted with: their stored face model, or one that is made and stored now."""
    return face_model(project, talent, brief.talents[talent].references)


def embeddings_of(brief: Brief, talent: str) -> F32:
    """Who a talent is `(n, 128)`, one row for each reference; worked out once per process and never stored."""
    return _embeddings(brief.talents[talent].references)


@lru_cache(maxsize=64)
def _embeddings(references: tuple[Path, ...]) -> F32:
    networks = FaceNetworks()
    return np.stack([reference_embedding(path, networks) for path in references])
