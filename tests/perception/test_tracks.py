from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from countenance.perception.tracks import FaceTrack, Perception, is_saved, load_perception, save_perception


def track(first: int, count: int, person: int, shot: int = 0) -> FaceTrack:
    rng = np.random.default_rng(first)
    return FaceTrack(
        shot=shot,
        person=person,
        frames=np.arange(first, first + count),
        mesh=rng.random((count, 478, 3), np.float32),
        score=rng.random(count, np.float32),
        pose=rng.random((count, 3), np.float32),
        embedding=rng.random(128, np.float32),
        textures=rng.integers(0, 256, (2, 128, 128, 3), np.uint8),
        texture_frames=np.array([first, first + count - 1]),
    )


SEEN = Perception(40, (0, 20), (track(0, 20, 0), track(22, 18, 0, shot=1), track(5, 10, 1)))


def test_what_was_seen_is_read_back_exactly(tmp_path: Path) -> None:
    save_perception(tmp_path / "seen", SEEN)
    back = load_perception(tmp_path / "seen")
    assert (back.frames, back.shots, back.people) == (40, (0, 20), 2)
    for old, new in zip(SEEN.tracks, back.tracks, strict=True):
        assert (old.shot, old.person) == (new.shot, new.person)
        for name in ("frames", "mesh", "score", "pose", "embedding", "textures", "texture_frames"):
            kept = getattr(new, name)
            assert np.array_equal(getattr(old, name), kept)
            assert getattr(old, name).dtype == kept.dtype
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["meshes.npy", "tracks.npz"]


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        save_perception(tmp_path / name, SEEN)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_what_was_not_written_to_the_end_is_not_there(tmp_path: Path) -> None:
    save_perception(tmp_path / "seen", SEEN)
    assert is_saved(tmp_path / "seen")
    (tmp_path / "seen" / "tracks.npz").unlink()
    assert not is_saved(tmp_path / "seen")
    save_perception(tmp_path / "seen", SEEN)
    assert is_saved(tmp_path / "seen")


def test_a_face_is_itself_however_often_its_meshes_were_let_go(tmp_path: Path) -> None:
    long = Perception(600, (0,), (track(0, 600, 0),))
    save_perception(tmp_path / "seen", long)
    back = load_perception(tmp_path / "seen")
    held = back.face_of(0, 255)
    for number in (256, 257, 512, 0):
        assert np.array_equal(back.face_of(0, number).mesh, long.tracks[0].mesh[number])  # type: ignore[union-attr]
    assert held is not None
    assert np.array_equal(held.mesh, long.tracks[0].mesh[255])


def test_seeing_nobody_is_kept_too(tmp_path: Path) -> None:
    save_perception(tmp_path / "seen", Perception(7, (0,), ()))
    back = load_perception(tmp_path / "seen")
    assert (back.frames, back.shots, back.tracks, back.people) == (7, (0,), (), 0)


@pytest.mark.parametrize(("person", "number", "there"), [
    (0, 0, True), (0, 19, True), (0, 20, False), (0, 21, False), (0, 22, True), (0, 39, True), (0, 40, False),
    (1, 4, False), (1, 5, True), (1, 14, True), (1, 15, False), (2, 5, False),
])  # fmt: skip
def test_a_face_is_found_where_its_tracks_reach(person: int, number: int, there: bool) -> None:
    assert (SEEN.face_of(person, number) is not None) == there


def test_the_face_is_the_one_of_that_picture() -> None:
    face = SEEN.face_of(0, 25)
    assert face is not None
    assert np.array_equal(face.mesh, SEEN.tracks[1].mesh[3])
    assert face.score == pytest.approx(float(SEEN.tracks[1].score[3]))
    assert face.eye_distance_px == pytest.approx(float(np.linalg.norm(face.mesh[33, :2] - face.mesh[263, :2])))


def test_people_are_told_apart() -> None:
    assert [len(one.frames) for one in SEEN.of_person(0)] == [20, 18]
    assert [len(one.frames) for one in SEEN.of_person(1)] == [10]
    assert SEEN.of_person(7) == ()
