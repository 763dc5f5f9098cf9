from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clips import EXAMPLES, frames_of, write_clip

from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.perception.identity import SAME_PERSON, chip, distance, embed
from countenance.perception.networks import FaceNetworks
from countenance.perception.perceive import perceive
from countenance.perception.topology import LIPS_OUTER, POINTS
from countenance.perception.tracks import FaceTrack, Perception
from countenance.synthesis.references import read_reference


@pytest.fixture(scope="module")
def ada() -> list[Frame]:
    return frames_of(EXAMPLES / "ada" / "master.mp4", stop=30)


@pytest.fixture(scope="module")
def ben(networks: FaceNetworks) -> Frame:
    return Frame.from_rgb(
        read_reference(EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg", networks).frame.rgb()[:720, :720]
    )


def test_the_presenter_is_followed_through_every_picture(ada_seen: Perception) -> None:
    assert (ada_seen.frames, ada_seen.shots, ada_seen.people) == (30, (0,), 1)
    (track,) = ada_seen.tracks
    assert track.frames.tolist() == list(range(30))
    assert track.mesh.shape == (30, 478, 3)
    assert track.score.min() > 0.9


def test_the_face_lies_where_it_is_seen_and_moves_like_one(ada_track: FaceTrack) -> None:
    points = ada_track.mesh[:, :POINTS, :2]
    assert points.min() > 0
    assert points.max() < 720
    eye_distances = np.linalg.norm(ada_track.mesh[:, 33, :2] - ada_track.mesh[:, 263, :2], axis=1)
    steps = np.linalg.norm(np.diff(points.mean(axis=1), axis=0), axis=1)
    assert eye_distances.std() < 0.05 * eye_distances.mean()
    assert steps.max() < 0.1 * eye_distances.mean()
    assert np.abs(ada_track.pose).max() < 20


def test_the_irises_lie_between_the_corners_of_their_eyes(ada_track: FaceTrack) -> None:
    for centre, corners in ((POINTS, (33, 133)), (POINTS + 5, (362, 263))):
        x = ada_track.mesh[:, centre, 0]
        assert (ada_track.mesh[:, corners[0], 0] < x).all()
        assert (x < ada_track.mesh[:, corners[1], 0]).all()


def test_the_mouth_is_seen_to_speak(ada_track: FaceTrack) -> None:
    gap = np.linalg.norm(ada_track.mesh[:, 13, :2] - ada_track.mesh[:, 14, :2], axis=1)
    width = np.ptp(ada_track.mesh[:, LIPS_OUTER, 0], axis=1).mean()
    assert np.ptp(gap) > 0.05 * width


def test_a_cut_ends_one_track_and_starts_another_of_the_same_person(
    ada: list[Frame], ben: Frame, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "cut.mp4", [*ada[:14], *[ben] * 8, *ada[14:20]], options={"crf": "14"})
    progress: list[int] = []
    seen = perceive(probe(path), progress.append)
    assert seen.shots == (0, 14, 22)
    assert progress == list(range(1, 29))
    assert seen.people == 2
    assert [(track.shot, track.person, track.frames[0], len(track.frames)) for track in seen.tracks] == [
        (0, 0, 0, 14),
        (2, 0, 22, 6),
        (1, 1, 14, 8),
    ]


def test_two_people_side_by_side_are_two_tracks(ada: list[Frame], ben: Frame, tmp_path: Path) -> None:
    both = [Frame.from_rgb(np.hstack([frame.rgb(), ben.rgb()])) for frame in ada[:6]]
    seen = perceive(probe(write_clip(tmp_path / "two.mp4", both, options={"crf": "14"})))
    assert seen.people == 2
    assert [len(track.frames) for track in seen.tracks] == [6, 6]
    left = [float(track.mesh[..., 0].mean()) < 720 for track in seen.tracks]
    assert sorted(left) == [False, True]


def test_where_nobody_is_there_is_nobody(tmp_path: Path) -> None:
    empty = [Frame.from_rgb(np.full((180, 320, 3), level, np.uint8)) for level in range(80, 92)]
    seen = perceive(probe(write_clip(tmp_path / "empty.mp4", empty)))
    assert (seen.frames, seen.tracks, seen.people) == (12, (), 0)


def test_who_comes_in_later_is_found(ada: list[Frame], tmp_path: Path) -> None:
    """Without a cut: the picture is unveiled softly."""
    hidden = [Frame.from_rgb((frame.rgb() * min(1.0, n / 12)).astype(np.uint8)) for n, frame in enumerate(ada)]
    (track,) = perceive(probe(write_clip(tmp_path / "in.mp4", hidden, options={"crf": "14"}))).tracks
    assert 0 < track.frames[0] <= 14
    assert track.frames[-1] == 29


def test_the_track_knows_who_it_is(ada_track: FaceTrack, networks: FaceNetworks) -> None:
    gaps = {}
    for name in ("ada", "ben"):
        still = read_reference(EXAMPLES / name / "refs" / "1_front_neutral.jpg", networks)
        gaps[name] = distance(ada_track.embedding, embed([chip(still.frame, still.mesh)]))
    assert gaps["ada"] < SAME_PERSON < gaps["ben"]


def test_the_same_master_is_seen_alike_to_the_bit(ada_clip: Path, ada_track: FaceTrack, tmp_path: Path) -> None:
    (again,) = perceive(probe(ada_clip), scratch=tmp_path).tracks
    assert np.array_equal(again.mesh, ada_track.mesh)
    assert np.array_equal(again.embedding, ada_track.embedding)
    assert np.array_equal(again.textures, ada_track.textures)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.footage
def test_four_dancers_who_cross_turn_away_and_come_back_are_four_people(footage: Path) -> None:
    """Their faces are 20 to 50 pixels wide. Checked by eye: a man in yellow in front, a woman in red at the window,
    another with white sleeves, a fourth at the wall on the left."""
    seen = perceive(probe(footage / "multi" / "dance-360p.mp4"))
    assert (seen.frames, seen.shots, seen.people) == (388, (0,), 4)
    yellow, red, white, wall = range(4)
    places = {
        20: {yellow: 359, red: 438, wall: 207},
        60: {yellow: 398, red: 481, wall: 196},
        100: {red: 497, white: 353, wall: 194},
        150: {red: 431, white: 325},
        220: {red: 266, yellow: 440, white: 563},
        300: {red: 304, yellow: 434, white: 509},
        376: {red: 320, yellow: 422, white: 533, wall: 251},
    }
    for number, people in places.items():
        for person, x in people.items():
            face = seen.face_of(person, number)
            assert face is not None, (number, person)
            assert float(face.mesh[:POINTS, 0].mean()) == pytest.approx(x, abs=15), (number, person)
