"""A release record that tests start from: everything was made anew, and dubbed from English into German."""

from __future__ import annotations

from countenance.provenance.disclosure import EngineUse, ReleaseRecord

FACE = EngineUse("face", "countenance.swap", "0.1.0")
MOUTH = EngineUse("mouth", "countenance.lipsync", "0.1.0")
VOICE = EngineUse("voice", "espeak-ng", "1.52")
RECORD = ReleaseRecord(
    release_id="01JD3ZRELEASE",
    variant_id="01JD3ZVARIANT",
    mark_id="00ff00ff00ff00ff",
    released_at="2026-11-20T10:00:00.000000Z",
    receipt_sha256="ab" * 32,
    language="de",
    master_language="en",
    master_source_type="digitalCapture",
    engines=(FACE, MOUTH, VOICE),
    badge="corner",
    grants=("cd" * 32,),
)
