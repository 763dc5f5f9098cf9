from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import releases
from clips import EXAMPLES, frames_of, write_clip
from PIL import Image
from sqlalchemy import select, update

from countenance.campaign.stills import FOLDER, KIND, LISTING, release_thumbnails
from countenance.delivery.thumbnails import SIZES
from countenance.errors import InputError, IntegrityError, RightsError, TextError
from countenance.ledger.log import entries, transaction
from countenance.media.reframe import fitted
from countenance.provenance.badge import badge_of
from countenance.provenance.history import TRUSTED, read_history
from countenance.provenance.metadata import read_source_type
from countenance.provenance.signing import anchors_of
from countenance.provenance.verify import verify_file
from countenance.rights.register import withdraw_grant
from countenance.store import tables
from countenance.store.database import reading
from countenance.store.files import read_json, write_json
from countenance.store.project import Project, init_project

WIDE = (960, 540)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a release that bears a badge: 1.4 s of ada in the middle of a wide picture."""
    folder = tmp_path_factory.mktemp("stills")
    project = init_project(folder / "studio")
    wide = [fitted(frame, WIDE) for frame in frames_of(EXAMPLES / "ada" / "master.mp4", stop=36)]
    record = replace(releases.record(), badge="corner")
    badge = badge_of(record)
    for frame in wide:
        badge.draw(frame.planes, frame.time)
    master = write_clip(folder / "master.mp4", wide, options={"crf": "16", "preset": "veryfast"})
    package = folder / "studio" / "packages" / record.variant_id
    package.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(releases, "record", lambda *facts: replace(record, grants=facts[2]))
        releases.release_clip(project, master, package / "video.mp4")
    (package / "unsealed.mp4").unlink()
    return folder / "studio"


@pytest.fixture
def project(once: Path, tmp_path: Path) -> Project:
    """A copy of it that a test may change."""
    shutil.copytree(once, tmp_path / "studio")
    project = Project(tmp_path / "studio")
    package = tmp_path / "studio" / "packages" / releases.VARIANT
    with transaction(project) as ledger:
        ledger.connection.execute(update(tables.release).values(package=str(package)))
    return project


def package_of(project: Project) -> Path:
    return project.root / "packages" / releases.VARIANT


def test_every_size_of_every_moment_is_there_sealed_labelled_and_ours(project: Project) -> None:
    made = release_thumbnails(project, releases.VARIANT, 2, "Ina")
    listing = json.loads((package_of(project) / FOLDER / LISTING).read_text())
    assert listing["release"] == releases.RELEASE and listing["thumbnails"] == list(made.rows)
    assert [(one["rank"], one["width"], one["height"]) for one in made.rows] == [(r, *s) for r in (1, 2) for s in SIZES]
    assert {path.name for path in made.folder.iterdir()} == {LISTING, *(one["file"] for one in made.rows)}
    best, next_best = made.rows[0], made.rows[len(SIZES)]
    assert best["score"] >= next_best["score"] and abs(best["time_s"] - next_best["time_s"]) > 0.2
    for one in made.rows[: len(SIZES)]:
        path = made.folder / one["file"]
        with Image.open(path) as picture:
            assert picture.size == (one["width"], one["height"]) and one["bytes"] < 2_000_000
        history = read_history(path, anchors_of(project))
        assert history.state == TRUSTED and history.release_id == releases.RELEASE
        assert read_source_type(path) is not None
    told = verify_file(project, made.folder / best["file"])
    assert (told.ours, told.released, told.intact) == (True, True, True)


def test_they_are_in_the_ledger_and_replace_what_was_there(project: Project) -> None:
    release_thumbnails(project, releases.VARIANT, 2, "Ina")
    made = release_thumbnails(project, releases.VARIANT[:14], 1, "Ina")
    assert len(list(made.folder.iterdir())) == len(SIZES) + 1
    last = [entry for entry in entries(project) if entry.kind == KIND][-1]
    assert last.actor == "Ina" and last.data["files"] == {one["file"]: one["sha256"] for one in made.rows}
    assert not [path for path in package_of(project).iterdir() if path.name.startswith(".")]


def test_what_was_seen_in_the_video_is_held_for_its_people(project: Project) -> None:
    held = tables.holding.c
    with transaction(project) as ledger:
        ledger.connection.execute(
            tables.holding.insert().values(kind="variant", name=releases.VARIANT, subject="tag-of-ben")
        )
    release_thumbnails(project, releases.VARIANT, 1, "Ina")
    with reading(project) as connection:
        found = connection.execute(select(held.name).where(held.kind == "work", held.subject == "tag-of-ben")).scalars()
        (name,) = found.all()
    assert (project.work / name).is_dir()


def test_a_title_is_written_where_it_fits_and_told_in_the_history(project: Project) -> None:
    made = release_thumbnails(project, releases.VARIANT, 1, "Ina", titles=["Espresso für alle"])
    titled = [one for one in made.rows if "title" in one]
    assert titled and {one["language"] for one in titled} == {"de"}
    text = json.dumps(read_history(made.folder / titled[0]["file"], anchors_of(project)).manifest)
    assert "c2pa.addedText" in text
    with pytest.raises(TextError, match="cannot be written"):
        release_thumbnails(project, releases.VARIANT, 1, "Ina", titles=["தமிழ்"])


@pytest.mark.parametrize(("burnt", "free"), [([[0.0, 0.9]], True), ([[0.0, 9.0]], False)])
def test_moments_with_burnt_in_captions_are_taken_only_where_there_are_no_others(
    project: Project, burnt: list[list[float]], free: bool
) -> None:
    path = project.releases / releases.RELEASE / "release.json"
    write_json(path, {**read_json(path), "receipt": {"burnt_in": burnt}})
    (one, *_) = release_thumbnails(project, releases.VARIANT, 1, "Ina").rows
    assert (one["time_s"] >= 0.9) or not free


def test_nothing_is_made_of_what_was_withdrawn(project: Project) -> None:
    withdraw_grant(project, "ben", "ops", "his wish")
    with pytest.raises(RightsError, match="no thumbnails are made") as caught:
        release_thumbnails(project, releases.VARIANT, 1, "Ina")
    assert caught.value.reasons and not (package_of(project) / FOLDER).exists()


def test_another_video_than_the_released_one_is_refused(project: Project) -> None:
    with (project.releases / releases.RELEASE / "video.mp4").open("ab") as stream:
        stream.write(b"more")
    with pytest.raises(IntegrityError, match="not the file that was released"):
        release_thumbnails(project, releases.VARIANT, 1, "Ina")


def test_without_its_package_there_is_nowhere_to_write(project: Project) -> None:
    shutil.rmtree(package_of(project))
    with pytest.raises(InputError, match="run `countenance produce` again"):
        release_thumbnails(project, releases.VARIANT, 1, "Ina")
