"""The one door out: rights again, badge and watermark, the one encode, the seal, the ledger, the package."""

from __future__ import annotations

import dataclasses
import io
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from countenance.campaign.audio_description import describe
from countenance.campaign.brief import Brief
from countenance.campaign.captioning import text_files
from countenance.campaign.described_sound import AUDIO as DESCRIBED
from countenance.campaign.described_sound import TRACK as DESCRIPTIONS
from countenance.campaign.described_sound import write_description
from countenance.campaign.insync import measure_delivered
from countenance.campaign.labelling import label_for, require_badge
from countenance.campaign.painting import ENGINES, cuts_of, painted_boxes
from countenance.campaign.patches import FOLDER, export_patches, facts_of
from countenance.campaign.permission import Watch, publishing_uses, require_in, require_release_rights
from countenance.campaign.receipt import digest_of, make_receipt
from countenance.campaign.render import Rendering, with_paint
from countenance.campaign.sealed import (
    POSTER,
    UNSEALED_POSTER,
    UNSEALED_VIDEO,
    VIDEO,
    clear_unsealed,
    is_encoded,
    seal_files,
)
from countenance.campaign.sound_alone import AUDIO, write_sound_alone
from countenance.campaign.stages import Progress, at_hand
from countenance.campaign.task import Task, shown_frames
from countenance.campaign.variants import VariantRow, record_release, release_state
from countenance.campaign.voice_facts import voice_engine
from countenance.campaign.voiceover import subtitles_of
from countenance.delivery.descriptions import descriptions_vtt
from countenance.delivery.jsonld import video_object
from countenance.delivery.package import Package, write_package
from countenance.errors import CountenanceError, IntegrityError, RightsError
from countenance.ledger.log import utc_now
from countenance.media.encode import AUDIO_RATE_HZ, SoundWork
from countenance.media.frame import U8, Frame
from countenance.media.memory import hand_back
from countenance.media.pieces import ENDING, encode_piece, join
from countenance.provenance.badge import Badge, badge_of
from countenance.provenance.disclosure import (
    EngineUse,
    ReleaseRecord,
    captions_note,
    contradictions,
    jsonld_fields,
    machine_fields,
    master_source_type,
    record_from_json,
)
from countenance.provenance.recovery import FILE as FINGERPRINT
from countenance.provenance.recovery import remember
from countenance.provenance.sound_mark import mark_blocks
from countenance.provenance.still import mark_still
from countenance.provenance.watermark import Marker
from countenance.rights.decide import Use
from countenance.rights.grants import RecordedGrant
from countenance.rights.register import grant_commitment
from countenance.store.files import atomic_path, locked, read_json, sha256_file, sweep, write_bytes, write_json
from countenance.store.holdings import WORK, hold
from countenance.store.results import drop_result, share
from countenance.store.secrets import load_or_create_symmetric

MARK_KEY = "watermark"
_PIECE = f"piece{ENDING}"  # written last, after the poster
_PARTS = {"swap": "face", "lipsync": "mouth"}


def release_variant(
    task: Task, row: VariantRow, rendering: Rendering, package: Path, progress: Progress, *, patches: bool = False
) -> None:
    """Release an approved variant: seal it and put it on record. Stopped anywhere, it goes on when called again.

    `package` is where it will be handed over. With `patches` what was painted is released too, picture by picture,
    also of a variant that was released before.

    Raises RightsError when a grant has ended since, CountenanceError when nobody approved.
    """
    project = task.project
    grants = _require(task, row, rendering)
    uses = publishing_uses(project, task.brief, task.variant, row)
    watch = Watch(project, task.brief, uses, [task.variant.key])
    folder = project.releases / row.review["release_id"]
    with locked(project.work / "jobs" / f"release-{folder.name}.lock"):  # two jobs may want the same release
        try:
            sealed = _released(task, row, rendering, grants, package, watch.over(progress), uses)
        except RightsError:
            if release_state(project, folder.name) is None:
                _clear(task, rendering, folder)
                shutil.rmtree(folder, ignore_errors=True)  # sealed or half sealed, but not let out
            watch.require()  # says in the ledger that it was refused, if asking on the way did not
            raise
        if patches:
            key, record = load_or_create_symmetric(project, MARK_KEY), record_from_json(sealed["record"])
            export_patches(task, rendering, record, key, folder / FOLDER, progress)


def hand_over(task: Task, row: VariantRow, rendering: Rendering, out: Path) -> Path:
    """Write the package of a released variant into `out`; returns its folder.

    RightsError when the release was withdrawn before the package was whole: then nothing of it stays.
    """
    folder = task.project.releases / row.review["release_id"]
    sealed = _sealed(folder)
    record = record_from_json(sealed["record"])
    package = _package(task, rendering, folder, record, sealed, out)
    if release_state(task.project, record.release_id) == "withdrawn":
        shutil.rmtree(package, ignore_errors=True)
        raise RightsError(
            f"release {record.release_id} was withdrawn while its package was written; nothing was handed over.",
            ("a grant that it rests on was withdrawn",),
        )
    return package


def _require(task: Task, row: VariantRow, rendering: Rendering) -> tuple[RecordedGrant, ...]:
    """The grants that a release rests on; an error unless these very pictures were approved."""
    if row.state not in ("approved", "released"):
        raise CountenanceError(f"variant {row.id} ({row.key}) is {row.state}; only an approved variant is released.")
    if row.state == "approved" and rendering.facts["pictures_sha256"] != row.review["pictures_sha256"]:
        raise CountenanceError(
            f"variant {row.id} ({row.key}) has other pictures than those that {row.review['by']} approved; "
            "run `countenance produce` again and approve what it shows."
        )
    return require_release_rights(task.project, task.brief, task.variant, row)


def _released(
    task: Task,
    row: VariantRow,
    rendering: Rendering,
    grants: Sequence[RecordedGrant],
    package: Path,
    progress: Progress,
    uses: Sequence[Use],
) -> dict[str, Any]:
    """Seal and enter the release, or find that it was done; returns what lies in release.json."""
    folder = task.project.releases / row.review["release_id"]
    if not (folder / "release.json").is_file():
        sweep(folder)
        _seal(task, row, rendering, grants, folder, progress)
    if not (folder / FINGERPRINT).is_file():
        remember(folder)
    sealed = _sealed(folder)
    record_release(
        task.project, row, record=sealed["record"], sha256=sealed["seal"]["sha256"],
        poster_sha256=sealed["poster"]["sha256"], manifest_id=sealed["seal"]["manifest_id"],
        package=str(package), actor=row.review["by"],
        still_allowed=lambda connection: require_in(task.project, connection, uses),
    )  # fmt: skip
    return sealed


def _sealed(folder: Path) -> dict[str, Any]:
    sealed: dict[str, Any] = read_json(folder / "release.json")
    if "poster" not in sealed:  # of a release that was sealed before posters were
        sealed["poster"] = {"sha256": sha256_file(folder / POSTER)}
    return sealed


def _seal(
    task: Task,
    row: VariantRow,
    rendering: Rendering,
    grants: Sequence[RecordedGrant],
    folder: Path,
    progress: Progress,
) -> None:
    record = _record(task, row, rendering, grants)
    if not is_encoded(folder):
        _join(task, record, rendering, folder, progress)
    require_badge(folder / UNSEALED_VIDEO, record)
    delivered = measure_delivered(task, rendering, folder / UNSEALED_VIDEO)
    receipt = make_receipt(task, row, rendering, grants, record)
    record = dataclasses.replace(record, receipt_sha256=digest_of(receipt))
    timeline = task.timeline
    sealed = seal_files(
        task,
        record,
        receipt,
        folder,
        poster_s=timeline.pts[_poster_number(task)] * timeline.time_base,
        sound_marked=_sound_mark(task, record) is not None and task.sound() is not None,
    )
    if task.brief.label.audio:
        sealed["audio"] = write_sound_alone(task.project, folder / VIDEO, folder / AUDIO, record)
    described = describe(task)
    if described:
        key = load_or_create_symmetric(task.project, MARK_KEY)
        sealed["description"] = write_description(task, described, folder / VIDEO, folder / DESCRIBED, record, key)
    facts = {"record": record.to_json(), "receipt": receipt, **sealed, "delivered": delivered}
    write_json(folder / "release.json", facts)
    _clear(task, rendering, folder)


def _record(task: Task, row: VariantRow, rendering: Rendering, grants: Sequence[RecordedGrant]) -> ReleaseRecord:
    brief, variant = task.brief, task.variant
    engines = [  # one for each person: what was done to two people is told twice
        EngineUse(_PARTS[name], f"countenance.{name}", ENGINES[name]["version"])
        for name in _PARTS
        for part in variant.parts
        if name in part.engines and name in rendering.facts["engines"]  # of a voice-over no mouth was made
    ]
    spoken = voice_engine(task.dub.voice) if task.dub else None
    return ReleaseRecord(
        release_id=row.review["release_id"],
        variant_id=row.id,
        mark_id=row.review["mark_id"],
        released_at=utc_now(),
        receipt_sha256="0" * 64,  # known once the receipt is written
        language=variant.language,
        master_language=brief.script.language,
        master_source_type=master_source_type(_kinds(brief, grants)),
        engines=(*engines, *([spoken] if spoken else [])),
        badge=brief.label.badge,
        grants=tuple(grant_commitment(task.project, one.grant) for one in grants),
        label=label_for(task),
        sound=task.soundtrack.under if task.soundtrack else "",
        recorded_voice=task.dub is not None and spoken is None,
    )


def _kinds(brief: Brief, grants: Sequence[RecordedGrant]) -> list[str]:
    seen = {face.talent for face in brief.seen}
    return [one.grant.kind for one in grants if one.grant.talent in seen]


def encode_section(task: Task, row: VariantRow, rendering: Rendering, number: int, progress: Progress) -> None:
    """Encode one section of an approved variant, or find that it was done: the one lossy encode, of a part.

    Errors as for `release_variant`.
    """
    grants = _require(task, row, rendering)
    if is_encoded(task.project.releases / row.review["release_id"]):
        return
    uses = publishing_uses(task.project, task.brief, task.variant, row)
    watch = Watch(task.project, task.brief, uses, [task.variant.key])
    _encoded(task, _record(task, row, rendering, grants), rendering, number, watch.over(progress))


def _piece_name(release_id: str, number: int) -> str:
    """The folder below `work` of an encoded section, and of the poster if it is in that section."""
    return f"pieces/{release_id}.{number:04d}"


def _encoded(task: Task, record: ReleaseRecord, rendering: Rendering, number: int, progress: Progress) -> Path:
    """The folder of an encoded section; encoded now, unless this machine or another has done so."""
    project, name = task.project, _piece_name(record.release_id, number)
    folder, people = project.work / name, {use.talent for use in task.variant.uses}
    hold(project, WORK, name, people)
    with locked(project.work / "jobs" / f"{name.replace('/', '-')}.lock"):
        if not at_hand(project, name, folder / _PIECE):
            sweep(folder)
            _encode(task, record, rendering, folder, number, progress)
        share(project, name, folder, people, campaign=task.brief.campaign, owner=task.brief.owner)
    return folder


def _encode(
    task: Task, record: ReleaseRecord, rendering: Rendering, folder: Path, number: int, progress: Progress
) -> None:
    """Master, painted boxes, badge and mark of one section through the one lossy encode; the poster, if it is in it."""
    master, timeline, section = task.master, task.timeline, rendering.painting.sections[number]
    key, mark_id = load_or_create_symmetric(task.project, MARK_KEY), int(record.mark_id, 16)
    marker, badge = Marker(key, mark_id, cuts_of(task), section.first), badge_of(record)
    subtitles = subtitles_of(task, rendering.facts.get("voice_over", ()), _foot_px(badge, master.width, master.height))
    poster = _poster_number(task)
    hand_back()

    def finished() -> Iterator[Frame]:
        shown = shown_frames(master, timeline, section.first, section.stop)
        for place, frame in enumerate(with_paint(painted_boxes(rendering.painting, [number]), shown), section.first):
            if place == poster:  # with the badge also where the video does not show it at that moment
                still = frame.copy()
                badge.on_stills.draw(still.planes)
                _write_poster(folder / UNSEALED_POSTER, mark_still(still.rgb(), key, mark_id))
            subtitles.draw(frame.planes, frame.time)
            badge.draw(frame.planes, frame.time, timeline.duration)
            marker.embed(frame.planes[0])
            yield frame
            progress(f"release {task.variant.key}", place + 1, len(timeline.source))

    with atomic_path(folder / _PIECE) as part:
        encode_piece(
            part,
            finished(),
            size=(master.width, master.height),
            time_base=timeline.time_base,
            frame_rate=master.frame_rate,
        )


def _join(task: Task, record: ReleaseRecord, rendering: Rendering, folder: Path, progress: Progress) -> None:
    """The sections as one film, with the sound; and the poster."""
    sections = rendering.painting.sections
    pieces = [_encoded(task, record, rendering, section.number, progress) for section in sections]
    poster = next(piece for piece in pieces if (piece / UNSEALED_POSTER).is_file())
    write_bytes(folder / UNSEALED_POSTER, (poster / UNSEALED_POSTER).read_bytes())
    with atomic_path(folder / UNSEALED_VIDEO) as part:
        join(part, [piece / _PIECE for piece in pieces], sound=task.sound(_sound_mark(task, record)))


def _clear(task: Task, rendering: Rendering, folder: Path) -> None:
    """Remove what only the sealing needed."""
    clear_unsealed(folder)
    for section in rendering.painting.sections:
        name = _piece_name(folder.name, section.number)
        shutil.rmtree(task.project.work / name, ignore_errors=True)
        drop_result(task.project, name)


def _foot_px(badge: Badge, width: int, height: int) -> int:
    """How much of the lower edge belongs to the badge."""
    if badge.kind == "off" or not badge.label.corner.startswith("bottom"):
        return 0
    top = badge.raster(width, height).box[1]
    return height - top + round(0.02 * height)


def _sound_mark(task: Task, record: ReleaseRecord) -> SoundWork | None:
    """How the sound is marked with the release's id; None where neither picture nor voice is synthetic."""
    if not record.engines:
        return None
    key = load_or_create_symmetric(task.project, MARK_KEY)
    return partial(mark_blocks, rate_hz=AUDIO_RATE_HZ, key=key, mark_id=int(record.mark_id, 16))


def _poster_number(task: Task) -> int:
    """The output picture that shows the presenter best: eyes open, mouth calm, head frontal, not at the very edge."""
    timeline = task.timeline
    best, best_cost = len(timeline.source) // 3, np.inf
    for number, source in enumerate(timeline.source):
        face = task.presenter(source)
        if face is None or not 0.1 < (number + 1) / len(timeline.source) < 0.9:
            continue
        unit = face.eye_distance_px
        lids = sum(float(np.linalg.norm(face.mesh[a, :2] - face.mesh[b, :2])) for a, b in ((159, 145), (386, 374)))
        gap = float(np.linalg.norm(face.mesh[13, :2] - face.mesh[14, :2]))
        cost = (gap - lids) / unit + abs(float(face.pose[0])) / 90
        if cost < best_cost:
            best, best_cost = number, cost
    return best


def _write_poster(path: Path, rgb: U8) -> None:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=90)
    with atomic_path(path) as part:
        part.write_bytes(buffer.getvalue())


def _package(
    task: Task,
    rendering: Rendering,
    folder: Path,
    record: ReleaseRecord,
    sealed: dict[str, Any],
    out: Path,
) -> Path:
    brief, variant, master = task.brief, task.variant, task.master
    patches = folder / FOLDER if (folder / FOLDER).is_dir() else None  # exported now or before
    text, texts = brief.words(variant.language), text_files(task, captions_note(record))
    described = describe(task) if "description" in sealed else None
    beside = dict(texts.beside)
    if described:
        beside[DESCRIPTIONS] = descriptions_vtt(described.passages, variant.language, captions_note(record))
    jsonld = video_object(
        {
            **jsonld_fields(record),
            "name": brief.campaign,
            "description": text,
            "upload_date": record.released_at,
            "duration_s": task.timeline.duration,
            "transcript": text,
            "width_px": master.width,
            "height_px": master.height,
            "sha256": sealed["seal"]["sha256"],
            "markets": brief.markets[variant.language],
            "owner": brief.owner,
        }
    )
    problems = contradictions(record, jsonld=jsonld, captions=texts.captions_vtt)
    if problems:
        raise IntegrityError(f"the disclosures of release {record.release_id} disagree: {'; '.join(problems)}.")
    return write_package(
        out,
        task.variant_id,
        Package(
            video=folder / VIDEO,
            poster_jpeg=(folder / POSTER).read_bytes(),
            captions_vtt=texts.captions_vtt,
            captions_srt=texts.captions_srt,
            transcript=texts.transcript,
            beside=beside,
            jsonld=jsonld,
            qc=rendering.qc,
            qc_html=(rendering.folder / "qc.html").read_text(encoding="utf-8"),
            receipt={
                "receipt": sealed["receipt"],
                "receipt_sha256": record.receipt_sha256,
                "record": sealed["record"],
                "disclosure": machine_fields(record),
                "seal": sealed["seal"],
                "poster": sealed["poster"],
                **({"audio": sealed["audio"]} if "audio" in sealed else {}),
                **({"description": sealed["description"]} if described else {}),
                **({"delivered": sealed["delivered"]} if "delivered" in sealed else {}),
                **({"patches": facts_of(patches)} if patches else {}),
            },
            patches=patches,
            audio=folder / AUDIO if "audio" in sealed else None,
            description=folder / DESCRIBED if described else None,
            thumbnails=thumbnails if (thumbnails := folder / "thumbnails").is_dir() else None,
        ),
    )
