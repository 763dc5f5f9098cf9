"""Checks the signed records beside it with Python's standard library alone: `python3 checks/check.py`.

Written out with the evidence, so that nobody needs the software that made it. It recomputes every hash; the two
kinds of signatures are then checked with openssl, over the very bytes that are compared here.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def canonical(value: Any) -> bytes:
    """RFC 8785 for values without fractions, which is all that stands in these files."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root of the Merkle tree by RFC 9162, section 2.1.3.2."""
    found, last, rest = leaf, size - 1, list(path)
    while rest:
        step = rest.pop(0)
        if index % 2 or index == last:
            found = sha256(b"\x01" + step + found)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            found = sha256(b"\x01" + found + step)
        index, last = index // 2, last // 2
    if last:
        sys.exit("FAILED: a path does not fit its place in the tree")
    return found


def check_ledger() -> None:
    """Each entry has its hash, and stands in the tree whose root the signed checkpoint names."""
    signed = (HERE / "checkpoint.msg").read_bytes()
    _origin, size, root = signed.decode().splitlines()
    for proof in json.loads((HERE / "ledger.json").read_text(encoding="utf-8")):
        entry, note = proof["entry"], proof["checkpoint"]
        lines = note.split("\n\n")[1].splitlines()
        signatures = [base64.b64decode(line.split(" ")[2])[4:] for line in lines]
        if note.split("\n\n")[0].encode() + b"\n" != signed or (HERE / "checkpoint.sig").read_bytes() not in signatures:
            sys.exit("FAILED: checkpoint.msg and checkpoint.sig are not those of the proofs")
        content = {name: value for name, value in entry.items() if name not in ("hash", "signature")}
        if sha256(canonical(content)).hex() != entry["hash"]:
            sys.exit(f"FAILED: entry {entry['seq']} was changed")
        path = [base64.b64decode(one) for one in proof["path"]]
        leaf = sha256(b"\x00" + canonical(entry))
        if base64.b64encode(root_of(leaf, entry["seq"] - 1, int(size), path)).decode() != root:
            sys.exit(f"FAILED: entry {entry['seq']} is not in the ledger")
        print(f"entry {entry['seq']}, {entry['kind']}, {entry['ts']}: in the ledger")


def check_consents() -> None:
    """What the controller signed about each consent is what its .msg file stands for (W3C eddsa-jcs-2022)."""
    for file in sorted((HERE / "consents").glob("*.record.json")):
        record = json.loads(file.read_text(encoding="utf-8"))
        options = {name: value for name, value in record.pop("proof").items() if name != "proofValue"}
        if file.with_suffix("").with_suffix(".msg").read_bytes() != sha256(canonical(options)) + sha256(
            canonical(record)
        ):
            sys.exit(f"FAILED: {file.name} was changed")
        print(f"consent {record['dct:identifier']}: the record is what was signed")


check_ledger()
check_consents()
print("all checked")
