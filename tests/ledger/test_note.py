from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from countenance.errors import InputError, IntegrityError
from countenance.ledger.note import (
    Checkpoint,
    cosign,
    cosigned_at,
    log_key,
    open_checkpoint,
    parse_checkpoint,
    pem_of,
    read_key,
    read_pem,
    sign_checkpoint,
    witness_key,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ROOT = hashlib.sha256(b"root").digest()
LOG = log_key("countenance/studio", KEY.public_key())
WITNESS = witness_key("auditor", OTHER.public_key())
CHECKPOINT = Checkpoint("countenance/studio", 7, ROOT)
NOTE = sign_checkpoint(CHECKPOINT, KEY)


def test_a_checkpoint_is_a_note_as_c2sp_describes_it() -> None:
    text, _, line = NOTE.partition("\n\n")
    assert text.split("\n") == ["countenance/studio", "7", base64.b64encode(ROOT).decode()]
    assert line.startswith("\u2014 countenance/studio ")
    raw = base64.b64decode(line.split(" ")[2])
    public = KEY.public_key().public_bytes_raw()
    assert raw[:4] == hashlib.sha256(b"countenance/studio\n\x01" + public).digest()[:4]
    KEY.public_key().verify(raw[4:], f"{text}\n".encode())


def test_a_signed_checkpoint_comes_back_and_only_under_its_own_key() -> None:
    assert open_checkpoint(NOTE, LOG) == parse_checkpoint(NOTE) == CHECKPOINT
    for wrong in (log_key("countenance/studio", OTHER.public_key()), log_key("countenance/x", KEY.public_key())):
        with pytest.raises(IntegrityError):
            open_checkpoint(NOTE, wrong)


def test_a_cosignature_is_over_the_time_and_the_text() -> None:
    signed = cosign(NOTE, "auditor", OTHER, 1_700_000_000)
    assert cosigned_at(signed, WITNESS) == 1_700_000_000
    assert open_checkpoint(signed, LOG) == CHECKPOINT
    raw = base64.b64decode(signed.splitlines()[-1].split(" ")[2])
    public = OTHER.public_key().public_bytes_raw()
    assert raw[:4] == hashlib.sha256(b"auditor\n\x04" + public).digest()[:4]
    text = NOTE.partition("\n\n")[0]
    OTHER.public_key().verify(raw[12:], f"cosignature/v1\ntime 1700000000\n{text}\n".encode())
    with pytest.raises(IntegrityError, match="not signed by the witness"):
        cosigned_at(NOTE, WITNESS)


@given(st.integers(0, len(NOTE) - 1), st.sampled_from(["A", "\n", " ", "=", "7", ""]))
def test_no_changed_note_opens(place: int, put: str) -> None:
    changed = NOTE[:place] + put + NOTE[place + 1 :]
    if changed != NOTE:
        with pytest.raises(IntegrityError):
            open_checkpoint(changed, LOG)


@pytest.mark.parametrize("text", ["", "\n\n", "a\n1\nb\n", NOTE + "\n", NOTE + "x", NOTE * 2, "\u2014", NOTE * 200])
def test_other_texts_are_no_checkpoints(text: str) -> None:
    with pytest.raises(IntegrityError):
        open_checkpoint(text, LOG)


@pytest.mark.parametrize("key", [LOG, WITNESS])
def test_a_key_is_told_as_text(key: object) -> None:
    text = key.text()  # type: ignore[attr-defined]
    again = read_key(text + "\n")
    assert (again.name, again.id(), again.kind) == (key.name, key.id(), key.kind)  # type: ignore[attr-defined]
    with pytest.raises(InputError):
        read_key(text + "\v")
    name, number, coded = text.split("+", 2)
    changed = f"{name}+{int(number, 16) ^ 1:08x}+{coded}"
    with pytest.raises(InputError, match="was changed"):
        read_key(changed)


@pytest.mark.parametrize("text", ["", "a", "a+b+c", "a+00000000+QUJD", "+++"])
def test_other_texts_are_no_keys(text: str) -> None:
    with pytest.raises(InputError):
        read_key(text)


def test_a_public_key_in_pem_is_read_and_nothing_else() -> None:
    assert read_pem(pem_of(KEY.public_key())).public_bytes_raw() == KEY.public_key().public_bytes_raw()
    for text in ("", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        with pytest.raises(InputError):
            read_pem(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b"])
def test_a_witness_needs_a_plain_name(name: str) -> None:
    with pytest.raises(InputError, match="no name of a witness"):
        witness_key(name, KEY.public_key())
