"""Periods after which data goes by itself, what follows from grants that have ended, and what nobody may lose early."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from campaigns import grant
from sqlalchemy import insert, select, update

from countenance.campaign import expiry, retention
from countenance.campaign.forget import forget
from countenance.campaign.periods import own_periods, periods
from countenance.campaign.retention import due, end_permissions, run
from countenance.errors import CountenanceError, InputError
from countenance.jobs.graph import Job, Task, submit
from countenance.jobs.state import jobs_of
from countenance.ledger.log import entries, transaction, verify
from countenance.rights.grants import load_grant
from countenance.rights.pulls import pull_release
from countenance.rights.register import all_grants, record_grant, withdraw_grant
from countenance.store.database import reading, writing
from countenance.store.files import write_bytes, write_json
from countenance.store.holdings import WORK, hold
from countenance.store.project import Project, init_project
from countenance.store.secrets import load_or_create_symmetric
from countenance.store.subjects import has_subject, subject_tag
from countenance.store.tables import release, variant
from countenance.synthesis.facemodel import has_face_model

TODAY = datetime.now(UTC).date()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Let days pass, for whoever asks the house's clock."""

    def pass_days(days: int) -> None:
        for module in (expiry, retention):
            monkeypatch.setattr(module, "today", lambda _project: TODAY + timedelta(days=days))
        monkeypatch.setattr("countenance.synthesis.facemodel.today", lambda _project: TODAY + timedelta(days=days))

    yield pass_days


def allow(project: Project, talent: str, tmp_path: Path, until: date) -> None:
    document = {**grant("ada"), "talent": talent, "valid": {"from": date(2026, 1, 1), "until": until}}
    path = tmp_path / f"{talent}-{until}.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    record_grant(project, load_grant(path), "ops")


def make(project: Project, talent: str, work: str = "render/one") -> Path:
    """A talent with what the product keeps of them: model, key, record, and a folder of work."""
    name = f"face-{subject_tag(project, talent)}"
    load_or_create_symmetric(project, name)
    write_bytes(project.folder / "talents" / f"{name}.model", b"sealed")
    write_json(project.folder / "talents" / f"{talent}.json", {"name": talent, "references": []})
    hold(project, WORK, work, [talent])
    write_bytes(project.work / work / "patches.bin", b"painted")
    return project.work / work


def add_variant(project: Project, name: str, state: str, **values: Any) -> None:
    with writing(project) as connection:
        connection.execute(
            insert(variant).values(
                id=name, job="j", campaign="c", face="keep", language="en", state=state, render={}, review={}, **values
            )
        )


def names(found: list[Any]) -> set[tuple[str, str]]:
    return {(one.kind, one.name) for one in found}


def test_while_a_grant_lasts_nothing_goes(project: Project, tmp_path: Path) -> None:
    allow(project, "zoe", tmp_path, TODAY)
    allow(project, "zoe", tmp_path, TODAY - timedelta(days=9))
    make(project, "zoe")
    assert due(project) == [] and run(project) == []
    assert [entry.kind for entry in entries(project)] == ["consent.granted", "consent.granted"]


def test_models_records_and_pictures_go_with_a_grant_that_has_ended(
    project: Project, tmp_path: Path, later: Callable[[int], None]
) -> None:
    allow(project, "zoe", tmp_path, TODAY + timedelta(days=1))
    allow(project, "kim", tmp_path, TODAY + timedelta(days=99))
    folder, kims = make(project, "zoe"), make(project, "kim", "render/other")
    later(1)
    assert due(project) == []
    later(2)
    wanted = {("face_models", "zoe"), ("talent_records", "zoe"), ("work_without_grant", "render/one")}
    assert names(due(project)) == wanted == names(run(project))
    assert not has_face_model(project, "zoe") and not (project.folder / "talents" / "zoe.json").exists()
    assert not folder.exists()
    assert has_face_model(project, "kim") and kims.exists()
    assert len(all_grants(project)) == 2  # the proof of consent is kept for longer
    last = entries(project)[-1]
    assert (last.kind, last.data["ended"]) == (
        "retention.enforced", {"face_models": 1, "talent_records": 1, "work_without_grant": 1},
    )  # fmt: skip
    assert run(project) == []


def test_they_go_at_once_when_the_last_grant_is_withdrawn(project: Project, tmp_path: Path) -> None:
    for talent, work in (("zoe", "render/one"), ("kim", "render/other")):
        allow(project, talent, tmp_path, TODAY + timedelta(days=30))
        make(project, talent, work)
    hold(project, WORK, "render/one", ["kim"])  # both are in that picture
    assert end_permissions(project, ["zoe", "kim"]) == []
    withdraw_grant(project, "zoe", "zoe", "changed her mind")
    assert end_permissions(project, ["kim"]) == []
    assert names(end_permissions(project, ["zoe", "kim"])) == {
        ("face_models", "zoe"), ("talent_records", "zoe"), ("work_without_grant", "render/one"),
    }  # fmt: skip
    assert has_face_model(project, "kim") and (project.work / "render/other").exists()


def test_a_variant_whose_pictures_go_is_planned_again(project: Project, tmp_path: Path) -> None:
    allow(project, "zoe", tmp_path, TODAY + timedelta(days=30))
    folder = make(project, "zoe")
    add_variant(project, "v1", "in_review")
    request = {"brief": "b", "out": "o"}
    with writing(project) as connection:
        facts = {"folder": str(folder), "passed": True, "request": request}
        connection.execute(update(variant).values(render=facts, review={}))
    withdraw_grant(project, "zoe", "ops", "x")
    end_permissions(project, ["zoe"])
    with reading(project) as connection:
        row = connection.execute(select(variant)).one()
    assert (row.state, row.render) == ("planned", {"request": request})


def test_after_the_time_for_claims_the_person_is_erased_whole(
    project: Project, tmp_path: Path, later: Callable[[int], None]
) -> None:
    allow(project, "zoe", tmp_path, TODAY + timedelta(days=5))
    later(5 + own_periods()["people"].days)
    assert run(project) == []
    later(6 + own_periods()["people"].days)
    assert names(run(project)) == {("people", "zoe")}
    assert all_grants(project) == [] and not has_subject(project, "zoe")
    assert [entry.kind for entry in entries(project)][-2:] == ["person.erased", "retention.enforced"]
    assert verify(project).ok
    later(6 + own_periods()["people"].days + 2000)
    (gone,) = run(project)
    assert gone.kind == "certificates" and not list((project.folder / "certificates").glob("*.*"))


def test_rejected_and_old_work_goes_after_its_days(project: Project, later: Callable[[int], None]) -> None:
    for name in ("rejected", "fresh"):
        write_bytes(project.work / "render" / name / "patches.bin", b"painted")
    add_variant(project, "v1", "rejected")
    with writing(project) as connection:
        connection.execute(
            update(variant).values(
                render={"folder": str(project.work / "render" / "rejected")}, review={"at": f"{TODAY}T10:00:00Z"}
            )
        )
    later(29)
    assert due(project) == []
    later(30)
    assert names(run(project)) == {("rejected", "render/rejected")}
    assert (project.work / "render" / "fresh").exists()
    later(180)
    assert names(due(project)) == {("unused_work", "render/fresh")}
    with reading(project) as connection:
        assert connection.execute(select(variant.c.state)).scalar_one() == "rejected"


def test_the_files_of_a_withdrawn_release_go_and_its_mark_stays(
    project: Project, tmp_path: Path, later: Callable[[int], None]
) -> None:
    package = tmp_path / "out" / "v1"
    for folder in (package, project.releases / "r1"):
        write_bytes(folder / "video.mp4", b"film")
    add_variant(project, "v1", "released")
    with transaction(project) as ledger:
        ledger.connection.execute(
            insert(release).values(
                id="r1",
                variant_id="v1",
                mark_id="ab",
                state="released",
                record={},
                package=str(package),
                released_at="t",
            )
        )  # fmt: skip
        pull_release(ledger, "r1", "consent", "ops")
    later(29)
    assert due(project) == []
    later(30)
    assert names(run(project)) == {("withdrawn_releases", "r1")}
    assert not package.exists() and not (project.releases / "r1").exists()
    with reading(project) as connection:
        assert connection.execute(select(release.c.mark_id, release.c.state)).one() == ("ab", "withdrawn")


def test_records_of_ended_jobs_go_after_a_month(project: Project, later: Callable[[int], None]) -> None:
    submit(project, Job("done", "spring", "ops@example.org", {}), [])
    submit(project, Job("open", "spring", "ops@example.org", {}), [Task("a", "paint", "cpu", "paint it")])
    later(30)
    assert due(project) == [] and len(jobs_of(project)) == 2
    later(31)
    ((kind, name),) = names(due(project))
    assert (kind, name) == ("jobs", "1 ended jobs") and len(jobs_of(project)) == 2
    run(project)
    assert [one.id for one in jobs_of(project)] == ["open"]


def test_an_erasure_that_was_cut_off_is_ended_by_the_job(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(project, "zoe", tmp_path, TODAY + timedelta(days=30))

    def cut(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("countenance.campaign.forget.search", cut)
        with pytest.raises(KeyboardInterrupt):
            forget(project, "zoe", "Dana")
    assert not list((project.folder / "certificates").glob("*"))
    run(project)
    assert len(list((project.folder / "certificates").glob("*.json"))) == 1
    assert [(one.kind, one.actor) for one in entries(project)[-2:]] == [
        ("person.erased", "Dana"), ("retention.enforced", "retention"),
    ]  # fmt: skip


def test_what_cannot_be_ended_now_stops_nothing_else(
    project: Project, tmp_path: Path, later: Callable[[int], None]
) -> None:
    allow(project, "zoe", tmp_path, TODAY)
    write_bytes(project.work / "render" / "one" / "patches.bin", b"painted")
    project.settings_path.write_text(f'{project.settings_path.read_text()}replicas = ["{tmp_path / "away"}"]\n')
    later(5000)
    for _ in range(2):
        with pytest.raises(CountenanceError, match="not in the replica"):
            run(project)
        assert not (project.work / "render" / "one").exists() and all_grants(project) == []
    shutil.copytree(project.root, tmp_path / "away")
    assert ("people", "zoe") in names(run(project))
    assert not has_subject(project, "zoe") and not list((tmp_path / "away").rglob("subject-*.key"))


def test_every_period_has_its_reason_and_is_found() -> None:
    assert set(own_periods()) == set(expiry._FINDERS)
    for one in own_periods().values():
        assert one.days >= 0 and one.reason and one.after and one.what
        assert "Art." in one.basis and not one.changed


def test_a_project_may_have_periods_of_its_own(project: Project, later: Callable[[int], None]) -> None:
    write_bytes(project.work / "render" / "one" / "patches.bin", b"painted")
    (project.folder / "retention.toml").write_text(
        '[[period]]\nkind = "unused_work"\ndays = 7\nreason = "little room"\nbasis = "Art. 5(1)(e)"\n'
    )
    assert (periods(project)["unused_work"].days, periods(project)["unused_work"].changed) == (7, True)
    assert periods(project)["jobs"] == own_periods()["jobs"]
    later(6)
    assert due(project) == []
    later(7)
    assert names(due(project)) == {("unused_work", "render/one")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("period = 3", "must hold"),
        ("[jobs]\ndays = 3", "must hold"),
        ("[[period]\n", "cannot be understood"),
        ('[[period]]\nkind = "jobs"\ndays = 3', "needs basis, days, kind, reason"),
        ('[[period]]\nkind = "job"\ndays = 3\nreason = "x"\nbasis = "y"', "no kind 'job'"),
        ('[[period]]\nkind = "jobs"\ndays = -1\nreason = "x"\nbasis = "y"', "whole number from 0"),
        ('[[period]]\nkind = "jobs"\ndays = true\nreason = "x"\nbasis = "y"', "whole number from 0"),
        ('[[period]]\nkind = "jobs"\ndays = 3\nreason = " "\nbasis = "y"', "a reason and a legal basis"),
    ],
)
def test_periods_that_cannot_be_followed_are_refused(project: Project, text: str, told: str) -> None:
    (project.folder / "retention.toml").write_text(text, encoding="utf-8")
    for call in (periods, due, run):
        with pytest.raises(InputError, match=told):
            call(project)
