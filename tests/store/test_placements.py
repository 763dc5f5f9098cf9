from __future__ import annotations

from pathlib import Path

import pytest
from outside import release_id, released
from sqlalchemy.exc import IntegrityError

from countenance.store.database import writing
from countenance.store.placements import (
    GONE,
    PLACED,
    PLACING,
    begin_placing,
    find_placement,
    forget_gone,
    mark_gone,
    mark_placed,
    note_resume,
    placements,
)
from countenance.store.project import Project, init_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = init_project(tmp_path / "studio")
    released(made, tmp_path / "out", film_bytes=100)
    return made


def begin(project: Project, name: str = "a.mp4", sha256: str = "aa" * 32, site: str | None = None) -> None:
    with writing(project) as connection:
        begin_placing(connection, "cdn", name, release=release_id(), site=site, sha256=sha256, size=5_000_000_000)


def test_a_file_is_on_record_from_before_it_leaves_until_it_is_gone(project: Project) -> None:
    assert find_placement(project, "cdn", "a.mp4") is None
    begin(project)
    found = find_placement(project, "cdn", "a.mp4")
    assert found is not None and (found.state, found.bytes, found.url) == (PLACING, 5_000_000_000, "")
    with writing(project) as connection:
        mark_placed(connection, "cdn", "a.mp4", "https://cdn.example/a.mp4")
    (found,) = placements(project, release=release_id(), sink="cdn")
    assert (found.state, found.url) == (PLACED, "https://cdn.example/a.mp4")
    with writing(project) as connection:
        mark_gone(connection, "cdn", "a.mp4")
    assert [one.state for one in placements(project)] == [GONE]
    assert placements(project, sink="another") == []


def test_an_upload_that_was_cut_off_is_remembered_for_the_same_content_alone(project: Project) -> None:
    begin(project)
    note_resume(project, "cdn", "a.mp4", "https://cdn.example/u1")
    begin(project)
    found = find_placement(project, "cdn", "a.mp4")
    assert found is not None and found.resume == "https://cdn.example/u1"
    begin(project, sha256="bb" * 32)
    found = find_placement(project, "cdn", "a.mp4")
    assert found is not None and found.resume == ""


def test_only_what_is_gone_of_a_site_is_forgotten(project: Project) -> None:
    for name, site in (("de/ben/index.html", "shop/"), ("de/index.html", "shop/"), ("a.mp4", None)):
        begin(project, name, site=site)
    with writing(project) as connection:
        for name in ("de/ben/index.html", "a.mp4"):
            mark_gone(connection, "cdn", name)
        forget_gone(connection, "cdn", "shop/")
    assert {one.name for one in placements(project)} == {"de/index.html", "a.mp4"}


def test_what_is_of_no_release_on_record_is_refused(project: Project) -> None:
    with pytest.raises(IntegrityError), writing(project) as connection:
        begin_placing(connection, "cdn", "x", release=release_id(9), site=None, sha256="aa" * 32, size=1)
