from __future__ import annotations

import stat
from pathlib import Path

import pytest

from countenance.errors import InputError
from countenance.store.keycheck import check_keys
from countenance.store.passphrase import protect, unprotect
from countenance.store.project import Project, init_project
from countenance.store.secrets import destroy_text_secret, find_text_secret, save_text_secret


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path)


def test_a_secret_is_kept_for_its_owner_alone_and_found_again(project: Project) -> None:
    save_text_secret(project, "openai", " sk-abc123\n")
    assert find_text_secret(project, "openai") == "sk-abc123"
    assert stat.S_IMODE((project.keys / "openai.secret").stat().st_mode) == 0o600
    assert find_text_secret(project, "other") is None


def test_another_one_replaces_it_and_it_can_be_destroyed(project: Project) -> None:
    save_text_secret(project, "openai", "a-long-secret")
    save_text_secret(project, "openai", "short")
    assert find_text_secret(project, "openai") == "short"
    destroy_text_secret(project, "openai")
    assert find_text_secret(project, "openai") is None


def test_a_passphrase_seals_it_with_the_other_keys(project: Project) -> None:
    save_text_secret(project, "openai", "sk-abc123")
    protect(project, "correct horse battery")
    assert b"sk-abc123" not in (project.keys / "openai.secret").read_bytes()
    assert find_text_secret(project, "openai") == "sk-abc123"
    save_text_secret(project, "openai", "sk-other")
    assert b"sk-other" not in (project.keys / "openai.secret").read_bytes()
    found = next(one for one in check_keys(project) if one.name == "openai.secret")
    assert (found.sort, found.sealed, found.problem) == ("text", True, "")
    unprotect(project, "correct horse battery")
    assert find_text_secret(project, "openai") == "sk-other"


@pytest.mark.parametrize("text", ["", "  ", "two words", "ключ", "x" * 5000, "a\x00b"])
def test_what_is_no_key_is_refused(project: Project, text: str) -> None:
    with pytest.raises(InputError, match="no key of a service"):
        save_text_secret(project, "openai", text)


def test_a_name_is_no_path(project: Project) -> None:
    with pytest.raises(InputError, match="no key name"):
        save_text_secret(project, "../x", "abc")
