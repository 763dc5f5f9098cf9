"""A signing key in a hardware module (PKCS#11): it signs there and never leaves it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from countenance.errors import InputError, IntegrityError

PIN_VARIABLE = "COUNTENANCE_PIN"


@dataclass(frozen=True)
class TokenKey:
    """A P-256 key in a token: what signs with it, and its public half."""

    label: str
    public_key: ec.EllipticCurvePublicKey
    sign: Callable[[bytes], bytes]

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits of the SHA-256 of the public key."""
        der = self.public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()[:16]


def open_token_key(module: Path, token: str, label: str, pin: str | None = None) -> TokenKey:
    """The key `label` in a token, by the vendor's PKCS#11 library; the PIN may stand in COUNTENANCE_PIN.

    Each signature opens a session of its own, so a module that was unplugged in between is found out then.
    InputError when the library, the token, the PIN or the key is not what was named.
    """
    secret = pin or os.environ.get(PIN_VARIABLE)
    if not secret:
        raise InputError(f"the PIN of token {token!r} is not given; set {PIN_VARIABLE} or pin_file.")
    found = _Token(module, token, label, secret)
    return TokenKey(label, found.public_key(), found.sign)


@dataclass(frozen=True)
class _Token:
    module: Path
    name: str
    label: str
    pin: str

    def public_key(self) -> ec.EllipticCurvePublicKey:
        try:
            from pkcs11 import ObjectClass
            from pkcs11.util.ec import encode_ec_public_key
        except ImportError as exc:
            raise InputError("keys in hardware need python-pkcs11; install it with `countenance[hsm]`.") from exc
        der = self._with_key(ObjectClass.PUBLIC_KEY, encode_ec_public_key)
        key = serialization.load_der_public_key(der)
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise InputError(f"the key {self.label!r} in token {self.name!r} is not on the curve P-256.")
        return key

    def sign(self, message: bytes) -> bytes:
        """ECDSA over the SHA-256 of a message, as r and s of 32 bytes each."""
        from pkcs11 import Mechanism, ObjectClass

        digest = hashlib.sha256(message).digest()  # few modules hash by themselves
        return bytes(self._with_key(ObjectClass.PRIVATE_KEY, lambda key: key.sign(digest, mechanism=Mechanism.ECDSA)))

    def _with_key(self, kind: Any, use: Callable[[Any], Any]) -> Any:
        import pkcs11
        from pkcs11 import exceptions

        try:
            library = pkcs11.lib(str(self.module))
            with library.get_token(token_label=self.name).open(user_pin=self.pin) as session:
                return use(session.get_key(object_class=kind, label=self.label))
        except exceptions.PinIncorrect as exc:
            raise InputError(f"the PIN of token {self.name!r} is wrong.") from exc
        except exceptions.NoSuchToken as exc:
            raise InputError(f"{self.module} has no token {self.name!r}; plug it in or correct its name.") from exc
        except exceptions.NoSuchKey as exc:
            raise InputError(
                f"token {self.name!r} has no key {self.label!r}; make it there or correct its name."
            ) from exc
        except (exceptions.PKCS11Error, RuntimeError) as exc:
            raise IntegrityError(
                f"token {self.name!r} of {self.module} does not answer ({type(exc).__name__}: {exc}); check the module."
            ) from exc
