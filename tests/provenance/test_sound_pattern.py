from __future__ import annotations

import numpy as np
import pytest

from countenance.provenance.sound_pattern import BANDS, ROWS, keyed_sound_pattern

KEY, OTHER_KEY = bytes(range(32)), bytes(32)


def test_the_pattern_is_fixed_by_its_key_and_serves_all_code_signs_alike() -> None:
    pattern = keyed_sound_pattern(KEY)
    assert int(np.abs(pattern.pilot).sum()) == ROWS * BANDS // 4
    counts = np.bincount(pattern.owners, minlength=352)
    assert counts.max() - counts.min() <= 1
    assert not pattern.pilot[pattern.rows, pattern.columns].any()
    # Written down once: marks made with an older version must stay readable.
    assert pattern.pilot[0].nonzero()[0].tolist()[:6] == [3, 9, 11, 18, 21, 34]
    assert pattern.owners[:4].tolist() == [199, 90, 8, 295]
    assert pattern.signs[:8].tolist() == [1.0, 1.0, -1.0, 1.0, 1.0, 1.0, -1.0, 1.0]
    assert not np.array_equal(pattern.pilot, keyed_sound_pattern(OTHER_KEY).pilot)


def test_votes_are_the_code_word_where_the_cells_are_the_pattern() -> None:
    pattern = keyed_sound_pattern(KEY)
    code = np.where(np.arange(352) % 3, 1.0, -1.0).astype(np.float32)
    np.testing.assert_array_equal(np.sign(pattern.votes(pattern.cells(code))), code)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keyed_sound_pattern(b"short")
