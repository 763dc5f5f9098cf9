from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from countenance.errors import InputError, IntegrityError
from countenance.ledger.checkpoint import checkpoint_path
from countenance.ledger.log import append, entries, transaction
from countenance.ledger.proof import check_consistency, check_proof, prove, prove_consistency, public_key_pem
from countenance.store.project import Project, init_project


@pytest.fixture
def written(project: Project) -> Project:
    with transaction(project) as ledger:
        for n in range(1, 8):
            ledger.append("render.finished", "wörker", {"variant": f"v{n}", "share": n / 4, "list": [1, None]})
    return project


def round_trip(proof: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from a file."""
    again: dict[str, Any] = json.loads(json.dumps(proof))
    return again


@pytest.mark.parametrize("seq", range(1, 8))
def test_a_proof_gives_the_entry_back_without_the_project(written: Project, seq: int) -> None:
    entry = check_proof(round_trip(prove(written, seq)), public_key_pem(written))
    assert entry == entries(written)[seq - 1]


@pytest.mark.parametrize("seq", [0, 8, -1])
def test_what_is_not_in_the_ledger_has_no_proof(written: Project, seq: int) -> None:
    with pytest.raises(InputError, match=f"no entry {seq}"):
        prove(written, seq)


def _path_end(proof: dict[str, Any], end: str) -> None:
    proof["path"][-1] = end


CHANGES: dict[str, Any] = {
    "data": lambda proof: proof["entry"]["data"].update(variant="v9"),
    "actor": lambda proof: proof["entry"].update(actor="somebody"),
    "number": lambda proof: proof["entry"].update(seq=4),
    "flag": lambda proof: proof["entry"].update(seq=True),
    "hash": lambda proof: proof["entry"].update(hash="0" * 64),
    "signature": lambda proof: proof["entry"].update(signature="00"),
    "moment": lambda proof: proof["entry"].update(ts="2020-01-01T00:00:00Z"),
    "no entry": lambda proof: proof.update(entry=None),
    "more in the entry": lambda proof: proof["entry"].update(more=1),
    "path": lambda proof: _path_end(proof, base64.b64encode(bytes(32)).decode()),
    "short path": lambda proof: proof["path"].pop(),
    "longer path": lambda proof: proof["path"].append(proof["path"][0]),
    "order of the path": lambda proof: proof["path"].reverse(),
    "path of rubbish": lambda proof: _path_end(proof, "rubbish"),
    "no path": lambda proof: proof.update(path="AAAA"),
    "size": lambda proof: proof.update(checkpoint=proof["checkpoint"].replace("\n7\n", "\n8\n")),
    "no checkpoint": lambda proof: proof.update(checkpoint=7),
    "another kind": lambda proof: proof.update(format="countenance ledger consistency v1"),
    "more": lambda proof: proof.update(more=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_proof_proves_nothing(written: Project, change: str) -> None:
    proof = round_trip(prove(written, 3))
    CHANGES[change](proof)
    with pytest.raises(IntegrityError):
        check_proof(proof, public_key_pem(written))


def test_a_proof_holds_under_its_own_key_only(written: Project, tmp_path: Any) -> None:
    other = init_project(tmp_path / "other")
    with pytest.raises(IntegrityError, match="not signed"):
        check_proof(prove(written, 1), public_key_pem(other))
    with pytest.raises(InputError, match="public key"):
        check_proof(prove(written, 1), "rubbish")


def test_a_ledger_goes_on_from_each_of_its_checkpoints(project: Project) -> None:
    notes = []
    for n in range(6):
        append(project, "render.started", "worker", {"n": n})
        notes.append(checkpoint_path(project).read_text())
    for n, note in enumerate(notes, 1):
        old, new = check_consistency(round_trip(prove_consistency(project, note)), public_key_pem(project))
        assert (old.size, new.size) == (n, 6)


def test_a_consistency_proof_that_was_changed_proves_nothing(project: Project) -> None:
    append(project, "render.started", "worker", {})
    old = checkpoint_path(project).read_text()
    for _ in range(4):
        append(project, "render.started", "worker", {})
    proof = prove_consistency(project, old)
    pem = public_key_pem(project)
    swapped = proof | {"old": proof["new"], "new": proof["old"]}
    cut = proof | {"path": proof["path"][:-1]}
    same = proof | {"old": proof["new"]}
    for wrong in (swapped, cut, same, proof | {"path": []}, proof | {"old": ""}, proof | {"format": "x"}):
        with pytest.raises(IntegrityError):
            check_consistency(wrong, pem)


def test_a_forked_ledger_has_no_proof_that_it_goes_on(written: Project, tmp_path: Any) -> None:
    note = checkpoint_path(written).read_text()
    other = init_project(tmp_path / "other")
    (other.keys / "ledger.pem").write_bytes((written.keys / "ledger.pem").read_bytes())
    settings = other.settings_path.read_text().replace(other.settings.project_id, written.settings.project_id)
    other.settings_path.write_text(settings)
    append(other, "render.started", "worker", {})
    with pytest.raises(IntegrityError, match="names 7"):
        prove_consistency(other, note)
    for _ in range(9):
        append(other, "render.started", "worker", {})
    with pytest.raises(IntegrityError, match="it was forked"):
        prove_consistency(other, note)
