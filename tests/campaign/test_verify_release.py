"""What `verify` says of the files of a really produced release, with the project and without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaigns import Told

from countenance.ledger.log import entries
from countenance.ledger.proof import prove
from countenance.media.audio import read_audio, write_wav
from countenance.provenance.anchor import anchor_text
from countenance.provenance.verify import verify_file

RELEASED = "ben-de"
DUBBED_SWAP = (
    "a face was replaced",
    "mouth movements were re-made",
    "the voice is synthetic",
    "it was dubbed from en into de",
)


@pytest.mark.parametrize("name", ["video.mp4", "poster.jpg"])
def test_a_file_of_the_package_is_genuine_with_and_without_the_project(told: Told, name: str) -> None:
    row = told.all.rows[RELEASED]
    file = told.out / row.id / name
    seen = verify_file(told.project, file)
    assert (seen.exit_status, seen.release_id) == (0, row.review["release_id"])
    assert (seen.c2pa, seen.release_state, seen.changes) == ("Trusted", "released", DUBBED_SWAP)
    assert len(seen.grants) == 2
    sealed = next(one for one in entries(told.project, "release.sealed") if one.data["release"] == seen.release_id)
    assert seen.ledger_entry == sealed.seq
    alone = verify_file(None, file, anchor=anchor_text(told.project), proof=prove(told.project, sealed.seq))
    assert (alone.exit_status, alone.release_id, alone.grants) == (0, seen.release_id, seen.grants)


def test_another_variant_does_not_pass_for_this_one(told: Told) -> None:
    seen = [verify_file(told.project, told.out / row.id / "video.mp4") for row in told.all.rows.values()]
    assert {one.exit_status for one in seen} == {0}
    assert len({one.release_id for one in seen}) == len(seen)


def test_the_sound_of_a_release_cut_out_is_heard_but_may_be_too_short_to_name(told: Told, tmp_path: Path) -> None:
    sound = read_audio(told.out / told.all.rows[RELEASED].id / "video.mp4", 48000)
    assert sound is not None
    write_wav(tmp_path / "sound.wav", sound, 48000)
    seen = verify_file(told.project, tmp_path / "sound.wav")
    assert seen.released in (False, None)
    assert seen.confidence <= 0.5  # one second is too little to say that there is no mark
