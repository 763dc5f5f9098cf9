from __future__ import annotations

import json
from pathlib import Path

import pytest
from clips import EXAMPLES, frames_of, write_clip
from PIL import Image
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.media.probe import probe
from countenance.media.reframe import fitted

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of ada in the middle of a wide picture."""
    frames = [fitted(frame, (640, 360)) for frame in frames_of(EXAMPLES / "ada" / "master.mp4", stop=12)]
    return write_clip(tmp_path_factory.mktemp("wide") / "wide.mp4", frames, options={"crf": "16"})


def test_the_preview_has_the_shape_and_every_picture(wide: Path, tmp_path: Path) -> None:
    out = tmp_path / "tall.mp4"
    asked = ["reframe", str(wide), "--preview", str(out), "--aspect", "4:5", "--channel", "instagram", "--json"]
    done = RUNNER.invoke(app, asked)
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["width"], told["height"]) == (1080, 1350)
    assert [(one["start_s"], one["camera"], one["people"]) for one in told["takes"]] == [(0, "still", [0])]
    film = probe(out)
    assert (film.width, film.height, film.frames) == (540, 674, 12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preview", "tall.mov"], "name it .mp4"),
        (["--preview", "tall.mp4", "--aspect", "tall"], "'tall' is no shape"),
        (["--preview", "tall.mp4", "--aspect", "1:9"], "1:9 is no shape of a picture"),
        (["--preview", "tall.mp4", "--channel", "radio"], "'radio' is no channel"),
    ],
)
def test_what_cannot_be_made_is_refused_before_the_work(
    wide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = RUNNER.invoke(app, ["reframe", str(wide), *arguments])
    assert done.exit_code == 2 and message in done.stderr and not list(tmp_path.iterdir())


def test_stills_of_a_plain_video_are_marked_as_not_released(wide: Path, tmp_path: Path) -> None:
    out = tmp_path / "stills"
    done = RUNNER.invoke(app, ["thumbnails", str(wide), "--count", "1", "--out", str(out)])
    assert (done.exit_code, done.stderr) == (0, "") and "01-1280x720.jpg" in done.stdout
    assert len(list(out.iterdir())) == 4
    with Image.open(out / "01-1080x1920.jpg") as picture:
        assert picture.size == (1080, 1920)
        assert max(picture.crop((540, 0, 1080, 200)).convert("L").getextrema()) > 235  # the note's letters


def test_titles_and_places_are_for_released_variants(wide: Path, tmp_path: Path) -> None:
    for arguments, message in (
        ([str(wide)], "give --out DIR"),
        ([str(wide), "--out", str(tmp_path), "--title", "x"], "no --title"),
        (["01JD3Z", "--out", str(tmp_path)], "--out is for videos"),
    ):
        done = RUNNER.invoke(app, ["thumbnails", *arguments])
        assert done.exit_code == 2 and message in done.stderr
