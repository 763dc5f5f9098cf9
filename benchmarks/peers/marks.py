"""The marks of invisible-watermark (dwtDct, dwtDctSvd) and blind-watermark, in single pictures and in video.

Both are MIT. Install them with `pip install --no-deps invisible-watermark blind-watermark PyWavelets`: the first asks
for PyTorch, which only its third method needs, and both for another build of OpenCV.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bgr = NDArray[np.uint8]
BITS = 64
Mark = Callable[[Bgr, int], Bgr]
Read = Callable[[Bgr], NDArray[np.float64]]


def peers() -> dict[str, tuple[Mark, Read]]:
    """The peers that are installed: how each marks a picture (h, w, 3) with a 64-bit id, and reads 64 bits 0..1."""
    found: dict[str, tuple[Mark, Read]] = {}
    try:
        for name, module, kind in (("dwtDct", "maxDct", "EmbedMaxDct"), ("dwtDctSvd", "dwtDctSvd", "EmbedDwtDctSvd")):
            found[f"invisible-watermark {name}"] = _invisible(getattr(_module(module), kind))
        found["blind-watermark"] = _blind()
    except (PackageNotFoundError, ImportError):
        return {}
    return found


def bits_of(mark_id: int) -> NDArray[np.int64]:
    return np.array([mark_id >> place & 1 for place in range(BITS)])


def id_of(readings: Sequence[NDArray[np.float64]]) -> int:
    """The id that most pictures say, bit by bit."""
    bits = np.mean(readings, axis=0) > 0.5
    return sum(int(bit) << place for place, bit in enumerate(bits))


def _module(name: str) -> Any:
    """A module of imwatermark without its package, whose import needs PyTorch."""
    path = distribution("invisible-watermark").locate_file(f"imwatermark/{name}.py")
    spec = importlib.util.spec_from_file_location(f"imwatermark_{name}", str(path))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _invisible(kind: Any) -> tuple[Mark, Read]:
    def mark(picture: Bgr, mark_id: int) -> Bgr:
        return np.asarray(kind(list(bits_of(mark_id)), wmLen=BITS).encode(picture.copy()), np.uint8)

    def read(picture: Bgr) -> NDArray[np.float64]:
        return np.asarray(kind(wmLen=BITS).decode(picture), np.float64)

    return mark, read


@contextmanager
def _start_method_kept() -> Iterator[None]:
    """The package sets multiprocessing's start method when it is imported, which fails in a worker process."""
    setter = multiprocessing.set_start_method
    multiprocessing.set_start_method = lambda *_args, **_more: None  # type: ignore[assignment]
    try:
        yield
    finally:
        multiprocessing.set_start_method = setter  # type: ignore[method-assign]


def _blind() -> tuple[Mark, Read]:
    with _start_method_kept():
        from blind_watermark import WaterMark, bw_notes  # type: ignore[import-untyped,unused-ignore,import-not-found]

    bw_notes.close()

    def mark(picture: Bgr, mark_id: int) -> Bgr:
        marker = WaterMark(password_wm=1, password_img=1)
        marker.read_img(img=picture)
        marker.read_wm(bits_of(mark_id).astype(bool), mode="bit")
        return np.asarray(np.clip(np.rint(marker.embed()), 0, 255), np.uint8)

    def read(picture: Bgr) -> NDArray[np.float64]:
        bits = WaterMark(password_wm=1, password_img=1).extract(embed_img=picture, wm_shape=BITS, mode="bit")
        return np.asarray(bits, np.float64)

    return mark, read
