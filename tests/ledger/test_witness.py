from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import append, transaction, verify
from countenance.ledger.note import cosigned_at, open_checkpoint, read_key
from countenance.ledger.proof import log_key_of
from countenance.ledger.shelf import Folder
from countenance.ledger.tiles import export
from countenance.ledger.witness import Witnessed, witness
from countenance.ledger.witnessed import keep_witnessed, kept
from countenance.store.project import Project, init_project

NOW = 1_800_000_000


def fill(project: Project, actor: str, count: int) -> None:
    with transaction(project) as ledger:
        for n in range(count):
            ledger.append("render.finished", actor, {"n": n})


class Studio:
    """A project, its export, and a witness on a machine of its own."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.shelf = Folder(folder / "exported")
        self.state = folder / "witness"
        self.add(3)

    def add(self, count: int) -> None:
        fill(self.project, "worker", count)
        export(self.project, self.shelf)

    def look(self, now_s: int = NOW) -> Witnessed:
        return witness(self.shelf, self.state, "auditor", log_key_of(self.project).text(), now_s)


@pytest.fixture
def studio(project: Project, tmp_path: Path) -> Studio:
    return Studio(project, tmp_path)


def test_a_witness_signs_what_goes_on_from_what_it_saw(studio: Studio) -> None:
    first = studio.look()
    assert (first.checkpoint.size, first.new_entries) == (3, 3)
    studio.add(300)
    second = studio.look(NOW + 60)
    assert (second.checkpoint.size, second.new_entries) == (303, 300)
    assert open_checkpoint(second.note, log_key_of(studio.project)) == second.checkpoint
    assert cosigned_at(second.note, read_key((studio.state / "witness.vkey").read_text())) == NOW + 60
    assert studio.look(NOW + 120).new_entries == 0
    assert stat.S_IMODE((studio.state / "key.pem").stat().st_mode) == 0o600


def test_a_witness_must_be_told_whose_ledger_it_watches(studio: Studio) -> None:
    with pytest.raises(InputError, match="--log-key"):
        witness(studio.shelf, studio.state)
    assert not studio.state.exists()
    studio.look()
    assert witness(studio.shelf, studio.state, now_s=NOW).new_entries == 0
    other = init_project(studio.state.parent / "other")
    with pytest.raises(InputError, match="under another key"):
        witness(studio.shelf, studio.state, log=log_key_of(other).text())
    with pytest.raises(IntegrityError, match="not of"):
        witness(studio.shelf, studio.state.parent / "new", log=log_key_of(other).text())
    assert not (studio.state.parent / "new").exists()


def test_a_fork_by_who_holds_the_key_is_found_at_its_first_entry(studio: Studio, tmp_path: Path) -> None:
    shutil.copytree(studio.project.root, tmp_path / "fork")
    studio.add(300)
    studio.look()
    fork = Project(tmp_path / "fork")
    fill(fork, "forger", 400)
    export(fork, other := Folder(tmp_path / "forked"))
    assert verify(fork).ok  # in itself it is sound
    before = (studio.state / "checkpoint").read_bytes()
    with pytest.raises(IntegrityError, match=r"entry 4 is not the one that was seen before"):
        witness(other, studio.state, now_s=NOW)
    assert (studio.state / "checkpoint").read_bytes() == before
    assert studio.look().new_entries == 0


def test_a_shorter_ledger_is_not_signed(studio: Studio, tmp_path: Path) -> None:
    shutil.copytree(studio.project.root, tmp_path / "old")
    studio.add(2)
    studio.look()
    export(Project(tmp_path / "old"), old := Folder(tmp_path / "set-back"))
    with pytest.raises(IntegrityError, match="3 entries, but 5 were seen before: it was cut off after entry 3"):
        witness(old, studio.state, now_s=NOW)


def test_a_shorter_fork_is_told_as_one(studio: Studio, tmp_path: Path) -> None:
    shutil.copytree(studio.project.root, tmp_path / "fork")
    studio.add(4)
    studio.look()
    append(Project(tmp_path / "fork"), "render.started", "worker", {})
    export(Project(tmp_path / "fork"), other := Folder(tmp_path / "forked"))
    with pytest.raises(IntegrityError, match="forked before entry 5"):
        witness(other, studio.state, now_s=NOW)


def test_tiles_that_do_not_fit_the_checkpoint_are_not_signed(studio: Studio) -> None:
    studio.look()
    studio.add(2)
    tile = studio.shelf.path / "tile/0/000.p/5"
    raw = tile.read_bytes()
    tile.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(IntegrityError, match="tiles after entry 3"):
        studio.look()
    tile.write_bytes(raw[:-32])
    with pytest.raises(IntegrityError, match=r"entries 1 to 5.*missing or cut off"):
        studio.look()


def test_a_clock_that_was_set_back_signs_nothing(studio: Studio) -> None:
    studio.look()
    studio.add(1)
    with pytest.raises(IntegrityError, match="clock shows"):
        studio.look(NOW - 3600)
    assert cosigned_at(studio.look(NOW - 10).note, read_key((studio.state / "witness.vkey").read_text())) == NOW


@pytest.mark.parametrize("file", ["key.pem", "witness.vkey", "log.vkey", "checkpoint", "leaves"])
def test_a_changed_or_lost_file_of_the_witness_is_named(studio: Studio, file: str) -> None:
    studio.look()
    path = studio.state / file
    raw = path.read_bytes()
    path.write_bytes(raw[:40] + bytes([raw[40] ^ 1]) + raw[41:])
    with pytest.raises(IntegrityError, match=f"{file} in .*was changed"):
        witness(studio.shelf, studio.state, now_s=NOW)
    path.unlink()
    with pytest.raises(IntegrityError, match=f"{file} is missing"):
        witness(studio.shelf, studio.state, now_s=NOW)


def test_a_run_that_was_killed_before_it_signed_is_harmless(studio: Studio) -> None:
    studio.look()
    studio.add(5)
    seen = (studio.state / "checkpoint").read_bytes()
    studio.look()
    (studio.state / "checkpoint").write_bytes(seen)  # the leaves were written, the signature was not
    assert studio.look().new_entries == 5


def _tell(studio: Studio, seen: Witnessed) -> None:
    keep_witnessed(studio.project, seen.note, log_key_of(studio.project), seen.witness)


def test_a_project_that_knows_its_witness_cannot_be_set_back(studio: Studio, tmp_path: Path) -> None:
    shutil.copytree(studio.project.folder, tmp_path / "before")
    studio.add(2)
    _tell(studio, studio.look())
    assert verify(studio.project).ok
    witnesses = studio.project.folder / "witnesses"
    shutil.copytree(witnesses, tmp_path / "before" / "witnesses")
    shutil.rmtree(studio.project.folder)
    shutil.copytree(tmp_path / "before", studio.project.folder)
    report = verify(studio.project)
    assert (report.ok, report.count) == (False, 3)
    assert "its witness auditor names 5: the end was cut off" in str(report.problem)
    for _ in range(4):
        append(studio.project, "render.started", "forger", {})
    assert "auditor has seen 5 other entries" in str(verify(studio.project).problem)


def test_a_witness_that_was_set_back_is_reminded_of_its_own_signature(studio: Studio, tmp_path: Path) -> None:
    studio.look()
    shutil.copytree(studio.state, tmp_path / "old-state")
    studio.add(2)
    _tell(studio, studio.look(NOW + 60))
    export(studio.project, studio.shelf)
    assert studio.look(NOW + 60).new_entries == 0
    with pytest.raises(IntegrityError, match="has signed 5 entries, but its own files know 3"):
        witness(studio.shelf, tmp_path / "old-state", now_s=NOW + 120)


def test_a_witness_note_that_was_changed_is_named(studio: Studio) -> None:
    seen = studio.look()
    _tell(studio, seen)
    assert [one.checkpoint for one in kept(studio.project, log_key_of(studio.project))] == [seen.checkpoint]
    note = studio.project.folder / "witnesses" / "auditor.checkpoint"
    note.write_text(note.read_text().replace("\n3\n", "\n2\n"))
    report = verify(studio.project)
    assert not report.ok
    assert "witness's note" in str(report.problem)


def test_only_the_newest_note_of_a_known_witness_is_kept(studio: Studio, tmp_path: Path) -> None:
    old = studio.look()
    studio.add(1)
    _tell(studio, studio.look())
    with pytest.raises(IntegrityError, match="has seen 4 entries already"):
        _tell(studio, old)
    impostor = witness(studio.shelf, tmp_path / "other", "auditor", log_key_of(studio.project).text(), NOW)
    with pytest.raises(IntegrityError, match="under another key"):
        _tell(studio, impostor)
