from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from campaigns import duet_master
from clips import frames_of, picture, write_clip

from countenance.errors import InputError
from countenance.media.frame import Frame
from countenance.quality.inspect import inspect_faces, inspect_file


@pytest.fixture(scope="module")
def duet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return duet_master(tmp_path_factory.mktemp("duet") / "two.mp4")


def test_everybody_is_told_with_their_number_size_and_time(duet: Path) -> None:
    people, _ = inspect_faces(duet)
    assert [(one.track, one.pictures, one.first_s, one.last_s) for one in people] == [
        (0, 14, 0.0, 0.52),
        (1, 14, 0.0, 0.52),
    ]
    assert people[0].width_px > people[1].width_px > 150


def test_the_sheet_has_a_row_of_that_persons_faces_for_each(duet: Path) -> None:
    """Ada's skin is darker than ben's, so the brightness of a row's faces says whose row it is."""
    _, sheet = inspect_faces(duet)
    pixels = np.asarray(sheet.convert("L"), np.float32)
    rows = [pixels[120 + 216 * row : 180 + 216 * row, 260:1040].mean() for row in (0, 1)]
    assert rows[0] < 110 < rows[1]


def test_faces_that_are_sharp_are_preferred(duet: Path, tmp_path: Path) -> None:
    """Where two thirds of the pictures are out of focus, the sheet still shows sharp ones."""
    frames = frames_of(duet)
    soft = [
        frame if number % 3 == 0 else Frame.from_rgb(cv2.GaussianBlur(frame.rgb(), (0, 0), 3))
        for number, frame in enumerate(frames)
    ]
    sheets = [
        np.asarray(inspect_faces(write_clip(tmp_path / f"{name}.mp4", shown, options={"crf": "10"}))[1].convert("L"))
        for name, shown in (("sharp", frames), ("soft", soft))
    ]
    details = [cv2.Laplacian(sheet[68:244, 216:1120].astype(np.float32), cv2.CV_32F).var() for sheet in sheets]
    assert details[1] > 0.7 * details[0]


def test_progress_covers_both_readings(duet: Path) -> None:
    told: list[tuple[int, int]] = []
    inspect_faces(duet, lambda done, of: told.append((done, of)))
    assert told[0] == (1, 28) and told[-1] == (28, 28)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_master_without_anybody_gives_a_sheet_that_says_so(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "empty.mp4", [picture(1)] * 4)
    people, sheet = inspect_faces(clip)
    assert people == []
    assert np.asarray(sheet).std() > 0


def test_a_file_is_measured_without_sound_too(duet: Path) -> None:
    seen = inspect_file(duet)
    assert [one["person"] for one in seen["people"]] == [0, 1]
    assert (seen["sound"], seen["people"][0]["av_reason"]) == (None, "there is no sound")


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"no\.mp4"):
        inspect_faces(tmp_path / "no.mp4")
