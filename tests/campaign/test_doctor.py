"""Each part is broken in turn: the doctor must name it, say the way out, and go on with the rest."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from releases import RELEASE

from countenance.campaign import doctor
from countenance.campaign.backup import backup
from countenance.campaign.doctor import Finding, examine
from countenance.errors import InputError
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.kinds import Outcome, Report
from countenance.jobs.worker import run_due
from countenance.rights.register import withdraw_grant
from countenance.store.blobs import blob_path, put_blob
from countenance.store.passphrase import VARIABLE, protect
from countenance.store.project import Project
from countenance.store.quota import usage
from countenance.store.references import refer


def _of(project: Project, part: str) -> list[Finding]:
    return [one for one in examine(project) if one.part == part]


def test_a_project_in_order_has_nothing_bad_and_every_part_is_looked_at(studio: tuple[Project, Path]) -> None:
    told: list[str] = []
    found = examine(studio[0], told.append)
    assert [one for one in found if one.state == "bad"] == []
    assert list(dict.fromkeys(one.part for one in found)) == told
    assert len(told) == 15


def test_open_keys_are_a_warning_and_sealed_ones_are_not(
    studio: tuple[Project, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = studio
    assert [one.state for one in _of(project, "keys")] == ["warning"]
    monkeypatch.setenv(VARIABLE, "a long enough passphrase")
    protect(project, "a long enough passphrase")
    assert [one.state for one in _of(project, "keys")] == ["good"]


def test_a_key_that_others_may_read_is_named(studio: tuple[Project, Path]) -> None:
    (project, _) = studio
    key = next(project.keys.glob("*.key"))
    key.chmod(0o644)
    assert any(key.name in one.said and "chmod 600" in one.said for one in _of(project, "keys"))


def test_a_changed_release_and_one_that_is_gone_are_told_apart(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    video = project.releases / RELEASE / "video.mp4"
    content = bytearray(video.read_bytes())
    content[len(content) // 2] ^= 1
    video.write_bytes(content)
    changed = _of(project, "releases")
    assert changed[0].state == "bad" and "was changed" in changed[0].said
    shutil.rmtree(video.parent)
    assert "lacks its files" in _of(project, "releases")[0].said


def test_a_forged_ledger_entry_is_found(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    with sqlite3.connect(project.database_path) as connection:
        connection.execute("DROP TRIGGER IF EXISTS ledger_entry_no_update")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE ledger_entry SET actor = 'somebody' WHERE seq = 1")
    (found,) = _of(project, "ledger")
    assert found.state == "bad" and "entry 1" in found.said


def test_a_damaged_database_does_not_hide_the_rest(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    content = bytearray(project.database_path.read_bytes())
    content[2000:60000] = b"\xff" * 58000
    project.database_path.write_bytes(content[:60000])
    found = {one.part: one for one in examine(project)}
    assert found["database"].state == "bad"
    assert found["models"].state == "good" and found["free space"].state in ("good", "warning")


def test_a_clock_behind_the_ledger_is_told_in_minutes(
    studio: tuple[Project, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, _ = studio
    monkeypatch.setattr(doctor, "CLOCK_BEHIND_S", -(10**9))  # as if every clock were behind
    (found,) = _of(project, "clock")
    assert found.state == "bad" and "minutes behind the ledger" in found.said


def test_what_waits_to_be_taken_down_is_a_warning(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    withdraw_grant(project, "ben", "ops", "asked for it")
    (found,) = _of(project, "pull list")
    assert found.state == "warning" and found.said.startswith("1 withdrawn")


def test_a_full_disk_is_bad_and_a_scarce_one_a_warning(
    studio: tuple[Project, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, state in ((10**8, "bad"), (5 * 10**9, "warning"), (10**11, "good")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, free=free: SimpleNamespace(free=free))
        assert [one.state for one in _of(studio[0], "free space")] == [state]


def test_missing_models_are_named(
    studio: tuple[Project, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COUNTENANCE_CACHE", str(tmp_path / "empty"))
    found = _of(studio[0], "models")
    assert {one.state for one in found} == {"bad"}
    assert all("countenance models pull" in one.said for one in found)


def test_a_needed_blob_that_was_changed_and_one_that_is_gone_are_told_apart(
    studio: tuple[Project, Path], tmp_path: Path
) -> None:
    project, _ = studio
    names = []
    for content in ("one", "two"):
        (tmp_path / content).write_text(content, encoding="utf-8")
        names.append(put_blob(project, tmp_path / content))
    refer(project, "evidence", "a form", names)
    assert "2 of them read and true" in _of(project, "blobs")[0].said
    blob_path(project, names[0]).unlink()
    changed = blob_path(project, names[1])
    changed.chmod(0o644)
    changed.write_bytes(b"TWO")
    found = {one.said.split()[1]: one for one in _of(project, "blobs")}
    assert found[names[0]].state == found[names[1]].state == "bad"
    assert "missing from" in found[names[0]].said and "damaged in" in found[names[1]].said


def test_a_quota_that_is_nearly_used_up_is_a_warning(studio: tuple[Project, Path], tmp_path: Path) -> None:
    project, _ = studio
    assert _of(project, "quotas")[0].said == "none set"
    with project.settings_path.open("a", encoding="utf-8") as stream:
        stream.write('\n[quota]\nproject = "100 B"\n')
    for size, state in ((50, "good"), (95, "warning"), (300, "bad")):
        (tmp_path / "form").write_bytes(bytes(size - sum(one.size for one in usage(project))))
        put_blob(project, tmp_path / "form")
        assert [one.state for one in _of(project, "quotas")] == [state], size


def test_a_project_without_a_backup_is_told_to_make_one(studio: tuple[Project, Path], tmp_path: Path) -> None:
    project, _ = studio
    assert _of(project, "backups")[0].state == "warning"
    backup(project, tmp_path / "vault", None, "ops")
    assert _of(project, "backups")[0].state == "good"


def test_a_task_that_was_given_up_is_told(studio: tuple[Project, Path]) -> None:
    def fail(_project: Project, _task: Task, _report: Report) -> Outcome:
        raise InputError("the master is gone; put it back.")

    project, _ = studio
    assert [one.state for one in _of(project, "jobs")] == ["good"]
    submit(project, Job("job", "spring", "ops@example.org", {}), [Task("a", "paint", "test", "paint it")])
    assert [one.state for one in _of(project, "jobs")] == ["warning"]  # nobody takes this queue
    run_due(project, {"paint": fail}, queues=("test",))
    (found,) = _of(project, "jobs")
    assert (found.state, found.said.split(";")[0]) == ("warning", "1 tasks were given up")
