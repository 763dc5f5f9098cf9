from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import cv2
import pytest
from clips import frames_of, picture, write_clip
from releases import MARK_ID, RELEASE
from sqlalchemy import update

from countenance.errors import InputError
from countenance.ledger.log import append, entries
from countenance.provenance import looks
from countenance.provenance.sealing import extend
from countenance.provenance.steps import still
from countenance.provenance.verify import Verification, mark_key, verify_file
from countenance.provenance.watermark import Marker
from countenance.rights.register import withdraw_grant
from countenance.store.database import writing
from countenance.store.files import sha256_file
from countenance.store.project import Project, init_project
from countenance.store.tables import release


def answers(seen: Verification) -> tuple[bool | None, bool | None, bool | None, int]:
    return seen.ours, seen.released, seen.intact, seen.exit_status


def states(seen: Verification) -> dict[str, str]:
    return {finding.about: finding.state for finding in seen.findings}


def test_the_released_file_is_ours_released_and_intact(released: tuple[Project, Path]) -> None:
    seen = verify_file(*released)
    assert answers(seen) == (True, True, True, 0)
    assert seen.release_id == RELEASE
    assert seen.confidence == 1.0
    assert seen.sentence == f"video.mp4 is release {RELEASE}: ours, released and intact."
    assert states(seen) == {
        "bytes": "same", "history": "Trusted", "mark": "found", "sound": "no sound", "release": "released",
        "ledger": "proven", "maker": "known", "changes": "made", "grants": "live",
    }  # fmt: skip
    assert (seen.c2pa, seen.release_state, seen.maker) == ("Trusted", "released", "Countenance")
    assert seen.changes == ("a face was replaced",)
    assert seen.ledger_entry == 2  # after the consent that it rests on


def test_consent_is_told_by_its_commitment_and_never_by_a_name(released: tuple[Project, Path]) -> None:
    project, sealed = released
    seen = verify_file(project, sealed)
    granted = entries(project, "consent.granted")[0]
    assert seen.grants == (granted.data["document"],)
    assert "ben" not in json.dumps(seen.to_json()).lower()


def test_withdrawn_consent_is_told(studio: tuple[Project, Path]) -> None:
    project, sealed = studio
    withdraw_grant(project, "ben", "ops", "his wish")
    assert states(verify_file(project, sealed))["grants"] == "withdrawn"


def test_the_same_in_german(released: tuple[Project, Path]) -> None:
    seen = verify_file(*released, language="de-AT")
    assert seen.sentence == f"video.mp4 ist die Freigabe {RELEASE}: von uns, freigegeben und unversehrt."
    assert seen.changes == ("ein Gesicht wurde ersetzt",)
    english = verify_file(*released)
    assert states(seen) == states(english)
    assert not {one.sentence for one in seen.findings} & {one.sentence for one in english.findings}


def test_other_languages_are_refused_before_anything_is_looked_at(released: tuple[Project, Path]) -> None:
    with pytest.raises(InputError, match="'xx'; choose one of en, de"):
        verify_file(*released, language="xx")


def test_the_answer_is_plain_json(released: tuple[Project, Path]) -> None:
    told = json.loads(json.dumps(verify_file(*released).to_json()))
    assert (told["ours"], told["released"], told["intact"], told["exit_status"]) == (True, True, True, 0)
    assert told["release_id"] == RELEASE
    assert all(finding["sentence"].endswith(".") for finding in told["findings"])


def test_after_a_hard_re_encode_without_metadata_the_mark_alone_names_the_release(
    released: tuple[Project, Path], tmp_path: Path
) -> None:
    project, sealed = released
    copy = write_clip(tmp_path / "copy.mp4", frames_of(sealed), options={"crf": "28"})
    seen = verify_file(project, copy)
    assert answers(seen) == (True, True, False, 1)
    assert seen.release_id == RELEASE
    assert states(seen)["history"] == "none"
    assert states(seen)["mark"] == "found"
    assert 0.999 < seen.confidence < 1
    assert "re-encoded" in seen.sentence


def test_one_changed_byte_breaks_the_seal_but_not_the_answer(studio: tuple[Project, Path]) -> None:
    project, sealed = studio
    content = bytearray(sealed.read_bytes())
    content[len(content) // 2] ^= 1
    sealed.write_bytes(content)
    seen = verify_file(project, sealed)
    assert answers(seen) == (True, True, False, 1)
    assert (states(seen)["bytes"], states(seen)["history"]) == ("changed", "Invalid")


def test_a_change_that_c2pa_does_not_cover_is_noticed(studio: tuple[Project, Path]) -> None:
    project, sealed = studio
    with sealed.open("ab") as stream:
        stream.write((8).to_bytes(4, "big") + b"free")
    seen = verify_file(project, sealed)
    assert (states(seen)["bytes"], states(seen)["history"]) == ("changed", "Invalid")
    assert answers(seen) == (True, True, False, 1)


def test_a_strange_video_is_not_ours(released: tuple[Project, Path], tmp_path: Path) -> None:
    strange = write_clip(tmp_path / "strange.mp4", [picture(n, 720, 720) for n in range(3)])
    seen = verify_file(released[0], strange)
    assert answers(seen) == (False, False, None, 1)
    assert seen.release_id is None
    assert "not ours" in seen.sentence


def test_our_history_on_a_strange_file_does_not_make_it_ours(studio: tuple[Project, Path]) -> None:
    """Carried over to other pictures a signed history is broken, and nothing else speaks for them."""
    project, sealed = studio
    genuine = sealed.read_bytes()
    other = write_clip(sealed.with_name("other.mp4"), [picture(n, 720, 720) for n in range(3)])
    boxes = dict(_boxes(genuine))
    forged = other.with_name("forged.mp4")
    strange = other.read_bytes()
    head = len(next(content for name, content in _boxes(strange) if name == b"ftyp"))
    forged.write_bytes(strange[:head] + boxes[b"uuid"] + strange[head:])
    seen = verify_file(project, forged)
    assert answers(seen) == (False, False, None, 1)
    assert states(seen)["history"] == "Invalid"


def _boxes(content: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        found.append((content[at + 4 : at + 8], content[at : at + size]))
        at += size
    return found


def test_a_withdrawn_release_is_still_ours_but_fails(studio: tuple[Project, Path]) -> None:
    project, sealed = studio
    append(project, "release.withdrawn", "ops", {"release": RELEASE})
    seen = verify_file(project, sealed)
    assert answers(seen) == (True, False, True, 1)
    assert "withdrawn" in seen.sentence
    # The table may be behind or changed: the ledger counts.
    assert states(seen)["release"] == "withdrawn"


def test_what_was_marked_but_never_released_says_so(
    released: tuple[Project, Path], ada_clip: Path, tmp_path: Path
) -> None:
    project, _ = released
    marker = Marker(mark_key(project), 77)
    frames = [frame.copy() for frame in frames_of(ada_clip)]
    for frame in frames:
        marker.embed(frame.planes[0])
    seen = verify_file(project, write_clip(tmp_path / "draft.mp4", frames, options={"crf": "18"}))
    assert answers(seen) == (True, False, False, 1)
    assert "never released" in seen.sentence
    assert states(seen)["mark"] == "unreleased"


def test_a_release_that_the_ledger_does_not_know_is_not_released(studio: tuple[Project, Path]) -> None:
    project, sealed = studio
    with sealed.open("ab") as stream:
        stream.write((8).to_bytes(4, "big") + b"free")
    with writing(project) as connection:
        connection.execute(update(release).values(record={"sha256": sha256_file(sealed), "grants": []}))
    seen = verify_file(project, sealed)
    assert answers(seen) == (True, False, False, 1)
    assert states(seen)["release"] == "unproven"


def test_the_mark_on_record_must_be_the_one_in_the_ledger(studio: tuple[Project, Path]) -> None:
    project, sealed = studio
    with writing(project) as connection:
        connection.execute(update(release).values(mark_id="0" * 16))
    seen = verify_file(project, sealed)
    assert answers(seen) == (True, False, False, 1)
    assert states(seen)["mark"] == "unreleased"
    assert MARK_ID in next(one.sentence for one in seen.findings if one.about == "mark")


def test_a_damaged_ledger_proves_nothing(studio: tuple[Project, Path]) -> None:
    project, sealed = studio
    with closing(sqlite3.connect(project.database_path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE ledger_entry SET actor = 'mallory'")
    seen = verify_file(project, sealed)
    assert answers(seen) == (True, False, False, 1)
    assert states(seen)["ledger"] == "damaged"
    assert "entry 1" in next(one.sentence for one in seen.findings if one.about == "ledger")


def test_another_project_does_not_take_it_for_its_own(released: tuple[Project, Path], tmp_path: Path) -> None:
    seen = verify_file(init_project(tmp_path), released[1])
    assert answers(seen) == (False, False, None, 1)
    assert states(seen)["history"] == "Valid"


def test_without_a_project_only_the_embedded_history_is_judged(released: tuple[Project, Path], ada_clip: Path) -> None:
    whole, bare = verify_file(None, released[1]), verify_file(None, ada_clip)
    assert answers(whole) == (None, None, True, 1)
    assert answers(bare) == (None, None, None, 1)
    assert whole.release_id == RELEASE
    for seen in (whole, bare):
        assert "without a project only the embedded history can be judged" in seen.sentence


def test_a_still_of_a_release_is_judged_by_the_same_call(released: tuple[Project, Path], tmp_path: Path) -> None:
    project, sealed = released
    still = tmp_path / "still.png"
    assert cv2.imwrite(str(still), cv2.cvtColor(frames_of(sealed)[10].rgb(), cv2.COLOR_RGB2BGR))
    seen = verify_file(project, still)
    assert answers(seen) == (True, True, False, 1)
    assert seen.release_id == RELEASE


def test_the_poster_of_a_release_is_a_file_of_it(released: tuple[Project, Path], tmp_path: Path) -> None:
    project, sealed = released
    poster = tmp_path / "poster.jpg"
    assert cv2.imwrite(str(poster), cv2.cvtColor(frames_of(sealed)[10].rgb(), cv2.COLOR_RGB2BGR))
    extend(project, sealed, poster, [still(Fraction(2, 5))], title="poster")
    seen = verify_file(project, poster)
    assert answers(seen) == (True, True, True, 0)
    assert (seen.release_id, states(seen)["bytes"], seen.c2pa) == (RELEASE, "derived", "Trusted")
    assert "such as its poster" in seen.sentence


def test_a_file_too_large_for_a_history_is_still_known_by_bytes_and_mark(
    released: tuple[Project, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "LARGEST_BYTES", 1000)
    seen = verify_file(*released)
    assert (seen.c2pa, seen.exit_status) == ("not read", 0)
    assert (states(seen)["bytes"], states(seen)["mark"]) == ("same", "found")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("no video at all\n" * 50),
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b"\0\0\0\x18ftypisom" + bytes(4000)),
        lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ],
    ids=["absent", "empty", "text", "folder", "claims to be MP4", "claims to be PNG"],
)
@pytest.mark.parametrize("in_project", [True, False])
def test_unreadable_input_is_refused_in_one_sentence(
    released: tuple[Project, Path], tmp_path: Path, make: Callable[[Path], object], in_project: bool
) -> None:
    path = tmp_path / "what.mp4"
    make(path)
    with pytest.raises(InputError, match=r"what\.mp4") as refused:
        verify_file(released[0] if in_project else None, path)
    assert refused.value.exit_status == 2
    assert "\n" not in str(refused.value)
