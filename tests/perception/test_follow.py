from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, write_clip
from numpy.typing import NDArray

from countenance.media.frame import Frame
from countenance.media.probe import probe
from countenance.perception.people import FILLED_SCORE
from countenance.perception.perceive import perceive
from countenance.perception.topology import POINTS
from countenance.perception.tracks import FaceTrack, Perception

WIDTH, HEIGHT, SIDE = 640, 360, 220
Placed = tuple[NDArray[np.uint8], int, int]  # a picture and where its left upper corner lies


@pytest.fixture(scope="module")
def ada() -> list[NDArray[np.uint8]]:
    return [smaller(frame.rgb()[100:620, 100:620]) for frame in frames_of(EXAMPLES / "ada" / "master.mp4", stop=36)]


@pytest.fixture(scope="module")
def ben() -> NDArray[np.uint8]:
    still = cv2.imread(str(EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg"))[..., ::-1]
    return smaller(still[: min(still.shape[:2]), : min(still.shape[:2])])


def smaller(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def scene(placed: Sequence[Placed]) -> Frame:
    """Pictures on a grey wall, in front of each other, cut off at its edges."""
    wall = np.full((HEIGHT + 2 * SIDE, WIDTH + 2 * SIDE, 3), 120, np.uint8)
    for picture, x, y in placed:
        height, width = picture.shape[:2]
        wall[SIDE + y : SIDE + y + height, SIDE + x : SIDE + x + width] = picture
    return Frame.from_rgb(wall[SIDE:-SIDE, SIDE:-SIDE])


def seen(path: Path, pictures: Sequence[Sequence[Placed]]) -> Perception:
    found = perceive(probe(write_clip(path, [scene(placed) for placed in pictures], options={"crf": "14"})))
    assert found.shots == (0,)
    return found


def spans(tracks: Sequence[FaceTrack]) -> list[tuple[int, int]]:
    return [(int(track.frames[0]), int(track.frames[-1])) for track in tracks]


def left_of(track: FaceTrack) -> float:
    return float(track.mesh[:, :POINTS, 0].mean())


@pytest.mark.parametrize("came", [1, 6, 11])
def test_who_appears_between_two_looks_is_followed_back_to_where_he_came(
    ada: list[NDArray[np.uint8]], ben: NDArray[np.uint8], tmp_path: Path, came: int
) -> None:
    """While ada is followed, the detector looks at every twelfth picture only."""
    pictures = [[(ada[n], 40, 70), *([(ben, 380, 70)] if n >= came else [])] for n in range(16)]
    tracks = seen(tmp_path / "appears.mp4", pictures).tracks
    assert sorted(spans(tracks)) == [(0, 15), (came, 15)]
    newcomer = next(track for track in tracks if track.frames[0] == came)
    assert left_of(newcomer) > WIDTH / 2
    assert newcomer.mesh[0] == pytest.approx(newcomer.mesh[-1], abs=4)  # a still: the same place all the time
    assert newcomer.texture_frames.tolist() == ([2, 12] if came <= 2 else [12])


def test_who_walks_in_is_seen_as_soon_as_the_face_is_in_the_picture(
    ada: list[NDArray[np.uint8]], ben: NDArray[np.uint8], tmp_path: Path
) -> None:
    """Ben's face, 77 px wide, moves by a third of its width a picture: half of it shows in number 3, all in 5."""
    pictures = [[(ada[n], 40, 70), (ben, WIDTH - 25 * n - 30, 70)] for n in range(16)]
    tracks = seen(tmp_path / "walks.mp4", pictures).tracks
    newcomer = next(track for track in tracks if left_of(track) > WIDTH / 2)
    assert 3 <= newcomer.frames[0] <= 4
    steps = np.diff(newcomer.mesh[2:, :POINTS, 0].mean(axis=1))
    assert steps == pytest.approx(-25, abs=4)


def test_a_face_hidden_for_a_moment_stays_one_track_and_says_where_it_was_not_seen(
    ada: list[NDArray[np.uint8]], tmp_path: Path
) -> None:
    board = np.full((SIDE, SIDE, 3), 60, np.uint8)
    pictures = [[(ada[n], 200, 70), *([(board, 200, 70)] if 9 <= n < 14 else [])] for n in range(24)]
    (track,) = seen(tmp_path / "hidden.mp4", pictures).tracks
    assert spans([track]) == [(0, 23)]
    filled = np.flatnonzero(track.score == np.float32(FILLED_SCORE))
    assert filled.tolist() == [9, 10, 11, 12, 13]
    ways = np.diff(track.mesh[8:15, :POINTS, :2].mean(axis=1), axis=0)
    assert np.linalg.norm(ways, axis=1).max() < 3  # no jump, neither at the ends nor between
    assert not set(track.texture_frames.tolist()) & set(range(9, 14))


def test_a_face_hidden_for_longer_is_two_tracks_of_one_person(ada: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    board = np.full((SIDE, SIDE, 3), 60, np.uint8)
    pictures = [[(ada[n], 200, 70), *([(board, 200, 70)] if 9 <= n < 21 else [])] for n in range(32)]
    found = seen(tmp_path / "longer.mp4", pictures)
    assert found.people == 1
    assert spans(found.tracks) == [(0, 8), (21, 31)]
    assert found.face_of(0, 15) is None


def test_who_goes_and_comes_back_elsewhere_is_the_same_person(
    ada: list[NDArray[np.uint8]], ben: NDArray[np.uint8], tmp_path: Path
) -> None:
    """Ben stays. Ada goes out on the left and, after a while, comes in on the right."""
    pictures: list[list[Placed]] = []
    for n in range(36):
        x = 20 - 16 * n if n < 12 else (WIDTH if n < 20 else WIDTH - 40 * min(n - 19, 6))
        pictures.append([(ben, 200, 70), (ada[n], max(x, -SIDE), 70)])
    found = seen(tmp_path / "back.mp4", pictures)
    assert found.people == 2
    (still,) = (track for track in found.tracks if len(track.frames) == 36)
    wanderer = found.of_person(1 - still.person)
    assert len(wanderer) == 2
    assert left_of(wanderer[0]) < WIDTH / 3 < 2 * WIDTH / 3 < left_of(wanderer[1])


def test_two_who_change_places_stay_who_they_are(
    ada: list[NDArray[np.uint8]], ben: NDArray[np.uint8], tmp_path: Path
) -> None:
    """Ada passes in front of ben and hides him wholly for some pictures."""
    pictures = [[(ben, 400 - 11 * n, 70), (ada[n], 11 * n, 70)] for n in range(36)]
    found = seen(tmp_path / "cross.mp4", pictures)
    first = {found.people: [found.face_of(person, 1) for person in range(found.people)]}[found.people]
    last = [found.face_of(person, 34) for person in range(found.people)]
    assert found.people == 2
    for before, after in zip(first, last, strict=True):
        assert before is not None and after is not None
        assert (before.mesh[:, 0].mean() < WIDTH / 2) == (after.mesh[:, 0].mean() > WIDTH / 2)


def test_a_small_face_is_found_from_the_start(ada: list[NDArray[np.uint8]], tmp_path: Path) -> None:
    """It is 45 pixels wide in a picture of 1920: 4 pixels for the detector, were it not for the parts."""
    pictures = []
    for n in range(6):
        wall = np.full((1080, 1920, 3), 120, np.uint8)
        wall[300:400, 1500:1600] = cv2.resize(ada[n], (100, 100), interpolation=cv2.INTER_AREA)
        pictures.append(Frame.from_rgb(wall))
    (track,) = perceive(probe(write_clip(tmp_path / "small.mp4", pictures, options={"crf": "14"}))).tracks
    assert spans([track]) == [(0, 5)]
    assert 35 < np.ptp(track.mesh[0, :POINTS, 0]) < 55
