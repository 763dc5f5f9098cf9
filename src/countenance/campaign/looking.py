"""What is seen in a released video itself: who is where, for whatever is made of it afterwards.

It lies in the project's work folder beside what was seen in masters, and is erased with the people whom it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from countenance.campaign.stages import perception_key
from countenance.delivery.viewing import View, view_of
from countenance.media.probe import probe
from countenance.perception.perceive import perceive
from countenance.perception.tracks import is_saved, load_perception, save_perception
from countenance.store import tables
from countenance.store.database import writing
from countenance.store.files import locked, read_json
from countenance.store.holdings import VARIANT, WORK, hold_in
from countenance.store.project import Project

Stretches = tuple[tuple[float, float], ...]  # start and end in seconds


def burnt_in(project: Project, release_id: str) -> Stretches:
    """When captions are part of a release's picture: its receipt says so."""
    kept = project.releases / release_id / "release.json"
    receipt = read_json(kept)["receipt"] if kept.is_file() else {}
    spoken_over = [(one["start_s"], one["end_s"]) for one in receipt.get("voice_over", ())]  # of older receipts
    return tuple((float(start), float(end)) for start, end in receipt.get("burnt_in", spoken_over))


def look_at(
    project: Project,
    variant: str,
    video: Path,
    sha256: str,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> View:
    """Perceive the released video of a variant, or find that it was done. `progress` gets pictures done and in all."""
    master = probe(video)
    folder = project.work / "perception" / perception_key(sha256)
    held, kept = tables.holding.c, f"perception/{folder.name}"
    with writing(project) as connection:
        query = select(held.subject).where(held.kind == VARIANT, held.name == variant)
        hold_in(connection, WORK, kept, connection.execute(query).scalars().all())
    with locked(project.work / "jobs" / f"perception-{folder.name}.lock"):
        if not is_saved(folder):
            folder.mkdir(parents=True, exist_ok=True)
            seen = perceive(master, lambda done: progress(done, master.frames), scratch=folder)
            save_perception(folder, seen)
    return view_of(master, load_perception(folder))
