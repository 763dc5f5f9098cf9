from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import encypher_c2pa
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sealables import RECORD, write_sealable

from countenance.errors import InputError, IntegrityError
from countenance.provenance import authority
from countenance.provenance.authority import anchor_pem, certified_chain, ensure_authority
from countenance.provenance.history import read_history
from countenance.provenance.pkcs11 import open_token_key
from countenance.provenance.sealing import extend, seal
from countenance.provenance.signing import Identity, identity_of, require_valid_now
from countenance.provenance.steps import transcoded
from countenance.store.project import Project, init_project

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
MODULE = next((path for path in MODULES if Path(path).exists()), None)
PIN = "4321"
needs_token = pytest.mark.skipif(
    MODULE is None or shutil.which("softhsm2-util") is None, reason="SoftHSM is absent: apt-get install softhsm2"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A software token with the P-256 key "releases". The module reads its settings once in a process."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "studio", "--so-pin", "1234", "--pin", PIN],
        check=True, capture_output=True,
    )  # fmt: skip
    with pkcs11.lib(str(MODULE)).get_token(token_label="studio").open(user_pin=PIN, rw=True) as session:
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
        )
        parameters.generate_keypair(store=True, label="releases")


def _set(project: Project, **settings: str) -> None:
    lines = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
    project.settings_path.write_text(project.settings_path.read_text().split("[signing]")[0] + "[signing]\n" + lines)


def _with_token(project: Project, **changes: str) -> None:
    (project.folder / "pin").write_text(PIN + "\n")
    _set(project, **{"pkcs11": str(MODULE), "token": "studio", "key": "releases", "pin_file": "pin", **changes})


def _sealed(project: Project, folder: Path) -> Path:
    master = write_sealable(folder / "master.mp4")
    seal(project, write_sealable(folder / "render.jpg"), folder / "sealed.jpg", RECORD, master)
    return folder / "sealed.jpg"


@needs_token
def test_a_key_in_hardware_signs_and_never_leaves(project: Project, token: None, tmp_path: Path) -> None:
    _with_token(project)
    sealed = _sealed(project, tmp_path)
    assert read_history(sealed, anchor_pem(project)).state == "Trusted"
    identity = identity_of(project)
    assert identity.key_pem is None and identity.sign is not None
    # Under the same root, but not the project's own key; the same certificate the next time.
    assert identity.chain_pem != ensure_authority(project).chain_pem
    assert identity_of(project).chain_pem == identity.chain_pem
    assert (project.keys / "signer.pem").read_bytes() not in sealed.read_bytes()
    report = encypher_c2pa.verify(str(sealed), trust_pem=anchor_pem(project), no_default_trust=True, telemetry=False)
    assert (report["integrity"], report["trust"]["status"]) == ("valid", "valid_for_supplied_material")


@needs_token
def test_a_chain_from_another_authority_serves(project: Project, token: None, tmp_path: Path) -> None:
    _with_token(project)
    key = identity_of(project)
    other = init_project(tmp_path / "authority")
    customer = open_token_key(Path(str(MODULE)), "studio", "releases", PIN)
    chain = certified_chain(other, "customer", customer.public_key)
    (project.folder / "chain.pem").write_text(chain)
    (project.folder / "root.pem").write_text(anchor_pem(other))
    _with_token(project, chain="chain.pem", anchor="root.pem")
    assert identity_of(project).chain_pem == chain != key.chain_pem
    sealed = _sealed(project, tmp_path)
    assert read_history(sealed, anchor_pem(other)).state == "Trusted"
    before = project.settings_path.read_text()
    _set(project)  # back to the project's own key: what the other sealed is continued only while it is named
    with pytest.raises(IntegrityError, match="is no sealed release of this project"):
        extend(project, sealed, write_sealable(tmp_path / "poster.jpg"), [transcoded("jpeg")])
    own = tmp_path / "own.jpg"
    seal(project, write_sealable(tmp_path / "again.jpg"), own, RECORD, tmp_path / "master.mp4")
    project.settings_path.write_text(before)
    for parent in (sealed, own):  # and what the project sealed itself before stays its own
        extend(project, parent, write_sealable(tmp_path / "poster.jpg"), [transcoded("jpeg")])
        assert read_history(tmp_path / "poster.jpg", anchor_pem(other)).state == "Trusted"
    (project.folder / "chain.pem").write_text(ensure_authority(other).chain_pem)
    with pytest.raises(IntegrityError, match=r"chain\.pem is not of the key 'releases'"):
        identity_of(project)


@needs_token
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"token": "none"}, "has no token 'none'"),
        ({"key": "none"}, "has no key 'none'"),
        ({"pkcs11": "/nowhere/lib.so"}, "does not answer"),
        ({"pin_file": "no-pin"}, "which the signing settings name, cannot be read"),
    ],
)
def test_what_is_wrong_with_a_token_is_said(
    project: Project, token: None, tmp_path: Path, change: dict[str, str], message: str
) -> None:
    _with_token(project, **change)
    with pytest.raises((InputError, IntegrityError), match=message):
        _sealed(project, tmp_path)
    assert not (tmp_path / "sealed.jpg").exists()


@needs_token
def test_a_wrong_pin_is_said_and_none_at_all(project: Project, token: None, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_token(project)
    (project.folder / "pin").write_text("0000")
    with pytest.raises(InputError, match="the PIN of token 'studio' is wrong"):
        identity_of(project)
    _set(project, pkcs11=str(MODULE), token="studio", key="releases")
    with pytest.raises(InputError, match="PIN of token 'studio' is not given; set COUNTENANCE_PIN"):
        identity_of(project)
    monkeypatch.setenv("COUNTENANCE_PIN", PIN)
    assert identity_of(project).sign is not None


@needs_token
def test_a_module_that_is_taken_out_while_signing_leaves_nothing(
    project: Project, token: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_token(project)
    identity = identity_of(project)
    monkeypatch.setattr("countenance.provenance.sealing.identity_of", lambda _project: identity)
    held = Path(os.environ["SOFTHSM2_CONF"]).parent / "tokens"
    away = held.with_name("away")
    held.rename(away)
    try:
        with pytest.raises(IntegrityError, match=r"does not answer|has no"):
            _sealed(project, tmp_path)
    finally:
        away.rename(held)
    assert not (tmp_path / "sealed.jpg").exists()


def _key_service(project: Project, folder: Path) -> None:
    """A program that signs as the client of a key service does, and a chain for its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "service.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (project.folder / "chain.pem").write_text(certified_chain(project, "service", key.public_key()))
    (project.folder / "root.pem").write_text(anchor_pem(project))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl command")
def test_a_program_that_asks_a_key_service_signs(project: Project, tmp_path: Path) -> None:
    _key_service(project, tmp_path)
    command = f"openssl dgst -sha256 -sign {tmp_path / 'service.pem'}"
    _set(project, command=command, chain="chain.pem", anchor="root.pem", timestamp="local")
    history = read_history(_sealed(project, tmp_path), anchor_pem(project))
    assert (history.state, history.stamped_at is None) == ("Trusted", False)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("/nowhere/sign", "'/nowhere/sign' does not answer"),
        ("sh -c 'echo no credit left >&2; exit 3'", r"'sh' failed \(no credit left\); nothing was signed"),
        ("true", r"'true' failed \(it gave no reason\)"),
        ("echo 123", "could not be signed|does not check out"),
    ],
)
def test_a_key_service_that_fails_is_told_and_leaves_nothing(
    project: Project, tmp_path: Path, command: str, message: str
) -> None:
    _key_service(project, tmp_path)
    _set(project, command=command, chain="chain.pem", anchor="root.pem")
    with pytest.raises(IntegrityError, match=message):
        _sealed(project, tmp_path)
    assert not list(tmp_path.glob("*sealed*"))


def test_an_identity_can_be_handed_in_and_is_one_or_the_other(project: Project, tmp_path: Path) -> None:
    asked: list[int] = []
    own = ensure_authority(project)

    def sign(message: bytes) -> bytes:
        asked.append(len(message))
        return own.key.sign(message, ec.ECDSA(hashes.SHA256()))

    identity = Identity(own.chain_pem, own.anchor_pem, sign=sign)
    master = write_sealable(tmp_path / "master.mp4")
    seal(project, write_sealable(tmp_path / "a.jpg"), tmp_path / "sealed.jpg", RECORD, master, identity=identity)
    assert read_history(tmp_path / "sealed.jpg", own.anchor_pem).state == "Trusted"
    assert len(asked) == 1
    with pytest.raises(InputError, match="either a key or a function"):
        Identity(own.chain_pem, own.anchor_pem)


def test_settings_that_cannot_be_followed_are_named(project: Project) -> None:
    _set(project, pkcs12="x")
    with pytest.raises(InputError, match="has pkcs12 under"):
        identity_of(project)
    _set(project, timestamp="ftp://example.org")
    with pytest.raises(InputError, match="is neither an http address nor 'local'"):
        identity_of(project)
    _set(project, pkcs11="/x.so", token="studio")
    with pytest.raises(InputError, match="lacks key under"):
        identity_of(project)
    _set(project, command="sign")
    with pytest.raises(InputError, match="lacks chain under"):
        identity_of(project)
    (project.folder / "chain.pem").write_text("nothing")
    _set(project, command="sign", chain="chain.pem")
    with pytest.raises(InputError, match="holds no certificates"):
        identity_of(project)


def test_a_stamped_file_stays_trusted_after_its_certificate_ended(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "SIGNER_LIFE", authority.CLOCK_SKEW + timedelta(seconds=4))
    ensure_authority(project)
    monkeypatch.undo()
    monkeypatch.setattr(authority, "RENEW_BEFORE_END", timedelta(0))  # or the short one would be renewed at once
    (tmp_path / "plain").mkdir()
    plain = _sealed(project, tmp_path / "plain")
    _set(project, timestamp="local")
    stamped = _sealed(project, tmp_path)
    anchor = anchor_pem(project)
    assert [read_history(path, anchor).state for path in (plain, stamped)] == ["Trusted", "Trusted"]
    end = datetime.now(UTC) + timedelta(seconds=8)
    while read_history(plain, anchor).state == "Trusted" and datetime.now(UTC) < end:
        time.sleep(0.1)
    assert read_history(plain, anchor).state != "Trusted"
    history = read_history(stamped, anchor)
    assert (history.state, history.problems) == ("Trusted", ())
    assert history.stamped_at is not None and history.stamped_at.startswith(f"{datetime.now(UTC):%Y-%m-%d}")
    # Another implementation, asked about a day years from now.
    later = {"validation_time": "2035-01-01T00:00:00Z", "no_default_trust": True, "telemetry": False}
    for path, trusted in ((stamped, True), (plain, False)):
        report = encypher_c2pa.verify(str(path), trust_pem=anchor, tsa_trust_pem=anchor, **later)
        assert (report["trust"]["status"] == "valid_for_supplied_material") is trusted


def test_a_stamp_that_was_tampered_with_is_noticed_although_nothing_signs_it(project: Project, tmp_path: Path) -> None:
    _set(project, timestamp="local")
    sealed = _sealed(project, tmp_path)
    content = sealed.read_bytes()
    start = content.index(b"sigTst2")
    end = content.index(b"cpad", start)
    for place in range(start, end, 11):
        changed = bytearray(content)
        changed[place] ^= 4
        sealed.write_bytes(changed)
        assert read_history(sealed, anchor_pem(project)).state == "Invalid", place - start


def test_a_time_stamp_authority_that_does_not_answer_leaves_nothing(project: Project, tmp_path: Path) -> None:
    _set(project, timestamp="http://127.0.0.1:9/")  # the port "discard", where nobody listens
    with pytest.raises(IntegrityError, match="could not be signed"):
        _sealed(project, tmp_path)
    assert not list(tmp_path.glob("*sealed*"))


def test_a_clock_outside_the_certificates_life_is_said(project: Project) -> None:
    chain = ensure_authority(project).chain_pem
    with pytest.raises(IntegrityError, match=r"the clock says 2020-01-01 .* set the clock right"):
        require_valid_now(chain, datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(IntegrityError, match="the signing certificate ended on"):
        require_valid_now(chain, datetime(2060, 1, 1, tzinfo=UTC))
    require_valid_now(chain)


def test_with_the_clock_set_back_nothing_is_sealed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A project whose certificates were made a year ahead of this clock is one whose clock was set back a year.
    monkeypatch.setattr(authority, "CLOCK_SKEW", timedelta(days=-365))
    ensure_authority(project)
    monkeypatch.undo()
    with pytest.raises(IntegrityError, match="but the signing certificate begins on"):
        _sealed(project, tmp_path)
    assert not (tmp_path / "sealed.jpg").exists()


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\xff\x00"]
)
def test_a_corrupted_key_is_named_and_nothing_sealed(project: Project, tmp_path: Path, content: bytes) -> None:
    ensure_authority(project)
    (project.keys / "signer.pem").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"signer\.pem is not a readable key; restore it from a backup"):
        _sealed(project, tmp_path)
    assert not (tmp_path / "sealed.jpg").exists()


def test_a_key_of_another_certificate_is_named(project: Project, tmp_path: Path) -> None:
    ensure_authority(project)
    other = ec.generate_private_key(ec.SECP256R1())
    (project.keys / "signer.pem").write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(IntegrityError, match=r"signer\.crt does not belong to its key"):
        _sealed(project, tmp_path)


def test_without_the_extra_a_token_key_says_what_to_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    monkeypatch.setenv("COUNTENANCE_PIN", PIN)
    _set(project, pkcs11="/x.so", token="studio", key="releases")
    with pytest.raises(InputError, match=r"install it with `countenance\[hsm\]`"):
        identity_of(project)
