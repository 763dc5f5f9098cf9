"""A release made by hand from a short clip: marked, sealed, on record and in the ledger."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

from clips import EXAMPLES, frames_of, write_clip
from sqlalchemy import insert

from countenance.ledger.log import transaction
from countenance.media.audio import Samples
from countenance.media.encode import Sound, encode
from countenance.media.frame import Frame
from countenance.provenance.disclosure import EngineUse, ReleaseRecord
from countenance.provenance.manifest import MARK_ALGORITHM, SOUND_MARK_ALGORITHM
from countenance.provenance.sealing import seal
from countenance.provenance.sound_mark import mark_sound
from countenance.provenance.verify import mark_key
from countenance.provenance.watermark import Marker
from countenance.rights.grants import load_grant
from countenance.rights.register import grant_commitment, record_grant
from countenance.store.files import sha256_file, write_json
from countenance.store.project import Project
from countenance.store.tables import release, variant

MARK_ID = "a5f00ba5deadbeef"
RELEASE = "01JD3ZRELEASE0000000000000"
RATE_HZ = 48000
VARIANT = "01JD3ZVARIANT0000000000000"


def record(release_id: str = RELEASE, mark_id: str = MARK_ID, grants: tuple[str, ...] = ()) -> ReleaseRecord:
    return ReleaseRecord(
        release_id=release_id,
        variant_id=VARIANT,
        mark_id=mark_id,
        released_at="2026-11-20T10:00:00.000000Z",
        receipt_sha256="ab" * 32,
        language="de",
        master_language="en",
        master_source_type="compositeSynthetic",
        engines=(EngineUse("face", "countenance.swap", "0.1.0"),),
        badge="off",
        grants=grants,
    )


def release_clip(
    project: Project,
    master: Path,
    target: Path,
    sound: Samples | None = None,
    release_id: str = RELEASE,
    mark_id: str = MARK_ID,
) -> Path:
    """Release the pictures of a master, and a `sound` at 48 kHz if there is one, both marked."""
    marker = Marker(mark_key(project), int(mark_id, 16))
    frames = [frame.copy() for frame in frames_of(master)]
    for frame in frames:
        marker.embed(frame.planes[0])
    unsealed = target.with_name("unsealed.mp4")
    if sound is None:
        write_clip(unsealed, frames, options={"crf": "18"})
    else:
        film(unsealed, frames, mark_sound(sound, RATE_HZ, mark_key(project), int(mark_id, 16)))
    grant = record_grant(project, load_grant(EXAMPLES / "ben" / "grant.yaml"), "ops").grant
    facts = record(release_id, mark_id, (grant_commitment(project, grant),))
    marks = (MARK_ALGORITHM,) if sound is None else (MARK_ALGORITHM, SOUND_MARK_ALGORITHM)
    manifest_id = seal(project, unsealed, target, facts, master, marks=marks)
    sha256 = sha256_file(target)
    kept = project.releases / release_id
    kept.mkdir()
    shutil.copyfile(target, kept / "video.mp4")
    sealed = {"manifest_id": manifest_id, "sha256": sha256}
    write_json(kept / "release.json", {"record": facts.to_json(), "receipt": {}, "seal": sealed})
    made = release_id.replace("RELEASE", "VARIANT")
    with transaction(project) as ledger:
        ledger.connection.execute(
            insert(variant).values(id=made, job="j", campaign="c", face="ben", language="de", state="released")
        )
        ledger.connection.execute(
            insert(release).values(
                id=release_id,
                variant_id=made,
                mark_id=mark_id,
                state="released",
                record={**facts.to_json(), "sha256": sha256},
                package=str(target.parent),
                released_at=facts.released_at,
            )
        )
        ledger.append("release.sealed", "ops", {"release": release_id, "mark_id": mark_id, "sha256": sha256})
    return target


def film(target: Path, frames: list[Frame], sound: Samples) -> Path:
    """Pictures of 25 a second with a sound at 48 kHz."""
    encode(
        target, frames, size=frames[0].size, time_base=Fraction(1, 25), frame_rate=Fraction(25),
        sound=Sound(samples=sound),
    )  # fmt: skip
    return target
