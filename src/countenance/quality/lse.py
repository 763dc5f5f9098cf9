"""LSE-D and LSE-C by SyncNet, for those who have its published weights: figures to compare with other papers' tables.

Nothing of it is shipped: the weights are the user's own file, with the licence that it came with, and PyTorch is the
user's to install. The gates never ask for these figures: generated mouths score better than real ones, the same
pipeline run twice differs by a third of what separates methods, and a constant delay does not show in LSE-D at all. So
the offset is always told with them.

After Chung and Zisserman 2016 ("Out of time: automated lip sync in the wild") and the evaluation that came with Prajwal
et al. 2020: 5 pictures at 25 a second against 20 columns of MFCC, unnormalised embeddings, Euclidean distances at
shifts of up to 15 pictures. Faces are cut around our own mesh instead of S3FD's box, so figures are near the published
ones and not the same to the digit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.ndimage import median_filter

from countenance.errors import InputError
from countenance.media.audio import Samples
from countenance.media.decode import decode
from countenance.media.frame import F32, U8
from countenance.media.probe import Master
from countenance.perception.topology import POINTS
from countenance.perception.tracks import FaceTrack

FPS, HEARD_HZ = 25, 16_000
REACH = 15  # pictures to either side
_PICTURES, _COLUMNS, _COLUMNS_A_PICTURE = 5, 20, 4
_SIDE, _GREY, _SCALE = 224, 110, 0.40
_STEADY = 13  # pictures of the median over place and size
_LEAST = 3 * REACH  # windows: in shorter clips the padding outweighs the speech
_STEP, _WINDOW, _FFT, _FILTERS, _CEPSTRA, _LIFTER, _EMPHASIS = 160, 400, 512, 26, 13, 22, 0.97
_BATCH = 20


@dataclass(frozen=True)
class Lse:
    """`distance` is LSE-D, smaller is better; `confidence` LSE-C, larger is better; `offset_ms` where both were found,
    plus: the sound is early; `windows` how many stretches of 0.2 s went in."""

    distance: float
    confidence: float
    offset_ms: float
    windows: int


def lse_of(master: Master, track: FaceTrack, heard: Samples, weights: Path) -> Lse:
    """Score one person of one shot; `heard` `(n,)` float32 at 16 kHz from the clip's beginning.

    InputError without PyTorch, for weights that are not SyncNet's, and for less than 1.8 s of picture and sound.
    """
    network = load(weights)
    crops = list(face_crops(master, track))
    columns = mfcc(heard)
    windows = min(len(crops), len(columns) // _COLUMNS_A_PICTURE) - _PICTURES
    if windows < _LEAST:
        raise InputError(f"{master.path}: SyncNet needs {(_LEAST + _PICTURES) / FPS:.1f} s of a face with its sound.")
    return score(*_embedded(network, crops, columns, windows))


def score(seen: F32, heard: F32) -> Lse:
    """The figures from embeddings `(n, 1024)` of mouths and sounds, row by row at the same time.

    Shifted sounds are padded with zeros, as in the published evaluation; the offset lies between pictures, where a
    parabola through the three smallest mean distances has its lowest point.
    """
    padded = np.pad(heard, ((REACH, REACH), (0, 0)))
    shifts = range(2 * REACH + 1)
    means = np.array([np.linalg.norm(seen - padded[k : k + len(seen)], axis=1).mean() for k in shifts])
    best = int(means.argmin())
    between = 0.0
    if 0 < best < 2 * REACH:
        before, here, after = means[best - 1 : best + 2]
        bend = before - 2 * here + after
        between = float((before - after) / (2 * bend)) if bend > 0 else 0.0
    offset_ms = (REACH - best - between) * 1000 / FPS
    return Lse(float(means[best]), float(np.median(means) - means[best]), offset_ms, len(seen))


def face_crops(master: Master, track: FaceTrack) -> Iterator[U8]:
    """The face as SyncNet was taught to see it, `(224, 224, 3)` uint8 BGR, 25 times a second while it is tracked."""
    boxes = _steady_boxes(track.mesh)
    times = np.array([float(master.pts[n] * master.time_base) for n in track.frames])
    due = times[0]
    for index, frame in enumerate(decode(master, start=int(track.frames[0]), stop=int(track.frames[-1]) + 1)):
        end = times[index + 1] if index + 1 < len(times) else times[index] + 1 / FPS
        shown = None
        while due < end - 1e-6:
            shown = _cut(frame.rgb()[..., ::-1], *boxes[index]) if shown is None else shown
            yield shown
            due += 1 / FPS


def mfcc(heard: Samples) -> F32:
    """`(columns, 13)` float32, one every 10 ms, as `python_speech_features` works them out by default.

    25 ms windows without a taper, 26 triangular mel filters over 512 points, pre-emphasis 0.97, lifter 22, the first
    coefficient the log energy; samples count as 16-bit integers.
    """
    signal = np.round(np.asarray(heard, np.float64) * 32768)
    if len(signal) < 2:
        return np.zeros((0, _CEPSTRA), np.float32)
    signal = np.append(signal[0], signal[1:] - _EMPHASIS * signal[:-1])
    count = 1 + max(0, -(-(len(signal) - _WINDOW) // _STEP))
    signal = np.pad(signal, (0, max(0, (count - 1) * _STEP + _WINDOW - len(signal))))
    frames = np.lib.stride_tricks.sliding_window_view(signal, _WINDOW)[::_STEP][:count]
    power = np.abs(np.fft.rfft(frames, _FFT)) ** 2 / _FFT
    tiny = np.finfo(float).eps
    energy = np.maximum(power.sum(axis=1), tiny)
    filtered = np.maximum(power @ _mel_filters().T, tiny)
    cepstra = dct(np.log(filtered), type=2, axis=1, norm="ortho")[:, :_CEPSTRA]
    cepstra = cepstra * (1 + _LIFTER / 2 * np.sin(np.pi * np.arange(_CEPSTRA) / _LIFTER))
    cepstra[:, 0] = np.log(energy)
    return np.asarray(cepstra, np.float32)


def load(weights: Path) -> Any:
    """The network with a user's weights. InputError without PyTorch, without the file, or for another one."""
    try:
        import torch
    except ImportError as problem:
        raise InputError(
            "SyncNet's figures need PyTorch, which is not installed: install the package torch."
        ) from problem
    if not weights.is_file():
        raise InputError(
            f"{weights}: there are no weights here; SyncNet's are published by their authors (syncnet_v2.model), "
            "under terms that are yours to read."
        )
    network = build()
    try:
        state = torch.load(str(weights), map_location="cpu", weights_only=True)
        for part, module in network.items():
            own = {name.split(".", 1)[1]: value for name, value in state.items() if name.split(".", 1)[0] == part}
            module.load_state_dict(own)
            module.eval()
    except Exception as problem:  # whatever pickle, zip and shapes can do wrong
        raise InputError(f"{weights}: these are not SyncNet's weights (syncnet_v2.model).") from problem
    return network


def build() -> dict[str, Any]:
    """The four parts with random weights, under the names of the published file: 13.6 million parameters."""
    from torch import nn

    def plain(flat: bool, *layers: Any) -> Any:
        """Convolutions with normalisation, and poolings: `("c", in, out, size, stride, padding)`, `("p", size, stride,
        padding)`."""
        convolve, normalise, pool = (
            (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d) if flat else (nn.Conv3d, nn.BatchNorm3d, nn.MaxPool3d)
        )
        made: list[Any] = []
        for kind, *sizes in layers:
            if kind == "p":
                made.append(pool(*sizes))
            else:
                made += [convolve(*sizes), normalise(sizes[1]), nn.ReLU()]
        return nn.Sequential(*made)

    def top() -> Any:
        return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024))

    sound = plain(
        True,
        ("c", 1, 64, 3, 1, 1), ("p", 1, 1, 0), ("c", 64, 192, 3, 1, 1), ("p", 3, (1, 2), 0), ("c", 192, 384, 3, 1, 1),
        ("c", 384, 256, 3, 1, 1), ("c", 256, 256, 3, 1, 1), ("p", 3, 2, 0), ("c", 256, 512, (5, 4), 1, 0),
    )  # fmt: skip
    mouth = plain(
        False,
        ("c", 3, 96, (5, 7, 7), (1, 2, 2), 0), ("p", (1, 3, 3), (1, 2, 2), 0),
        ("c", 96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1)), ("p", (1, 3, 3), (1, 2, 2), (0, 1, 1)),
        ("c", 256, 256, (1, 3, 3), 1, (0, 1, 1)), ("c", 256, 256, (1, 3, 3), 1, (0, 1, 1)),
        ("c", 256, 256, (1, 3, 3), 1, (0, 1, 1)), ("p", (1, 3, 3), (1, 2, 2), 0), ("c", 256, 512, (1, 6, 6), 1, 0),
    )  # fmt: skip
    return {"netcnnaud": sound, "netfcaud": top(), "netcnnlip": mouth, "netfclip": top()}


def _embedded(network: Any, crops: list[U8], columns: F32, windows: int) -> tuple[F32, F32]:
    """Embeddings `(windows, 1024)` of mouths and of sounds."""
    import torch

    seen, heard = [], []
    with torch.no_grad():
        for first in range(0, windows, _BATCH):
            numbers = range(first, min(first + _BATCH, windows))
            pictures = np.stack([np.stack(crops[n : n + _PICTURES]) for n in numbers]).astype(np.float32)
            mouths = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 4, 1, 2, 3)))
            sounds = np.stack([columns[n * _COLUMNS_A_PICTURE :][:_COLUMNS].T for n in numbers])[:, None]
            seen.append(network["netfclip"](network["netcnnlip"](mouths).flatten(1)).numpy())
            heard.append(network["netfcaud"](network["netcnnaud"](torch.from_numpy(sounds)).flatten(1)).numpy())
    return np.concatenate(seen), np.concatenate(heard)


def _steady_boxes(meshes: F32) -> NDArray[np.float64]:
    """Middle and half size `(n, 3)` of each picture's face, by medians over 13 pictures."""
    points = np.asarray(meshes[:, :POINTS, :2], np.float64)
    low, high = points.min(axis=1), points.max(axis=1)
    found = np.column_stack([(low + high) / 2, (high - low).max(axis=1) / 2])
    return np.asarray(median_filter(found, size=(_STEADY, 1), mode="nearest"), np.float64)


def _cut(picture: U8, x: float, y: float, half: float) -> U8:
    """The square around a face, lower than its middle so that the chin is in it, at 224 pixels."""
    across, down = half * (1 + _SCALE), half * (1 + 2 * _SCALE)
    edge = int(np.ceil(2 * half * (1 + 2 * _SCALE)))
    wide = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(_GREY,) * 3)
    rows = slice(int(y - half) + edge, int(y + down) + edge)
    columns = slice(int(x - across) + edge, int(x + across) + edge)
    return np.asarray(cv2.resize(wide[rows, columns], (_SIDE, _SIDE)), np.uint8)


def _mel_filters() -> NDArray[np.float64]:
    """Triangles `(26, 257)` evenly spaced on the mel scale from 0 to 8000 Hz, their corners on whole points."""
    top = 2595 * np.log10(1 + HEARD_HZ / 2 / 700)
    edges_hz = 700 * (10 ** (np.linspace(0, top, _FILTERS + 2) / 2595) - 1)
    corners = np.floor((_FFT + 1) * edges_hz / HEARD_HZ).astype(int)
    bank = np.zeros((_FILTERS, _FFT // 2 + 1))
    for row, (left, middle, right) in enumerate(zip(corners, corners[1:], corners[2:], strict=False)):
        bank[row, left:middle] = (np.arange(left, middle) - left) / max(middle - left, 1)
        bank[row, middle:right] = (right - np.arange(middle, right)) / max(right - middle, 1)
    return bank
