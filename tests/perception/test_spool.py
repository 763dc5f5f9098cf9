from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from countenance.perception.spool import Spool, Table


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 200])
def test_rows_are_read_as_they_were_appended(count: int, closed: bool) -> None:
    rows = np.random.default_rng(count).random((count, 7), np.float32)
    with Spool() as spool:
        table, other = Table(spool, 7), Table(spool, 3)
        for row in rows:
            table.append(row)
            other.append(row[:3])
        if closed:
            table.close()
        assert len(table) == count
        for start, stop in ((0, count), (count // 2, count), (count // 3, count // 2), (count, count)):
            assert np.array_equal(table.read(start, stop), rows[start:stop])
            assert np.array_equal(other.read(start, stop), rows[start:stop, :3])


def test_the_file_has_no_name_and_nothing_is_left(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        table = Table(spool, 2)
        for _ in range(100):
            table.append(np.ones(2, np.float32))
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_few_rows_are_held_in_memory() -> None:
    with Spool() as spool:
        table = Table(spool, 5)
        for number in range(1000):
            table.append(np.full(5, number, np.float32))
            assert len(table._fresh) < 32
