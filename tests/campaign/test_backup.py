"""Backups are taken, damaged, interrupted and restored: on SQLite and PostgreSQL, from a folder and from a bucket."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from buckets import allow, client_of, new_bucket, project_in_bucket, s3_server
from campaigns import grant
from sqlalchemy import insert, select, update

from countenance.campaign import backup as module
from countenance.campaign.backup import ENTRY, backup, backup_places, check_backup
from countenance.campaign.forget import forget
from countenance.campaign.restore import restore
from countenance.campaign.vault import Vault
from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import append, entries, verify
from countenance.rights.grants import load_grant
from countenance.rights.register import record_grant
from countenance.store.blobs import check_blob, put_blob
from countenance.store.database import reading, writing
from countenance.store.holdings import VARIANT, WORK, hold
from countenance.store.project import Project, init_project
from countenance.store.references import refer
from countenance.store.results import bring, share
from countenance.store.tables import blob, release, variant

PASSPHRASE = "nine green bottles"
ULID = "01HZZZZZZZZZZZZZZZZZZZZZZ"


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def databases(postgresql_server: str, request: pytest.FixtureRequest) -> Callable[[], str | None]:
    """A maker of empty databases of the kind that the test is run with."""
    from postgres import new_database

    return (lambda: new_database(postgresql_server)) if request.param == "postgresql" else lambda: None


both = pytest.mark.parametrize("databases", ["sqlite", "postgresql"], indirect=True)


def lived_in(project: Project, tmp_path: Path) -> Project:
    """Grants with evidence, a release, a variant that waits for its decision, and settings of the studio's own."""
    (tmp_path / "form").mkdir(exist_ok=True)
    for name in ("ada", "quillfeather"):
        (tmp_path / "form" / f"{name}.pdf").write_bytes(f"signed by {name}".encode() * 99)
        document = {**grant("ada"), "talent": name, "evidence": [f"{name}.pdf"]}
        path = tmp_path / "form" / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        recorded = record_grant(project, load_grant(path), "ops")
        refer(project, "evidence", recorded.id, [put_blob(project, tmp_path / "form" / f"{name}.pdf")])
    folder = project.work / "render" / "abc"
    folder.mkdir(parents=True)
    (folder / "qc.html").write_text("figures", encoding="utf-8")
    (project.releases / f"{ULID}R").mkdir()
    (project.releases / f"{ULID}R" / "video.mp4").write_bytes(b"film" * 9999)
    (project.folder / "retention.toml").write_text("", encoding="utf-8")
    hold(project, WORK, "render/abc", ["ada"])
    hold(project, VARIANT, f"{ULID}R", ["quillfeather"])
    with writing(project) as connection:
        for name, state, render in (("V", "in_review", {"folder": str(folder)}), ("R", "released", {"ä": [1.5, None]})):
            connection.execute(
                insert(variant).values(
                    id=f"{ULID}{name}", job="j", campaign="c", face="f", language="en", state=state, render=render
                )
            )
        connection.execute(
            insert(release).values(
                id=f"{ULID}R", variant_id=f"{ULID}R", mark_id="m", state="released", record={"a": {"b": "c"}},
                package="", released_at="2026-01-01",
            )
        )  # fmt: skip
        connection.execute(update(variant).where(variant.c.id == f"{ULID}V").values(review=sa.null()))
    return project


def rows(project: Project) -> dict[str, list[str]]:
    with reading(project) as connection:
        return {
            name: sorted(repr(tuple(row)) for row in connection.execute(sa.text(f'SELECT * FROM "{name}"')))
            for name in sa.inspect(connection).get_table_names()
        }


@both
def test_what_comes_back_is_what_was_there(databases: Callable[[], str | None], tmp_path: Path) -> None:
    project = lived_in(init_project(tmp_path / "studio", database=databases()), tmp_path)
    before = rows(project)
    done = backup(project, tmp_path / "vault", PASSPHRASE, "ops")
    assert (done.missing, done.blobs, done.keys) == ([], 2, True)
    assert check_backup(tmp_path / "vault")[0] == done.snapshot
    shutil.rmtree(project.root)
    made = restore(tmp_path / "vault", tmp_path / "new", PASSPHRASE, "ops", database=databases())
    again = made.project
    assert made.entries == len(before["ledger_entry"]) and verify(again).ok
    assert entries(again)[-1].data["snapshot"] == done.snapshot
    found = rows(again)
    for table in set(before) - {"ledger_entry", "ledger_head", "variant"}:
        assert found[table] == before[table], table
    assert found["ledger_entry"][: len(before["ledger_entry"])] == before["ledger_entry"]
    with reading(again) as connection:
        waiting, released = connection.execute(select(variant).order_by(variant.c.state)).all()
    assert (waiting.state, waiting.review) == ("in_review", None)
    assert (Path(waiting.render["folder"]) / "qc.html").read_text(encoding="utf-8") == "figures"
    assert Path(waiting.render["folder"]).is_relative_to(again.folder)
    assert released.render == {"ä": [1.5, None]}
    assert (again.releases / f"{ULID}R" / "video.mp4").read_bytes() == b"film" * 9999
    with reading(again) as connection:
        kept = connection.execute(select(blob.c.sha256)).scalars().all()
    assert {check_blob(again, one).read_bytes()[:9] for one in kept} == {b"signed by"} and len(kept) == 2
    assert not list((tmp_path / "new").glob(".restoring*"))


@both
def test_who_was_erased_after_the_backup_does_not_come_back(
    databases: Callable[[], str | None], tmp_path: Path
) -> None:
    project = lived_in(init_project(tmp_path / "studio", database=databases()), tmp_path)
    backup(project, tmp_path / "vault", PASSPHRASE, "ops")
    assert [one.erased_since for one in backup_places(project)] == [0]
    forget(project, "quillfeather", "ops")
    assert [one.erased_since for one in backup_places(project)] == [1]
    with pytest.raises(InputError, match="erased since"):
        restore(tmp_path / "vault", tmp_path / "bare", None, "ops")
    made = restore(tmp_path / "vault", tmp_path / "new", PASSPHRASE, "ops", database=databases())
    assert made.erased == 1 and verify(made.project).ok
    naming = {table for table, found in rows(made.project).items() if "quillfeather" in repr(found)}
    assert naming == set() and "ada" in repr(rows(made.project)["grant_record"])
    told = [path for path in made.project.folder.rglob("*") if path.is_file() and b"quillfeather" in path.read_bytes()]
    assert told == []
    assert not (made.project.releases / f"{ULID}R").exists()
    # The next backup is the last of what the older ones knew.
    done = backup(project, tmp_path / "vault", PASSPHRASE, "ops")
    assert len(done.dropped) == 1
    left = [path for path in (tmp_path / "vault").rglob("*") if path.is_file() and b"quillfeather" in path.read_bytes()]
    assert left == []


def test_a_second_backup_copies_only_what_is_new(tmp_path: Path) -> None:
    project = lived_in(init_project(tmp_path / "studio"), tmp_path)
    first = backup(project, tmp_path / "vault", None, "ops")
    (project.releases / "more").mkdir()
    (project.releases / "more" / "video.mp4").write_bytes(b"another film")
    second = backup(project, tmp_path / "vault", None, "ops")
    # The film, the list of backups' entry in the ledger with its head and checkpoint; nothing of what was there.
    assert second.new <= 5 and first.files + 1 <= second.files <= first.files + 2
    assert first.new_bytes > 9999 * 4 > second.new_bytes


def test_only_the_last_snapshots_stay_and_with_them_what_they_need(tmp_path: Path) -> None:
    project = lived_in(init_project(tmp_path / "studio"), tmp_path)
    path = project.releases / "passing.bin"
    for content in (b"one", b"two", b"three"):
        path.write_bytes(content)
        backup(project, tmp_path / "vault", None, "ops", keep=2)
    vault = Vault(tmp_path / "vault")
    assert len(vault.snapshots()) == 2
    contents = {one.read_bytes() for one in (vault.folder / "objects").rglob("*") if one.is_file()}
    assert contents & {b"one", b"two", b"three"} == {b"two", b"three"}
    for name in vault.snapshots():
        check_backup(vault.folder, name)


def test_keys_are_in_it_under_the_passphrase_only(tmp_path: Path) -> None:
    project = lived_in(init_project(tmp_path / "studio"), tmp_path)
    backup(project, tmp_path / "vault", PASSPHRASE, "ops")
    contents = [path.read_bytes() for path in (tmp_path / "vault").rglob("*") if path.is_file()]
    for key in project.keys.glob("*.*"):
        if key.suffix in (".key", ".pem"):
            assert not any(key.read_bytes() in content for content in contents)
    with pytest.raises(InputError, match="does not open"):
        restore(tmp_path / "vault", tmp_path / "new", "another passphrase", "ops")
    assert not (tmp_path / "new" / ".countenance").exists()
    with pytest.raises(InputError, match="at least"):
        backup(project, tmp_path / "vault", "short", "ops")


@pytest.mark.parametrize("what", ["objects", "snapshots"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(tmp_path: Path, what: str) -> None:
    project = lived_in(init_project(tmp_path / "studio"), tmp_path)
    backup(project, tmp_path / "vault", PASSPHRASE, "ops")
    path = max(
        (one for one in (tmp_path / "vault" / what).rglob("*") if one.is_file()), key=lambda one: one.stat().st_size
    )
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="changed"):
        check_backup(tmp_path / "vault")
    with pytest.raises(IntegrityError, match="changed"):
        restore(tmp_path / "vault", tmp_path / "new", PASSPHRASE, "ops")
    assert list((tmp_path / "new").glob("*")) == [] if (tmp_path / "new").exists() else True


def test_a_ledger_that_was_forged_is_not_restored(tmp_path: Path) -> None:
    project = lived_in(init_project(tmp_path / "studio"), tmp_path)
    with sqlite3.connect(project.database_path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE ledger_entry SET actor = 'somebody' WHERE seq = 1")
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "append", lambda *_given: None)  # the project itself would notice
        backup(project, tmp_path / "vault", PASSPHRASE, "ops")
    with pytest.raises(IntegrityError, match="does not prove itself"):
        restore(tmp_path / "vault", tmp_path / "new", PASSPHRASE, "ops")
    assert not (tmp_path / "new" / ".countenance").exists()


def test_a_backup_that_is_cut_off_leaves_the_one_before_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = lived_in(init_project(tmp_path / "studio"), tmp_path)
    first = backup(project, tmp_path / "vault", None, "ops")
    append(project, "render.started", "worker", {})

    def killed(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_blobs", killed)
        with pytest.raises(KeyboardInterrupt):
            backup(project, tmp_path / "vault", None, "ops")
    assert check_backup(tmp_path / "vault")[0] == first.snapshot
    assert backup(project, tmp_path / "vault", None, "ops").snapshot > first.snapshot


def test_places_that_cannot_serve_are_refused(tmp_path: Path) -> None:
    project, other = init_project(tmp_path / "studio"), init_project(tmp_path / "other")
    backup(project, tmp_path / "vault", None, "ops")
    for target, words in (
        (project.folder / "x", "within the project"),
        (tmp_path, "not empty"),
    ):
        with pytest.raises(InputError, match=words):
            backup(project, target, None, "ops")
    with pytest.raises(InputError, match="another project"):
        backup(other, tmp_path / "vault", None, "ops")
    with pytest.raises(InputError, match="a project already"):
        restore(tmp_path / "vault", tmp_path / "other", None, "ops")
    with pytest.raises(InputError, match="no snapshot"):
        restore(tmp_path / "vault", tmp_path / "new", None, "ops", snapshot="nonsense")
    with pytest.raises(InputError, match="has no keys"):
        restore(tmp_path / "vault", tmp_path / "new", PASSPHRASE, "ops")
    assert restore(tmp_path / "vault", tmp_path / "new", None, "ops").entries is None
    assert entries(project)[-1].kind == ENTRY


def test_from_a_bucket_it_comes_back_into_a_folder_with_its_work(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch)
    client = client_of(s3_url)
    bucket = new_bucket(client)
    client.close()
    project = lived_in(
        project_in_bucket(tmp_path / "studio", s3_url, bucket, more='replicas = [\n  "/mnt/x",\n]\n'), tmp_path
    )
    share(project, "render/abc", project.work / "render" / "abc", ["ada"])
    backup(project, tmp_path / "vault", PASSPHRASE, "ops")
    made = restore(tmp_path / "vault", tmp_path / "new", PASSPHRASE, "ops").project
    settings = made.settings_path.read_text(encoding="utf-8")
    assert "s3://" not in settings and "/mnt/x" not in settings and "[s3]" in settings
    assert (made.work / "render" / "abc" / "qc.html").read_text(encoding="utf-8") == "figures"
    assert bring(made, "render/abc")
