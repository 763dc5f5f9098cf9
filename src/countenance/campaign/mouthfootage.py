"""Whose mouths speak in a variant: those of the master, with its own words where these are known."""

from __future__ import annotations

from countenance.campaign.ownwords import own_alignment, trusted
from countenance.campaign.plan import Part
from countenance.campaign.task import Task
from countenance.speech.phones import Phones
from countenance.synthesis.mouthclips import Footage, filmed
from countenance.synthesis.mouths import MouthLibrary, library_of


def mouths_of(task: Task, part: Part) -> MouthLibrary:
    """The library of the person who is dubbed. InputError when the person is not seen in the master."""
    tracks = task.seen.perception.of_person(part.track)
    return library_of([filmed(Footage(task.master, tracks, _own_phones(task, part)))])


def _own_phones(task: Task, part: Part) -> Phones | None:
    """What the presenter says in the master; None where nobody knows."""
    if part is not task.variant.presenter:
        return None
    alignment = own_alignment(task.project, task.brief, task.seen)
    return alignment.phones if alignment is not None and trusted(alignment) else None
