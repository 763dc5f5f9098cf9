"""Who spoke a dub, in the forms in which receipts, signed histories and evidence tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countenance.provenance.disclosure import EngineUse
from countenance.speech.espeak_voice import ENGINE, VERSION
from countenance.speech.voice import NOBODY


def voice_engine(voice: Mapping[str, Any]) -> EngineUse | None:
    """The engine that made a voice, for the release record; None for the recording of a person, which none made."""
    match voice["engine"]:
        case "piper":
            return EngineUse("voice", f"Piper {voice['model']}", str(voice["sha256"])[:12], trained=True)
        case "http":
            return EngineUse("voice", f"{voice['name']} at {voice['host']}", str(voice["model"]), trained=True)
        case "recording":
            if voice.get("of") != NOBODY:
                return None
            return EngineUse("voice", "synthetic voice, recorded", str(voice["sha256"])[:12], trained=True)
        case _:
            return EngineUse("voice", ENGINE, VERSION)


def voice_sentence(voice: Mapping[str, Any] | str) -> str:
    """Who spoke, in a line for people; what nobody spoke anew is the master's own."""
    if not voice or isinstance(voice, str):
        return "the master's own"
    whose = voice.get("of", NOBODY)
    told = {
        "piper": f"Piper {voice.get('model', '')}",
        "http": f"{voice.get('name', '')} ({voice.get('model', '')}) at {voice.get('host', '')}, "
        f"{voice.get('requests', 0)} requests with {voice.get('characters', 0)} characters",
        "recording": f"recording {voice.get('file', '')} (SHA-256 {str(voice.get('sha256', ''))[:12]}…)",
    }.get(str(voice.get("engine")), f"{ENGINE} {voice.get('variant', '')}".strip())
    return f"{told}; " + ("nobody's voice, as the owner says" if whose == NOBODY else f"the voice of {whose}")
