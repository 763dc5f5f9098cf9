"""What a package on disk really is: everything that rules ask about, read from its files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from sqlalchemy import select

from countenance.delivery.situation import LONG_FORM_S, Situation
from countenance.errors import InputError
from countenance.media.audio import read_mono, sound_blocks
from countenance.media.loudness import Loudness, measure_loudness
from countenance.media.sample import sample_lumas
from countenance.provenance.disclosure import ReleaseRecord, digital_source_type, record_from_json
from countenance.provenance.history import History, read_history
from countenance.provenance.label_check import BadgeCheck, check_badge
from countenance.provenance.looks import issued_marks, mark_key
from countenance.provenance.notice import HEARD_HZ, heard_notice
from countenance.provenance.signing import anchors_of
from countenance.provenance.sound_read import SoundReading, read_sound_mark
from countenance.provenance.watermark_read import MarkReading, read_mark
from countenance.store import tables
from countenance.store.database import reading
from countenance.store.files import sha256_file
from countenance.store.project import Project

VIDEO, AUDIO, POSTER = "video.mp4", "audio.m4a", "poster.jpg"
_LISTENED_S = 60  # of a sound, for its mark
_RATE_HZ = 48_000
_MARK_PICTURES = 60
_FILMED = ("digitalCapture", "computationalCapture", "humanEdits", "compositeCapture", "algorithmicallyEnhanced",
           "screenCapture", "virtualRecording")  # fmt: skip
_CUE = re.compile(r"^\d\d:\d\d:\d\d[.,]\d\d\d --> ", re.MULTILINE)


@dataclass(frozen=True)
class PackageFacts:
    """One package as it lies there; sizes in pixels, times in seconds, `bits_per_s` of the whole file.

    `mark` and `sound_mark` are what was read in picture and sound, `poster` and `audio` the histories of the poster
    and of the sound alone, if they are there; `keys` tells whether the project's keys were at hand for that.
    `disclosure` is what the receipt tells machines, `state` that of the release in the project's database, both
    None where there is none. `notice_s` are the times at which the spoken notice is heard in the sound alone, None
    where none is due.
    """

    folder: Path
    record: ReleaseRecord
    media: Path
    width: int
    height: int
    duration_s: float
    frame_rate: float
    container: str
    video_codec: str
    audio_codec: str | None
    bytes: int
    sha256: str
    sealed_sha256: str
    disclosure: Mapping[str, Any] | None
    state: str | None
    jsonld: Mapping[str, Any]
    captions_vtt: str
    captions_srt: str
    loudness: Loudness | None
    badge: BadgeCheck
    history: History
    mark: MarkReading | None
    keys: bool
    sound_mark: SoundReading | None
    poster: History | None
    audio: History | None
    notice_s: tuple[float, ...] | None

    @property
    def bits_per_s(self) -> float:
        return 8 * self.bytes / self.duration_s if self.duration_s else 0.0

    @property
    def cues(self) -> int:
        return len(_CUE.findall(self.captions_vtt))

    def circumstances(self, situation: Situation) -> frozenset[str]:
        """Those of the words of `situation.CIRCUMSTANCES` that are true of this package."""
        true = {
            "ad": situation.ad,
            "political": situation.political,
            "disclosable": self.record.modified,
            "realistic": self.record.modified,
            "synthetic": digital_source_type(self.record) not in _FILMED,
            "badge": self.badge.due,
            "sound": self.audio_codec is not None,
            "voice": "voice" in self.record.parts,
            "audio": self.audio is not None,
            "long_form": self.duration_s >= LONG_FORM_S,
        }
        return frozenset(name for name, given in true.items() if given)


def read_package(folder: Path, project: Project | None = None) -> PackageFacts:
    """Read a package's folder. Without the `project` the history's signer and the mark cannot be checked.

    InputError when it is no package, or its media file cannot be read.
    """
    receipt = _json(folder, "receipt.json")
    try:
        record = record_from_json(receipt["record"])
        sealed = str(receipt["seal"]["sha256"])
    except (KeyError, TypeError) as problem:
        raise InputError(
            f"{folder / 'receipt.json'} is no receipt of a release: package the variant again."
        ) from problem
    media = folder / VIDEO
    if not media.is_file():
        raise InputError(f"{folder} has no {VIDEO}: package the variant again.")
    streams = _streams(media)
    jsonld = _json(folder, "video.jsonld")
    sounds = streams["audio_codec"] is not None
    anchors = anchors_of(project) if project else ""
    return PackageFacts(
        folder=folder,
        record=record,
        media=media,
        bytes=media.stat().st_size,
        sha256=sha256_file(media),
        sealed_sha256=sealed,
        disclosure=receipt.get("disclosure"),
        state=_state(project, record.release_id) if project else None,
        jsonld=jsonld,
        captions_vtt=_text(folder, "captions.vtt"),
        captions_srt=_text(folder, "captions.srt"),
        loudness=measure_loudness(sound_blocks(media, _RATE_HZ), _RATE_HZ) if sounds else None,
        badge=check_badge(media, record, _made_size(jsonld)),
        history=read_history(media, anchors),
        mark=_mark(media, project) if project is not None else None,
        keys=project is not None,
        sound_mark=_sound_mark(media, project) if sounds and project is not None else None,
        poster=_history(folder / POSTER, anchors),
        audio=_history(folder / AUDIO, anchors),
        notice_s=_notice(folder / AUDIO, record) if (folder / AUDIO).is_file() else None,
        **streams,
    )


def _state(project: Project, release_id: str) -> str | None:
    with reading(project) as connection:
        query = select(tables.release.c.state).where(tables.release.c.id == release_id)
        return connection.execute(query).scalar_one_or_none()


def _history(path: Path, anchors: str) -> History | None:
    return read_history(path, anchors) if path.is_file() else None


def _mark(media: Path, project: Project) -> MarkReading | None:
    return read_mark(sample_lumas(media, _MARK_PICTURES), mark_key(project), issued=issued_marks(project))


def _sound_mark(media: Path, project: Project) -> SoundReading | None:
    blocks, length = [], 0
    for block in sound_blocks(media, _RATE_HZ):
        blocks.append(block)
        length += len(block)
        if length >= _LISTENED_S * _RATE_HZ:
            break
    if not blocks:
        return None
    return read_sound_mark(np.concatenate(blocks), _RATE_HZ, mark_key(project), issued_marks(project))


def _notice(media: Path, record: ReleaseRecord) -> tuple[float, ...] | None:
    samples = read_mono(media, HEARD_HZ)
    return None if samples is None else heard_notice(samples, HEARD_HZ, record)


def _streams(media: Path) -> dict[str, Any]:
    try:
        with av.open(str(media)) as container:
            video = container.streams.video[0] if container.streams.video else None
            audio = container.streams.audio[0] if container.streams.audio else None
            turned = False
            if video is not None:
                first = next(container.decode(video), None)
                turned = first is not None and int(first.rotation) % 180 == 90
            sides = (video.width, video.height) if video is not None else (0, 0)
            return {
                "width": sides[1] if turned else sides[0],
                "height": sides[0] if turned else sides[1],
                "duration_s": (container.duration or 0) / av.time_base,
                "frame_rate": float(video.average_rate or 0) if video is not None else 0.0,
                "container": media.suffix.lstrip(".").lower(),
                "video_codec": video.codec_context.name if video is not None else "",
                "audio_codec": audio.codec_context.name if audio is not None else None,
            }
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{media}: this is no media file that can be read ({reason}); package it again.") from error


def _made_size(jsonld: Mapping[str, Any]) -> tuple[int, int] | None:
    try:
        return int(jsonld["width"]["value"]), int(jsonld["height"]["value"])
    except (KeyError, TypeError, ValueError):
        return None


def _json(folder: Path, name: str) -> Any:
    try:
        content = json.loads(_text(folder, name))
    except ValueError as problem:
        raise InputError(f"{folder / name} is not JSON: package the variant again.") from problem
    if not isinstance(content, dict):
        raise InputError(f"{folder / name} is missing or empty: give the folder of a released variant.")
    return content


def _text(folder: Path, name: str) -> str:
    path = folder / name
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ("null" if name.endswith(("json", "ld")) else "")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path} cannot be read ({problem}); package the variant again.") from problem
