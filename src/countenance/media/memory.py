"""Handing memory back to the system between two stages of a job."""

from __future__ import annotations

import ctypes
import gc


def hand_back() -> None:
    """Return what was freed and is kept for later: about 100 MiB after painting, before the encoder takes its own.

    glibc's allocator holds on to it by itself; where there is another one, only Python's own rubbish goes.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
