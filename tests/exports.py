"""A release with a package that can be exported: marked in picture and sound, sealed, with captions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from clips import EXAMPLES, frames_of, write_clip
from releases import RELEASE, VARIANT, record, release_clip

from countenance.delivery.captions import cues, spread_words
from countenance.delivery.webvtt import webvtt
from countenance.media.audio import read_audio
from countenance.store.files import write_json
from countenance.store.project import Project, init_project

MASTER = EXAMPLES / "ada" / "master.mp4"
TEXT = "Frischer Kaffee, ganz ohne Mühe. Und er passt auf jedes Regal."


@dataclass(frozen=True)
class Released:
    """A project, and the package of its one release."""

    project: Project
    package: Path
    variant: str = VARIANT
    release: str = RELEASE


def make_released(folder: Path, seconds: Fraction = Fraction(5)) -> Released:
    """Release the first seconds of ada's master with her voice."""
    count = round(25 * seconds)
    project = init_project(folder / "studio")
    clip = write_clip(folder / "clip.mp4", frames_of(MASTER, stop=count), options={"crf": "14"})
    samples = read_audio(MASTER)
    assert samples is not None
    video = release_clip(project, clip, folder / "video.mp4", sound=samples[: round(48_000 * seconds)])
    package = folder / "packages" / VARIANT
    package.mkdir(parents=True)
    video.rename(package / "video.mp4")
    captions = webvtt(cues(spread_words(TEXT, 0.2, float(seconds) - 0.2)), "de", "note")
    (package / "captions.vtt").write_text(captions, encoding="utf-8")
    write_json(package / "receipt.json", {"record": record().to_json()})
    return Released(project, package)
