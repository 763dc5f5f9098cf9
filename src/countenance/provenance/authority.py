"""The project's own certificate authority, in whose name releases are signed.

A root certificate that lies open for everybody to check against, and a signing certificate under it
that follows the C2PA certificate profile. Both keys stay in the project's key folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from countenance.errors import IntegrityError
from countenance.store.files import locked, write_bytes
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_p256

# Signatures carry no time stamp from a third party (the product works offline), so a signed file
# counts as trusted only while its signing certificate lives: hence years, not weeks.
ROOT_LIFE = timedelta(days=20 * 365)
SIGNER_LIFE = timedelta(days=10 * 365)
RENEW_BEFORE_END = timedelta(days=5 * 365)
CLOCK_SKEW = timedelta(minutes=5)
_LONGEST_NAME = 64  # X.520 upper bound of an organisation's name


@dataclass(frozen=True)
class Authority:
    """What signing needs: the key, its certificate chain (signer first), and the anchor to trust."""

    key: ec.EllipticCurvePrivateKey
    chain_pem: str
    anchor_pem: str


def ensure_authority(project: Project) -> Authority:
    """The project's authority, made the first time; the signing certificate is renewed in good time.

    IntegrityError when a certificate on file does not belong to its key.
    """
    with locked(project.keys / "authority.lock"):
        root_key = load_or_create_p256(project, "authority")
        root = _load(project.keys / "authority.crt")
        if root is None:
            root = _root(project, root_key)
            _save(project.keys / "authority.crt", root)
        signer_key = load_or_create_p256(project, "signer")
        signer = _load(project.keys / "signer.crt")
        if signer is None or signer.not_valid_after_utc - RENEW_BEFORE_END < datetime.now(UTC):
            signer = _signer(project, signer_key, root, root_key)
            _save(project.keys / "signer.crt", signer)
    for certificate, key, path in ((root, root_key, "authority.crt"), (signer, signer_key, "signer.crt")):
        if certificate.public_key() != key.public_key():
            raise IntegrityError(f"{project.keys / path} does not belong to its key; restore both from a backup.")
    return Authority(signer_key, _pem(signer) + _pem(root), _pem(root))


def anchor_pem(project: Project) -> str:
    """The root certificate in PEM form: what others need to check the project's signatures."""
    return ensure_authority(project).anchor_pem


def _name(project: Project, role: str) -> x509.Name:
    settings = project.settings
    return x509.Name(
        [  # older C2PA validators refuse a signer without an organisation
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, settings.tenant[:_LONGEST_NAME]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{role} of project {settings.project_id}"),
        ]
    )


def _root(project: Project, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name(project, "Root")
    return (
        _certificate(name, name, key.public_key(), ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _signer(
    project: Project,
    key: ec.EllipticCurvePrivateKey,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    return (
        _certificate(_name(project, "Releases"), root.subject, key.public_key(), SIGNER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        # The one usage that validators accept even when they are configured with anchors alone.
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    start = datetime.now(UTC) - CLOCK_SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _save(path: Path, certificate: x509.Certificate) -> None:
    write_bytes(path, _pem(certificate).encode())


def _load(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as exc:
        raise IntegrityError(f"{path} is not a readable certificate; restore it from a backup.") from exc
