"""A talent's likeness from reference stills and clips: one texture in the common layout, the neutral shape, and who
it is.

Each reference's pixels are carried into the layout (`views`), freed of their light (`delight`), believed where they
show the person's own skin (`belief`), and made into one atlas (`atlas`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from countenance.media.frame import F32
from countenance.perception.layout import texels
from countenance.perception.networks import FaceNetworks
from countenance.synthesis.atlas import Atlas, made_atlas
from countenance.synthesis.eyes import IrisLook, common_look
from countenance.synthesis.references import Reference, widest_gap
from countenance.synthesis.regions import ATLAS_PX, ramp, regions
from countenance.synthesis.selection import by_ease, efforts, most_different, neutral_form
from countenance.synthesis.takes import read_references
from countenance.synthesis.views import unrolled

__all__ = [
    "ATLAS_PX", "Likeness", "assembled", "atlas_of", "build_likeness", "likeness_from", "reference_embedding",
]  # fmt: skip

_MOST_VIEWS = 24  # more only cost time
_KNOWN = (0.02, 0.20)  # of the confidence: below it the target's own skin stays


@dataclass(frozen=True)
class Likeness:
    """What the swap engine paints with.

    `texture` `(A, A, 3)` float32 RGB, whole numbers 0..255, de-lit; `mask` `(A, A)` 0..1, where it may be painted;
    `skin` and `edge` as in a patch; `uv` `(468, 2)` texel positions of the mesh points; `form` `(468, 3)` is the
    neutral face upright, in eye distances; `embeddings` `(n, 128)` of the references; `confidence` `(A, A)` 0..1, how
    well each texel was really seen; `iris` is the colour of the eyes, None where no still shows it.
    """

    texture: F32
    mask: F32
    skin: F32
    edge: F32
    uv: F32
    form: F32
    embeddings: F32
    confidence: F32
    iris: IrisLook | None = None


def build_likeness(
    paths: Sequence[Path], networks: FaceNetworks, progress: Callable[[int], None] = lambda _done: None
) -> Likeness:
    """Make a likeness from stills and clips. Raises InputError for one that cannot be used, naming it and why, and
    when they do not show one person."""
    return assembled(read_references(paths, networks, progress))


def assembled(references: Sequence[Reference]) -> Likeness:
    """The likeness that references give, whatever their order; InputError when they are not of one person."""
    widest_gap(references)
    chosen, made = atlas_of(references)
    embeddings = np.stack([one.embedding for one in chosen])
    looks = [one.iris for one in references if one.iris is not None]
    form = neutral_form(by_ease(references))
    return likeness_from(made.texture, made.confidence, form, embeddings, common_look(looks))


def atlas_of(references: Sequence[Reference]) -> tuple[list[Reference], Atlas]:
    """Up to 24 references, as different as can be, and the atlas that they give, its views in their order."""
    chosen = most_different(by_ease(references), _MOST_VIEWS)
    return chosen, made_atlas([unrolled(one) for one in chosen], efforts(chosen))


def likeness_from(texture: F32, confidence: F32, form: F32, embeddings: F32, iris: IrisLook | None) -> Likeness:
    """The likeness of an atlas, a neutral shape, embeddings and irises; the rest follows from the layout."""
    plane, known = regions(), ramp(confidence, *_KNOWN)
    return Likeness(
        texture=texture,
        mask=plane.shape * known,
        skin=plane.skin * known,
        edge=plane.edge,
        uv=texels(ATLAS_PX),
        form=form,
        embeddings=embeddings,
        confidence=confidence,
        iris=iris,
    )


def reference_embedding(path: Path, networks: FaceNetworks) -> F32:
    """Who a still or a clip shows `(128,)`; InputError as for `read_references`."""
    found = read_references([path], networks)
    return np.asarray(np.mean([one.embedding for one in found], axis=0), np.float32)
