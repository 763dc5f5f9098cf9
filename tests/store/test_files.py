from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from countenance.errors import InputError
from countenance.store.files import atomic_path, locked, read_json, sha256_file, sweep, write_json


def test_a_file_is_named_by_the_sha256_of_its_bytes(tmp_path: Path) -> None:
    content = b"countenance" * 300_000  # more than one chunk
    (tmp_path / "a.bin").write_bytes(content)
    assert sha256_file(tmp_path / "a.bin") == hashlib.sha256(content).hexdigest()


def test_hashing_what_is_not_there_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.bin cannot be read"):
        sha256_file(tmp_path / "missing.bin")


def test_the_final_name_appears_only_when_the_block_succeeds(tmp_path: Path) -> None:
    final = tmp_path / "new" / "video.mp4"
    with atomic_path(final) as temporary:
        temporary.write_bytes(b"whole")
        assert not final.exists()
        assert (temporary.parent, temporary.suffix) == (final.parent, ".mp4")
    assert final.read_bytes() == b"whole"
    assert list(final.parent.iterdir()) == [final]


def test_an_error_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    final = tmp_path / "video.mp4"
    final.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), atomic_path(final) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert final.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [final]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "video.mp4"):
        pass


def test_json_comes_back_as_it_was_and_reads_well(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    write_json(path, {"b": "Größe", "a": [1, None]})
    assert read_json(path) == {"a": [1, None], "b": "Größe"}
    assert path.read_text(encoding="utf-8").splitlines()[1].startswith('  "a"')
    assert "Größe" in path.read_text(encoding="utf-8")


def test_json_without_a_value_for_not_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_json(tmp_path / "qc.json", {"figure": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"{", b"\xff", b""])
def test_what_is_not_json_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.json is not valid JSON"):
        read_json(tmp_path / "x.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_json(tmp_path / "y.json")


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    lock = tmp_path / "locks" / "a.lock"
    with pytest.raises(ZeroDivisionError), locked(lock):
        raise ZeroDivisionError
    with locked(lock):
        pass


def test_what_a_killed_run_left_behind_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    for name in (".video.0123456789ab.mp4", ".release.0123456789ab.json", ".raw.0123456789ab"):
        (tmp_path / name).write_bytes(b"half")
    kept = {"video.mp4", ".gitignore", ".video.mp4", "0123456789ab.mp4"}
    for name in kept:
        (tmp_path / name).write_bytes(b"whole")
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept
    sweep(tmp_path / "absent")
