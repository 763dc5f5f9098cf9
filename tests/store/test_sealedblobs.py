"""Sealed files open with all their people's keys and as what they are, and with nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import IntegrityError, RightsError
from countenance.store import sealedblobs
from countenance.store.database import writing
from countenance.store.project import Project
from countenance.store.sealedblobs import open_file, seal_file, subject_keys
from countenance.store.tables import subject_key

ONE, TWO = b"1" * 32, b"2" * 32
PIECE = 64  # bytes, instead of a MiB


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealedblobs, "_PIECE_BYTES", PIECE)


def sealed(content: bytes, folder: Path) -> bytes:
    (folder / "plain").write_bytes(content)
    seal_file([ONE, TWO], folder / "plain", folder / "sealed", "perception/abc/tracks.json")
    return (folder / "sealed").read_bytes()


def opened(content: bytes, folder: Path, keys: tuple[bytes, ...] = (ONE, TWO), name: str = "tracks.json") -> bytes:
    (folder / "again").write_bytes(content)
    open_file(keys, folder / "again", folder / "opened", f"perception/abc/{name}")
    return (folder / "opened").read_bytes()


# From nothing to several pieces, and the lengths at which a piece is just full.
@given(st.binary(max_size=5 * PIECE) | st.sampled_from([bytes(count * PIECE) for count in range(4)]))
def test_what_was_sealed_opens_as_it_was(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert opened(sealed(content, Path(folder)), Path(folder)) == content


@given(st.integers(0, 3 * PIECE), st.data())
def test_whatever_is_changed_cut_off_added_or_swapped_is_found(size: int, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        content = sealed(bytes(size), Path(folder))
        at = data.draw(st.integers(0, len(content) - 1))
        changed = bytearray(content)
        changed[at] ^= 1
        for wrong in (bytes(changed), content[:at], content + b"x", content[: at + 1] + content[at:]):
            with pytest.raises(IntegrityError):
                opened(wrong, Path(folder))
            assert not (Path(folder) / "opened").exists()


def test_pieces_do_not_change_places(tmp_path: Path) -> None:
    content = sealed(bytes(3 * PIECE), tmp_path)
    head, piece = 22, PIECE + 16
    swapped = content[:head] + content[head + piece : head + 2 * piece] + content[head : head + piece]
    with pytest.raises(IntegrityError):
        opened(swapped + content[head + 2 * piece :], tmp_path)
    with pytest.raises(IntegrityError):  # a whole piece less at the end
        opened(content[: head + 2 * piece], tmp_path)


@pytest.mark.parametrize("keys", [(ONE,), (TWO,), (TWO, ONE), (), (ONE, TWO, ONE)])
def test_with_any_of_the_people_missing_it_does_not_open(tmp_path: Path, keys: tuple[bytes, ...]) -> None:
    content = sealed(b"both of them", tmp_path)
    with pytest.raises(IntegrityError):
        opened(content, tmp_path, keys)
    with pytest.raises(IntegrityError):
        opened(content, tmp_path, name="another.json")


def test_the_same_content_never_looks_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert sealed(b"x" * 99, tmp_path) != sealed(b"x" * 99, tmp_path / "a")


def test_everybody_has_a_key_that_is_sealed_and_gone_for_good_when_it_is_destroyed(project: Project) -> None:
    with pytest.raises(RightsError, match="destroyed"):
        subject_keys(project, ["a" * 32])
    one, two = subject_keys(project, ["b" * 32, "a" * 32], make=True)
    assert one != two and subject_keys(project, ["a" * 32, "b" * 32]) == [one, two]
    assert one not in project.database_path.read_bytes()
    with writing(project) as connection:
        connection.execute(subject_key.delete().where(subject_key.c.subject == "a" * 32))
    with pytest.raises(RightsError, match="destroyed"):
        subject_keys(project, ["a" * 32, "b" * 32])
    assert subject_keys(project, ["a" * 32], make=True) != [one]
