"""A ledger as files that never change once written: tiles of its tree (C2SP tlog-tiles), its entries, its checkpoints.

```
checkpoint                newest signed checkpoint
checkpoints/0000000300    each that was exported, by its number of entries
tile/0/000 ...            256 hashes of leaves a file; tile/1/... those of 256 of these, and so on
tile/0/001.p/44           the last file while it has 44 hashes only
entries/000.jsonl ...     the entries themselves, one canonical JSON object a line: the bytes of a leaf
witness/NAME              the newest signature of each witness that the project knows
ledger.pem, ledger.vkey   the public key
```
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from countenance.errors import IntegrityError
from countenance.ledger.audit import rows
from countenance.ledger.checkpoint import read_head
from countenance.ledger.note import Checkpoint, VerifierKey, open_checkpoint
from countenance.ledger.proof import log_key_of, public_key_pem
from countenance.ledger.shelf import Shelf, Source
from countenance.ledger.tree import HASH_BYTES, Tree, leaf_hash
from countenance.ledger.witnessed import kept
from countenance.store.database import reading
from countenance.store.project import Project

HEIGHT = 8
WIDTH = 1 << HEIGHT  # hashes in a full tile


@dataclass(frozen=True)
class Exported:
    """What an export wrote: the checkpoint it is for, and the number of new files."""

    checkpoint: Checkpoint
    new_files: int


def export(project: Project, shelf: Shelf) -> Exported:
    """Write everything that the shelf lacks, the newest checkpoint last; safe to repeat.

    IntegrityError when the ledger does not go on from the checkpoint on the shelf: then nothing is written.
    """
    key = log_key_of(project)
    with reading(project) as connection:
        head = read_head(connection, key)
        leaves = [row.leaf() for row in rows(connection)]
    tree = Tree(leaf_hash(one) for one in leaves)
    if head is None or (tree.size, tree.root()) != (head.checkpoint.size, head.checkpoint.root):
        raise IntegrityError(
            "the entries are not those of the checkpoint; `countenance ledger verify` names the place."
        )
    _require_growth(shelf, key, tree)
    known = shelf.names()
    files = {"ledger.pem": public_key_pem(project).encode(), "ledger.vkey": f"{key.text()}\n".encode()}
    files |= dict(tiles_of(tree)) | dict(_bundles(leaves))
    files[f"checkpoints/{tree.size:010}"] = head.note.encode()
    changing = {f"witness/{one.witness}": one.note.encode() for one in kept(project, key)}
    changing["checkpoint"] = head.note.encode()
    new = [name for name in files if name not in known]
    for name in new:
        shelf.put(name, files[name])
    for name, content in changing.items():
        if shelf.get(name) != content:
            shelf.put(name, content)
    return Exported(head.checkpoint, len(new))


def read_checkpoint(source: Source, key: VerifierKey) -> tuple[str, Checkpoint]:
    """The newest checkpoint of an exported ledger, as note and opened; IntegrityError when it is not of this log."""
    content = source.get("checkpoint")
    if content is None:
        raise IntegrityError("the exported ledger has no checkpoint; export it again.")
    try:
        note = content.decode()
    except UnicodeDecodeError as exc:
        raise IntegrityError("the exported ledger's checkpoint was changed; export it again.") from exc
    return note, open_checkpoint(note, key)


def read_leaves(source: Source, size: int, start: int = 0) -> list[bytes]:
    """The hashes of the leaves [start, size) from tiles, `start` where one begins; IntegrityError if one lacks."""
    found: list[bytes] = []
    for index in range(start // WIDTH, -(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        name = tile_name("0", index, width)
        # A partial tile may give way to the full one, which begins with the same hashes.
        content = source.get(name) or source.get(tile_name("0", index))
        if content is None or len(content) < width * HASH_BYTES or len(content) % HASH_BYTES:
            raise IntegrityError(
                f"the tile {name} (entries {index * WIDTH + 1} to {index * WIDTH + width}) is missing or cut off."
            )
        found += [content[n * HASH_BYTES : (n + 1) * HASH_BYTES] for n in range(width)]
    return found


def read_entries(source: Source, size: int) -> Iterator[bytes]:
    """The first `size` leaves from the bundles of entries; IntegrityError names the first that lacks."""
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        content = source.get(bundle_name(index, width)) or source.get(bundle_name(index)) or b""
        lines = content.split(b"\n")[:-1]
        yield from lines[:width]
        if len(lines) < width:
            raise IntegrityError(f"entry {index * WIDTH + len(lines) + 1} is missing in {bundle_name(index, width)}.")


def tile_name(level: str, index: int, width: int = WIDTH) -> str:
    """The name of a tile: `tile/0/x001/234`, or `tile/0/x001/234.p/5` while it holds five hashes."""
    return f"tile/{level}/{_number(index)}{_partial(width)}"


def bundle_name(index: int, width: int = WIDTH) -> str:
    """The name of a file of entries."""
    return f"entries/{_number(index)}{_partial(width)}.jsonl"


def _require_growth(shelf: Shelf, key: VerifierKey, tree: Tree) -> None:
    if shelf.get("checkpoint") is None:
        return
    _, before = read_checkpoint(shelf, key)
    if before.size > tree.size:
        raise IntegrityError(f"the ledger ends at entry {tree.size}, but {before.size} were exported: it was cut off.")
    if tree.root(before.size) != before.root:
        raise IntegrityError(f"the first {before.size} entries are not those that were exported: it was forked.")


def tiles_of(tree: Tree) -> Iterator[tuple[str, bytes]]:
    """All tiles of a tree, by name."""
    for level in range(8):
        hashes = tree.level(HEIGHT * level)
        for start in range(0, len(hashes), WIDTH):
            some = hashes[start : start + WIDTH]
            yield tile_name(str(level), start // WIDTH, len(some)), b"".join(some)


def _bundles(leaves: list[bytes]) -> Iterator[tuple[str, bytes]]:
    for start in range(0, len(leaves), WIDTH):
        some = leaves[start : start + WIDTH]
        yield bundle_name(start // WIDTH, len(some)), b"".join(one + b"\n" for one in some)


def _number(index: int) -> str:
    """Groups of three digits, an x before all but the last."""
    last = f"{index % 1000:03}"
    while index := index // 1000:
        last = f"x{index % 1000:03}/{last}"
    return last


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"
