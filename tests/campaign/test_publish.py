from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from outside import CAMPAIGN, add_settings, release_id, released, sink_text, variant_id
from stores import Store, store

from countenance.campaign.errand_kinds import ERRANDS
from countenance.campaign.publish import publish
from countenance.campaign.withdrawing import withdraw, withdraw_release
from countenance.errors import InputError, RightsError
from countenance.jobs.runner import run_job
from countenance.jobs.state import job_state
from countenance.jobs.worker import run_due
from countenance.ledger.log import entries, verify
from countenance.rights.pulls import pull_list
from countenance.store.placements import GONE, PLACED, placements
from countenance.store.project import Project, init_project
from countenance.store.secrets import save_text_secret

DEADLINE_S = 30


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """On SQLite, but for the tests that want both databases."""
    wanted = getattr(request, "param", "sqlite")
    database = request.getfixturevalue("postgresql") if wanted == "postgresql" else None
    return init_project(tmp_path / "studio", database=database)


@pytest.fixture
def share(project: Project, tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    add_settings(project, sink_text("share", "folder", str(folder), 'public = "https://cdn.example/films/"'))
    return folder


@pytest.fixture
def dav(project: Project, tmp_path: Path) -> Iterator[Store]:
    with store(tmp_path / "dav", needs_parents=True, token="t0ken") as running:
        (running.folder / "dam").mkdir()
        add_settings(
            project,
            sink_text("dam", "webdav", f"{running.url}/dam", 'headers = {Authorization = "Bearer secret:dam"}'),
        )
        save_text_secret(project, "dam", "t0ken")
        yield running


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def work_off(project: Project, *, until_gone: str | None = None) -> None:
    """What is due, again and again, until nothing of a release is left."""
    from countenance.campaign.removing import left_of

    ends = time.monotonic() + DEADLINE_S
    run_due(project, ERRANDS)
    while until_gone is not None and left_of(project, until_gone):
        assert time.monotonic() < ends, left_of(project, until_gone)
        run_due(project, ERRANDS)


BOTH = pytest.mark.parametrize("project", ["sqlite", "postgresql"], indirect=True)


@BOTH
def test_a_released_package_lies_at_the_sink_with_its_index(project: Project, share: Path, tmp_path: Path) -> None:
    released(project, tmp_path / "out")
    handed = publish(project, variant_id(), "share", "Ina Weber")
    assert run_job(project, handed.job, ERRANDS).state == "done"
    index = json.loads((share / f"{variant_id()}.json").read_text())
    assert (index["variant"], index["release"], index["language"]) == (variant_id(), release_id(), "de")
    names = {one["name"] for one in index["files"]}
    assert {"video.mp4", "poster.jpg", "captions.vtt", "video.jsonld", "hls/master.m3u8", "hls/low/2.m4s"} <= names
    assert not names & {"receipt.json", "qc.json", "qc.html", "patches/ben.png"}  # these tell about people
    for one in index["files"]:
        assert one["url"].startswith(f"https://cdn.example/films/{variant_id()}/")
        assert len((share / one["url"].removeprefix("https://cdn.example/films/")).read_bytes()) == one["bytes"]
    assert b"Ina Weber" not in b"".join((share / name).read_bytes() for name in below(share))
    film = next(one["url"] for one in index["files"] if one["name"] == "video.mp4")
    assert film.endswith(f"/{variant_id()}-de.mp4")
    described = json.loads((share / next(n for n in below(share) if n.endswith(".jsonld"))).read_text())
    assert described["contentUrl"] == film
    assert described["caption"]["contentUrl"].startswith("https://cdn.example/films/")
    told = [one for one in entries(project) if one.kind == "release.published"]
    assert [(one.data["release"], one.data["sink"]) for one in told] == [(release_id(), "share")]
    assert {one.state for one in placements(project)} == {PLACED}
    assert not (project.work / "outgoing").exists() or below(project.work / "outgoing") == []
    assert verify(project).ok


def test_publishing_twice_sends_and_tells_nothing_twice(project: Project, share: Path, tmp_path: Path) -> None:
    released(project, tmp_path / "out")
    first = publish(project, variant_id(), "share", "ops")
    run_job(project, first.job, ERRANDS)
    before = {name: (share / name).stat().st_ino for name in below(share)}
    second = publish(project, variant_id(), "share", "ops")
    assert second.job == first.job
    run_job(project, second.job, ERRANDS)
    assert {name: (share / name).stat().st_ino for name in below(share)} == before
    assert [one.kind for one in entries(project)].count("release.published") == 1


def test_what_was_lost_at_the_sink_is_sent_again_when_asked_for(project: Project, share: Path, tmp_path: Path) -> None:
    released(project, tmp_path / "out")
    run_job(project, publish(project, variant_id(), "share", "ops").job, ERRANDS)
    whole = below(share)
    (share / whole[0]).unlink()
    run_job(project, publish(project, variant_id(), "share", "ops", again=True).job, ERRANDS)
    assert below(share) == whole


def test_a_campaign_goes_but_for_what_the_sink_may_not_show(project: Project, tmp_path: Path) -> None:
    (tmp_path / "tv").mkdir()
    add_settings(project, sink_text("tv", "folder", str(tmp_path / "tv"), 'channels = ["web"]', 'markets = ["AT"]'))
    released(project, tmp_path / "out", 1)
    released(project, tmp_path / "out", 2, language="en", markets=("IE",))
    handed = publish(project, CAMPAIGN, "tv", "ops")
    assert handed.variants == (variant_id(1),)
    assert handed.refused == ((variant_id(2), "it was not released for the market AT, which tv serves"),)
    with pytest.raises(RightsError, match="nothing of"):
        publish(project, variant_id(2), "tv", "ops")


def test_what_is_not_released_or_unknown_goes_nowhere(project: Project, share: Path, tmp_path: Path) -> None:
    released(project, tmp_path / "out")
    with pytest.raises(InputError, match="names share"):
        publish(project, variant_id(), "nowhere", "ops")
    with pytest.raises(InputError, match="no variant has"):
        publish(project, "01NOBODY", "share", "ops")
    withdraw_release(project, release_id(), "ops", "wrong price")
    with pytest.raises(RightsError) as refused:
        publish(project, variant_id(), "share", "ops")
    assert "the release was withdrawn" in refused.value.reasons[0]
    assert below(share) == []


def test_a_package_that_changed_after_it_was_handed_in_is_not_sent(
    project: Project, share: Path, tmp_path: Path
) -> None:
    folder = released(project, tmp_path / "out")
    handed = publish(project, variant_id(), "share", "ops")
    (folder / "video.mp4").write_bytes(b"another film")
    with pytest.raises(InputError, match="not the file that was to be published"):
        run_job(project, handed.job, ERRANDS)
    assert not any(name.endswith((".mp4", ".json")) for name in below(share))


def test_a_sink_that_is_down_gets_everything_when_it_is_back(project: Project, dav: Store, tmp_path: Path) -> None:
    released(project, tmp_path / "out")
    dav.stop()
    handed = publish(project, variant_id(), "dam", "ops")
    run_due(project, ERRANDS)
    assert job_state(project, handed.job).state == "active"
    dav.start()
    assert run_job(project, handed.job, ERRANDS).state == "done"
    assert any(name.endswith(f"{variant_id()}.json") for name in dav.files())
    order = [name for method, name in dav.asked if method == "MOVE"]
    assert order[-1].endswith(f".{variant_id()}.json.part")  # the index last
    assert order.index(next(n for n in order if "index.m3u8" in n)) < order.index(
        next(n for n in order if "master" in n)
    )


@BOTH
def test_withdrawn_it_is_gone_everywhere_also_where_the_sink_was_down(
    project: Project, share: Path, dav: Store, tmp_path: Path
) -> None:
    released(project, tmp_path / "out", 1)
    released(project, tmp_path / "out", 2)
    for variant, sink in ((1, "share"), (1, "dam"), (2, "dam")):
        run_job(project, publish(project, variant_id(variant), sink, "ops").job, ERRANDS)
    dav.stop()
    found = withdraw_release(project, variant_id(1), "Ina Weber", "the price is wrong")
    assert found.left["dam"] > 10 and found.left["share"] > 10
    work_off(project)
    assert not any(variant_id(1) in name for name in below(share))
    assert [one.where for one in pull_list(project)[0].taken_down] == ["share"]
    assert [one for one in placements(project, release=release_id(1), sink="dam") if one.state == GONE] == []
    dav.start()
    work_off(project, until_gone=release_id(1))
    run_due(project, ERRANDS)
    assert not any(variant_id(1) in name for name in dav.files())
    assert {one.where for one in pull_list(project)[0].taken_down} == {"share", "dam"}
    assert any(variant_id(2) in name for name in dav.files())
    assert job_state(project, f"withdraw-{release_id(1)}").state == "done"
    (told,) = (one for one in entries(project) if one.kind == "release.withdrawn")
    assert (told.actor, told.data["reason"]) == ("Ina Weber", "decision")  # the words stay in the house
    assert verify(project).ok


def test_a_withdrawn_grant_takes_its_releases_off_the_sinks(project: Project, share: Path, tmp_path: Path) -> None:
    released(project, tmp_path / "out")
    run_job(project, publish(project, variant_id(), "share", "ops").job, ERRANDS)
    withdraw(project, "ben", "ben", "no more of this")
    work_off(project)
    assert below(share) == []
    assert [one.where for one in pull_list(project)[0].taken_down] == ["share"]


def test_an_upload_under_way_when_it_is_withdrawn_leaves_nothing(project: Project, dav: Store, tmp_path: Path) -> None:
    """The upload was begun and killed; the removal runs; then the upload's next try comes, as a zombie's would."""
    released(project, tmp_path / "out")
    dav.cut_after = 300_000
    publish(project, variant_id(), "dam", "ops")
    run_due(project, ERRANDS)
    withdraw_release(project, release_id(), "ops", "wrong")
    ends = time.monotonic() + DEADLINE_S
    while job_state(project, f"withdraw-{release_id()}").state != "done":
        assert time.monotonic() < ends
        run_due(project, ERRANDS)
    assert dav.files() == []


def test_a_sink_that_is_no_longer_in_the_settings_is_asked_for_until_it_is(
    project: Project, share: Path, tmp_path: Path
) -> None:
    released(project, tmp_path / "out")
    run_job(project, publish(project, variant_id(), "share", "ops").job, ERRANDS)
    settings = project.settings_path.read_text()
    project.settings_path.write_text(settings.split("[[sink]]")[0])
    withdraw_release(project, release_id(), "ops", "wrong")
    run_due(project, ERRANDS)
    assert job_state(project, f"withdraw-{release_id()}").state == "active"
    project.settings_path.write_text(settings)
    work_off(project, until_gone=release_id())
    assert below(share) == []


def test_the_next_release_of_a_variant_waits_until_the_one_before_is_off(
    project: Project, dav: Store, tmp_path: Path
) -> None:
    released(project, tmp_path / "out", 1)
    run_job(project, publish(project, variant_id(), "dam", "ops").job, ERRANDS)
    dav.stop()
    withdraw_release(project, release_id(1), "ops", "wrong")
    run_due(project, ERRANDS)
    dav.start()
    released(project, tmp_path / "again", 2, of=1)
    handed = publish(project, variant_id(), "dam", "ops")
    ends = time.monotonic() + DEADLINE_S
    while job_state(project, handed.job).state != "done":
        assert time.monotonic() < ends
        run_due(project, ERRANDS)
    index = json.loads((dav.folder / "dam" / f"{variant_id()}.json").read_text())
    assert index["release"] == release_id(2)
    assert {one.release for one in placements(project) if one.state == PLACED} == {release_id(2)}
    assert all(variant_id() in name for name in dav.files())


def test_caches_are_cleared_after_an_index_changed_and_after_a_removal(project: Project, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    with store(tmp_path / "cdn") as cdn:
        purge = (
            f'purge = {{url = "{cdn.url}/purge", body = \'{{"files": {{urls}}}}\', headers = {{X-Key = "secret:cdn"}}}}'
        )
        add_settings(
            project,
            sink_text("share", "folder", str(tmp_path / "share"), 'public = "https://cdn.example/"', purge),
        )
        save_text_secret(project, "cdn", "k3y")
        released(project, tmp_path / "out")
        run_job(project, publish(project, variant_id(), "share", "ops").job, ERRANDS)
        assert [json.loads(body)["files"] for body in cdn.bodies] == [[f"https://cdn.example/{variant_id()}.json"]]
        withdraw_release(project, release_id(), "ops", "wrong")
        work_off(project, until_gone=release_id())
        cleared = {url for body in cdn.bodies[1:] for url in json.loads(body)["files"]}
        assert cleared == {one.url for one in placements(project)}
        assert {one["x-key"] for one in cdn.posted} == {"k3y"}
