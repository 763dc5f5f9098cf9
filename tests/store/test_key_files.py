"""Keys in bad company: damaged files, no room on the disk, a passphrase that is wrong or missing, several processes."""

from __future__ import annotations

import multiprocessing
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countenance.errors import CountenanceError, InputError, IntegrityError
from countenance.store import passphrase
from countenance.store.files import read_json, write_json
from countenance.store.passphrase import VARIABLE, change, is_sealed, protect, unprotect
from countenance.store.project import Project
from countenance.store.secrets import (
    destroy_symmetric,
    find_symmetric,
    load_or_create_ed25519,
    load_or_create_p256,
    load_or_create_symmetric,
    rename_symmetric,
)

PHRASE, OTHER = "correct horse battery", "Ünsägliche Losung"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "_COST", {"n": 1 << 10, "r": 8, "p": 1})
    monkeypatch.setattr(passphrase, "_opened", {})
    monkeypatch.delenv(VARIABLE, raising=False)


def files(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.keys.iterdir() if path.suffix in (".key", ".pem")}


def three(project: Project) -> tuple[bytes, bytes, int]:
    return (
        load_or_create_symmetric(project, "mark"),
        load_or_create_ed25519(project, "ledger").private_bytes_raw(),
        load_or_create_p256(project, "signer").private_numbers().private_value,
    )


def pem(key: object, password: bytes | None = None) -> bytes:
    coding = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, coding)  # type: ignore[attr-defined]


def test_key_files_that_cannot_be_read_as_keys_are_named_and_kept(project: Project) -> None:
    whole = pem(Ed25519PrivateKey.generate())
    spoilt = {
        "empty": b"",
        "cut": whole[:60],
        "noise": bytes(range(256)),
        "flipped": whole.replace(b"M", b"W", 1),
        "locked": pem(Ed25519PrivateKey.generate(), b"somebody's own"),
        "certificate": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "rsa": pem(rsa.generate_private_key(65537, 2048)),
    }
    for name, content in spoilt.items():
        (project.keys / f"{name}.pem").write_bytes(content)
        for load in (load_or_create_ed25519, load_or_create_p256):
            with pytest.raises(IntegrityError, match=f"{name}.*restore it from a backup"):
                load(project, name)
        assert (project.keys / f"{name}.pem").read_bytes() == content
    for size in (0, 31, 33):
        (project.keys / "mark.key").write_bytes(bytes(size))
        for find in (load_or_create_symmetric, find_symmetric):
            with pytest.raises(IntegrityError, match="32 bytes"):
                find(project, "mark")


def test_a_folder_in_a_keys_place_is_told(project: Project) -> None:
    (project.keys / "mark.key").mkdir()
    with pytest.raises(InputError, match=r"mark\.key cannot be read or written"):
        load_or_create_symmetric(project, "mark")


_WRITE = """
import resource, signal, sys
from pathlib import Path
from countenance.errors import InputError
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_ed25519, load_or_create_symmetric
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
project = Project(Path(sys.argv[1]))
for load in (load_or_create_symmetric, load_or_create_ed25519):
    try:
        load(project, "fresh")
    except InputError as problem:
        print(problem)
"""


def test_without_room_on_the_disk_there_is_no_half_a_key(project: Project) -> None:
    """The kernel refuses to write more than 20 bytes: of 32 of a secret, of over 100 of a PEM file."""
    run = subprocess.run([sys.executable, "-c", _WRITE, str(project.root)], capture_output=True, text=True, check=True)
    told = run.stdout.strip().splitlines()
    assert len(told) == 2 and all("cannot be read or written" in line for line in told)
    assert list(project.keys.iterdir()) == []
    assert len(load_or_create_symmetric(project, "fresh")) == 32


def test_a_passphrase_seals_all_keys_and_they_stay_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before, bare = three(project), files(project)
    assert protect(project, PHRASE) == 3
    sealed = files(project)
    assert all(is_sealed(content) for content in sealed.values())
    assert not any(part in content for content in sealed.values() for part in (before[0], b"PRIVATE", bare["mark.key"]))
    assert {stat.S_IMODE(path.stat().st_mode) for path in project.keys.glob("*.[kp]e[ym]")} == {0o600}
    assert three(project) == before
    passphrase._opened.clear()  # another process
    monkeypatch.setenv(VARIABLE, PHRASE)
    assert three(project) == before
    new = load_or_create_symmetric(project, "later")
    assert new not in files(project)["later.key"] and is_sealed(files(project)["later.key"])
    assert protect(project, PHRASE) == 0
    assert unprotect(project, PHRASE) == 4
    assert files(project)["mark.key"] == bare["mark.key"] and three(project) == before
    assert unprotect(project, "whatever it was") == 0


def test_without_the_passphrase_no_key_opens(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    three(project)
    protect(project, PHRASE)
    sealed = files(project)
    passphrase._opened.clear()
    with pytest.raises(InputError, match=VARIABLE):
        three(project)
    for wrong in ("", "correct horse batterz", PHRASE.upper(), PHRASE + " "):
        monkeypatch.setenv(VARIABLE, wrong)
        for call in (three, lambda one: load_or_create_symmetric(one, "fresh")):
            with pytest.raises(InputError, match="does not open the keys"):
                call(project)
        for act in (protect, unprotect, lambda one, said: change(one, said, OTHER)):
            with pytest.raises(InputError, match="does not open the keys"):
                act(project, wrong)
    assert files(project) == sealed  # nothing was made or changed


def test_where_there_is_a_terminal_it_is_asked_for_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = three(project)
    protect(project, PHRASE)
    passphrase._opened.clear()
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return PHRASE

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", answer)
    assert three(project) == before and three(project) == before
    assert len(asked) == 1 and str(project.keys) in asked[0]


def test_another_passphrase_changes_one_file_only(project: Project) -> None:
    before = three(project)
    protect(project, PHRASE)
    sealed = files(project)
    change(project, PHRASE, OTHER)
    assert files(project) == sealed
    passphrase._opened.clear()
    with pytest.raises(InputError, match="does not open"):
        unprotect(project, PHRASE)
    assert unprotect(project, "U\u0308nsa\u0308gliche Losung") == 3  # as another keyboard writes it
    assert three(project) == before
    with pytest.raises(InputError, match="have no passphrase"):
        change(project, PHRASE, OTHER)


def test_a_short_passphrase_is_refused(project: Project) -> None:
    three(project)
    with pytest.raises(InputError, match="at least 10 letters"):
        protect(project, "too short")
    assert not passphrase.is_protected(project)
    protect(project, PHRASE)
    with pytest.raises(InputError, match="at least 10 letters"):
        change(project, PHRASE, "short")
    assert three(project)


def test_a_sealed_file_that_was_changed_or_moved_is_not_opened(project: Project) -> None:
    load_or_create_symmetric(project, "mark")
    load_or_create_symmetric(project, "face")
    protect(project, PHRASE)
    mark, face = project.keys / "mark.key", project.keys / "face.key"
    whole = mark.read_bytes()
    for content in (face.read_bytes(), whole[:-1], whole[:7], whole[:-1] + bytes([whole[-1] ^ 1])):
        mark.write_bytes(content)
        with pytest.raises(IntegrityError, match=r"mark\.key was changed or damaged"):
            load_or_create_symmetric(project, "mark")


@pytest.mark.parametrize(
    "damage",
    [{"salt": "no hex"}, {"master": ""}, {"n": -2}, {"n": 1 << 40}, {"n": 1000}, {"n": "65536"}, {"p": None}],
)
def test_a_damaged_passphrase_file_is_named(project: Project, damage: dict[str, object]) -> None:
    load_or_create_symmetric(project, "mark")
    protect(project, PHRASE)
    path = project.keys / "passphrase.json"
    write_json(path, {**read_json(path), **damage})
    passphrase._opened.clear()
    with pytest.raises(CountenanceError, match=r"passphrase\.json was changed|does not open the keys"):
        protect(project, PHRASE)
    path.write_bytes(b"{")
    with pytest.raises(IntegrityError, match=r"passphrase\.json was changed or damaged"):
        load_or_create_symmetric(project, "mark")


def test_protecting_that_was_cut_off_is_ended_by_repeating_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, written = three(project), []

    def cut(path: Path, content: bytes) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(path)
        path.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr(passphrase, "overwrite_with", cut)
        with pytest.raises(KeyboardInterrupt):
            protect(project, PHRASE)
    assert three(project) == before  # sealed and bare ones side by side
    assert protect(project, PHRASE) == 2
    assert three(project) == before


def _make(root: str) -> tuple[bytes, bytes]:
    os.environ[VARIABLE] = PHRASE
    project = Project(Path(root))
    return load_or_create_symmetric(project, "mark"), load_or_create_ed25519(project, "ledger").private_bytes_raw()


def test_processes_that_make_sealed_keys_at_once_share_them(project: Project) -> None:
    protect(project, PHRASE)
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        made = pool.map(_make, [str(project.root)] * 12)
    assert len(set(made)) == 1
    assert all(is_sealed(content) for content in files(project).values())
    assert sorted(path.name for path in project.keys.iterdir()) == [
        "ledger.pem", "mark.key", "passphrase.json", "passphrase.lock",
    ]  # fmt: skip


def test_a_secret_is_renamed_and_destroyed_also_when_sealed(project: Project) -> None:
    key = load_or_create_symmetric(project, "face-old")
    protect(project, PHRASE)
    rename_symmetric(project, "face-old", "face-new")
    rename_symmetric(project, "face-old", "face-new")  # it was cut off, or so it seemed
    assert find_symmetric(project, "face-old") is None
    assert find_symmetric(project, "face-new") == key
    destroy_symmetric(project, "face-new")
    assert find_symmetric(project, "face-new") is None
