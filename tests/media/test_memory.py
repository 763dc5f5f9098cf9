from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from countenance.media.memory import hand_back


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory only where /proc does")
def test_freed_memory_goes_back_to_the_system() -> None:
    hand_back()
    before = resident_mib()
    small = [np.full(12_000, number, np.float64) for number in range(1000)]  # 96 kB each: below mmap's threshold
    fence = np.full(12_000, 1.0)  # the heap cannot shrink from its end
    assert resident_mib() > before + 80
    del small
    hand_back()
    assert resident_mib() < before + 20
    assert fence.all()
