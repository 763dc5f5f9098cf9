"""Where copies of a project lie, and removing data so that it is gone from files and databases."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from countenance.errors import CountenanceError, InputError
from countenance.store import shred
from countenance.store.database import reading
from countenance.store.files import write_bytes
from countenance.store.holdings import VARIANT, WORK, Holding, held_of, hold, known_names
from countenance.store.project import Project, init_project
from countenance.store.replicas import own_place, replicas
from countenance.store.shred import destroy_key, overwrite_with, rebuild, remove, sqlite, sweep_removed, tables_of
from countenance.store.subjects import subject_tag


def name_replicas(project: Project, text: str) -> None:
    project.settings_path.write_text(f"{project.settings_path.read_text()}replicas = {text}\n", encoding="utf-8")


def test_a_replica_is_a_copy_of_the_root_or_of_the_folder_itself(project: Project, tmp_path: Path) -> None:
    assert replicas(project) == ([], [])
    whole, bare, away = tmp_path / "whole", tmp_path / "bare", tmp_path / "away"
    shutil.copytree(project.root, whole)
    shutil.copytree(project.folder, bare)
    name_replicas(project, f'["../whole", "{bare}", "{away}"]')
    here, missing = replicas(project)
    assert [one.folder for one in here] == [whole / ".countenance", bare]
    assert [one.searched for one in here] == [whole, bare]
    assert missing == [away]
    assert own_place(project).searched is None  # the studio's own folders are never walked through


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('"one"', "must be a list of folders"),
        ('[""]', "must be a list of folders"),
        ("[3]", "must be a list of folders"),
        ('["."]', "is the project itself"),
        ('["../empty"]', "is no replica of this project"),
        ('["../other"]', "is a replica of another project"),
        ('["../broken"]', "cannot be understood"),
    ],
)
def test_a_folder_that_is_no_replica_is_refused(project: Project, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "empty").mkdir()
    init_project(tmp_path / "other")
    write_bytes(tmp_path / "broken" / "settings.toml", b"project_id = ")
    name_replicas(project, text)
    with pytest.raises(InputError, match=told):
        replicas(project)


def test_nobody_finds_half_of_a_removed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work" / "one"
    write_bytes(folder / "deep" / "file", b"x")

    def cut(_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("countenance.store.shred.shutil.rmtree", cut)
        with pytest.raises(KeyboardInterrupt):
            remove(folder)
    assert not folder.exists() and len(list(folder.parent.iterdir())) == 1
    sweep_removed(folder.parent)
    assert list(folder.parent.iterdir()) == []
    remove(folder)  # it is gone already


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    write_bytes(tmp_path / "studio" / "footage.mp4", b"x")
    (tmp_path / "link").symlink_to(tmp_path / "studio")
    remove(tmp_path / "link")
    assert (tmp_path / "studio" / "footage.mp4").is_file() and not (tmp_path / "link").is_symlink()


def test_a_key_is_overwritten_where_it_lay(tmp_path: Path) -> None:
    key, other = tmp_path / "mark.key", tmp_path / "same"
    key.write_bytes(b"secret" * 5)
    other.hardlink_to(key)  # shows what becomes of the old bytes
    destroy_key(key)
    assert not key.exists() and b"secret" not in other.read_bytes() and other.stat().st_size == 30
    destroy_key(key)
    key.write_bytes(b"secret" * 5)
    key.chmod(0o600)
    other.unlink()
    other.hardlink_to(key)
    overwrite_with(key, b"sealed")
    assert key.read_bytes() == b"sealed" and key.stat().st_mode & 0o777 == 0o600
    assert b"secret" not in other.read_bytes()


def test_a_rebuilt_database_keeps_nothing_of_what_was_deleted(project: Project) -> None:
    path = project.folder / "jobs.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE note (text)")
    connection.executemany("INSERT INTO note VALUES (?)", [(f"quillfeather {'x' * 3000} {n}",) for n in range(50)])
    connection.execute("DELETE FROM note WHERE text NOT LIKE '%0'")
    connection.execute("UPDATE note SET text = 'kept'")

    def raw() -> bytes:
        return b"".join(one.read_bytes() for one in sorted(path.parent.glob("jobs.db*")))

    assert b"quillfeather" in raw()
    rebuild(project, own_place(project))
    assert b"quillfeather" not in raw()
    assert connection.execute("SELECT count(*) FROM note").fetchone() == (5,)
    connection.close()


def test_a_database_in_use_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shred, "_PATIENCE_S", 0.2)
    connection = sqlite3.connect(project.database_path, isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("SELECT * FROM grant_record").fetchall()
    with sqlite(project.database_path) as writer:
        assert "grant_record" in tables_of(writer)
        writer.execute("CREATE TABLE something (text)")
    with pytest.raises(CountenanceError, match="repeat the command"):
        rebuild(project, own_place(project))
    connection.close()
    rebuild(project, own_place(project))


def test_whose_data_lies_where_is_noted_once_and_without_names(project: Project) -> None:
    for _ in range(2):
        hold(project, VARIANT, "v1", ["zoe", "kim"])
        hold(project, WORK, "render/one", ["zoe"])
    hold(project, WORK, "render/one", ["kim"])
    with reading(project) as connection:
        assert held_of(connection, subject_tag(project, "zoe")) == [
            Holding(VARIANT, "v1"), Holding(WORK, "render/one"),
        ]  # fmt: skip
        assert held_of(connection, subject_tag(project, "kim")) == held_of(connection, subject_tag(project, "zoe"))
        assert held_of(connection, subject_tag(project, "nobody")) == []
        assert known_names(connection, WORK) == {"render/one"}
    assert not any(b"zoe" in one.read_bytes() for one in project.folder.glob("countenance.db*"))
