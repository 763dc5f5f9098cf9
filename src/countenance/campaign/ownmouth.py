"""How a person speaks in the master: what a dub's mouth is compared with."""

from __future__ import annotations

import numpy as np

from countenance.campaign.ownwords import own_alignment, trusted
from countenance.campaign.task import Task
from countenance.media.frame import F32
from countenance.quality.lips import lips_of
from countenance.quality.speaking import Own


def own_mouth(task: Task, track: int) -> Own | None:
    """The person's lips in the master and the phones of the script; None where it is not known what they say."""
    alignment = own_alignment(task.project, task.brief, task.seen)
    if alignment is None or not trusted(alignment):
        return None
    meshes: list[F32 | None] = [None] * task.master.frames
    for one in task.seen.perception.of_person(track):
        for number, mesh in zip(one.frames.tolist(), one.mesh, strict=True):
            meshes[number] = mesh
    times = np.array([float(value * task.master.time_base) for value in task.master.pts])
    return Own(lips_of(times, meshes), alignment.phones)
