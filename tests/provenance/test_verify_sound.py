"""What `verify` hears: sound marks, sounds that were exchanged, and files that are sound alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES, frames_of
from releases import RATE_HZ, RELEASE, film, release_clip

from countenance.media.audio import Samples, read_audio, write_wav
from countenance.provenance.sound_mark import mark_sound
from countenance.provenance.verify import Verification, mark_key, verify_file
from countenance.store.project import Project, init_project

OTHER, OTHER_MARK = "01JD3ZRELEASE0000000000001", "0123456789abcdef"


def states(seen: Verification) -> dict[str, str]:
    return {finding.about: finding.state for finding in seen.findings}


@pytest.fixture(scope="module")
def speech() -> Samples:
    """Sixteen seconds of speech."""
    return np.tile(sound_of(EXAMPLES / "ada" / "master.mp4"), (3, 1))[: 16 * RATE_HZ]


@pytest.fixture(scope="module")
def two(ada_clip: Path, speech: Samples, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path, Path]:
    """A project with two releases of the same pictures and sound, each with its own marks."""
    folder = tmp_path_factory.mktemp("sounds")
    project = init_project(folder)
    one = release_clip(project, ada_clip, folder / "one.mp4", speech)
    return project, one, release_clip(project, ada_clip, folder / "two.mp4", speech, OTHER, OTHER_MARK)


def sound_of(path: Path) -> Samples:
    samples = read_audio(path, RATE_HZ)
    assert samples is not None
    return samples


def test_both_marks_lead_to_the_release(two: tuple[Project, Path, Path]) -> None:
    seen = verify_file(two[0], two[1])
    assert (seen.exit_status, seen.release_id, seen.redubbed) == (0, RELEASE, False)
    assert (states(seen)["mark"], states(seen)["sound"]) == ("found", "found")


def test_the_sound_of_another_release_is_told_as_a_re_dub(two: tuple[Project, Path, Path], tmp_path: Path) -> None:
    project, one, other = two
    mixed = film(tmp_path / "mixed.mp4", frames_of(one), sound_of(other))
    seen = verify_file(project, mixed)
    assert (seen.exit_status, seen.redubbed, seen.release_id) == (1, True, RELEASE)
    assert states(seen)["sound"] == "other release"
    assert f"its picture is of release {RELEASE}, but its sound is of release {OTHER}" in seen.sentence
    assert "neu vertont" in verify_file(project, mixed, "de").sentence


def test_a_sound_of_ours_that_was_never_released_is_told(
    two: tuple[Project, Path, Path], speech: Samples, tmp_path: Path
) -> None:
    project, one, _ = two
    unreleased = mark_sound(speech, RATE_HZ, mark_key(project), 77)
    seen = verify_file(project, film(tmp_path / "mixed.mp4", frames_of(one), unreleased))
    assert seen.redubbed
    assert states(seen)["sound"] == "unreleased"
    assert "another mark, of no release" in seen.sentence


def test_a_sound_without_the_mark_that_the_release_has_was_exchanged(
    two: tuple[Project, Path, Path], speech: Samples, tmp_path: Path
) -> None:
    project, one, _ = two
    seen = verify_file(project, film(tmp_path / "exchanged.mp4", frames_of(one), speech))
    assert (seen.exit_status, seen.redubbed) == (1, True)
    assert states(seen)["sound"] == "missing"
    assert next(one.confidence for one in seen.findings if one.about == "sound") < 1
    assert "probably re-dubbed" in seen.sentence


def test_too_short_a_sound_is_no_reason_to_speak_of_a_re_dub(
    two: tuple[Project, Path, Path], speech: Samples, tmp_path: Path
) -> None:
    project, one, _ = two
    seen = verify_file(project, film(tmp_path / "short.mp4", frames_of(one), speech[:RATE_HZ]))
    assert not seen.redubbed
    assert states(seen)["sound"] == "none"


def test_a_release_without_a_sound_mark_is_not_missing_one(
    released: tuple[Project, Path], speech: Samples, tmp_path: Path
) -> None:
    project, sealed = released
    seen = verify_file(project, film(tmp_path / "dubbed.mp4", frames_of(sealed), speech))
    assert (seen.redubbed, seen.release_id) == (False, RELEASE)
    assert states(seen)["sound"] == "none"


def test_sound_alone_leads_to_the_release(two: tuple[Project, Path, Path], tmp_path: Path) -> None:
    project, _, other = two
    write_wav(tmp_path / "sound.wav", sound_of(other)[RATE_HZ:], RATE_HZ)
    seen = verify_file(project, tmp_path / "sound.wav")
    assert (seen.ours, seen.released, seen.intact, seen.release_id) == (True, True, False, OTHER)
    assert (states(seen)["mark"], states(seen)["sound"]) == ("no picture", "found")
    assert 0.999 < seen.confidence < 1


def test_a_strange_sound_is_not_ours(two: tuple[Project, Path, Path], speech: Samples, tmp_path: Path) -> None:
    write_wav(tmp_path / "strange.wav", speech, RATE_HZ)
    seen = verify_file(two[0], tmp_path / "strange.wav")
    assert (seen.ours, seen.release_id) == (False, None)
    assert seen.confidence < 1
