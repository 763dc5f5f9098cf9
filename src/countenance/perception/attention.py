"""A closer look at lips, lids and irises: MediaPipe's attention mesh (Grishchenko et al. 2020, "Attention Mesh").

It finds the face's points like the plain mesh network, then looks again at its own early features around the
mouth and each eye. The step between is made of three operations that LiteRT does not know. So the model is cut in
two there, and they are done here in numpy, as the published C++ does them:

1. `Landmarks2TransformMatrix`: the turned box around a part of the face, half as large again;
2. `TransformTensorBilinear`: that box of the features, sampled at 16×16 places;
3. `TransformLandmarks`: the part's points carried back from the box.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from countenance.errors import ModelError
from countenance.media.frame import F32
from countenance.models.pull import model_file
from countenance.perception.litert import Net

MESH_PX = 192
_FEATURES_PX = 48  # side of the early features
_PART_PX = 16  # side of the box that is cut out of them
_STEP = MESH_PX // _FEATURES_PX
_REACH = 1.5  # of the box over its part

# Which mesh points the outputs are, in the model's order; the four rings of the lips from the outside to the inside.
LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)  # fmt: skip
# The rim of the lids first (16 points), then rings around it, up to the brow and the cheek.
RIGHT_EYE_REGION = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
    130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190,
    226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
    35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
)  # fmt: skip
LEFT_EYE_REGION = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,
    446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
    265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417,
)  # fmt: skip
# Each part with the two points that say how it is turned.
_PARTS = ((LIPS, 61, 291), (RIGHT_EYE_REGION, 33, 133), (LEFT_EYE_REGION, 362, 263))
_PART_OF_OUTPUT = (0, 1, 1, 2, 2)


@dataclass(frozen=True)
class Closeup:
    """Points `(n, 2)`: of `LIPS` (80), of each eye's region (71) and iris (5, the centre first)."""

    lips: F32
    right_eye: F32
    right_iris: F32
    left_eye: F32
    left_iris: F32

    def moved(self, move: Callable[[F32], F32]) -> Closeup:
        """The same points carried elsewhere, each part `(n, 2)` by itself."""
        return Closeup(*(move(getattr(self, part.name)) for part in fields(self)))


class AttentionNet:
    """The model in two parts, with what LiteRT cannot do between them."""

    def __init__(self) -> None:
        whole, parts = _cut()
        self._whole, self._parts = Net(whole), Net(parts)
        self._indices = [np.array(points) for points, _start, _end in _PARTS]

    def __call__(self, crop: F32) -> Closeup:
        """Look at a face crop `(192, 192, 3)` RGB 0..1, as the plain mesh network gets it; points in its pixels."""
        mesh, features = self._whole(crop)
        points = mesh.reshape(-1, 3)[:, :2]
        boxes = np.stack(
            [
                _box(points[index] / _STEP, points[end] - points[start])
                for index, (_points, start, end) in zip(self._indices, _PARTS, strict=True)
            ]
        )
        found = self._parts(*_sampled(features[0], boxes))
        placed = [
            points[0] @ boxes[part, :, :2].T + boxes[part, :, 2] * _STEP
            for points, part in zip(found, _PART_OF_OUTPUT, strict=True)
        ]
        return Closeup(*placed)


def _box(points: F32, across: F32) -> F32:
    """The matrix `(2, 3)` from pixels of the part's box to those of the features, turned so that `across` is level."""
    angle = math.atan2(across[1], across[0])
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[c, -s], [s, c]], np.float32)
    upright = points @ turn
    low, high = upright.min(axis=0), upright.max(axis=0)
    matrix = turn * ((high - low) * (_REACH / _PART_PX))
    shift = turn @ ((low + high) / 2) - matrix.sum(axis=1) * (_PART_PX / 2)
    return np.concatenate([matrix, shift[:, None]], axis=1)


_places = np.arange(_PART_PX, dtype=np.float32) + 0.5
_GRID = np.stack([np.tile(_places, _PART_PX), np.repeat(_places, _PART_PX), np.ones(_PART_PX**2, np.float32)])


def _sampled(features: F32, boxes: F32) -> F32:
    """Each box `(n, 2, 3)` of the features `(48, 48, c)`, bilinearly `(n, 16, 16, c)`; 0 outside of them."""
    last = _FEATURES_PX - 1
    x, y = np.moveaxis(boxes @ _GRID - np.float32(0.5), 1, 0).reshape(2, -1)
    inside = (x >= 0) & (x <= last) & (y >= 0) & (y <= last)
    column, row = np.clip(x, 0, last - 1).astype(np.int32), np.clip(y, 0, last - 1).astype(np.int32)
    right, low = (x - column).astype(np.float32), (y - row).astype(np.float32)
    weights = np.stack([(1 - right) * (1 - low), right * (1 - low), (1 - right) * low, right * low], axis=1)
    weights *= inside[:, None]
    corners = (row * _FEATURES_PX + column)[:, None] + np.array([0, 1, _FEATURES_PX, _FEATURES_PX + 1])
    values: F32 = np.einsum("nk,nkc->nc", weights, features.reshape(_FEATURES_PX**2, -1)[corners])
    return values.reshape(len(boxes), _PART_PX, _PART_PX, -1)


@lru_cache(maxsize=1)
def _cut() -> tuple[bytes, bytes]:
    """The model up to the operations that LiteRT lacks, and from there on."""
    content = model_file("face-mesh-attention").read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    graph = model.subgraphs[0]
    unknown: dict[bytes, list[Any]] = {}
    for operator in graph.operators:
        if name := model.operatorCodes[operator.opcodeIndex].customCode:
            unknown.setdefault(name, []).append(operator)
    sampling, placing = unknown.get(b"TransformTensorBilinear"), unknown.get(b"TransformLandmarks")
    if not sampling or not placing or len(sampling) != len(_PARTS) or len(placing) != len(_PART_OF_OUTPUT):
        raise ModelError("The model 'face-mesh-attention' is built differently than expected; pull it again.")
    features, mesh = sampling[0].inputs[0], graph.outputs[0]
    whole = _between(model, graph.inputs, [mesh, features])
    parts = _between(model, [one.outputs[0] for one in sampling], [one.inputs[0] for one in placing])
    return whole, parts


def _between(model: Any, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
    """A model of just the operators that lead from some tensors of another to some others."""
    graph = model.subgraphs[0]
    maker = {int(tensor): number for number, one in enumerate(graph.operators) for tensor in one.outputs}
    needed: set[int] = set()
    waiting, known = [int(tensor) for tensor in outputs], {int(tensor) for tensor in inputs}
    while waiting:
        tensor = waiting.pop()
        if tensor not in known and tensor in maker:
            needed.add(maker[tensor])
            waiting += [int(value) for value in graph.operators[maker[tensor]].inputs if value >= 0]
        known.add(tensor)
    part = schema.SubGraphT()
    buffers, numbers = [schema.BufferT()], dict[int, int]()
    part.tensors, part.operators = [], []

    def kept(tensors: NDArray[np.int32] | Sequence[int]) -> list[int]:
        for tensor in map(int, tensors):
            if tensor >= 0 and tensor not in numbers:
                numbers[tensor] = len(part.tensors)
                one = copy.copy(graph.tensors[tensor])
                content = model.buffers[one.buffer]
                one.buffer = 0 if content.data is None else len(buffers)
                buffers.extend([] if content.data is None else [content])
                part.tensors.append(one)
        return [numbers.get(int(tensor), -1) for tensor in tensors]

    for number in sorted(needed):
        one = copy.copy(graph.operators[number])
        one.inputs, one.outputs = kept(one.inputs), kept(one.outputs)
        part.operators.append(one)
    part.inputs, part.outputs = kept(inputs), kept(outputs)
    cut = schema.ModelT()
    cut.version, cut.operatorCodes, cut.subgraphs, cut.buffers = model.version, model.operatorCodes, [part], buffers
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(cut.Pack(builder), b"TFL3")
    return bytes(builder.Output())
