"""Small packages to be watched, in six languages: real film, captions, chapters and disclosures, no seal.

`make_site` writes them and the site; a package that went through the whole product is for the long tests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from clips import EXAMPLES, frames_of
from packages import RECORD
from PIL import Image

from countenance.delivery.captions import cues, spread_words
from countenance.delivery.chapters import chapters_at, chapters_vtt
from countenance.delivery.jsonld import video_object
from countenance.delivery.transcript import transcript_html
from countenance.delivery.watch import Watch, read_package
from countenance.delivery.webvtt import webvtt
from countenance.media.audio import read_audio
from countenance.media.encode import Sound, encode
from countenance.media.frame import Frame
from countenance.provenance.disclosure import EngineUse, captions_note, jsonld_fields, machine_fields
from countenance.store.files import sha256_file

MASTER = EXAMPLES / "ada" / "master.mp4"
SECONDS = 3
LANGUAGES = ("en", "de", "es", "fr", "ar", "ja")
MARKETS = {"en": ("IE", "US"), "de": ("DE", "AT"), "es": ("ES", "MX"), "fr": ("FR",), "ar": ("EG", "AE"), "ja": ("JP",)}
TEXTS = {
    "en": "This coffee machine makes a fresh cup in thirty seconds. It fits on almost any kitchen shelf.",
    "de": "Diese Kaffeemaschine brüht in dreißig Sekunden eine frische Tasse. Sie passt auf fast jedes Küchenregal.",
    "es": "Esta cafetera prepara una taza en treinta segundos. Cabe en casi cualquier estante de la cocina.",
    "fr": "Cette machine prépare une tasse en trente secondes. Elle tient sur presque toutes les étagères de cuisine.",
    "ar": "تُعدّ آلة القهوة هذه فنجانًا طازجًا في ثلاثين ثانية. وهي تناسب أي رف في المطبخ تقريبًا.",
    "ja": "このコーヒーマシンは三十秒で一杯をいれます。ほとんどどんな台所の棚にも置けます。",
}
CHAPTERS = {
    "en": ("Thirty seconds", "Fits any shelf"),
    "de": ("Dreißig Sekunden", "Passt ins Regal"),
    "es": ("Treinta segundos", "Cabe en el estante"),
    "fr": ("Trente secondes", "Tient sur l’étagère"),
    "ar": ("ثلاثون ثانية", "على أي رف"),
    "ja": ("三十秒で一杯", "棚に置ける"),
}


@dataclass(frozen=True)
class Film:
    """Encoded once for all packages of a shape: the file, its poster, and the poster's colours for a thumbnail."""

    video: Path
    poster: Path
    thumbnail: Path
    size: tuple[int, int]


def make_film(folder: Path, size: tuple[int, int]) -> Film:
    """Ada's master, cut to a size."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = [
        Frame(number, Fraction(1, 25), Frame.from_rgb(_filled(frame.rgb(), size)).planes)
        for number, frame in enumerate(frames_of(MASTER, stop=25 * SECONDS))
    ]
    samples = read_audio(MASTER)
    assert samples is not None
    video = folder / "video.mp4"
    encode(
        video, frames, size=size, time_base=Fraction(1, 25), frame_rate=Fraction(25),
        sound=Sound(samples=samples[: 48_000 * SECONDS]),
    )  # fmt: skip
    still = frames[30].rgb()
    Image.fromarray(still).save(folder / "poster.jpg", quality=82)
    Image.fromarray(_filled(still, (1280, 720))).save(folder / "thumbnail.jpg", quality=82)
    return Film(video, folder / "poster.jpg", folder / "thumbnail.jpg", size)


def make_watch(
    folder: Path,
    film: Film,
    language: str,
    face: str = "keep",
    *,
    extras: bool = True,
    parts: Sequence[str] = ("mouth", "voice"),
    **said: Any,
) -> Watch:
    """A package of the film; `extras`: with chapters, thumbnails and a transcript with times. `said` is of its data."""
    variant = f"01JD3Z{language}{face}".upper().replace("-", "")
    place = folder / variant
    (place / "thumbnails").mkdir(parents=True)
    record = replace(
        RECORD,
        variant_id=variant,
        release_id=f"01JD3ZRELEASE{language}{face}".upper().replace("-", ""),
        language=language,
        engines=tuple(EngineUse(part, f"countenance.{part}", "0.1.0") for part in parts),
    )
    text = TEXTS[language.split("-")[0]]
    captions = cues(spread_words(text, 0.1, SECONDS - 0.1), language)
    note = captions_note(record)
    (place / "video.mp4").write_bytes(film.video.read_bytes())
    (place / "poster.jpg").write_bytes(film.poster.read_bytes())
    (place / "captions.vtt").write_text(webvtt(captions, language, note), encoding="utf-8")
    if extras:
        titles = CHAPTERS[language.split("-")[0]]
        chapters = chapters_at([(0.0, titles[0]), (1.6, titles[1])], SECONDS)
        (place / "chapters.vtt").write_text(chapters_vtt(chapters, language, note), encoding="utf-8")
        (place / "transcript.html").write_text(transcript_html(captions, language), encoding="utf-8")
        (place / "thumbnails" / "a.jpg").write_bytes(film.thumbnail.read_bytes())
        row = {"file": "a.jpg", "width": 1280, "height": 720}
        (place / "thumbnails" / "thumbnails.json").write_text(json.dumps({"thumbnails": [row]}))
    sha256 = sha256_file(film.video)
    data = video_object(
        {
            **jsonld_fields(record), "name": "espresso-launch", "description": text, "duration_s": Fraction(SECONDS),
            "upload_date": record.released_at, "transcript": text, "width_px": film.size[0],
            "height_px": film.size[1], "sha256": sha256, "markets": MARKETS[language.split("-")[0]],
            "owner": "Example Coffee", **said,
        }
    )  # fmt: skip
    receipt = {
        "receipt": {"campaign": "espresso-launch", "variant": {"face": face}, "review": {"in_one_go": False}},
        "record": record.to_json(),
        "disclosure": machine_fields(record),
        "seal": {"sha256": sha256, "manifest_id": "urn:c2pa:33a93930-45f6-4805-abb1-013090ec37de"},
    }
    (place / "video.jsonld").write_text(json.dumps(data), encoding="utf-8")
    (place / "receipt.json").write_text(json.dumps(receipt), encoding="utf-8")
    return read_package(place)


def _filled(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture scaled until it fills the size, the upper part of it kept, where the face is."""
    width, height = size
    scale = max(width / rgb.shape[1], height / rgb.shape[0])
    large = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    left, top = (large.shape[1] - width) // 2, (large.shape[0] - height) // 4
    return np.ascontiguousarray(large[top : top + height, left : left + width])
