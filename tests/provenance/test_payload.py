from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.provenance.payload import CODE_SIGNS, Register, crc24, decode, encode

MARK_ID = 0x0123_4567_89AB_CDEF


def noisy(mark_id: int, ebno_db: float, seed: int) -> np.ndarray:
    """The code word with unit noise, at this ratio of energy per message bit to noise."""
    amplitude = (2 * 10 ** (ebno_db / 10) / 4) ** 0.5
    return amplitude * encode(mark_id) + np.random.default_rng(seed).standard_normal(CODE_SIGNS)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_every_id_comes_back(mark_id: int) -> None:
    signs = encode(mark_id)
    assert signs.shape == (CODE_SIGNS,) and set(np.unique(signs)) <= {-1.0, 1.0}
    word = decode(signs * 0.01)
    assert word is not None and word.mark_id == mark_id
    assert word.fit == pytest.approx(1.0)


def test_crc_has_the_published_check_value() -> None:
    assert crc24(b"123456789") == 0x21CF02


def test_ids_survive_noise_that_flips_a_fifth_of_the_signs() -> None:
    flipped = np.mean([np.sign(noisy(MARK_ID, 1.5, seed)) != encode(MARK_ID) for seed in range(20)])
    assert flipped > 0.18
    words = [decode(noisy(MARK_ID, 1.5, seed)) for seed in range(20)]
    assert [word.mark_id for word in words if word] == [MARK_ID] * 20


def test_erased_signs_are_filled_in() -> None:
    signs = encode(MARK_ID)
    signs[np.random.default_rng(0).permutation(CODE_SIGNS)[: CODE_SIGNS // 2]] = 0
    word = decode(signs)
    assert word is not None and word.mark_id == MARK_ID


def test_noise_is_not_an_id() -> None:
    rng = np.random.default_rng(0)
    assert [decode(rng.standard_normal(CODE_SIGNS)) for _ in range(60)] == [None] * 60
    assert decode(np.zeros(CODE_SIGNS)) is None


@pytest.mark.parametrize("mark_id", [-1, 2**64])
def test_ids_of_another_size_are_refused(mark_id: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        encode(mark_id)


def test_a_register_knows_the_code_words_of_its_ids() -> None:
    ids = [0, 1, MARK_ID, 2**64 - 1, *(int(one) for one in np.random.default_rng(0).integers(0, 2**63, 50))]
    register = Register(ids)
    assert len(register) == 54
    for mark_id in ids:
        word = register.likeliest(encode(mark_id))
        assert word is not None and word.mark_id == mark_id
        assert word.fit == pytest.approx(1.0)


def test_a_register_finds_ids_in_noise_that_nothing_else_can_read() -> None:
    register = Register([MARK_ID, *range(2000)])
    soft = [noisy(MARK_ID, -2.5, seed) for seed in range(20)]
    assert sum(decode(one) is not None for one in soft) < 5
    found = [register.likeliest(one) for one in soft]
    assert [word.mark_id for word in found if word] == [MARK_ID] * 20


def test_an_empty_register_knows_nothing() -> None:
    assert Register([]).likeliest(encode(MARK_ID)) is None
