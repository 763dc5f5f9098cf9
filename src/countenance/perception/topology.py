"""The face mesh's parts by name, and its triangles.

Point numbers are those of MediaPipe's 468-point face mesh. "left" and "right" are the person's own.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from countenance.errors import ModelError
from countenance.models.pull import model_file

POINTS = 468
IRIS_POINTS = 10  # five of the right eye, then five of the left: centre, then four on the rim

FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
LIPS_OUTER = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)  # fmt: skip
LIPS_INNER = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)  # fmt: skip
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
RIGHT_BROW = (46, 53, 52, 65, 55, 107, 66, 105, 63, 70)
LEFT_BROW = (276, 283, 282, 295, 285, 336, 296, 334, 293, 300)
JAW = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
# Skin over bone that neither speech nor expression moves much: nose bridge and sides, eye corners, temples.
STEADY = (168, 6, 197, 195, 5, 4, 45, 275, 129, 358, 117, 346, 33, 263, 133, 362, 127, 356, 234, 454)
EYE_CORNERS = (33, 263)  # right outer, left outer: their distance is the unit of face-relative errors
# Mirror pairs (right, left) that span the face's own x axis.
MIRROR_PAIRS = ((33, 263), (133, 362), (61, 291), (234, 454), (132, 361), (172, 397), (127, 356), (129, 358))


@lru_cache(maxsize=1)
def triangles() -> NDArray[np.int32]:
    """The mesh's 852 triangles `(n, 3)`, from its published edges, all wound alike.

    Every three points that are joined pairwise form a triangle, but for the two that surround another one:
    those have three triangles on each of their edges. Eyes and inner mouth are holes. Where a triangle's front
    is seen its points run anticlockwise on the picture, so that its normal points at the camera.
    """
    edges = _edges()
    neighbours: dict[int, set[int]] = {}
    for a, b in edges:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    cliques = {tuple(sorted((a, b, c))) for a, b in edges for c in neighbours[a] & neighbours[b]}
    uses = Counter(edge for a, b, c in cliques for edge in ((a, b), (b, c), (a, c)))
    faces = [t for t in cliques if min(uses[t[0], t[1]], uses[t[1], t[2]], uses[t[0], t[2]]) <= 2]
    return np.array(_wound(sorted(faces)), np.int32)


def _wound(faces: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Turn the triangles so that neighbours run along their common edge in opposite directions.

    It starts at the forehead, where the oval's first edge runs clockwise as seen.
    """
    by_edge: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    for face in faces:
        for a, b in _around(face):
            by_edge.setdefault((min(a, b), max(a, b)), []).append(face)
    wound: dict[tuple[int, ...], tuple[int, ...]] = {}
    waiting = [(FACE_OVAL[1], FACE_OVAL[0])]  # directed edges that some triangle must run along
    while waiting:
        a, b = waiting.pop()
        for face in by_edge[min(a, b), max(a, b)]:
            if face not in wound:
                wound[face] = face if (a, b) in _around(face) else face[::-1]
                waiting += [(end, start) for start, end in _around(wound[face])]
    return [wound[face] for face in faces]


def _around(face: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return ((face[0], face[1]), (face[1], face[2]), (face[2], face[0]))


def _edges() -> set[tuple[int, int]]:
    tree = ast.parse(model_file("mesh-topology").read_text(encoding="utf-8"))
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "FACEMESH_TESSELATION"
            and isinstance(node.value, ast.Call)
        ):
            pairs = ast.literal_eval(node.value.args[0])
            return {(min(a, b), max(a, b)) for a, b in pairs}
    raise ModelError("The mesh's edge list is not in its file; run `countenance models pull`.")
