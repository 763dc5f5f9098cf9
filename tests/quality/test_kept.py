from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from countenance.errors import CountenanceError
from countenance.quality.kept import Kept, read_kept, stacked, write_kept

PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
ARRAYS = arrays.arrays(
    st.sampled_from([np.dtype("u1"), np.dtype("f4"), np.dtype("f8")]), arrays.array_shapes(min_dims=0, min_side=0)
)
NAMES = st.text(st.characters(categories=["Ll"]), min_size=1, max_size=4).map(lambda name: f"{name}_")
KEPT = st.dictionaries(
    NAMES,
    st.recursive(PLAIN | ARRAYS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)),
    max_size=4,
)


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other and type(one) is type(other)


@given(KEPT)
def test_what_is_kept_comes_back_bit_for_bit(kept: Kept) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kept.npz"
        write_kept(path, kept)
        first = path.read_bytes()
        assert same(read_kept(path), kept)
        write_kept(path, kept)
        assert path.read_bytes() == first


@pytest.mark.parametrize("content", [b"", b"PK no zip", b"\x93NUMPY no array"])
def test_a_file_that_holds_nothing_of_the_kind_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kept.npz"
    path.write_bytes(content)
    with pytest.raises(CountenanceError, match=r"kept.npz holds no measurements"):
        read_kept(path)


def test_other_archives_and_files_that_are_gone_are_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", told=np.frombuffer(b"[1]", np.uint8))
    np.savez(tmp_path / "pickled.npz", told=np.array([{}]))
    for name in ("other", "pickled", "gone"):
        with pytest.raises(CountenanceError, match=f"{name}.npz holds no measurements"):
            read_kept(tmp_path / f"{name}.npz")


def test_of_no_arrays_there_is_an_empty_one() -> None:
    assert len(stacked([])) == 0 and stacked([np.ones(2), np.zeros(2)]).shape == (2, 2)
