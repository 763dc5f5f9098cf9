"""A released variant leaves in the form of an export profile: through the same door as the release itself.

Whether it may be shown is asked before anything is made and again in the transaction that enters the export in the
ledger; nothing lies under its final name that was not sealed, checked against its profile and entered.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from countenance.campaign.exportable import Packaged, package_of, release_record, require_served, sealed_video
from countenance.campaign.labelling import require_badge
from countenance.campaign.serving import Serving
from countenance.delivery.renditions import Film, Made, Progress, export_files
from countenance.errors import CountenanceError, IntegrityError
from countenance.ledger.log import transaction
from countenance.media.export import CUT, ExportProfile
from countenance.media.ladder import Rendition, renditions
from countenance.media.probe import probe
from countenance.provenance.container import LARGEST_BYTES
from countenance.provenance.disclosure import ReleaseRecord, digital_source_type
from countenance.provenance.metadata import write_source_type
from countenance.provenance.sealing import extend
from countenance.quality.conformance import broken, check_export
from countenance.store.files import locked, sha256_file, write_json
from countenance.store.project import Project

KIND = "release.exported"  # of the ledger's entry
FORMAT = "countenance export 1"
_ASK_EVERY_S = 2.0


@dataclass(frozen=True)
class Export:
    """What was written: `path` is the file, or the folder of a profile that streams; `facts` lies beside it as JSON."""

    path: Path
    facts: dict[str, Any]


def export_variant(
    project: Project,
    variant: str | Path,
    profile: ExportProfile,
    actor: str,
    *,
    out: Path | None = None,
    channel: str | None = None,
    progress: Progress = lambda _done, _of: None,
) -> Export:
    """Export a released variant, named by its id or its package's folder, into the folder `out`/ID.

    Without `out` it goes into the package. `channel` is where it will be shown, by default that of the profile. What an
    earlier export of the profile left is replaced as a whole.

    Raises RightsError when the variant may not be shown there now, IntegrityError when the video is not the one that
    was released, InputError when there is no such release, CountenanceError when the result is not what its profile
    says or the programme is too long for it.
    """
    package = package_of(project, variant)
    place = channel or profile.channel
    served = require_served(project, package, place)
    video = sealed_video(project, package, served)
    master = probe(video)
    if profile.seconds and master.duration > profile.seconds:
        raise CountenanceError(
            f"variant {package.variant} lasts {float(master.duration):.1f} s, but {profile.name} takes at most "
            f"{profile.seconds} s; cut the master."
        )
    _require_signable(profile, renditions(profile, (master.width, master.height), master.frame_rate), master.duration)
    folder = package.folder if out is None else out / package.variant
    final = folder / f"{profile.name}{profile.suffix}"
    with locked(project.work / "jobs" / f"export-{served.release}-{profile.name}.lock"):
        facts = _made(project, package, served, profile, video, final, place, actor, progress)
    return Export(final, facts)


def _made(
    project: Project,
    package: Packaged,
    served: Serving,
    profile: ExportProfile,
    video: Path,
    final: Path,
    channel: str,
    actor: str,
    progress: Progress,
) -> dict[str, Any]:
    """Make, seal, check and enter an export, then put it where it belongs; returns what is told of it."""
    record = release_record(project, served.release)
    if profile.picture.shape == CUT:
        _require_known_label(video, record, profile)
    facts_name = f"{profile.name}.json"
    work = final.with_name(f".{profile.name}.part")
    shutil.rmtree(work, ignore_errors=True)  # of a run that was killed
    (work / final.name if profile.streams else work).mkdir(parents=True)
    try:
        captions = (package.folder / "captions.vtt").read_text(encoding="utf-8") if profile.streams else ""
        seal = partial(_sealed, project, video, profile.name, digital_source_type(record))
        asked = _asking(progress, lambda: require_served(project, package, channel))
        made = export_files(Film(video, captions, record), profile, work / final.name, seal, channel, asked)
        facts = _facts(package, profile, channel, made, work, probe(video).duration)
        _check(facts, profile)
        write_json(work / facts_name, facts)
        with transaction(project) as ledger:
            require_served(project, package, channel)
            files = {one["file"]: one["sha256"] for one in facts["files"]}
            entry = {"release": served.release, "variant": package.variant, "profile": profile.name,
                     "channel": channel, "files": files}  # fmt: skip
            ledger.append(KIND, actor, entry)
            _take_places(work, final.parent, (final.name, facts_name))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return facts


def _require_signable(profile: ExportProfile, made: Sequence[Rendition], duration: Fraction) -> None:
    """CountenanceError for a constant rate at which the file would be larger than can be signed."""
    size = made[0].max_kbps * 125 * duration
    if not profile.picture.crf and size > LARGEST_BYTES:
        longest_s = LARGEST_BYTES / (made[0].max_kbps * 125)
        raise CountenanceError(
            f"{profile.name} would make a file of {float(size) / 2**30:.1f} GiB, but a signed history is handled only "
            f"up to {LARGEST_BYTES >> 30} GiB; export at most {longest_s / 60:.1f} minutes of it, or another profile."
        )


def _asking(progress: Progress, require: Callable[[], object]) -> Progress:
    """The same progress function, which asks on the way: a withdrawal stops an export within seconds."""
    due_s = time.monotonic() + _ASK_EVERY_S

    def report(done: int, of: int) -> None:
        nonlocal due_s
        if time.monotonic() >= due_s:
            require()
            due_s = time.monotonic() + _ASK_EVERY_S
        progress(done, of)

    return report


def _require_known_label(video: Path, record: ReleaseRecord, profile: ExportProfile) -> None:
    """IntegrityError when the label in the pictures is not as it is drawn today: it could not be lifted off cleanly."""
    try:
        require_badge(video, record)
    except IntegrityError as problem:
        raise IntegrityError(
            f"{profile.name} cuts the picture and draws its label anew, but release {record.release_id} bears a label "
            "that is not drawn so any more; produce the variant again."
        ) from problem


def _sealed(
    project: Project,
    video: Path,
    title: str,
    term: str,
    path: Path,
    steps: Sequence[Mapping[str, Any]],
    medium: str,
) -> None:
    """Write the digital source type into a new file and continue the release's history in it."""
    plain = path.with_name(f".plain{path.suffix}")
    os.replace(path, plain)
    try:
        write_source_type(plain, path, term)
    finally:
        plain.unlink(missing_ok=True)
    extend(project, video, path, steps, title=title, medium=medium)


def _facts(
    package: Packaged, profile: ExportProfile, channel: str, made: Sequence[Made], work: Path, duration: Fraction
) -> dict[str, Any]:
    """What is told of an export: its files, and each against its profile."""
    files = []
    for one in made:
        told: dict[str, Any] = {
            "file": one.path.relative_to(work).as_posix(),
            "bytes": one.path.stat().st_size,
            "sha256": sha256_file(one.path),
        }
        if one.rendition is not None:
            told |= {"size": list(one.rendition.size), "frame_rate": str(one.rendition.rate)}
        if one.sealed:
            checked = check_export(one.path, profile, one.rendition, sound=one.sound, duration=duration)
            told["checks"] = [asdict(finding) for finding in checked]
            told["broken"] = list(broken(checked))
        files.append(told)
    return {
        "format": FORMAT,
        "variant": package.variant,
        "release": package.release,
        "profile": profile.name,
        "channel": channel,
        "language": package.language,
        "files": files,
    }


def _check(facts: Mapping[str, Any], profile: ExportProfile) -> None:
    problems = [f"{one['file']}: {problem}" for one in facts["files"] for problem in one.get("broken", ())]
    if problems:
        raise CountenanceError(f"the export for {profile.name} is not what it has to be: {'; '.join(problems)}.")


def _take_places(work: Path, folder: Path, names: Sequence[str]) -> None:
    """Put what was made under its final names, in place of what lies there."""
    for name in names:
        old = work / f"old-{name}"
        if (folder / name).exists():
            os.rename(folder / name, old)
        os.rename(work / name, folder / name)
