"""A release made by hand from a short clip: marked, sealed, on record and in the ledger."""

from __future__ import annotations

import shutil
from pathlib import Path

from clips import EXAMPLES, frames_of, write_clip
from sqlalchemy import insert

from countenance.ledger.log import transaction
from countenance.provenance.disclosure import EngineUse, ReleaseRecord
from countenance.provenance.sealing import seal
from countenance.provenance.verify import mark_key
from countenance.provenance.watermark import Marker
from countenance.rights.grants import load_grant
from countenance.rights.register import grant_commitment, record_grant
from countenance.store.files import sha256_file, write_json
from countenance.store.project import Project
from countenance.store.tables import release, variant

MARK_ID = "a5f00ba5deadbeef"
RELEASE = "01JD3ZRELEASE0000000000000"
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


def release_clip(project: Project, master: Path, target: Path) -> Path:
    marker = Marker(mark_key(project), int(MARK_ID, 16))
    frames = [frame.copy() for frame in frames_of(master)]
    for frame in frames:
        marker.embed(frame.planes[0])
    unsealed = write_clip(target.with_name("unsealed.mp4"), frames, options={"crf": "18"})
    grant = record_grant(project, load_grant(EXAMPLES / "ben" / "grant.yaml"), "ops").grant
    facts = record(grants=(grant_commitment(project, grant),))
    manifest_id = seal(project, unsealed, target, facts, master)
    kept = project.releases / RELEASE
    kept.mkdir()
    shutil.copyfile(target, kept / "video.mp4")
    sealed = {"manifest_id": manifest_id, "sha256": sha256_file(target)}
    write_json(kept / "release.json", {"record": facts.to_json(), "receipt": {}, "seal": sealed})
    with transaction(project) as ledger:
        ledger.connection.execute(
            insert(variant).values(id=VARIANT, job="j", campaign="c", face="ben", language="de", state="released")
        )
        ledger.connection.execute(
            insert(release).values(
                id=RELEASE,
                variant_id=VARIANT,
                mark_id=MARK_ID,
                state="released",
                record={**facts.to_json(), "sha256": sha256_file(target)},
                package=str(target.parent),
                released_at=facts.released_at,
            )
        )
        ledger.append("release.sealed", "ops", {"release": RELEASE, "mark_id": MARK_ID, "sha256": sha256_file(target)})
    return target
