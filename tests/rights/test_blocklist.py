from __future__ import annotations

import json

import numpy as np
import pytest

from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import entries, verify
from countenance.media.frame import F32
from countenance.rights.blocklist import block, block_list, nearest, unblock
from countenance.store.project import Project


def face(seed: int, count: int = 1) -> F32:
    return np.random.default_rng(seed).normal(0, 0.08, (count, 128)).astype(np.float32)


def test_an_entry_comes_back_and_the_nearest_is_found(project: Project) -> None:
    first = block(project, "Protected Person", face(1, 3), reason="a court order", owner="legal")
    second = block(project, "Another", face(2), reason="asked us to", owner="legal")
    found = block_list(project)
    assert [one.id for one in found] == [first.id, second.id]
    assert np.array_equal(found[0].embeddings, face(1, 3))
    assert (found[1].label, found[1].reason, found[1].owner) == ("Another", "asked us to", "legal")
    near = nearest(found, face(1, 3)[2] + np.float32(0.001))
    assert near is not None
    assert near[0].id == first.id and near[1] == pytest.approx(0.001 * 128**0.5, rel=1e-3)
    assert nearest((), face(1)) is None


def test_neither_files_nor_ledger_tell_who_is_protected_or_what_they_look_like(project: Project) -> None:
    block(project, "Protected Person", face(1), reason="a court order", owner="legal")
    (entry,) = entries(project)
    assert entry.kind == "blocklist.added"
    assert not any(word in json.dumps(entry.data) for word in ("Protected", "court"))
    for path in project.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"Protected Person" not in content and face(1).tobytes()[:32] not in content


def test_an_entry_is_taken_off_with_a_reason_and_its_file_and_key_go(project: Project) -> None:
    entry = block(project, "Protected Person", face(1), reason="a court order", owner="legal")
    with pytest.raises(InputError, match="needs a reason"):
        unblock(project, entry.id, reason=" ", owner="legal")
    unblock(project, entry.id, reason="the order was lifted", owner="legal")
    assert block_list(project) == ()
    assert not list((project.folder / "blocklist").iterdir())
    assert not list(project.keys.glob("block-*"))
    with pytest.raises(InputError, match="is on the block list"):
        unblock(project, entry.id, reason="again", owner="legal")
    assert [one.kind for one in entries(project)] == ["blocklist.added", "blocklist.removed"]
    assert verify(project).ok


@pytest.mark.parametrize("what", ["file", "key", "content", "swapped"])
def test_an_entry_cannot_be_taken_away_unnoticed(project: Project, what: str) -> None:
    entry = block(project, "Protected Person", face(1), reason="r", owner="legal")
    other = block(project, "Another", face(2), reason="r", owner="legal")
    file = project.folder / "blocklist" / f"{entry.id}.face"
    if what == "file":
        file.unlink()
    elif what == "key":
        (project.keys / f"block-{entry.id.lower()}.key").unlink()
    elif what == "content":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        file.write_bytes((project.folder / "blocklist" / f"{other.id}.face").read_bytes())
    with pytest.raises(IntegrityError, match=f"entry {entry.id} of the block list cannot be read"):
        block_list(project)


@pytest.mark.parametrize(
    ("label", "embeddings", "reason", "owner", "said"),
    [
        ("", face(1), "r", "o", "needs a name"),
        ("A", face(1), "", "o", "a reason"),
        ("A", face(1), "r", " ", "who answers"),
        ("A", face(1)[:, :64], "r", "o", "128 numbers"),
        ("A", face(1)[:0], "r", "o", "128 numbers"),
        ("A", np.full((1, 128), np.nan, np.float32), "r", "o", "128 numbers"),
    ],
)
def test_an_entry_needs_a_face_a_reason_and_an_owner(
    project: Project, label: str, embeddings: F32, reason: str, owner: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        block(project, label, embeddings, reason=reason, owner=owner)
    assert block_list(project) == ()
