"""What a talent's own clips give to the library, and which clips are refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from campaigns import cut_master, write_campaign
from clips import EXAMPLES, frames_of, write_clip

from countenance.campaign.brief import load_brief
from countenance.campaign.mouthfootage import film_clip, mouths_of
from countenance.campaign.plan import plan
from countenance.campaign.stages import see
from countenance.campaign.task import Task
from countenance.errors import InputError
from countenance.media.frame import F32, Frame
from countenance.media.probe import probe
from countenance.perception.perceive import perceive
from countenance.store.project import init_project
from countenance.synthesis.facemodel import forget_face_model

PICTURES = 26


@pytest.fixture(scope="module")
def ada_frames() -> list[Frame]:
    return frames_of(EXAMPLES / "ada" / "master.mp4", stop=PICTURES)


@pytest.fixture(scope="module")
def ada(ada_frames: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> F32:
    """Who ada is."""
    clip = write_clip(tmp_path_factory.mktemp("who") / "ada.mp4", ada_frames[:8], options={"crf": "14"})
    return perceive(probe(clip)).tracks[0].embedding


def written(folder: Path, frames: Sequence[Frame]) -> Path:
    return write_clip(folder / "clip.mp4", frames, options={"crf": "14"})


def test_a_clip_without_sound_teaches_shapes_alone(tmp_path: Path, ada_frames: list[Frame], ada: F32) -> None:
    clip = written(tmp_path, ada_frames)
    clip.with_suffix(".txt").write_text("Please pack five big boxes.", encoding="utf-8")
    taken = film_clip(clip, "en", ada)
    assert taken.phones is None and len(taken.pixels) == PICTURES


def test_a_script_beside_the_clip_tells_its_words(tmp_path: Path, ada: F32) -> None:
    clip = cut_master(tmp_path / "clip.mp4", 1.6)
    assert film_clip(clip, "en", ada).phones is None
    clip.with_suffix(".txt").write_text("This coffee machine.", encoding="utf-8")
    phones = film_clip(clip, "en", ada).phones
    assert phones is not None and "m" in {phone.symbol for phone in phones}


def test_where_the_face_is_hidden_for_half_the_clip_the_other_half_is_used(
    tmp_path: Path, ada_frames: list[Frame], ada: F32
) -> None:
    grey = Frame.from_rgb(np.full((720, 720, 3), 120, np.uint8))
    clip = written(tmp_path, [*ada_frames, *[Frame(0, grey.time_base, grey.planes)] * PICTURES])
    taken = film_clip(clip, "en", ada)
    assert 0.8 * PICTURES <= len(taken.pixels) <= PICTURES and taken.numbers.max() < PICTURES


def test_somebody_elses_clip_is_refused(tmp_path: Path, ada: F32) -> None:
    still = cv2.imread(str(EXAMPLES / "ben" / "refs" / "1_front_neutral.jpg"))[..., ::-1]
    clip = written(tmp_path, [Frame.from_rgb(np.ascontiguousarray(still))] * PICTURES)
    with pytest.raises(InputError, match="does not show the person of the master"):
        film_clip(clip, "en", ada)


def test_a_clip_without_a_face_is_refused(tmp_path: Path, ada: F32) -> None:
    grey = Frame.from_rgb(np.full((180, 320, 3), 120, np.uint8))
    with pytest.raises(InputError, match="no face is seen in this clip"):
        film_clip(written(tmp_path, [grey] * PICTURES), "en", ada)


def test_a_face_that_is_seen_for_a_moment_is_refused(tmp_path: Path, ada_frames: list[Frame], ada: F32) -> None:
    with pytest.raises(InputError, match=r"seen for only 0\.4 s"):
        film_clip(written(tmp_path, ada_frames[:10]), "en", ada)


def test_a_tiny_face_is_refused(tmp_path: Path, ada_frames: list[Frame], ada: F32) -> None:
    small = [
        Frame.from_rgb(
            cv2.copyMakeBorder(
                cv2.resize(frame.rgb(), (80, 80), interpolation=cv2.INTER_AREA), 60, 60, 60, 60, cv2.BORDER_REPLICATE
            )
        )
        for frame in ada_frames
    ]
    with pytest.raises(InputError, match=r"(only \d+ pixels wide|no face is seen|does not show)"):
        film_clip(written(tmp_path, small), "en", ada)


def test_clips_are_named_in_the_brief_and_enter_its_digest(tmp_path: Path) -> None:
    master = cut_master(tmp_path / "master.mp4")
    path = write_campaign(tmp_path / "brief", master)
    plain = load_brief(path)
    other = cut_master(path.parent / "other.mp4", 1.6)
    text = path.read_text(encoding="utf-8").replace(
        "    grant: ada.grant.yaml", "    clips: [other.mp4]\n    grant: ada.grant.yaml"
    )
    path.write_text(text, encoding="utf-8")
    brief = load_brief(path)
    assert plain.talents["ada"].clips == () and brief.talents["ada"].clips == (other.resolve(),)
    digests = {plain.digest(), brief.digest()}
    other.with_suffix(".txt").write_text("This coffee machine.", encoding="utf-8")
    assert len(digests | {load_brief(path).digest()}) == 3


def test_a_clip_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write_campaign(tmp_path / "brief", cut_master(tmp_path / "master.mp4"))
    text = path.read_text(encoding="utf-8").replace(
        "    grant: ada.grant.yaml", "    clips: [gone.mp4]\n    grant: ada.grant.yaml"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"no file matches 'gone.mp4' of talents.ada.clips"):
        load_brief(path)


def test_a_dub_takes_mouths_from_the_clip_and_forgetting_takes_them_away(tmp_path: Path) -> None:
    """The whole way: brief, rights, perception, library, and the end of it."""
    project = init_project(tmp_path / "studio")
    path = write_campaign(tmp_path / "brief", cut_master(tmp_path / "master.mp4", 1.0), faces=("keep",))
    other = cut_master(path.parent / "other.mp4", 1.6)
    other.with_suffix(".txt").write_text("This coffee machine.", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    grant: ada.grant.yaml", "    clips: [other.mp4]\n    grant: ada.grant.yaml"))
    brief = load_brief(path)
    seen = see(project, brief, lambda _stage, _done, _of: None)
    (variant,) = (one for one in plan(brief).variants if one.language == "de")
    task = Task(project, brief, seen, variant, "id", None)
    library = mouths_of(task, variant.presenter)
    assert len(library.early_s) == 2 and library.mouths[-1].frame > seen.master.frames
    assert library.mouths[-1].sound is not None
    assert list((project.folder / "talents").glob("*.mouths"))
    forget_face_model(project, "ada")
    assert not list((project.folder / "talents").glob("*.mouths"))
