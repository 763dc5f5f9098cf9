"""How a head is turned, from the mesh alone."""

from __future__ import annotations

import numpy as np

from countenance.media.frame import F32
from countenance.perception.topology import MIRROR_PAIRS, STEADY

_RIGHT = np.array([pair[0] for pair in MIRROR_PAIRS])
_LEFT = np.array([pair[1] for pair in MIRROR_PAIRS])
_TOP, _CHIN_SIDE = np.array([10, 151, 9]), np.array([152, 148, 377])


def rotation_of(mesh: F32) -> F32:
    """The head's axes as rows `(3, 3)`: towards the person's left, down, and away from the camera.

    The x axis is the mean direction between mirror points, the y axis runs from forehead to chin.
    """
    across = (mesh[_LEFT] - mesh[_RIGHT]).sum(axis=0)
    x = across / np.linalg.norm(across)
    down = mesh[_CHIN_SIDE].mean(axis=0) - mesh[_TOP].mean(axis=0)
    down = down - x * float(down @ x)
    y = down / np.linalg.norm(down)
    return np.stack([x, y, np.cross(x, y)]).astype(np.float32)


def pose_of(mesh: F32) -> F32:
    """Yaw, pitch and roll in degrees `(3,)`: positive is turned to the person's left, down, and clockwise as seen."""
    x, y, _away = rotation_of(mesh)
    yaw = np.degrees(np.arctan2(x[2], np.hypot(x[0], x[1])))
    pitch = np.degrees(np.arctan2(y[2], np.hypot(y[0], y[1])))
    roll = np.degrees(np.arctan2(x[1], x[0]))
    return np.array([yaw, pitch, roll], np.float32)


def similarity(source: F32, target: F32) -> F32:
    """The least-squares turn, scale and shift `(2, 3)` that carries points `(n, 2)` onto others (Umeyama 1991)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    p, q = source - a, target - b
    norm = float((p * p).sum()) + 1e-12
    c = float((p * q).sum()) / norm
    s = float((p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum()) / norm
    turn = np.array([[c, -s], [s, c]])
    return np.hstack([turn, (b - turn @ a)[:, None]]).astype(np.float32)


def similarities(sources: F32, target: F32) -> F32:
    """For each of `(n, p, 2)` points the similarity `(n, 2, 3)` that carries them onto the target `(p, 2)`."""
    a, b = sources.mean(axis=1, dtype=np.float64), target.mean(axis=0, dtype=np.float64)
    p, q = sources - a[:, None], target - b
    norm = np.einsum("npi,npi->n", p, p) + 1e-12
    c = np.einsum("npi,pi->n", p, q) / norm
    s = (p[..., 0] @ q[:, 1] - p[..., 1] @ q[:, 0]) / norm
    turn = np.stack([np.stack([c, -s], axis=1), np.stack([s, c], axis=1)], axis=1)
    shift = b - np.einsum("nij,nj->ni", turn, a)
    return np.concatenate([turn, shift[..., None]], axis=2).astype(np.float32)


def steady_frame(mesh: F32, reference: F32) -> F32:
    """The similarity `(2, 3)` that brings a mesh's steady points onto those of a reference mesh."""
    steady = np.array(STEADY)
    return similarity(mesh[steady, :2], reference[steady, :2])


def apply(matrix: F32, points: F32) -> F32:
    """Points `(n, 2)` through a 2×3 matrix."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)


def upright_shape(mesh: F32) -> F32:
    """A mesh turned upright and frontal, centred between the eyes' outer corners, in eye distances `(468, 3)`."""
    centre = (mesh[33] + mesh[263]) / 2
    upright = (mesh - centre) @ rotation_of(mesh).T
    return np.asarray(upright / np.linalg.norm(mesh[33] - mesh[263]), np.float32)
