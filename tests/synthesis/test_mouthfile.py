from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from countenance.errors import RightsError
from countenance.media.probe import Master
from countenance.perception.tracks import Perception
from countenance.rights.grants import load_grant
from countenance.rights.register import record_grant, withdraw_grant
from countenance.speech.phones import Phone
from countenance.store.project import Project, init_project
from countenance.synthesis.facemodel import files_of_model, forget_face_model, has_face_model
from countenance.synthesis.mouthclips import Filmed, Footage, filmed
from countenance.synthesis.mouthfile import kept_mouths

PHONES = (Phone("", 0.0, 0.3), Phone("ɑː", 0.3, 1.2))
GRANT = """
talent: ada
kind: synthetic
controller: ops@example.org
purposes: [swap_source]
campaigns: ["*"]
markets: ["*"]
channels: ["*"]
languages: ["*"]
valid: {{from: 2020-01-01, until: {until}}}
licence: CC0-1.0
origin: made for this test
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield init_project(tmp_path)


@pytest.fixture(scope="module")
def clip(ada_master: Master, ada_seen: Perception) -> Filmed:
    return filmed(Footage(ada_master, ada_seen.of_person(0), PHONES, (0, 8)))


def kept(project: Project, clip: Filmed | None, made_of: tuple[str, ...] = ("clip", "script")) -> Filmed:
    """The kept mouths; without a `clip` they must be there already."""

    def make() -> Filmed:
        assert clip is not None, "the mouths were not kept"
        return clip

    return kept_mouths(project, "ada", made_of, make)


def stored(project: Project) -> list[Path]:
    return list((project.folder / "talents").glob("*.mouths"))


def granted(project: Project, until: date) -> None:
    path = project.root / f"grant-{until}.yaml"
    path.write_text(GRANT.format(until=until), encoding="utf-8")
    record_grant(project, load_grant(path), "kim")


def test_what_is_kept_comes_back_as_it_was(project: Project, clip: Filmed) -> None:
    kept(project, clip)
    again = kept(project, None)
    assert again.pictures == clip.pictures and again.boxes == clip.boxes and again.phones == clip.phones
    for name in ("numbers", "meshes", "poses", "times_s", "faces", "face_poses", "face_times_s"):
        assert np.array_equal(getattr(again, name), getattr(clip, name)), name
    assert all(np.array_equal(one, other) for one, other in zip(again.pixels, clip.pixels, strict=True))


def test_unknown_words_stay_unknown(project: Project, ada_master: Master, ada_seen: Perception) -> None:
    silent = filmed(Footage(ada_master, ada_seen.of_person(0), None, (0, 3)))
    kept(project, silent)
    assert kept(project, None).phones is None


def test_nothing_readable_lies_on_the_disk_and_only_the_owner_reads_it(project: Project, clip: Filmed) -> None:
    kept(project, clip)
    (place,) = stored(project)
    content = place.read_bytes()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert clip.meshes.tobytes()[:64] not in content and b"\x89PNG" not in content and b"ada" not in place.name.encode()


def test_another_clip_or_script_is_taken_anew(project: Project, clip: Filmed) -> None:
    kept(project, clip)
    kept(project, clip, ("clip", "another script"))
    assert len(stored(project)) == 2


def test_a_damaged_file_is_made_anew(project: Project, clip: Filmed) -> None:
    kept(project, clip)
    (place,) = stored(project)
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    with pytest.raises(AssertionError, match="not kept"):
        kept(project, None)
    kept(project, clip)
    assert kept(project, None).pictures == clip.pictures


def test_they_go_with_the_face_model(project: Project, clip: Filmed) -> None:
    """One key seals both: whatever forgets the face forgets the mouths."""
    kept(project, clip)
    assert has_face_model(project, "ada") and forget_face_model(project, "ada")
    assert not stored(project) and not list(project.keys.glob("face-*.key"))


def test_halves_of_a_killed_writer_are_found_as_well(project: Project, clip: Filmed) -> None:
    kept(project, clip)
    (place,) = stored(project)
    half = place.with_name(f".{place.name}.0.part")
    half.write_bytes(b"half")
    tag = place.name.removeprefix("face-").split("-")[0]
    assert {place, half} <= set(files_of_model(place.parent, tag))


def test_they_go_with_the_last_grant(project: Project, clip: Filmed) -> None:
    granted(project, date.today() + timedelta(days=9))
    kept(project, clip)
    withdraw_grant(project, "ada", "kim", "changed her mind")
    with pytest.raises(RightsError, match="ended or was withdrawn"):
        kept(project, clip)
    assert not stored(project)
