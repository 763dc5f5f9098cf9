"""The sound of a release as a file of its own, for radio, podcasts and telephones: with the spoken notice, sealed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from countenance.errors import InputError
from countenance.media.audio import read_audio
from countenance.media.m4a import write_m4a
from countenance.provenance.disclosure import ReleaseRecord, digital_source_type
from countenance.provenance.metadata import write_source_type
from countenance.provenance.notice import with_notice
from countenance.provenance.sealing import extend
from countenance.provenance.steps import notice_spoken, sound_taken_out
from countenance.store.files import atomic_path, sha256_file
from countenance.store.project import Project

AUDIO = "audio.m4a"
_RATE_HZ = 48_000


def write_sound_alone(project: Project, video: Path, target: Path, record: ReleaseRecord) -> dict[str, Any]:
    """Write the sound of a sealed video to `target`; returns its manifest's id and SHA-256.

    Where the voice is synthetic a notice is spoken first. The sound keeps its mark, and its history continues the
    video's. InputError when the video is silent; errors otherwise as those of `sealing.extend`.
    """
    samples = read_audio(video, _RATE_HZ)
    if samples is None or not samples.size:
        raise InputError("the brief wants `release.audio`, but the master has no sound: remove that line.")
    told = with_notice(samples, _RATE_HZ, record)
    with atomic_path(target) as part:
        plain = part.with_suffix(".plain.m4a")
        try:
            write_m4a(plain, told, _RATE_HZ)
            write_source_type(plain, part, digital_source_type(record))
        finally:
            plain.unlink(missing_ok=True)
    steps = [sound_taken_out(), *([notice_spoken(record.language)] if len(told) > len(samples) else [])]
    manifest_id = extend(project, video, target, steps, title="sound")
    return {"manifest_id": manifest_id, "sha256": sha256_file(target)}
