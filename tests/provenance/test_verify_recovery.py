"""A mark that is damaged too much to be found blindly, and what the project remembers of its releases."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from clips import frames_of, write_clip
from releases import RELEASE

from countenance.media.frame import Frame
from countenance.provenance.verify import Verification, verify_file
from countenance.store.project import Project


def states(seen: Verification) -> dict[str, str]:
    return {finding.about: finding.state for finding in seen.findings}


def _filmed(frame: Frame) -> Frame:
    """The picture as a screen seen from the side, in another picture."""
    rgb = frame.rgb()
    height, width = rgb.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[140, 100], [width - 60, 240], [width - 100, height - 200], [110, height - 60]], np.float32)
    ground = np.full_like(rgb, 70)
    view = cv2.getPerspectiveTransform(corners, seen)
    cv2.warpPerspective(rgb, view, (width, height), dst=ground, borderMode=cv2.BORDER_TRANSPARENT)
    return Frame.from_rgb(ground)


def test_a_screen_filmed_from_the_side_is_known_with_the_help_of_the_stored_release(
    studio: tuple[Project, Path], tmp_path: Path
) -> None:
    project, sealed = studio
    clip = write_clip(tmp_path / "filmed.mp4", map(_filmed, frames_of(sealed)), options={"crf": "20"})
    seen = verify_file(project, clip)
    assert (seen.ours, seen.released, seen.intact, seen.release_id) == (True, True, False, RELEASE)
    assert states(seen)["mark"] == "recovered"
    assert 0.999 < seen.confidence < 1


def test_the_unmarked_master_looks_like_the_release_but_nothing_proves_it(
    studio: tuple[Project, Path], ada_clip: Path
) -> None:
    seen = verify_file(studio[0], ada_clip)
    assert (seen.ours, seen.release_id, seen.exit_status) == (False, None, 1)
    assert states(seen)["mark"] == "resembles"
    assert seen.sentence == f"ada.mp4 looks like release {RELEASE}, but nothing on it proves that it comes from there."
