from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from clips import frames_of, picture, write_clip
from sqlalchemy import insert, text, update

from countenance.errors import InputError
from countenance.ledger.log import append, transaction
from countenance.provenance.disclosure import EngineUse, ReleaseRecord
from countenance.provenance.history import seal
from countenance.provenance.verify import Verification, mark_key, verify_file
from countenance.provenance.watermark import Marker
from countenance.store.database import engine, writing
from countenance.store.files import sha256_file
from countenance.store.project import Project, init_project
from countenance.store.tables import release, variant

MARK_ID = "a5f00ba5deadbeef"
RELEASE = "01JD3ZRELEASE0000000000000"
VARIANT = "01JD3ZVARIANT0000000000000"


def record(release_id: str = RELEASE, mark_id: str = MARK_ID) -> ReleaseRecord:
    return ReleaseRecord(
        release_id=release_id,
        variant_id=VARIANT,
        mark_id=mark_id,
        released_at="2026-11-20T10:00:00.000000Z",
        receipt_sha256="ab" * 32,
        language="de",
        master_language="en",
        master_source_type="compositeSynthetic",
        engines=(EngineUse("face", "countenance.swap", "0.1.0"),),
        badge="off",
        grants=(),
    )


@pytest.fixture(scope="module")
def released(ada_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project with one release, and the file that was released."""
    folder = tmp_path_factory.mktemp("studio")
    project = init_project(folder)
    sealed = release_clip(project, ada_clip, folder / "video.mp4")
    return project, sealed


def release_clip(project: Project, master: Path, target: Path) -> Path:
    marker = Marker(mark_key(project), int(MARK_ID, 16))
    frames = [frame.copy() for frame in frames_of(master)]
    for frame in frames:
        marker.embed(frame.planes[0])
    unsealed = write_clip(target.with_name("unsealed.mp4"), frames, options={"crf": "18"})
    seal(project, unsealed, target, record(), master)
    with transaction(project) as ledger:
        ledger.connection.execute(
            insert(variant).values(
                id=VARIANT, job="j", campaign="c", face="ben", language="de", state="released"
            )
        )
        ledger.connection.execute(
            insert(release).values(
                id=RELEASE,
                variant_id=VARIANT,
                mark_id=MARK_ID,
                state="released",
                record={"sha256": sha256_file(target)},
                package=str(target.parent),
                released_at=record().released_at,
            )
        )
        ledger.append("release.sealed", "ops", {"release": RELEASE, "sha256": sha256_file(target)})
    return target


@pytest.fixture
def studio(released: tuple[Project, Path], tmp_path: Path) -> tuple[Project, Path]:
    """A copy that a test may damage."""
    project, sealed = released
    shutil.copytree(project.root, tmp_path / "studio")
    return Project(tmp_path / "studio"), tmp_path / "studio" / sealed.name


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
        "bytes": "same", "history": "Trusted", "mark": "found", "release": "released", "ledger": "proven",
    }  # fmt: skip


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


def test_a_change_that_the_signed_history_does_not_cover_is_noticed_by_the_bytes(
    studio: tuple[Project, Path],
) -> None:
    project, sealed = studio
    with sealed.open("ab") as stream:
        stream.write((8).to_bytes(4, "big") + b"free")
    seen = verify_file(project, sealed)
    assert states(seen)["history"] == "Trusted"
    assert answers(seen) == (True, True, False, 1)


def test_a_strange_video_is_not_ours(released: tuple[Project, Path], ada_clip: Path) -> None:
    seen = verify_file(released[0], ada_clip)
    assert answers(seen) == (False, False, None, 1)
    assert seen.release_id is None
    assert "not ours" in seen.sentence


def test_our_history_on_a_strange_file_does_not_make_it_ours(studio: tuple[Project, Path]) -> None:
    """A signed history that is carried over to other pictures is broken there, and nothing else speaks for it."""
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
        connection.execute(update(release).values(record={"sha256": sha256_file(sealed)}))
    seen = verify_file(project, sealed)
    assert answers(seen) == (True, False, False, 1)
    assert states(seen)["release"] == "unproven"


def test_a_damaged_ledger_proves_nothing(studio: tuple[Project, Path]) -> None:
    project, sealed = studio
    with engine(project).begin() as connection:
        for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {row.name}"))
        connection.execute(text("UPDATE ledger_entry SET actor = 'mallory'"))
    seen = verify_file(project, sealed)
    assert answers(seen) == (True, False, False, 1)
    assert states(seen)["ledger"] == "damaged"
    assert "entry 1" in seen.findings[-1].sentence


def test_another_project_does_not_take_it_for_its_own(released: tuple[Project, Path], tmp_path: Path) -> None:
    seen = verify_file(init_project(tmp_path), released[1])
    assert answers(seen) == (False, False, None, 1)
    assert states(seen)["history"] == "Valid"


def test_without_a_project_only_the_embedded_history_is_judged(
    released: tuple[Project, Path], ada_clip: Path
) -> None:
    whole, bare = verify_file(None, released[1]), verify_file(None, ada_clip)
    assert answers(whole) == (None, None, True, 1)
    assert answers(bare) == (None, None, None, 1)
    assert whole.release_id == RELEASE
    for seen in (whole, bare):
        assert "without a project only the embedded history can be judged" in seen.sentence


def test_a_still_of_a_release_is_judged_by_the_same_call(
    released: tuple[Project, Path], tmp_path: Path
) -> None:
    project, sealed = released
    still = tmp_path / "still.png"
    assert cv2.imwrite(str(still), cv2.cvtColor(frames_of(sealed)[10].rgb(), cv2.COLOR_RGB2BGR))
    seen = verify_file(project, still)
    assert answers(seen) == (True, True, False, 1)
    assert seen.release_id == RELEASE


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("no video at all\n" * 50),
        lambda path: path.mkdir(),
    ],
    ids=["absent", "empty", "text", "folder"],
)
@pytest.mark.parametrize("in_project", [True, False])
def test_unreadable_input_is_refused_in_one_sentence(
    released: tuple[Project, Path], tmp_path: Path, make: Callable[[Path], object], in_project: bool
) -> None:
    path = tmp_path / "what.mp4"
    make(path)
    with pytest.raises(InputError, match="what.mp4") as refused:
        verify_file(released[0] if in_project else None, path)
    assert refused.value.exit_status == 2
    assert "\n" not in str(refused.value)
