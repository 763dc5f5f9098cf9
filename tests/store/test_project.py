from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from ulid import ULID

from countenance.errors import InputError
from countenance.store.project import Project, init_project, open_project


def test_a_new_project_has_its_folders_and_an_id(project: Project) -> None:
    ULID.from_str(project.settings.project_id)
    assert project.settings.tenant == "Countenance"
    for folder in (project.keys, project.blobs, project.work, project.releases):
        assert folder.is_dir()
    assert stat.S_IMODE(project.keys.stat().st_mode) == 0o700


def test_a_project_hides_itself_from_git(project: Project) -> None:
    assert (project.folder / ".gitignore").read_text() == "*\n"


def test_making_a_project_again_changes_nothing(project: Project) -> None:
    before = project.settings
    assert init_project(project.root, tenant="Somebody else") == project
    assert project.settings == before


@pytest.mark.parametrize("tenant", ['Quote " and \\ Söhne', "株式会社"])
def test_a_tenant_name_comes_back_as_given(tmp_path: Path, tenant: str) -> None:
    assert init_project(tmp_path, tenant).settings.tenant == tenant


@pytest.mark.parametrize("tenant", ["", "  ", "two\nlines"])
def test_a_tenant_must_have_a_printable_name(tmp_path: Path, tenant: str) -> None:
    with pytest.raises(InputError, match="tenant"):
        init_project(tmp_path, tenant)


def test_a_project_is_found_from_a_folder_inside_it(project: Project) -> None:
    inside = project.root / "briefs" / "spring"
    inside.mkdir(parents=True)
    assert open_project(inside) == project


def test_the_project_of_the_current_folder_is_the_default(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    assert open_project() == project


def test_a_folder_without_a_project_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="countenance init"):
        open_project(tmp_path)


def test_a_project_cannot_be_made_where_a_file_lies(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="choose another folder"):
        init_project(tmp_path / "taken")


@pytest.mark.parametrize(
    ("content", "problem"),
    [('tenant = "a"', "lacks the key 'project_id'"), ("tenant =", "cannot be understood")],
)
def test_broken_settings_are_named(project: Project, content: str, problem: str) -> None:
    project.settings_path.write_text(content)
    with pytest.raises(InputError, match=problem):
        _ = project.settings


def _project_id(root: Path) -> str:
    return init_project(root).settings.project_id


def test_many_processes_may_make_the_same_project_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(_project_id, [tmp_path / "new"] * 8))) == 1
