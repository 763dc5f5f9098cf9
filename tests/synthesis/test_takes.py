from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import EXAMPLES, picture, write_clip

from countenance.errors import InputError
from countenance.media.frame import Frame
from countenance.perception.networks import FaceNetworks
from countenance.synthesis.likeness import assembled
from countenance.synthesis.takes import MOST_REFERENCES, read_by_file, read_clip, read_references

BEN = sorted((EXAMPLES / "ben" / "refs").glob("[123]_*.jpg"))


def test_a_clip_gives_several_different_moments_of_one_person(ada_clip: Path, networks: FaceNetworks) -> None:
    found = read_clip(ada_clip, networks)
    assert 2 <= len(found) <= 24
    assert len({one.name for one in found}) == len(found)
    assert all(one.name.startswith(f"{ada_clip} at ") for one in found)
    assert assembled(found).confidence.max() == 1


def test_stills_and_clips_go_together(ada_clip: Path, networks: FaceNetworks) -> None:
    still = EXAMPLES / "ada" / "refs" / "1_front_neutral.jpg"
    seen: list[int] = []
    by_file = read_by_file([still, ada_clip], networks, seen.append)
    assert len(by_file[0]) == 1 and len(by_file[1]) > 1
    assert seen == [1, 2]


def test_blurred_pictures_of_a_clip_are_passed_over(
    ada_frames: list[Frame], tmp_path: Path, networks: FaceNetworks
) -> None:
    frames = [_blurred(frame) if number % 2 else frame for number, frame in enumerate(ada_frames[:12])]
    found = read_clip(write_clip(tmp_path / "half.mp4", frames, options={"crf": "10"}), networks)
    numbers = {round(float(one.frame.time) * 25) for one in found}
    assert numbers and all(number % 2 == 0 for number in numbers)


def test_a_clip_without_a_face_or_with_a_smear_is_refused(
    ada_frames: list[Frame], tmp_path: Path, networks: FaceNetworks
) -> None:
    empty = write_clip(tmp_path / "empty.mp4", [picture(number) for number in range(4)])
    with pytest.raises(InputError, match="no face that is large and clear enough") as refused:
        read_references([empty], networks)
    assert str(empty) in str(refused.value) and "\n" not in str(refused.value)
    smear = write_clip(tmp_path / "smear.mp4", [_blurred(frame) for frame in ada_frames[:4]])
    with pytest.raises(InputError, match=r"too blurred|clear enough"):
        read_references([smear], networks)


def test_a_clip_of_two_people_is_refused(ada_frames: list[Frame], tmp_path: Path, networks: FaceNetworks) -> None:
    twice = [Frame.from_rgb(np.hstack([frame.rgb(), frame.rgb()])) for frame in ada_frames[:6]]
    path = write_clip(tmp_path / "both.mp4", twice)
    with pytest.raises(InputError, match="several people"):
        read_clip(path, networks)


def test_what_only_calls_itself_a_clip_is_refused(tmp_path: Path, networks: FaceNetworks) -> None:
    path = tmp_path / "no.mp4"
    path.write_text("no clip")
    with pytest.raises(InputError, match=r"no\.mp4"):
        read_references([path], networks)


def test_more_references_than_serve_are_refused_before_any_is_read(networks: FaceNetworks) -> None:
    with pytest.raises(InputError, match=str(MOST_REFERENCES)):
        read_references([Path("nowhere.jpg")] * (MOST_REFERENCES + 1), networks)


def _blurred(frame: Frame) -> Frame:
    return Frame.from_rgb(cv2.GaussianBlur(frame.rgb(), (0, 0), 9))
