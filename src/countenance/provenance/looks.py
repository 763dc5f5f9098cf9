"""Looking at a file from all sides: its bytes, its signed history, its picture and its sound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
from sqlalchemy import select

from countenance.errors import InputError
from countenance.ledger.log import LedgerReport
from countenance.media.audio import Samples, sound_blocks
from countenance.media.frame import U8
from countenance.media.sample import NO_PICTURES, sample_lumas
from countenance.provenance.container import LARGEST_BYTES
from countenance.provenance.history import NO_HISTORY, TRUSTED, History, read_history
from countenance.provenance.manifest import SOUND_MARK_ALGORITHM
from countenance.provenance.payload import Register
from countenance.provenance.records import Known, find_release, has_bytes
from countenance.provenance.recovery import Recovered, recover, stored_releases
from countenance.provenance.signing import anchors_of
from countenance.provenance.sound_read import SoundReading, read_sound_mark
from countenance.provenance.watermark_read import MarkReading, read_mark
from countenance.store.database import reading
from countenance.store.files import sha256_file
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_symmetric
from countenance.store.tables import release as release_table
from countenance.store.tables import variant as variant_table

MARK_KEY = "watermark"
NOT_READ = "not read"  # the history of a file that is too large for it
SAMPLE_PICTURES = 60
MOST_SOUND_S = 120  # listened to, from the beginning
SOUND_RATE_HZ = 48000
TELLING_SOUND_S = 15  # from so much sound on, a mark that is not found is not there, or was destroyed


@dataclass(frozen=True)
class Streams:
    """What a file holds that can be looked at and listened to; a cover on a sound file is no picture of its own."""

    picture: bool
    sound: bool


@dataclass(frozen=True)
class Looks:
    """What was seen of a file, and the release that each way leads to.

    `pictures` is how many were sampled: 0 when there is a picture that cannot be decoded; `sound_s` how many
    seconds were listened to. `sound_due`: the release that the rest leads to has a mark in its sound.
    """

    sha256: str
    streams: Streams
    history: History
    mark: MarkReading | None
    pictures: int
    recovered: Recovered | None  # when the mark is not to be found blindly
    sound: SoundReading | None
    sound_s: float
    by_bytes: Known | None
    by_history: Known | None  # as named there, which only a trusted history proves
    by_mark: Known | None
    by_sound: Known | None
    sound_due: bool = False
    video_manifest: str | None = None  # of the release that the history names

    @property
    def mark_id(self) -> int | None:
        """The id that the picture carries, found blindly or with the help of what is remembered."""
        if self.mark is not None:
            return self.mark.mark_id
        return self.recovered.mark_id if self.recovered else None

    @property
    def resembles(self) -> str | None:
        """The release that the picture looks like without proof: its mark could not be read."""
        return self.recovered.release_id if self.recovered and self.recovered.mark_id is None else None

    @property
    def ways(self) -> tuple[Known, ...]:
        """The releases that are proven to be meant, the surest first."""
        trusted = self.by_history if self.history.state == TRUSTED else None
        return tuple(way for way in (self.by_bytes, trusted, self.by_mark, self.by_sound) if way)

    @property
    def found(self) -> Known | None:
        return self.ways[0] if self.ways else None

    @property
    def mixed(self) -> bool:
        """Whether the ways lead to several releases."""
        return len({way.id for way in self.ways}) > 1

    @property
    def derived(self) -> bool:
        """Whether this is another file of a release than its video, sealed as such: a poster, a rendition."""
        trusted = self.history.state == TRUSTED and self.by_history is not None
        return trusted and self.by_bytes is None and self.history.manifest_id != self.video_manifest

    @property
    def redubbed(self) -> bool:
        """Whether picture and sound carry different ids: the sound was exchanged for another of ours."""
        heard = self.sound.mark_id if self.sound else None
        return self.mark_id is not None and heard is not None and heard != self.mark_id

    @property
    def sound_lost(self) -> bool:
        """Whether a sound that is long enough to tell lacks the mark that this release has in its sound."""
        heard = self.streams.sound and self.sound is None and self.sound_s >= TELLING_SOUND_S
        return self.sound_due and heard and self.by_bytes is None


def mark_key(project: Project) -> bytes:
    """The 32-byte key under which the project writes and reads its marks."""
    return load_or_create_symmetric(project, MARK_KEY)


def look(project: Project, path: Path, ledger: LedgerReport) -> Looks:
    """Everything that can be seen and heard of a file. InputError when it is absent, or no medium at all."""
    history = _history(path, anchors_of(project))
    streams = streams_of(path, history)
    sha256 = sha256_file(path)
    lumas = _pictures(path, needed=not streams.sound and history.manifest_id is None) if streams.picture else []
    key, issued = mark_key(project), issued_marks(project)
    mark = read_mark(lumas, key, issued=issued) if lumas else None
    by_bytes = find_release(project, has_bytes(sha256), ledger)
    lost = lumas and mark is None and by_bytes is None and history.state != TRUSTED
    recovered = recover(lumas, stored_releases(project), key) if lost else None
    read = mark or recovered
    samples = _sound(path) if streams.sound else None
    heard = read_sound_mark(samples, SOUND_RATE_HZ, key, issued) if samples is not None else None
    looks = Looks(
        sha256=sha256,
        streams=streams,
        history=history,
        mark=mark,
        pictures=len(lumas),
        recovered=recovered,
        sound=heard,
        sound_s=len(samples) / SOUND_RATE_HZ if samples is not None else 0.0,
        by_bytes=by_bytes,
        by_history=find_release(project, release_table.c.id == history.release_id, ledger),
        by_mark=_of_mark(project, read.mark_id if read else None, ledger),
        by_sound=_of_mark(project, heard.mark_id if heard else None, ledger),
    )
    if looks.history.state == TRUSTED and looks.by_history and looks.by_bytes is None:
        looks = replace(looks, video_manifest=_of_video(project, looks.by_history.id).manifest_id)
    if looks.found is None or not streams.sound or heard is not None:
        return looks
    return replace(looks, sound_due=SOUND_MARK_ALGORITHM in _of_video(project, looks.found.id).marks)


def issued_marks(project: Project) -> Register:
    """The ids of all marks that the project ever gave out, also those of releases that are still being made."""
    with reading(project) as connection:
        released = connection.execute(select(release_table.c.mark_id)).scalars().all()
        reserved = connection.execute(select(variant_table.c.review["mark_id"].as_string())).scalars().all()
    return Register(int(one, 16) for one in {*released, *reserved} if one)


def streams_of(path: Path, history: History) -> Streams:
    """What the file holds. InputError when it is neither picture nor sound and carries no history either."""
    refusal = f"{path}: this is no video, image or sound that can be read"
    try:
        with av.open(str(path)) as container:
            if container.format.name in NO_PICTURES:
                raise InputError(f"{refusal} (it is text); give a media file.")
            covers = bool(container.streams.audio)
            picture = any(
                not (covers and stream.disposition & av.stream.Disposition.attached_pic)
                for stream in container.streams.video
            )
            sound = bool(container.streams.audio)
    except (av.error.FFmpegError, OSError) as error:
        if history.manifest_id is not None:
            return Streams(picture=True, sound=False)  # signed once, and no longer to be decoded
        raise InputError(f"{refusal} ({getattr(error, 'strerror', None) or error}); check the file.") from error
    if not picture and not sound:
        raise InputError(f"{refusal} (it holds neither picture nor sound); give a media file.")
    return Streams(picture, sound)


def _history(path: Path, anchors: str) -> History:
    """The file's signed history, unless it is too large for that: its bytes and its marks can still be judged."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return History(NOT_READ, None, None, None, None, (), {})
    except OSError as exc:
        raise InputError(f"{path} cannot be read ({exc.strerror}); check the path.") from exc
    return read_history(path, anchors)


def _of_video(project: Project, release_id: str) -> History:
    """What the released video itself says; without anything when it was erased."""
    video = project.releases / release_id / "video.mp4"
    if not video.is_file():
        return History(NO_HISTORY, None, None, None, None, (), {})
    return read_history(video, anchors_of(project))


def _pictures(path: Path, *, needed: bool) -> list[U8]:
    try:
        return sample_lumas(path, SAMPLE_PICTURES)
    except InputError:
        if needed:
            raise
        return []


def _sound(path: Path) -> Samples | None:
    """The beginning of the sound (n, channels) at SOUND_RATE_HZ; None when nothing of it can be decoded."""
    blocks: list[Samples] = []
    left = MOST_SOUND_S * SOUND_RATE_HZ
    try:
        for block in sound_blocks(path, SOUND_RATE_HZ):
            blocks.append(block[:left])
            left -= len(blocks[-1])
            if left <= 0:
                break
    except InputError:  # what came before it broke off counts
        pass
    return np.concatenate(blocks) if blocks else None


def _of_mark(project: Project, mark_id: int | None, ledger: LedgerReport) -> Known | None:
    if mark_id is None:
        return None
    return find_release(project, release_table.c.mark_id == f"{mark_id:016x}", ledger)
