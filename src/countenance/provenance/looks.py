"""Looking at a file from all sides: its bytes, its signed history, its picture and its sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

from countenance.errors import InputError
from countenance.ledger.log import LedgerReport
from countenance.media.frame import U8
from countenance.media.sample import NO_PICTURES, sample_lumas
from countenance.provenance.authority import anchor_pem
from countenance.provenance.history import TRUSTED, History, read_history
from countenance.provenance.records import Known, find_release
from countenance.provenance.watermark_read import MarkReading, read_mark
from countenance.store.files import sha256_file
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_symmetric
from countenance.store.tables import release as release_table

MARK_KEY = "watermark"
SAMPLE_PICTURES = 60


@dataclass(frozen=True)
class Streams:
    """What a file holds that can be looked at and listened to; a cover on a sound file is no picture of its own."""

    picture: bool
    sound: bool


@dataclass(frozen=True)
class Looks:
    """What was seen of a file, and the release that each way leads to.

    `pictures` is how many were sampled: 0 when there is a picture that cannot be decoded.
    """

    sha256: str
    streams: Streams
    history: History
    mark: MarkReading | None
    pictures: int
    by_bytes: Known | None
    by_history: Known | None  # as named there, which only a trusted history proves
    by_mark: Known | None

    @property
    def ways(self) -> tuple[Known, ...]:
        """The releases that are proven to be meant, the surest first."""
        trusted = self.by_history if self.history.state == TRUSTED else None
        return tuple(way for way in (self.by_bytes, trusted, self.by_mark) if way)

    @property
    def found(self) -> Known | None:
        return self.ways[0] if self.ways else None

    @property
    def mixed(self) -> bool:
        """Whether the ways lead to several releases."""
        return len({way.id for way in self.ways}) > 1


def mark_key(project: Project) -> bytes:
    """The 32-byte key under which the project writes and reads its marks."""
    return load_or_create_symmetric(project, MARK_KEY)


def look(project: Project, path: Path, ledger: LedgerReport) -> Looks:
    """Everything that can be seen of a file. InputError when it is absent, or nothing in it can be looked at."""
    sha256 = sha256_file(path)
    history = read_history(path, anchor_pem(project))
    streams = streams_of(path, history)
    lumas = _pictures(path, needed=not streams.sound and history.manifest_id is None) if streams.picture else []
    mark = read_mark(lumas, mark_key(project)) if lumas else None
    return Looks(
        sha256=sha256,
        streams=streams,
        history=history,
        mark=mark,
        pictures=len(lumas),
        by_bytes=find_release(project, release_table.c.record["sha256"].as_string() == sha256, ledger),
        by_history=find_release(project, release_table.c.id == history.release_id, ledger),
        by_mark=_of_mark(project, mark.mark_id if mark else None, ledger),
    )


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


def _pictures(path: Path, *, needed: bool) -> list[U8]:
    try:
        return sample_lumas(path, SAMPLE_PICTURES)
    except InputError:
        if needed:
            raise
        return []


def _of_mark(project: Project, mark_id: int | None, ledger: LedgerReport) -> Known | None:
    if mark_id is None:
        return None
    return find_release(project, release_table.c.mark_id == f"{mark_id:016x}", ledger)
