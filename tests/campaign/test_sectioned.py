"""A film that is painted and encoded in several sections is one film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from campaigns import cut_master, painting_of, write_campaign
from clips import frames_of

from countenance.campaign import sections
from countenance.campaign.order import order_of
from countenance.campaign.painting import Painting, paint_section, painted_boxes
from countenance.campaign.produce import produce
from countenance.campaign.variants import VariantRow
from countenance.media.frame import Frame
from countenance.provenance.verify import verify_file
from countenance.store.project import Project, init_project


@dataclass(frozen=True)
class Film:
    project: Project
    row: VariantRow
    package: Path


def quiet(_stage: str, _done: int, _of: int) -> None:
    pass


def released(folder: Path) -> Film:
    project = init_project(folder)
    brief = write_campaign(folder, cut_master(folder / "master.mp4"), faces=("ben",), languages=("de",))
    (row,) = produce(project, brief, folder / "out", approve_as="Rita Reviewer").variants
    assert row.state == "released"
    return Film(project, row, folder / "out" / row.id)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """All in one section."""
    return released(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Film]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sections, "SECTION_S", 0.36)
        patched.setattr(sections, "RUN_IN_S", 0.2)
        yield released(tmp_path_factory.mktemp("several"))


def stamps(film: Film, kind: str) -> list[tuple[int, bytes]]:
    with av.open(str(film.package / "video.mp4")) as container:
        stream = getattr(container.streams, kind)[0]
        found: list[tuple[int, bytes]] = [(p.pts, bytes(p)) for p in container.demux(stream) if p.size]
        return found


def composed(film: Film) -> list[Frame]:
    """The film's pictures with what was painted, before the encode."""
    task = order_of(film.project, film.row.render["request"]).task(film.row.key, quiet)
    frames = frames_of(task.master.path)
    frames = [frames[source].copy() for source in task.timeline.source]
    painting = Painting(task)
    for box in painted_boxes(painting, range(len(painting.sections))):
        frames[box.number].put(box.box, box.planes)
    return frames


def test_there_are_several_sections(several: Film) -> None:
    assert len(painting_of(several.row)) >= 3


def test_every_picture_is_there_once_at_its_time(one: Film, several: Film) -> None:
    times = [sorted(pts for pts, _ in stamps(film, "video")) for film in (one, several)]
    assert times[0] == times[1]


def test_the_sound_is_that_of_one_piece_to_the_sample(one: Film, several: Film) -> None:
    with av.open(str(several.package / "video.mp4")) as cut, av.open(str(one.package / "video.mp4")) as whole:
        lengths = [sum(frame.samples for frame in container.decode(audio=0)) for container in (cut, whole)]
    assert lengths[0] == lengths[1]
    assert [pts for pts, _ in stamps(several, "audio")] == [pts for pts, _ in stamps(one, "audio")]


def test_it_is_known_as_released(several: Film) -> None:
    assert verify_file(several.project, several.package / "video.mp4").exit_status == 0


def test_the_order_in_which_sections_are_painted_leaves_no_trace(
    several: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "SECTION_S", 0.36)
    monkeypatch.setattr(sections, "RUN_IN_S", 0.2)
    task = order_of(several.project, several.row.render["request"]).task(several.row.key, quiet)
    painting = Painting(task)
    before = painting.digest()
    for folder in painting_of(several.row):
        for path in folder.iterdir():
            path.unlink()
    for section in reversed(painting.sections):
        paint_section(painting, section.number, quiet)
    assert painting.digest() == before


def test_nobody_sees_where_one_section_ends_and_the_next_begins(
    one: Film, several: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its run-in a section is painted as if it had begun with the film, but for what no eye sees."""
    whole = composed(one)
    monkeypatch.setattr(sections, "SECTION_S", 0.36)
    monkeypatch.setattr(sections, "RUN_IN_S", 0.2)
    cut = composed(several)
    gaps = [np.abs(a.planes[0].astype(int) - b.planes[0]) for a, b in zip(whole, cut, strict=True)]
    assert max(gap.mean() for gap in gaps) < 0.1
    assert max(np.percentile(gap[gap > 0], 99) if gap.any() else 0 for gap in gaps) <= 8
