"""Who signs: the project's own key, one in a hardware module, or a key service that a program asks."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from countenance.errors import InputError, IntegrityError
from countenance.provenance.authority import certified_chain, ensure_authority, ensure_timestamp_authority
from countenance.provenance.pkcs11 import TokenKey, open_token_key
from countenance.provenance.timestamp import serving
from countenance.store.project import Project

LOCAL = "local"
_KEYS = {"timestamp", "chain", "anchor", "command", "pkcs11", "token", "key", "pin_file"}
_COMMAND_S = 60  # a key service that takes longer does not answer


@dataclass(frozen=True)
class Identity:
    """In whose name files are sealed.

    `chain_pem` holds the certificates, signer first; `anchor_pem` the root to trust. Either `key_pem` is the
    private key (P-256), or `sign` signs: it takes the message and returns its ECDSA signature with SHA-256, DER
    or as r and s. `timestamp` is the address of an RFC 3161 authority, "local" for the project's own, or None.
    """

    chain_pem: str
    anchor_pem: str
    key_pem: bytes | None = None
    sign: Callable[[bytes], bytes] | None = None
    timestamp: str | None = None

    def __post_init__(self) -> None:
        if (self.key_pem is None) == (self.sign is None):
            raise InputError("a signing identity has either a key or a function that signs.")


@dataclass
class OpenSigner:
    """A signer that can be handed to a C2PA builder, and what went wrong behind its callback, if anything."""

    native: Any
    failure: Exception | None = None


def anchors_of(project: Project) -> str:
    """The root certificates (PEM) under which the project's releases are signed; no key is asked for.

    What the project signed itself before it was given another signer stays trusted.
    """
    settings = _settings(project)
    named = settings.get("anchor", settings.get("chain"))
    return ensure_authority(project).anchor_pem + (_text(project, named) if named else "")


def identity_of(project: Project) -> Identity:
    """The identity that the project's settings name under `[signing]`; by default its own key, without time stamps.

    Errors: InputError for settings that cannot be followed, IntegrityError for keys and certificates that do not
    belong together.
    """
    settings = _settings(project)
    timestamp = settings.get("timestamp")
    if "command" in settings:
        chain, anchor = _chain(project, settings)
        return Identity(chain, anchor, sign=partial(_ask, shlex.split(settings["command"])), timestamp=timestamp)
    if "pkcs11" in settings:
        key = _token_key(project, settings)
        chain, anchor = _chain(project, settings, key) if "chain" in settings else _certified(project, key)
        return Identity(chain, anchor, sign=key.sign, timestamp=timestamp)
    authority = ensure_authority(project)
    key_pem = authority.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(authority.chain_pem, authority.anchor_pem, key_pem=key_pem, timestamp=timestamp)


@contextmanager
def open_signer(project: Project, identity: Identity) -> Iterator[OpenSigner]:
    """A C2PA signer for an identity while the block runs.

    IntegrityError when the clock stands outside the life of the signer's certificate: a file signed then would
    not be trusted by anybody.
    """
    require_valid_now(identity.chain_pem)
    authority = serving(ensure_timestamp_authority(project)) if identity.timestamp == LOCAL else nullcontext(None)
    with authority as local:
        address = local or identity.timestamp
        opened = OpenSigner(None)
        opened.native = _native(identity, address, opened)
        with opened.native:
            yield opened


def require_valid_now(chain_pem: str, now: datetime | None = None) -> None:
    """IntegrityError when the signer's certificate has not begun or has ended by this machine's clock."""
    signer = x509.load_pem_x509_certificate(chain_pem.encode())
    now = now or datetime.now(UTC)
    if now < signer.not_valid_before_utc:
        raise IntegrityError(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, but the signing certificate begins on "
            f"{signer.not_valid_before_utc:%Y-%m-%d %H:%M}; set the clock right and sign again."
        )
    if now > signer.not_valid_after_utc:
        raise IntegrityError(
            f"the signing certificate ended on {signer.not_valid_after_utc:%Y-%m-%d}, and the clock says "
            f"{now:%Y-%m-%d}; set the clock right or get a new certificate."
        )


def _native(identity: Identity, address: str | None, opened: OpenSigner) -> Any:
    algorithm = c2pa.C2paSigningAlg.ES256
    if identity.key_pem is not None:
        # A key at hand is handed over, because the library then reserves some 9 kB less for the signature:
        # bytes that are padding, which nothing signs.
        info = c2pa.C2paSignerInfo(
            b"es256", identity.chain_pem.encode(), identity.key_pem, address.encode() if address else None
        )
        return c2pa.Signer.from_info(info)
    sign = identity.sign

    def watched(message: bytes) -> bytes:
        assert sign is not None
        try:
            return sign(message)
        except Exception as exc:  # the library would only log it
            opened.failure = exc
            return b""

    return c2pa.Signer.from_callback(watched, algorithm, identity.chain_pem, address)


def _settings(project: Project) -> Mapping[str, str]:
    settings: Mapping[str, str] = project.settings.signing
    unknown = sorted(set(settings) - _KEYS)
    if unknown or not all(isinstance(value, str) for value in settings.values()):
        name = unknown[0] if unknown else "a value that is no text"
        raise InputError(
            f"{project.settings_path} has {name} under [signing]; it takes {', '.join(sorted(_KEYS))}, each as text."
        )
    stamp = settings.get("timestamp")
    if stamp is not None and stamp != LOCAL and not stamp.startswith(("http://", "https://")):
        raise InputError(f"the time stamp authority {stamp!r} is neither an http address nor {LOCAL!r}.")
    return settings


def _token_key(project: Project, settings: Mapping[str, str]) -> TokenKey:
    missing = [name for name in ("token", "key") if name not in settings]
    if missing:
        raise InputError(f"{project.settings_path} lacks {missing[0]} under [signing]; a PKCS#11 key needs it.")
    pin = _text(project, settings["pin_file"]).strip() if "pin_file" in settings else None
    return open_token_key(Path(settings["pkcs11"]), settings["token"], settings["key"], pin)


def _chain(project: Project, settings: Mapping[str, str], key: TokenKey | None = None) -> tuple[str, str]:
    """The certificates that the settings name, signer first, and their root; those of `key` where one is given."""
    if "chain" not in settings:
        raise InputError(f"{project.settings_path} lacks chain under [signing]; a command that signs needs it.")
    chain = _text(project, settings["chain"])
    try:
        certificates = x509.load_pem_x509_certificates(chain.encode())
    except ValueError as exc:
        raise InputError(f"{settings['chain']}, which the signing settings name, holds no certificates.") from exc
    if key is not None and certificates[0].public_key() != key.public_key:
        raise IntegrityError(
            f"the first certificate of {settings['chain']} is not of the key {key.label!r}; name its own chain."
        )
    return chain, _text(project, settings["anchor"]) if "anchor" in settings else chain


def _certified(project: Project, key: TokenKey) -> tuple[str, str]:
    """Certificates for a key in a token by the project's own authority, and its root."""
    return certified_chain(project, f"signer-{key.fingerprint}", key.public_key), ensure_authority(project).anchor_pem


def _ask(command: Sequence[str], message: bytes) -> bytes:
    """The signature of a program that gets the message as its input, as those of key services do."""
    try:
        done = subprocess.run(command, input=message, capture_output=True, timeout=_COMMAND_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise IntegrityError(f"the signing command {command[0]!r} does not answer ({exc}); check it.") from exc
    if done.returncode or not done.stdout:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it gave no reason"]
        raise IntegrityError(f"the signing command {command[0]!r} failed ({told[0]}); nothing was signed.")
    return done.stdout


def _text(project: Project, name: str) -> str:
    path = project.folder / name  # an absolute name stays what it is
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path}, which the signing settings name, cannot be read ({exc}).") from exc
