"""A campaign whose captions are burnt in: they are in the released pictures, and in the files all the same."""

from __future__ import annotations

from pathlib import Path

from campaigns import cut_master, write_campaign
from clips import frames_of

from countenance.campaign.produce import produce
from countenance.campaign.variants import variant_rows
from countenance.store.project import init_project

LOW = (slice(560, 680), slice(100, 620))  # of ada's master of 720 x 720, where captions stand


def test_a_release_shows_its_captions_while_they_are_said(tmp_path: Path) -> None:
    master = cut_master(tmp_path / "master.mp4")
    project = init_project(tmp_path)
    brief = write_campaign(
        tmp_path / "brief", master, faces=("keep",), languages=("en",), captions={"burnt": ["en"], "speaker": "Ada"}
    )
    produce(project, brief, tmp_path / "out", approve_as="Tester")
    (row,) = variant_rows(project)
    package = tmp_path / "out" / row.id
    bright = [float((frame.planes[0][LOW] > 200).mean()) for frame in frames_of(package / "video.mp4")]
    as_shot = [float((frame.planes[0][LOW] > 200).mean()) for frame in frames_of(master)]
    assert max(bright) > 0.01 > 10 * max(as_shot)
    assert bright[0] < 0.001  # nothing is said yet
    assert (package / "captions.vtt").read_text(encoding="utf-8").count("-->") >= 1
