from __future__ import annotations

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, frames_of, picture
from numpy.typing import NDArray

from countenance.media.frame import Frame
from countenance.perception.networks import Detection, FaceNetworks
from countenance.perception.scout import looks, parts_of


@pytest.fixture(scope="module")
def ada() -> NDArray[np.uint8]:
    return frames_of(EXAMPLES / "ada" / "master.mp4", stop=1)[0].rgb()


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (1080, 1920), (852, 478), (3840, 2160)])
def test_the_parts_that_are_looked_at_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    seen = np.zeros(size[::-1], np.uint8)
    for part in parts_of(size):
        assert {part.x % 2, part.y % 2, part.width % 2, part.height % 2} == {0}
        seen[part.rows, part.columns] += 1
    assert seen.min() == 1
    assert seen[size[1] // 2, size[0] // 2] == 4


def test_faces_are_looked_for_at_the_start_of_each_shot_and_in_every_twelfth_picture_of_it(
    networks: FaceNetworks, ada: NDArray[np.uint8]
) -> None:
    frames = [*[Frame.from_rgb(ada)] * 20, *[picture(1, 720, 720)] * 30]
    seen = list(looks(frames, networks))
    assert [n for n, look in enumerate(seen) if look.cut] == [20]
    assert [n for n, look in enumerate(seen) if look.found is not None] == [0, 12, 20, 32, 44]
    assert [len(look.found) for look in seen if look.found is not None] == [1, 1, 0, 0, 0]
    assert all(look.frame is frame for look, frame in zip(seen, frames, strict=True))


def test_small_faces_are_found_at_the_start_and_within_eight_looks_wherever_they_are(
    networks: FaceNetworks, ada: NDArray[np.uint8]
) -> None:
    corners = ((100, 100), (1500, 200), (300, 800), (1700, 900))
    wall = np.full((1080, 1920, 3), 120, np.uint8)
    small = cv2.resize(ada, (110, 110), interpolation=cv2.INTER_AREA)
    for x, y in corners:
        wall[y : y + 110, x : x + 110] = small

    def told(found: list[Detection]) -> set[tuple[int, int]]:
        """Which of the four are among them: the face is 55 pixels wide, in the middle of its picture."""
        middles = [(box[0] + box[2] / 2, box[1] + box[3] / 2) for box in (one.box for one in found)]
        return {(x, y) for x, y in corners if any(np.hypot(x + 52 - p, y + 52 - q) < 25 for p, q in middles)}

    assert told(networks.detect(Frame.from_rgb(wall), threshold=0.3)) != set(corners)
    seen = [look.found for look in looks([Frame.from_rgb(wall)] * 97, networks) if look.found is not None]
    assert told(seen[0]) == set(corners)
    assert told([one for found in seen[1:] for one in found]) == set(corners)
