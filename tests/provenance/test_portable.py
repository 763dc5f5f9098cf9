"""Verifying a release without its project: by the anchor file and an inclusion proof, as a stranger would."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from releases import RELEASE

from countenance.errors import InputError
from countenance.ledger.log import append, entries
from countenance.ledger.proof import prove
from countenance.provenance.anchor import anchor_text, read_anchor
from countenance.provenance.authority import anchor_pem
from countenance.provenance.verify import Verification, verify_file
from countenance.store.project import Project, init_project


def states(seen: Verification) -> dict[str, str]:
    return {finding.about: finding.state for finding in seen.findings}


@pytest.fixture(scope="module")
def given(released: tuple[Project, Path]) -> tuple[Path, str, dict[str, Any]]:
    """What a maker gives out: the file, the anchor, the proof."""
    project, sealed = released
    entry = entries(project, "release.sealed")[0]
    proof = json.loads(json.dumps(prove(project, entry.seq)))
    return sealed, anchor_text(project), proof


def test_file_anchor_and_proof_are_enough(given: tuple[Path, str, dict[str, Any]]) -> None:
    sealed, anchor, proof = given
    seen = verify_file(None, sealed, anchor=anchor, proof=proof)
    assert (seen.ours, seen.released, seen.intact, seen.exit_status) == (True, True, True, 0)
    assert (seen.c2pa, seen.release_id, seen.maker) == ("Trusted", RELEASE, "Countenance")
    assert seen.changes == ("a face was replaced",)
    assert len(seen.grants) == 1
    assert states(seen) == {
        "history": "Trusted", "ledger": "included", "release": "released", "maker": "known", "changes": "made",
        "grants": "named",
    }  # fmt: skip
    assert seen.release_state == "unknown"  # a proof cannot tell of a later withdrawal, and says so
    assert "only Countenance can say whether it was withdrawn since" in seen.sentence
    assert "seither zurückgezogen" in verify_file(None, sealed, "de", anchor=anchor, proof=proof).sentence


def test_the_anchor_alone_tells_who_signed(given: tuple[Path, str, dict[str, Any]]) -> None:
    seen = verify_file(None, given[0], anchor=given[1])
    assert (seen.ours, seen.released, seen.intact, seen.exit_status) == (True, None, True, 1)
    assert seen.c2pa == "Trusted"


def test_the_anchor_of_somebody_else_does_not_make_it_trusted(
    given: tuple[Path, str, dict[str, Any]], tmp_path: Path
) -> None:
    other = anchor_text(init_project(tmp_path))
    seen = verify_file(None, given[0], anchor=other, proof=given[2])
    assert (seen.ours, seen.released, seen.exit_status) == (False, None, 1)
    assert (seen.c2pa, states(seen)["ledger"]) == ("Valid", "refuted")


def test_a_changed_file_is_refused_with_the_best_of_proofs(
    given: tuple[Path, str, dict[str, Any]], tmp_path: Path
) -> None:
    changed = tmp_path / "changed.mp4"
    content = bytearray(given[0].read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    seen = verify_file(None, changed, anchor=given[1], proof=given[2])
    assert (seen.ours, seen.released, seen.intact, seen.exit_status) == (False, None, False, 1)
    assert (seen.c2pa, states(seen)["ledger"]) == ("Invalid", "of another file")


@pytest.mark.parametrize("field", ["data", "ts", "actor", "hash", "signature", "prev_hash"])
def test_a_changed_proof_does_not_hold(given: tuple[Path, str, dict[str, Any]], field: str) -> None:
    sealed, anchor, proof = given
    forged = copy.deepcopy(proof)
    old = forged["entry"][field]
    if isinstance(old, dict):
        forged["entry"][field] = {**old, "release": "x"}
    else:
        forged["entry"][field] = old[:-1] + ("1" if old.endswith("0") else "0")
    seen = verify_file(None, sealed, anchor=anchor, proof=forged)
    assert seen.exit_status == 1
    assert states(seen)["ledger"] == "refuted"


def test_a_proof_of_another_entry_is_no_proof_of_the_release(
    studio: tuple[Project, Path], given: tuple[Path, str, dict[str, Any]]
) -> None:
    project, sealed = studio
    entry = append(project, "qc.judged", "ops", {"sha256": "0" * 64})
    seen = verify_file(None, sealed, anchor=given[1], proof=prove(project, entry.seq))
    assert (seen.released, states(seen)["ledger"]) == (None, "of another file")


def test_a_proof_without_the_ledgers_key_is_wrong_use(
    released: tuple[Project, Path], given: tuple[Path, str, dict[str, Any]]
) -> None:
    with pytest.raises(InputError, match="countenance anchor"):
        verify_file(None, given[0], anchor=anchor_pem(released[0]), proof=given[2])


@pytest.mark.parametrize("text", ["nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="anchor"):
        read_anchor(text)
