"""The one door out: rights again, badge and watermark, the one encode, the seal, the ledger, the package."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from countenance import __version__
from countenance.campaign.brief import Brief
from countenance.campaign.permission import require_variant_rights
from countenance.campaign.plan import Variant
from countenance.campaign.render import ENGINES, Rendering, final_sound, shown_frames
from countenance.campaign.stages import Dub, Progress, Seen, own_speech
from countenance.campaign.timeline import Timeline, as_shot
from countenance.campaign.variants import VariantRow, record_release
from countenance.delivery.captions import cues, spread_words, srt, transcript, webvtt
from countenance.delivery.jsonld import video_object
from countenance.delivery.package import Package, write_package
from countenance.errors import CountenanceError, IntegrityError
from countenance.ledger.log import utc_now
from countenance.media.encode import WEB, encode
from countenance.media.frame import Frame
from countenance.models.catalogue import CATALOGUE
from countenance.provenance.badge import Badge
from countenance.provenance.disclosure import (
    EngineUse,
    ReleaseRecord,
    badge_text,
    captions_note,
    contradictions,
    jsonld_fields,
    master_source_type,
    record_from_json,
)
from countenance.provenance.history import seal
from countenance.provenance.watermark import Marker
from countenance.rights.grants import RecordedGrant
from countenance.rights.register import grant_commitment
from countenance.store.files import atomic_path, locked, read_json, sha256_file, sweep, write_json
from countenance.store.project import Project
from countenance.store.secrets import load_or_create_symmetric
from countenance.synthesis.patchfile import read_patches

MARK_KEY = "watermark"
_PARTS = {"swap": "face", "lipsync": "mouth"}


def release_variant(
    project: Project,
    brief: Brief,
    seen: Seen,
    variant: Variant,
    row: VariantRow,
    dub: Dub | None,
    rendering: Rendering,
    out: Path,
    progress: Progress,
) -> Path:
    """Release an approved variant and return its package folder. Stopped anywhere, it goes on when called again.

    Raises RightsError when a grant has ended since, CountenanceError when nobody approved.
    """
    if row.state not in ("approved", "released"):
        raise CountenanceError(f"variant {row.id} ({row.key}) is {row.state}; only an approved variant is released.")
    if row.state == "approved" and rendering.facts["pictures_sha256"] != row.review["pictures_sha256"]:
        raise CountenanceError(
            f"variant {row.id} ({row.key}) has other pictures than those that {row.review['by']} approved; "
            "run `countenance produce` again and approve what it shows."
        )
    grants = require_variant_rights(project, brief, variant.uses, variant.key)
    folder = project.releases / row.review["release_id"]
    with locked(project.work / "jobs" / f"release-{folder.name}.lock"):  # two jobs may want the same release
        if not (folder / "release.json").is_file():
            sweep(folder)
            _seal(project, brief, seen, variant, row, dub, rendering, grants, folder, progress)
        sealed = read_json(folder / "release.json")
        record = record_from_json(sealed["record"])
        record_release(
            project, row, record=sealed["record"], sha256=sealed["seal"]["sha256"], package=str(out / row.id),
            actor=row.review["by"],
        )  # fmt: skip
        return _package(brief, seen, variant, row, dub, rendering, folder, record, sealed, out)


def _seal(
    project: Project,
    brief: Brief,
    seen: Seen,
    variant: Variant,
    row: VariantRow,
    dub: Dub | None,
    rendering: Rendering,
    grants: Sequence[RecordedGrant],
    folder: Path,
    progress: Progress,
) -> None:
    record = _record(project, brief, variant, row, grants)
    unsealed = folder / "unsealed.mp4"
    if not unsealed.is_file():
        _encode(project, brief, seen, variant, record, dub, rendering, folder, progress)
    receipt = _receipt(brief, seen, variant, row, dub, rendering, grants, record)
    record = dataclasses.replace(record, receipt_sha256=_digest(receipt))
    manifest_id = seal(project, unsealed, folder / "video.mp4", record, brief.master)
    unsealed.unlink()
    write_json(
        folder / "release.json",
        {
            "record": record.to_json(),
            "receipt": receipt,
            "seal": {"manifest_id": manifest_id, "sha256": sha256_file(folder / "video.mp4")},
        },
    )


def _record(
    project: Project, brief: Brief, variant: Variant, row: VariantRow, grants: Sequence[RecordedGrant]
) -> ReleaseRecord:
    engines = [
        EngineUse(_PARTS[name], f"countenance.{name}", ENGINES[name]["version"])
        for name, used in (("swap", variant.swaps), ("lipsync", variant.dubs))
        if used
    ]
    if variant.dubs:
        engines.append(EngineUse("voice", "espeak-ng", "1.52"))
    return ReleaseRecord(
        release_id=row.review["release_id"],
        variant_id=row.id,
        mark_id=row.review["mark_id"],
        released_at=utc_now(),
        receipt_sha256="0" * 64,  # known once the receipt is written
        language=variant.language,
        master_language=brief.script.language,
        master_source_type=master_source_type(_kinds(brief, grants)),
        engines=tuple(engines),
        badge=brief.badge,
        grants=tuple(grant_commitment(project, one.grant) for one in grants),
    )


def _kinds(brief: Brief, grants: Sequence[RecordedGrant]) -> list[str]:
    seen = {face.talent for face in brief.seen}
    return [one.grant.kind for one in grants if one.grant.talent in seen]


def _encode(
    project: Project,
    brief: Brief,
    seen: Seen,
    variant: Variant,
    record: ReleaseRecord,
    dub: Dub | None,
    rendering: Rendering,
    folder: Path,
    progress: Progress,
) -> None:
    """Master, painted boxes, badge and mark through the one lossy encode."""
    timeline = dub.timeline if dub else as_shot(seen.master)
    marker = Marker(load_or_create_symmetric(project, MARK_KEY), int(record.mark_id, 16))
    badge = Badge(_badge_kind(record), variant.language, badge_text(record))
    total = len(timeline.source)
    poster = _poster_number(seen, brief, timeline)

    def finished() -> Iterator[Frame]:
        painted = read_patches(rendering.patches, rendering.facts["pictures_sha256"])
        patch = next(painted, None)
        for number, _source, frame in shown_frames(seen.master, timeline):
            if patch is not None and patch.number == number:
                frame.put(patch.box, patch.planes)
                patch = next(painted, None)
            badge.draw(frame.planes, frame.time, timeline.duration)
            marker.embed(frame.planes[0])
            if number == poster:
                _write_poster(folder / "poster.jpg", frame)
            yield frame
            progress(f"release {variant.key}", number + 1, total)

    master = seen.master
    with atomic_path(folder / "unsealed.mp4") as part:
        encode(
            part,
            finished(),
            size=(master.width, master.height),
            time_base=timeline.time_base,
            frame_rate=master.frame_rate,
            sound=final_sound(seen, dub),
        )


def _badge_kind(record: ReleaseRecord) -> Literal["off", "corner", "endcard"]:
    """The badge that is due: none where nothing was changed."""
    if not badge_text(record):
        return "off"
    return "endcard" if record.badge == "endcard" else "corner"


def _poster_number(seen: Seen, brief: Brief, timeline: Timeline) -> int:
    """The output picture that shows the presenter best: eyes open, mouth calm, head frontal, not at the very edge."""
    best, best_cost = len(timeline.source) // 3, np.inf
    for number, source in enumerate(timeline.source):
        face = seen.perception.face_of(brief.presenter.track, source)
        if face is None or not 0.1 < (number + 1) / len(timeline.source) < 0.9:
            continue
        unit = face.eye_distance_px
        lids = sum(float(np.linalg.norm(face.mesh[a, :2] - face.mesh[b, :2])) for a, b in ((159, 145), (386, 374)))
        gap = float(np.linalg.norm(face.mesh[13, :2] - face.mesh[14, :2]))
        cost = (gap - lids) / unit + abs(float(face.pose[0])) / 90
        if cost < best_cost:
            best, best_cost = number, cost
    return best


def _write_poster(path: Path, frame: Frame) -> None:
    buffer = io.BytesIO()
    Image.fromarray(frame.rgb()).save(buffer, "JPEG", quality=90)
    with atomic_path(path) as part:
        part.write_bytes(buffer.getvalue())


def _receipt(
    brief: Brief,
    seen: Seen,
    variant: Variant,
    row: VariantRow,
    dub: Dub | None,
    rendering: Rendering,
    grants: Sequence[RecordedGrant],
    record: ReleaseRecord,
) -> dict[str, Any]:
    """The one record of a release: what went in, what was done, what it measured, who answers for it."""
    references = brief.talents[variant.face].references if variant.swaps else ()
    qc = rendering.qc
    return {
        "countenance": __version__,
        "campaign": brief.campaign,
        "owner": brief.owner,
        "variant": {"id": row.id, "face": variant.face, "language": variant.language, "shown": variant.shown},
        "release": record.release_id,
        "mark_id": record.mark_id,
        "released_at": record.released_at,
        "inputs": {
            "brief": brief.digest(),
            "master": {"sha256": seen.sha256, **seen.master.describe()},
            "text": {"language": variant.language, "sha256": sha256_file(brief.text_path(variant.language))},
            "references": [{"file": path.name, "sha256": sha256_file(path)} for path in references],
        },
        "grants": [
            {"id": one.id, "kind": one.grant.kind, "document_sha256": one.grant.document_sha256,
             "valid_until": str(one.grant.valid_until)}
            for one in grants
        ],
        "models": [
            {"name": model.name, "source": model.source, "sha256": model.sha256, "licence": model.licence,
             "purpose": model.purpose}
            for model in CATALOGUE
        ],
        "engines": rendering.facts["engines"],
        "voice": {"engine": "espeak-ng", **rendering.facts["voice"]} if dub else "original",
        "timeline": rendering.facts["timeline"],
        "seed": brief.seed,
        "encoder": {"codec": "libx264", "preset": WEB.preset, "crf": WEB.crf, "profile": "high"},
        "pictures_sha256": rendering.facts["pictures_sha256"],
        "qc": {
            "figures": {figure["key"]: figure["value"] for figure in qc["figures"]},
            "verdict": qc["verdict"],
        },
        "review": {name: row.review[name] for name in ("by", "at", "in_one_go", "note")},
        "cost": rendering.facts["cost"],
    }  # fmt: skip


def _digest(receipt: dict[str, Any]) -> str:
    text = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _package(
    brief: Brief,
    seen: Seen,
    variant: Variant,
    row: VariantRow,
    dub: Dub | None,
    rendering: Rendering,
    folder: Path,
    record: ReleaseRecord,
    sealed: dict[str, Any],
    out: Path,
) -> Path:
    text = brief.text(variant.language)
    timeline = dub.timeline if dub else as_shot(seen.master)
    words = dub.speech.words if dub else spread_words(text, *own_speech(seen.master))
    captions = cues(words)
    vtt = webvtt(captions, variant.language, captions_note(record))
    jsonld = video_object(
        {
            **jsonld_fields(record),
            "name": brief.campaign,
            "description": text,
            "upload_date": record.released_at,
            "duration_s": timeline.duration,
            "transcript": text,
            "width_px": seen.master.width,
            "height_px": seen.master.height,
            "sha256": sealed["seal"]["sha256"],
            "markets": brief.markets[variant.language],
            "owner": brief.owner,
        }
    )
    problems = contradictions(record, jsonld=jsonld, captions=vtt)
    if problems:
        raise IntegrityError(f"the disclosures of release {record.release_id} disagree: {'; '.join(problems)}.")
    return write_package(
        out,
        row.id,
        Package(
            video=folder / "video.mp4",
            poster_jpeg=(folder / "poster.jpg").read_bytes(),
            captions_vtt=vtt,
            captions_srt=srt(captions),
            transcript=transcript(text),
            jsonld=jsonld,
            qc=rendering.qc,
            qc_html=(rendering.folder / "qc.html").read_text(encoding="utf-8"),
            receipt={
                "receipt": sealed["receipt"],
                "receipt_sha256": record.receipt_sha256,
                "record": sealed["record"],
                "seal": sealed["seal"],
            },
        ),
    )
