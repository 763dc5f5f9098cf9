from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.provenance.pattern import TILE_PX, VARIANTS, keyed_pattern, mark_space, shot_variants
from countenance.provenance.payload import CODE_SIGNS, encode

KEY = bytes(range(32))


def test_layout_of_a_key_never_changes() -> None:
    # Marks in released videos must stay readable: a new layout needs a new version, not a new value here.
    pattern = keyed_pattern(KEY)
    parts = [pattern.rows, pattern.columns, pattern.pilot_rows, pattern.pilot_columns, pattern.pilot_values]
    for layout in pattern.layouts:
        parts += [layout.owners, layout.phases]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.stack([part.real, part.imag]).astype("<i8").tobytes())
    assert digest.hexdigest() == "745dcda1ff640d540d56732bbc07826e6e0e1e3b9e8ec1432247ced757626cad"


def test_every_code_sign_is_carried_about_equally_often() -> None:
    for layout in keyed_pattern(KEY).layouts:
        counts = np.bincount(layout.owners.ravel(), minlength=CODE_SIGNS)
        assert counts.max() - counts.min() <= 1 and counts.min() >= 4


def test_tile_is_seamless_noise_without_a_mean() -> None:
    tile = keyed_pattern(KEY).tile(encode(7))
    assert tile.shape == (TILE_PX, TILE_PX) and tile.dtype == np.float32
    assert abs(float(tile.mean())) < 1e-5 and float(tile.std()) == pytest.approx(1, abs=1e-4)
    inside = np.abs(np.diff(tile, axis=1)).mean()
    assert np.abs(tile[:, 0] - tile[:, -1]).mean() < 1.3 * inside


@pytest.mark.parametrize("variant", range(VARIANTS))
def test_votes_return_the_signs_of_a_tile_to_its_own_variant_only(variant: int) -> None:
    signs = encode(0xFEED_FACE_CAFE_BEEF)
    pattern = keyed_pattern(KEY)
    votes = pattern.votes(np.fft.fft2(pattern.tile(signs, variant)))
    agree = (np.sign(votes) == signs).mean(axis=1)
    assert agree[variant] == 1.0
    assert np.abs(np.delete(agree, variant) - 0.5).max() < 0.15


def test_shots_take_turns_with_all_variants_in_an_order_of_their_own() -> None:
    orders = {shot_variants(KEY, mark_id) for mark_id in range(40)}
    assert all(sorted(order) == list(range(VARIANTS)) for order in orders)
    assert len(orders) > 10


def test_tiles_of_other_keys_and_ids_are_unrelated() -> None:
    pattern, signs = keyed_pattern(KEY), encode(0x0123_4567_89AB_CDEF)
    one, other = pattern.tile(signs), keyed_pattern(bytes(32)).tile(signs)
    assert abs(float(np.mean(one * other))) < 0.1
    assert float(np.mean(one * pattern.tile(encode(0xFEED_FACE_CAFE_BEEF)))) < 0.4  # 0.2 is the pilot


@given(st.integers(100, 4000), st.integers(100, 4000))
def test_mark_space_keeps_small_pictures_and_the_aspect_of_large_ones(width: int, height: int) -> None:
    across, down = mark_space(width, height)
    if min(width, height) <= 720:
        assert (across, down) == (width, height)
    else:
        assert min(across, down) == 720
        assert across / down == pytest.approx(width / height, rel=1e-3)


def test_keys_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keyed_pattern(b"short")
