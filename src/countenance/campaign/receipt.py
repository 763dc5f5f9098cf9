"""The receipt: the one record of a release, from which everything else about it can be checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from countenance import __version__
from countenance.campaign.brief import UNTOUCHED
from countenance.campaign.costs import spent
from countenance.campaign.drafts import translation_facts
from countenance.campaign.permission import shown_s
from countenance.campaign.render import Rendering
from countenance.campaign.task import Task
from countenance.campaign.variants import VariantRow
from countenance.campaign.voiceover import subtitles_of
from countenance.media.encode import WEB
from countenance.models.catalogue import BUNDLED, CATALOGUE
from countenance.provenance.disclosure import ReleaseRecord
from countenance.rights.grants import RecordedGrant
from countenance.store.files import sha256_file


def make_receipt(
    task: Task,
    row: VariantRow,
    rendering: Rendering,
    grants: Sequence[RecordedGrant],
    record: ReleaseRecord,
) -> dict[str, Any]:
    """The one record of a release: what went in, what was done, what it measured, who answers for it."""
    brief, variant = task.brief, task.variant
    shown = dict.fromkeys(part.shown for part in variant.swapped)
    references = [(talent, path) for talent in shown for path in brief.talents[talent].references]
    dubbed = [part.seen for part in variant.parts if part.dubbed]
    references += [(talent, path) for talent in dubbed for path in brief.talents[talent].clips]
    qc = rendering.qc
    return {
        "countenance": __version__,
        "campaign": brief.campaign,
        "owner": brief.owner,
        "variant": {"id": row.id, "face": variant.face, "language": variant.language},
        "people": [
            {"face": part.name, "track": part.track, "seen": part.seen, "shown": part.shown,
             "engines": list(part.engines)}
            for part in variant.parts
        ],
        "others": _others(task),
        "scope": {"markets": list(brief.markets[variant.language]), "channels": list(brief.channels)},
        "release": record.release_id,
        "mark_id": record.mark_id,
        "released_at": record.released_at,
        "inputs": {
            "brief": brief.digest(),
            "master": {"sha256": task.seen.sha256, **task.master.describe()},
            "text": {
                "language": variant.language,
                "sha256": sha256_file(brief.text_path(variant.language)),
                **({"translation": translated} if (translated := translation_facts(brief, variant.language)) else {}),
            },
            "references": [
                {"talent": talent, "file": path.name, "sha256": sha256_file(path)} for talent, path in references
            ],
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
        ] + [
            {"name": one.name, "source": one.source, "licence": one.licence, "purpose": one.purpose} for one in BUNDLED
        ],
        "engines": rendering.facts["engines"],
        "voice": {**task.dub.voice, **rendering.facts["voice"]} if task.dub else "original",
        "sound": rendering.facts.get("sound") or "original",
        "voice_over": rendering.facts.get("voice_over", []),
        "burnt_in": [list(one) for one in subtitles_of(task, rendering.facts.get("voice_over", ())).stretches],
        "timeline": rendering.facts["timeline"],
        "seed": brief.seed,
        "encoder": {"codec": "libx264", "preset": WEB.preset, "crf": WEB.crf, "profile": "high"},
        "pictures_sha256": rendering.facts["pictures_sha256"],
        "qc": {
            "figures": {figure["key"]: figure["value"] for figure in qc["figures"]},
            "verdict": qc["verdict"],
        },
        "review": {name: row.review[name] for name in ("by", "at", "in_one_go")},  # notes stay in the house
        "cost": {**rendering.facts["cost"], "work": spent(task.project, brief.campaign, brief.digest(), row.id)},
    }  # fmt: skip


def _others(task: Task) -> dict[str, Any]:
    """The people of the master whom the brief does not name, and who answers for showing them."""
    named = {face.track for face in task.brief.seen}
    shown = [
        {"track": track, "shown_s": round(shown_s(task.seen, track), 3)}
        for track in range(task.seen.perception.people)
        if track not in named
    ]
    if not task.brief.others_untouched:
        return {"rule": "refused", "shown": shown}  # those who pass by too shortly to be refused
    return {"rule": UNTOUCHED, "answered_by": task.brief.owner, "shown": shown}


def digest_of(receipt: dict[str, Any]) -> str:
    """SHA-256 of a receipt in its canonical form: sorted keys, no spaces."""
    text = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
