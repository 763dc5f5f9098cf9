from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from outside import add_settings, release_id, released, sink_text, variant_id
from stores import Store, store

from countenance.campaign.errand_kinds import ERRANDS
from countenance.campaign.sites import publish_site
from countenance.campaign.withdrawing import withdraw_release
from countenance.errors import InputError, RightsError
from countenance.jobs.runner import run_job
from countenance.jobs.state import job_state
from countenance.jobs.worker import run_due
from countenance.ledger.log import entries
from countenance.rights.pulls import pull_list
from countenance.store.placements import placements
from countenance.store.project import Project, init_project

BASE = "https://example.org/espresso/"
DEADLINE_S = 60


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path / "studio")
    for number, (language, face) in enumerate([("de", "keep"), ("en", "keep"), ("de", "ben")], start=1):
        released(made, tmp_path / "out", number, language=language, face=face, film_bytes=5000)
    return made


@pytest.fixture
def web(project: Project, tmp_path: Path) -> Iterator[Store]:
    with store(tmp_path / "web", needs_parents=True) as running:
        add_settings(project, sink_text("web", "webdav", running.url))
        yield running


def everything(web: Store) -> str:
    return "\n".join((web.folder / name).read_text(errors="replace") for name in web.files())


def test_a_site_is_sent_below_its_path_with_the_map_last(project: Project, web: Store, tmp_path: Path) -> None:
    job = publish_site(project, tmp_path / "out", BASE, "web", "ops", path="espresso")
    assert run_job(project, job, ERRANDS).state == "done"
    files = web.files()
    assert {"espresso/de/index.html", "espresso/en/index.html", "espresso/sitemap.xml"} <= set(files)
    assert f"espresso/media/{variant_id(1)}/video.mp4" in files
    assert [name for method, name in web.asked if method == "MOVE"][-1] == "espresso/.sitemap.xml.part"
    web.asked.clear()
    run_job(project, publish_site(project, tmp_path / "out", BASE, "web", "ops", path="espresso"), ERRANDS)
    assert [name for method, name in web.asked if method == "PUT"] == []  # nothing of it changed
    assert [one.kind for one in entries(project)].count("site.published") == 2


def test_a_withdrawal_makes_the_site_anew_without_it_also_after_the_store_was_down(
    project: Project, web: Store, tmp_path: Path
) -> None:
    run_job(project, publish_site(project, tmp_path / "out", BASE, "web", "ops"), ERRANDS)
    assert variant_id(3) in everything(web) and (web.folder / "de/ben/index.html").is_file()
    web.stop()
    withdraw_release(project, release_id(3), "ops", "wrong")
    run_due(project, ERRANDS)
    assert pull_list(project)[0].taken_down == ()
    web.start()
    ends = time.monotonic() + DEADLINE_S
    while job_state(project, f"withdraw-{release_id(3)}").state != "done":
        assert time.monotonic() < ends
        run_due(project, ERRANDS)
    assert variant_id(3) not in everything(web) and "de/ben/" not in everything(web)
    assert not any(variant_id(3) in name or "ben" in name for name in web.files())
    assert variant_id(1) in everything(web)
    assert [one.where for one in pull_list(project)[0].taken_down] == ["web"]
    assert not any("ben" in one.name for one in placements(project))  # a face's name is not kept on record


def test_the_last_withdrawal_leaves_nothing_of_the_site(project: Project, web: Store, tmp_path: Path) -> None:
    run_job(project, publish_site(project, tmp_path / "out", BASE, "web", "ops"), ERRANDS)
    for number in (1, 2, 3):
        withdraw_release(project, release_id(number), "ops", "wrong")
    ends = time.monotonic() + DEADLINE_S
    while web.files():
        assert time.monotonic() < ends
        run_due(project, ERRANDS)


def test_a_site_of_nothing_or_at_no_path_is_refused(project: Project, web: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RightsError, match="nothing in"):
        publish_site(project, tmp_path / "empty", BASE, "web", "ops")
    with pytest.raises(InputError, match="no path of a site"):
        publish_site(project, tmp_path / "out", BASE, "web", "ops", path="../up")
    with pytest.raises(InputError, match="no address of a site"):
        publish_site(project, tmp_path / "out", "example.org", "web", "ops")
