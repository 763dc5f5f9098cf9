"""A tiny network with the inputs and outputs of a Piper voice, for tests: every id is a tone of its own.

Pads, blanks and punctuation are silent. An id takes six frames of 256 samples times the length scale, a pad one; its
tone has 200 + 16 * id Hz (and 8 more for the second speaker). A little of the network's own noise lies over it, as in
the real ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RATE_HZ, HOP = 22050, 256
SIGNS = "_^$ .,;:!?…'abcdefhijklmnopqrstuvwxyzæçðøħŋœɐɑɒɔəɚɛɜɡɪɹɾʁʃʊʌʒʔˈˌːθ\u0329\u0303"
SILENT = SIGNS.index("a")  # the ids of pads, blanks and punctuation make no sound
IDS = {sign: [number] for number, sign in enumerate(SIGNS)}


def tone_hz(sign: str, speaker: int = 0) -> float:
    return 200 + 16 * IDS[sign][0] + 8 * speaker


def write_piper(path: Path, language: str = "en-us", *, told: bool = True, speakers: tuple[str, ...] = ()) -> Path:
    """The .onnx file and its .json; `told`: with the second output that tells the frames of each id."""
    node, const = helper.make_node, numpy_helper.from_array
    nodes = [
        node("Cast", ["input"], ["ids"], to=TensorProto.FLOAT),
        node("Min", ["ids", "one"], ["sounding"]),
        node("Mul", ["sounding", "five"], ["more"]),
        node("Add", ["more", "one"], ["natural"]),
        node("Gather", ["scales", "at_length"], ["length"]),
        node("Mul", ["natural", "length"], ["stretched"]),
        node("Ceil", ["stretched"], ["w_ceil"]),
        node("Mul", ["w_ceil", "hop"], ["sizes"]),
        node("CumSum", ["sizes", "axis"], ["edges"]),
        node("ReduceSum", ["sizes"], ["total"], keepdims=0),
        node("Range", ["zero", "total", "one"], ["time"]),
        node("Unsqueeze", ["time", "last"], ["times"]),
        node("GreaterOrEqual", ["times", "edges"], ["past"]),
        node("Cast", ["past"], ["passed"], to=TensorProto.INT64),
        node("ReduceSum", ["passed", "last"], ["number"], keepdims=0),
        node("Squeeze", ["ids", "first"], ["row"]),
        node("Gather", ["row", "number"], ["id_at"]),
        node("Mul", ["id_at", "per_id"], ["above"]),
        node("Add", ["above", "base"], ["hertz"]),
        *([node("Cast", ["sid"], ["who"], to=TensorProto.FLOAT), node("Mul", ["who", "per_speaker"], ["shift"]),
           node("Add", ["hertz", "shift"], ["pitch"])] if speakers else [node("Identity", ["hertz"], ["pitch"])]),
        node("Mul", ["pitch", "time"], ["turned"]),
        node("Mul", ["turned", "round"], ["phase"]),
        node("Sin", ["phase"], ["wave"]),
        node("Sub", ["id_at", "silent_ids"], ["beyond"]),
        node("Clip", ["beyond", "zero", "one"], ["gate"]),
        node("Mul", ["wave", "loud"], ["strong_wave"]),
        node("Mul", ["strong_wave", "gate"], ["tone"]),
        node("RandomNormalLike", ["tone"], ["random"]),
        node("Gather", ["scales", "at_noise"], ["noise"]),
        node("Mul", ["random", "noise"], ["strong"]),
        node("Mul", ["strong", "faint"], ["hiss"]),
        node("Add", ["tone", "hiss"], ["flat"]),
        node("Reshape", ["flat", "shape"], ["output"]),
    ]  # fmt: skip
    floats = {"one": 1, "five": 5, "hop": HOP, "zero": 0, "per_id": 16, "base": 200, "per_speaker": 8,
              "round": 2 * np.pi / RATE_HZ, "loud": 0.3, "faint": 0.003,
              "silent_ids": SILENT - 1}  # fmt: skip
    whole = {"at_length": np.int64(1), "at_noise": np.int64(0), "axis": np.int64(1), "last": np.array([1]),
             "first": np.array([0]), "shape": np.array([1, 1, 1, -1])}  # fmt: skip
    constants = [const(np.float32(value), name) for name, value in floats.items()]
    constants += [const(np.asarray(value, np.int64), name) for name, value in whole.items()]
    value = helper.make_tensor_value_info
    inputs = [
        value("input", TensorProto.INT64, [1, "ids"]), value("input_lengths", TensorProto.INT64, [1]),
        value("scales", TensorProto.FLOAT, [3]), *([value("sid", TensorProto.INT64, [1])] if speakers else []),
    ]  # fmt: skip
    outputs = [value("output", TensorProto.FLOAT, [1, 1, 1, "samples"])]
    if told:
        outputs.append(value("w_ceil", TensorProto.FLOAT, [1, "ids"]))
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    config = {
        "audio": {"sample_rate": RATE_HZ}, "espeak": {"voice": language}, "phoneme_type": "espeak",
        "phoneme_id_map": IDS, "num_speakers": max(1, len(speakers)), "hop_length": HOP,
        "speaker_id_map": {name: number for number, name in enumerate(speakers)},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    }  # fmt: skip
    path.with_name(path.name + ".json").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return path
