from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from countenance.errors import IntegrityError
from countenance.provenance import authority
from countenance.provenance.authority import anchor_pem, ensure_authority
from countenance.store.project import Project, init_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio", tenant="Example Studio")


def _chain(project: Project) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(ensure_authority(project).chain_pem.encode())


def test_the_signer_stands_under_the_root(project: Project) -> None:
    signer, root = _chain(project)
    signer.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert root.public_bytes(serialization.Encoding.PEM).decode() == anchor_pem(project)
    assert signer.public_key() == ensure_authority(project).key.public_key()


def test_the_certificates_follow_the_c2pa_profile(project: Project) -> None:
    signer, root = _chain(project)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert root.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    usage = signer.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign) == (True, False)
    assert not signer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    signer.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    (organisation,) = signer.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert organisation.value == "Example Studio"


def test_a_long_tenant_name_fits(tmp_path: Path) -> None:
    assert anchor_pem(init_project(tmp_path, tenant="Ä" * 200)).startswith("-----BEGIN CERTIFICATE")


def test_the_authority_stays_the_same(project: Project) -> None:
    first = ensure_authority(project)
    again = ensure_authority(project)
    assert (again.chain_pem, again.anchor_pem) == (first.chain_pem, first.anchor_pem)


def test_the_signer_is_renewed_in_good_time_under_the_same_root(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "SIGNER_LIFE", timedelta(days=30))
    old, root = _chain(project)
    assert old.not_valid_after_utc < datetime.now(UTC) + timedelta(days=31)
    monkeypatch.undo()
    renewed, same_root = _chain(project)
    assert renewed.not_valid_after_utc > datetime.now(UTC) + timedelta(days=3000)
    assert same_root == root


def test_a_certificate_of_another_key_is_refused(project: Project) -> None:
    ensure_authority(project)
    stranger = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (project.keys / "authority.pem").write_bytes(stranger)
    with pytest.raises(IntegrityError, match=r"authority\.crt does not belong to its key"):
        ensure_authority(project)


def test_a_damaged_certificate_is_refused(project: Project) -> None:
    ensure_authority(project)
    (project.keys / "signer.crt").write_text("rubbish")
    with pytest.raises(IntegrityError, match="not a readable certificate"):
        ensure_authority(project)


def _chain_pem(root: Path) -> str:
    return ensure_authority(Project(root)).chain_pem


def test_processes_that_make_the_authority_at_once_share_it(project: Project) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert len(set(pool.map(_chain_pem, [project.root] * 6))) == 1
