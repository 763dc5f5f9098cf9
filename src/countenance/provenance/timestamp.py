"""Time stamps after RFC 3161: a small authority of the project's own, and its service over HTTP.

A signature that was time-stamped while its certificate lived stays valid after the certificate has
ended, because the stamp proves when it was made. A stamp is worth as much as whoever gives it: the
project's own shows readers that trust the project when a file was sealed; towards others use the
address of an independent authority.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# "Any policy" (RFC 5280): the authority promises nothing beyond the time. Identifiers under the arc for UUIDs
# are too large for some readers.
POLICY = "2.5.29.32.0"
DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}
QUERY_TYPE, REPLY_TYPE = "application/timestamp-query", "application/timestamp-reply"
LARGEST_QUERY_BYTES = 4096


class _Refused(core.Sequence):  # type: ignore[misc]
    """A TimeStampResp without a token, which asn1crypto's own type cannot be."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo)]


@dataclass(frozen=True)
class TimestampAuthority:
    """The key that stamps, its certificate, and those above it (none of them the root)."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()


def stamp(authority: TimestampAuthority, query: bytes, now: datetime | None = None) -> bytes:
    """The DER reply to a DER query (RFC 3161, 2.4): a token, or a rejection that says why."""
    try:
        request = tsp.TimeStampReq.load(query, strict=True)
        imprint = request["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        digest = imprint["hashed_message"].native
        nonce = request["nonce"].native
        policy = request["req_policy"].native
    except (ValueError, TypeError):
        return _rejection("bad_data_format")
    if DIGEST_BYTES.get(algorithm) != len(digest):
        return _rejection("bad_alg")
    if policy not in (None, POLICY):
        return _rejection("unaccepted_policy")
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": imprint,
            "serial_number": secrets.randbits(63) + 1,
            "gen_time": (now or datetime.now(UTC)).replace(microsecond=0),
            "accuracy": {"seconds": 1},
            **({"nonce": nonce} if nonce is not None else {}),
        }
    )
    token = cms.ContentInfo({"content_type": "signed_data", "content": _signed(authority, info.dump())})
    return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


@contextmanager
def serving(authority: TimestampAuthority, port: int = 0) -> Iterator[str]:
    """Serve the authority on this machine alone while the block runs; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.headers.get("Content-Type") != QUERY_TYPE or not 0 < length <= LARGEST_QUERY_BYTES:
                self.send_error(400)
                return
            reply = stamp(authority, self.rfile.read(length))
            self.send_response(200)
            self.send_header("Content-Type", REPLY_TYPE)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is logged: what is stamped is nobody's business."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def _signed(authority: TimestampAuthority, info: bytes) -> cms.SignedData:
    certificate = _asn1(authority.certificate)
    ess = tsp.ESSCertIDv2(  # SHA-256 is the default algorithm and therefore not written (RFC 5035)
        {
            "cert_hash": hashlib.sha256(certificate.dump()).digest(),
            "issuer_serial": {
                "issuer": [asn1_x509.GeneralName("directory_name", certificate.issuer)],
                "serial_number": certificate.serial_number,
            },
        }
    )
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
            cms.CMSAttribute(
                {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [ess]})]}
            ),
        ]
    )
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": certificate.issuer,
                        "serial_number": certificate.serial_number,
                    }
                }
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": authority.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
    )
    return cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [sha256],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
            "certificates": [certificate, *(_asn1(one) for one in authority.issuers)],
            "signer_infos": [signer],
        }
    )


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _rejection(reason: str) -> bytes:
    return bytes(_Refused({"status": {"status": "rejection", "fail_info": {reason}}}).dump())
