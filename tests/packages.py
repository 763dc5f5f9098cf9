"""The package of one released variant, made of real parts: labelled, marked, sealed, with its captions and data."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from clips import EXAMPLES, frames_of
from PIL import Image
from sqlalchemy import insert, select

from countenance.campaign.receipt import digest_of
from countenance.campaign.sound_alone import AUDIO, write_sound_alone
from countenance.delivery.captions import cues, spread_words
from countenance.delivery.jsonld import video_object
from countenance.delivery.package import Package, write_package
from countenance.delivery.webvtt import srt, webvtt
from countenance.ledger.log import transaction
from countenance.media.audio import read_audio
from countenance.media.encode import Sound, encode
from countenance.media.frame import Frame
from countenance.provenance.badge import badge_of
from countenance.provenance.disclosure import (
    EngineUse,
    ReleaseRecord,
    captions_note,
    digital_source_type,
    jsonld_fields,
    machine_fields,
)
from countenance.provenance.label import Label
from countenance.provenance.looks import mark_key
from countenance.provenance.manifest import MARK_ALGORITHM
from countenance.provenance.metadata import write_source_type
from countenance.provenance.sealing import seal
from countenance.provenance.watermark import Marker
from countenance.store.files import sha256_file
from countenance.store.project import Project
from countenance.store.tables import release, variant

MASTER = EXAMPLES / "ada" / "master.mp4"
TEXT = "Frischer Kaffee, ganz ohne Mühe."
RECORD = ReleaseRecord(
    release_id="01JD3ZPACKAGE0000000000000",
    variant_id="01JD3ZVARIANT0000000000000",
    mark_id="a5f00ba5deadbeef",
    released_at="2026-11-20T10:00:00.000000Z",
    receipt_sha256="0" * 64,
    language="de",
    master_language="en",
    master_source_type="compositeSynthetic",
    engines=(EngineUse("face", "countenance.swap", "0.1.0"),),
    badge="corner",
    grants=(),
    label=Label(),
)


def make_package(
    project: Project,
    out: Path,
    record: ReleaseRecord = RECORD,
    *,
    size: tuple[int, int] = (720, 720),
    seconds: int = 2,
    markets: tuple[str, ...] = ("DE", "AT"),
    labelled: bool = True,
) -> Path:
    """Write the package of a release of ada's master, brought to a size; `labelled` False leaves the badge out.

    Where the voice is synthetic, the sound alone comes with it.
    """
    receipt = {"variant": record.variant_id, "mark_id": record.mark_id}
    record = replace(record, receipt_sha256=digest_of(receipt))
    out.mkdir(parents=True, exist_ok=True)
    plain, unsealed, sealed = (out / name for name in ("plain.mp4", "unsealed.mp4", "sealed.mp4"))
    frames = _frames(project, record, size, 25 * seconds, labelled)
    samples = read_audio(MASTER)
    assert samples is not None
    sound = Sound(samples=samples[: 48_000 * seconds])
    rate = Fraction(25)
    encode(plain, frames, size=size, time_base=1 / rate, frame_rate=rate, sound=sound)
    write_source_type(plain, unsealed, digital_source_type(record))
    seal(project, unsealed, sealed, record, MASTER, marks=(MARK_ALGORITHM,))
    audio = out / AUDIO if "voice" in record.parts else None
    if audio is not None:
        write_sound_alone(project, sealed, audio, record)
    captions = cues(spread_words(TEXT, 0.1, seconds - 0.1))
    jsonld = video_object(
        {
            **jsonld_fields(record),
            "name": "espresso-launch",
            "description": TEXT,
            "upload_date": record.released_at,
            "duration_s": Fraction(seconds),
            "transcript": TEXT,
            "width_px": size[0],
            "height_px": size[1],
            "sha256": sha256_file(sealed),
            "markets": markets,
        }
    )
    folder = write_package(
        out,
        record.variant_id,
        Package(
            video=sealed,
            poster_jpeg=_poster(project, out, record, frames[len(frames) // 2]),
            captions_vtt=webvtt(captions, record.language, captions_note(record)),
            captions_srt=srt(captions),
            transcript=TEXT,
            jsonld=jsonld,
            qc={},
            qc_html="<!doctype html>",
            receipt={
                "receipt": receipt,
                "receipt_sha256": record.receipt_sha256,
                "record": record.to_json(),
                "disclosure": machine_fields(record),
                "seal": {"sha256": sha256_file(sealed)},
            },
            audio=audio,
        ),
    )
    for path in (plain, unsealed, sealed, out / AUDIO):
        path.unlink(missing_ok=True)
    _enter(project, record, folder)
    return folder


def _enter(project: Project, record: ReleaseRecord, folder: Path) -> None:
    """Put the release on record, if it is not there from an earlier package."""
    with transaction(project) as ledger:
        known = select(release.c.id).where(release.c.id == record.release_id)
        if ledger.connection.execute(known).first() is not None:
            return
        ledger.connection.execute(
            insert(variant).values(
                id=record.variant_id, job="j", campaign="c", face="ben", language=record.language, state="released"
            )
        )
        ledger.connection.execute(
            insert(release).values(
                id=record.release_id, variant_id=record.variant_id, mark_id=record.mark_id, state="released",
                record=record.to_json(), package=str(folder), released_at=record.released_at,
            )
        )  # fmt: skip


def _poster(project: Project, out: Path, record: ReleaseRecord, frame: Frame) -> bytes:
    Image.fromarray(frame.rgb()).save(out / "plain.jpg", quality=90)
    seal(project, out / "plain.jpg", out / "sealed.jpg", record, MASTER, marks=(MARK_ALGORITHM,))
    content = (out / "sealed.jpg").read_bytes()
    for name in ("plain.jpg", "sealed.jpg"):
        (out / name).unlink()
    return content


def _frames(project: Project, record: ReleaseRecord, size: tuple[int, int], count: int, labelled: bool) -> list[Frame]:
    marker, badge = Marker(mark_key(project), int(record.mark_id, 16)), badge_of(record)
    frames = []
    for number, frame in enumerate(frames_of(MASTER, stop=count)):
        if size != frame.size:
            frame = Frame.from_rgb(_filled(frame.rgb(), size))
        frame = Frame(number, Fraction(1, 25), frame.planes)
        if labelled:
            badge.draw(frame.planes, frame.time, Fraction(count, 25))
        marker.embed(frame.planes[0])
        frames.append(frame)
    return frames


def _filled(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture scaled until it fills the size, its middle kept."""
    width, height = size
    scale = max(width / rgb.shape[1], height / rgb.shape[0])
    large = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    left, top = (large.shape[1] - width) // 2, (large.shape[0] - height) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width])
