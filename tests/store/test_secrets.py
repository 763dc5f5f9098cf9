from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from countenance.errors import InputError, IntegrityError
from countenance.store.project import Project
from countenance.store.secrets import (
    decrypt,
    destroy_symmetric,
    encrypt,
    find_symmetric,
    load_or_create_ed25519,
    load_or_create_p256,
    load_or_create_symmetric,
)


def test_keys_stay_the_same(project: Project) -> None:
    first = load_or_create_ed25519(project, "ledger").public_key().public_bytes_raw()
    assert load_or_create_ed25519(project, "ledger").public_key().public_bytes_raw() == first
    signer = load_or_create_p256(project, "signer").private_numbers().private_value
    assert load_or_create_p256(project, "signer").private_numbers().private_value == signer
    assert load_or_create_symmetric(project, "mark") == load_or_create_symmetric(project, "mark")


def test_keys_of_different_names_differ(project: Project) -> None:
    assert load_or_create_symmetric(project, "mark") != load_or_create_symmetric(project, "commitment")


def test_only_the_owner_may_read_keys(project: Project) -> None:
    load_or_create_ed25519(project, "ledger")
    load_or_create_symmetric(project, "mark")
    assert {stat.S_IMODE(path.stat().st_mode) for path in project.keys.iterdir()} == {0o600}
    assert sorted(path.name for path in project.keys.iterdir()) == ["ledger.pem", "mark.key"]


@pytest.mark.parametrize("name", ["", "../escape", "a/b", "Upper", "-x"])
def test_a_key_name_cannot_leave_the_folder(project: Project, name: str) -> None:
    with pytest.raises(InputError, match="no key name"):
        load_or_create_symmetric(project, name)


def test_a_damaged_key_is_never_replaced_silently(project: Project) -> None:
    (project.keys / "ledger.pem").write_bytes(b"rubbish")
    (project.keys / "mark.key").write_bytes(b"short")
    with pytest.raises(IntegrityError, match="backup"):
        load_or_create_ed25519(project, "ledger")
    with pytest.raises(IntegrityError, match="32 bytes"):
        load_or_create_symmetric(project, "mark")


def test_a_key_of_another_sort_is_refused(project: Project) -> None:
    load_or_create_p256(project, "signer")
    with pytest.raises(IntegrityError, match="not an Ed25519 key"):
        load_or_create_ed25519(project, "signer")
    load_or_create_ed25519(project, "ledger")
    with pytest.raises(IntegrityError, match="not a P-256 key"):
        load_or_create_p256(project, "ledger")


def _mark_key(root: Path) -> bytes:
    return load_or_create_symmetric(Project(root), "mark")


def test_processes_that_make_a_key_at_once_share_it(project: Project) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(_mark_key, [project.root] * 16))) == 1


def test_what_is_sealed_opens_only_with_its_key_and_its_label() -> None:
    key, other = bytes(range(32)), bytes(32)
    sealed = encrypt(key, b"a face", b"ada")
    assert b"a face" not in sealed
    assert encrypt(key, b"a face", b"ada") != sealed  # never the same nonce
    assert decrypt(key, sealed, b"ada") == b"a face"
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for attempt in ((other, sealed, b"ada"), (key, sealed, b"eve"), (key, changed, b"ada"), (key, b"short", b"ada")):
        with pytest.raises(IntegrityError, match="does not open"):
            decrypt(*attempt)


def test_a_destroyed_key_is_gone_and_a_new_one_is_another(project: Project) -> None:
    assert find_symmetric(project, "face-ada") is None
    key = load_or_create_symmetric(project, "face-ada")
    assert find_symmetric(project, "face-ada") == key
    destroy_symmetric(project, "face-ada")
    destroy_symmetric(project, "face-ada")  # nothing is left to destroy
    assert find_symmetric(project, "face-ada") is None
    assert not any(key in path.read_bytes() for path in project.keys.iterdir())
    assert load_or_create_symmetric(project, "face-ada") != key
