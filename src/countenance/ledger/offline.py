"""Proving an exported ledger from its files alone, with nothing but its public key."""

from __future__ import annotations

import json

from countenance.errors import InputError, IntegrityError
from countenance.ledger.audit import LedgerReport, problem_of
from countenance.ledger.chain import GENESIS, Row, canonical, changed, entry_signed
from countenance.ledger.note import ORIGIN, VerifierKey, log_key, parse_checkpoint, read_pem
from countenance.ledger.shelf import Source
from countenance.ledger.tiles import read_checkpoint, read_entries, tiles_of
from countenance.ledger.tree import Tree, leaf_hash


def key_for(source: Source, pem: str) -> VerifierKey:
    """A public key under the name of the log that the export says it is."""
    content = source.get("checkpoint")
    if content is None:
        raise IntegrityError("the exported ledger has no checkpoint; export it again.")
    origin = parse_checkpoint(content.decode(errors="replace")).origin
    if not origin.startswith(ORIGIN):
        raise IntegrityError(f"{origin!r} is no ledger of countenance; check the path.")
    return log_key(origin, read_pem(pem))


def verify_export(source: Source, key: VerifierKey) -> LedgerReport:
    """Prove every entry, its place, the tiles and the checkpoint of an exported ledger; the first bad place is named.

    Never raises for what is wrong with the export, only for a place that cannot be read at all (InputError).
    """
    proven = 0
    try:
        _, checkpoint = read_checkpoint(source, key)
        leaves, previous, last_ts, unsigned = [], GENESIS, "", ""
        for line in read_entries(source, checkpoint.size):
            row = _row(line, proven + 1)
            problem = problem_of(row, proven + 1, previous, last_ts)
            if problem:
                return LedgerReport(False, proven, problem)
            leaves.append(leaf_hash(line))
            previous, last_ts, proven = row.hash, row.ts, proven + 1
        tree = Tree(leaves)
        if tree.root() != checkpoint.root:
            unsigned = _first_unsigned(source, checkpoint.size, key)
            return LedgerReport(False, 0, unsigned or "the entries are not those that the checkpoint names")
        for name, content in tiles_of(tree):
            if source.get(name) != content:
                return LedgerReport(False, proven, f"{name} is missing or does not hold the hashes of the entries")
    except IntegrityError as problem:
        return LedgerReport(False, proven, str(problem))
    return LedgerReport(True, proven, None)


def _row(line: bytes, seq: int) -> Row:
    try:
        values = json.loads(line)
        row = Row(**{**values, "data": canonical(values["data"]).decode()})
        sound = row.leaf() == line
    except (ValueError, TypeError, KeyError, InputError):
        sound = False
    if not sound:
        raise IntegrityError(changed(seq, "of the export"))
    return row


def _first_unsigned(source: Source, size: int, key: VerifierKey) -> str:
    for seq, line in enumerate(read_entries(source, size), 1):
        row = _row(line, seq)
        if not entry_signed(key.key, row.hash, row.signature):
            return f"entry {seq} ({row.kind}) is not signed with the ledger's key"
    return ""
