from __future__ import annotations

import hashlib
import shutil
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import core, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from countenance.provenance.authority import anchor_pem, ensure_timestamp_authority
from countenance.provenance.timestamp import QUERY_TYPE, REPLY_TYPE, TimestampAuthority, serving, stamp
from countenance.store.project import Project, init_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path / "studio")


@pytest.fixture
def authority(project: Project) -> TimestampAuthority:
    return ensure_timestamp_authority(project)


def _query(digest: bytes = hashlib.sha256(b"hello").digest(), algorithm: str = "sha256", **more: object) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": digest}
    return bytes(tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, **more}).dump())


def _failure(reply: bytes) -> set[str]:
    (content,) = core.SequenceOf.load(reply, strict=True, spec=tsp.PKIStatusInfo)  # no token beside the status
    status = {"status": content["status"], "fail_info": content["fail_info"]}
    assert status["status"].native == "rejection"
    return set(status["fail_info"].native)


def test_a_token_says_what_was_stamped_and_when(authority: TimestampAuthority) -> None:
    when = datetime(2026, 11, 21, 9, 30, 15, 999, tzinfo=UTC)
    reply = tsp.TimeStampResp.load(stamp(authority, _query(nonce=77), when), strict=True)
    assert reply["status"]["status"].native == "granted"
    info = reply["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == hashlib.sha256(b"hello").digest()
    assert (info["nonce"].native, info["gen_time"].native) == (77, when.replace(microsecond=0))
    assert info["serial_number"].native > 0


def test_the_certificate_is_for_time_stamps_alone(authority: TimestampAuthority, project: Project) -> None:
    usage = authority.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    authority.certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(anchor_pem(project).encode()))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl command")
@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_openssl_accepts_the_token(
    authority: TimestampAuthority, project: Project, tmp_path: Path, algorithm: str
) -> None:
    (tmp_path / "data").write_bytes(b"what was made")
    (tmp_path / "root.pem").write_text(anchor_pem(project))

    def openssl(*arguments: str) -> str:
        return subprocess.run(
            ["openssl", "ts", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout

    openssl("-query", "-data", "data", f"-{algorithm}", "-cert", "-out", "query")
    (tmp_path / "reply").write_bytes(stamp(authority, (tmp_path / "query").read_bytes()))
    assert "OK" in openssl("-verify", "-queryfile", "query", "-in", "reply", "-CAfile", "root.pem")
    (tmp_path / "other").write_bytes(b"something else")
    with pytest.raises(subprocess.CalledProcessError):
        openssl("-verify", "-data", "other", "-in", "reply", "-CAfile", "root.pem")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (b"", "bad_data_format"),
        (b"\x30\x03\x02\x01", "bad_data_format"),
        (_query() + b"x", "bad_data_format"),
        (_query(digest=b"short"), "bad_alg"),
        (_query(digest=bytes(20), algorithm="sha1"), "bad_alg"),
        (_query(req_policy="1.2.3.4"), "unaccepted_policy"),
    ],
    ids=["empty", "cut", "too long", "short digest", "weak digest", "policy"],
)
def test_what_cannot_be_stamped_is_rejected_with_a_reason(
    authority: TimestampAuthority, query: bytes, reason: str
) -> None:
    assert _failure(stamp(authority, query)) == {reason}


def test_it_is_served_over_http_on_this_machine_while_it_is_needed(authority: TimestampAuthority) -> None:
    def ask(content: bytes, kind: str = QUERY_TYPE) -> tuple[str | None, bytes]:
        request = urllib.request.Request(address, data=content, headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.headers["Content-Type"], reply.read()

    with serving(authority) as address:
        assert address.startswith("http://127.0.0.1:")
        kind, reply = ask(_query())
        assert kind == REPLY_TYPE
        assert tsp.TimeStampResp.load(reply, strict=True)["status"]["status"].native == "granted"
        for content, wrong in ((_query(), "text/plain"), (b"x" * 5000, QUERY_TYPE)):
            with pytest.raises(urllib.error.HTTPError) as refused:
                ask(content, wrong)
            assert refused.value.code == 400
            refused.value.close()
    with pytest.raises(urllib.error.URLError):
        ask(_query())
