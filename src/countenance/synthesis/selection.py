"""Which references lead, which add something, and the neutral shape that they have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from countenance.media.frame import F32
from countenance.perception.pose import upright_shape
from countenance.perception.topology import JAW, LEFT_EYE, LIPS_INNER, LIPS_OUTER, RIGHT_EYE
from countenance.synthesis.references import Reference

# One step of difference between two pictures: degrees of yaw and pitch; then, in eye distances, how far the mouth
# is open, how wide it is, how far the eyes are open, how high the brows are.
_STEP = np.array([12.0, 10.0, 0.08, 0.08, 0.04, 0.05], np.float32)
_LEVEL_PITCH = 6.0  # degrees that the mesh of a level head shows
_OPEN_EYE = 0.10
_CLOSED_MOUTH = 0.04
_MOUTH = (*LIPS_INNER, *LIPS_OUTER, *JAW, 199, 175, 200, 18, 83, 313)
_LIDS = (*LEFT_EYE, *RIGHT_EYE)
_ROUNDS = 5
_OFF = 0.02  # eye distances from the middle at which a shape counts half


def traits(reference: Reference) -> F32:
    """Pose and expression `(6,)`: yaw, pitch, mouth's opening and width, eyes' opening, height of the brows."""
    shape = upright_shape(reference.mesh)

    def gap(a: int, b: int) -> float:
        return float(np.linalg.norm(shape[a] - shape[b]))

    eyes, brows = (gap(159, 145) + gap(386, 374)) / 2, (gap(105, 159) + gap(334, 386)) / 2
    return np.array([*reference.pose[:2], gap(13, 14), gap(61, 291), eyes, brows], np.float32)


def efforts(references: Sequence[Reference]) -> F32:
    """How far each reference is from one that may lead `(n,)`: 0 for a sharp, frontal, level face, mouth closed, eyes
    open, mouth and brows where this person mostly has them."""
    kinds = np.stack([traits(one) for one in references])
    usual = np.median(kinds, axis=0)
    weak = [max(0.0, 0.6 - one.sharpness) * 4 + max(0.0, 1 - one.face_px / 200) for one in references]
    return np.asarray(
        np.abs(kinds[:, 0]) / 15
        + np.abs(kinds[:, 1] - _LEVEL_PITCH) / 18
        + kinds[:, 2] * 8
        + np.abs(kinds[:, 3] - usual[3]) * 6
        + np.maximum(_OPEN_EYE - kinds[:, 4], 0) * 20
        + np.abs(kinds[:, 5] - usual[5]) * 10
        + np.array(weak),
        np.float32,
    )


def by_ease(references: Sequence[Reference]) -> list[Reference]:
    """The references, the easiest first."""
    effort = efforts(references)
    ranked = sorted(range(len(references)), key=lambda i: (float(effort[i]), references[i].name))
    return [references[i] for i in ranked]


def most_different(references: Sequence[Reference], most: int, *, alike: float = 0.0) -> list[Reference]:
    """The first reference and up to `most` in all, each as different from the others as can be.

    Sharp ones are preferred; what differs less than `alike` steps from all chosen adds nothing.
    """
    kinds = np.stack([traits(one) for one in references]) / _STEP
    sharpness = np.array([one.sharpness for one in references])
    chosen = [0]
    while len(chosen) < min(most, len(references)):
        apart = np.linalg.norm(kinds[:, None] - kinds[chosen][None], axis=2).min(axis=1)
        apart[chosen] = -1
        if apart.max() < alike:
            break
        chosen.append(int(((apart - alike) * sharpness).argmax()))
    return [references[number] for number in sorted(chosen)]


def neutral_form(references: Sequence[Reference]) -> F32:
    """The person's own shape `(468, 3)`, upright, in eye distances: a robust mean over the references.

    Frontal references say most, since a mesh is surest across the picture; lips and jaw come from closed mouths,
    lids from open eyes. Points far off the mean (an expression, a slip of the mesh) count less.
    """
    shapes = np.stack([upright_shape(one.mesh) for one in references])
    kinds = np.stack([traits(one) for one in references])
    frontal = np.exp(-((kinds[:, 0] / 18) ** 2) - ((kinds[:, 1] - _LEVEL_PITCH) / 22) ** 2) + 1e-3
    weight = np.repeat(frontal[:, None], shapes.shape[1], axis=1)
    weight[:, list(_MOUTH)] *= np.exp(-kinds[:, 2] / _CLOSED_MOUTH)[:, None] + 1e-3
    open_eye = max(_OPEN_EYE, float(np.median(kinds[:, 4])))
    weight[:, list(_LIDS)] *= np.exp(-np.abs(kinds[:, 4] - open_eye) / 0.02)[:, None] + 1e-3
    trust = weight
    mean = shapes[0]
    for _ in range(_ROUNDS):
        mean = (shapes * trust[..., None]).sum(axis=0) / (trust.sum(axis=0)[:, None] + 1e-9)
        off = np.linalg.norm(shapes - mean, axis=2) / _OFF
        trust = weight / (1 + off * off)
    centred = mean - (mean[33] + mean[263]) / 2
    return np.asarray(centred / np.linalg.norm(centred[33] - centred[263]), np.float32)
