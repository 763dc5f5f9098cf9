"""The sealed files of a release: the video with all that it was made from, and the poster that was taken from it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from countenance.campaign.task import Task
from countenance.media.audio import write_wav
from countenance.provenance.disclosure import ReleaseRecord, digital_source_type
from countenance.provenance.manifest import MARK_ALGORITHM, SOUND_MARK_ALGORITHM
from countenance.provenance.metadata import write_source_type
from countenance.provenance.sealing import extend, seal, seal_voice
from countenance.provenance.steps import still
from countenance.speech.fit import RATE_HZ
from countenance.store.files import sha256_file

VIDEO, POSTER = "video.mp4", "poster.jpg"
UNSEALED_VIDEO, UNSEALED_POSTER = "unsealed.mp4", "unsealed.jpg"  # what the encode leaves for the sealing
_PARTS = "sealing"  # a folder of what is needed only while sealing


def is_encoded(folder: Path) -> bool:
    """Everything that is to be sealed lies in a release's folder."""
    return all((folder / name).is_file() for name in (UNSEALED_VIDEO, UNSEALED_POSTER))


def seal_files(
    task: Task,
    record: ReleaseRecord,
    receipt: Mapping[str, Any],
    folder: Path,
    poster_s: Fraction,
    *,
    sound_marked: bool,
) -> dict[str, Any]:
    """Seal video and poster of a release in its folder; returns manifest id and SHA-256 of each, by "seal", "poster".

    The video's history names the master, the voice track with a history of its own, and the reference stills by
    hash; that of the poster, taken at `poster_s`, continues the video's. Stopped anywhere it is simply done again.
    Errors as those of `sealing.seal`.
    """
    parts = folder / _PARTS
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir()
    term = digital_source_type(record)
    try:
        write_source_type(folder / UNSEALED_VIDEO, parts / VIDEO, term)
        video = seal(
            task.project,
            parts / VIDEO,
            folder / VIDEO,
            record,
            task.brief.master,
            voice=_voice(task, record, parts),
            references=[one["sha256"] for one in receipt["inputs"]["references"]],
            marks=(MARK_ALGORITHM, SOUND_MARK_ALGORITHM) if sound_marked else (MARK_ALGORITHM,),
        )
        write_source_type(folder / UNSEALED_POSTER, folder / POSTER, term)
        poster = extend(task.project, folder / VIDEO, folder / POSTER, [still(poster_s)], title="poster")
    except BaseException:
        for name in (VIDEO, POSTER):  # a release is sealed whole or not at all
            (folder / name).unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(parts, ignore_errors=True)
    return {
        "seal": {"manifest_id": video, "sha256": sha256_file(folder / VIDEO)},
        "poster": {"manifest_id": poster, "sha256": sha256_file(folder / POSTER)},
    }


def clear_unsealed(folder: Path) -> None:
    """Remove what the encode left, once the release is sealed and on record."""
    for name in (UNSEALED_VIDEO, UNSEALED_POSTER):
        (folder / name).unlink(missing_ok=True)


def _voice(task: Task, record: ReleaseRecord, parts: Path) -> Path | None:
    """The new voice as a sealed file; None where the master's own is heard."""
    if task.dub is None:
        return None
    write_wav(parts / "spoken.wav", task.dub.speech.samples, RATE_HZ)
    seal_voice(task.project, parts / "spoken.wav", parts / "voice.wav", record)
    return parts / "voice.wav"
