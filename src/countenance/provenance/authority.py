"""The project's own certificate authority, in whose name releases are signed.

A root certificate that lies open for everybody to check against, and under it a signing certificate
that follows the C2PA certificate profile and one for time stamps (RFC 3161). The keys stay in the
project's key folder; a signing key that lies in a hardware module instead is certified as well.
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
from countenance.provenance.timestamp import TimestampAuthority
from countenance.store.files import locked, write_bytes
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_p256

# Without a time stamp (by default there is none, since the product works offline) a signed file counts
# as trusted only while its signing certificate lives: hence years, not weeks.
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
    _root_key, root = _ensure_root(project)
    key = load_or_create_p256(project, "signer")
    signer = _ensure_leaf(project, "signer", key.public_key(), "Releases", ExtendedKeyUsageOID.EMAIL_PROTECTION)
    return Authority(key, _pem(signer) + _pem(root), _pem(root))


def certified_chain(project: Project, name: str, key: ec.EllipticCurvePublicKey) -> str:
    """A certificate chain (signer first) for a P-256 signing key that lies elsewhere, kept under `name`."""
    _key, root = _ensure_root(project)
    return _pem(_ensure_leaf(project, name, key, "Releases", ExtendedKeyUsageOID.EMAIL_PROTECTION)) + _pem(root)


def ensure_timestamp_authority(project: Project) -> TimestampAuthority:
    """The project's own authority for time stamps, made the first time."""
    key = load_or_create_p256(project, "timestamp")
    purpose = ExtendedKeyUsageOID.TIME_STAMPING
    return TimestampAuthority(key, _ensure_leaf(project, "timestamp", key.public_key(), "Time stamps", purpose))


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


def _ensure_root(project: Project) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    path = project.keys / "authority.crt"
    with locked(project.keys / "authority.lock"):
        key = load_or_create_p256(project, "authority")
        root = _load(path)
        if root is None:
            root = _root(project, key)
            _save(path, root)
    _require_pair(root, key.public_key(), path)
    return key, root


def _ensure_leaf(
    project: Project, name: str, key: ec.EllipticCurvePublicKey, role: str, purpose: x509.ObjectIdentifier
) -> x509.Certificate:
    """The certificate `name` under the root for a key; made the first time, renewed in good time."""
    root_key, root = _ensure_root(project)
    path = project.keys / f"{name}.crt"
    with locked(project.keys / "authority.lock"):
        leaf = _load(path)
        if leaf is None or leaf.not_valid_after_utc - RENEW_BEFORE_END < datetime.now(UTC):
            leaf = _leaf(project, role, key, root, root_key, purpose)
            _save(path, leaf)
    _require_pair(leaf, key, path)
    return leaf


def _require_pair(certificate: x509.Certificate, key: ec.EllipticCurvePublicKey, path: Path) -> None:
    if certificate.public_key() != key:
        raise IntegrityError(f"{path} does not belong to its key; restore both from a backup.")


def _root(project: Project, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name(project, "Root")
    return (
        _certificate(name, name, key.public_key(), ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    project: Project,
    role: str,
    key: ec.EllipticCurvePublicKey,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    purpose: x509.ObjectIdentifier,
) -> x509.Certificate:
    # E-mail protection is the one usage of signers that validators accept even when they are configured with
    # anchors alone. The usage for time stamps must be critical (RFC 3161, 2.3).
    critical = purpose == ExtendedKeyUsageOID.TIME_STAMPING
    return (
        _certificate(_name(project, role), root.subject, key, SIGNER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=critical)
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
