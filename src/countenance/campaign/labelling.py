"""The label of one release: form, corner and distance from the edge decided before the record is written, and looked
for on the pictures once they are encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from countenance.campaign.task import Task
from countenance.errors import IntegrityError
from countenance.media.frame import F32
from countenance.provenance.badge import Badge, form_for
from countenance.provenance.disclosure import ReleaseRecord
from countenance.provenance.label import Label
from countenance.provenance.label_check import check_badge
from countenance.provenance.label_look import CLEAR, SMALL
from countenance.provenance.placement import Box, FaceSeen, covered, place

_LOOKED_AT = 60  # pictures
_HAIR = 0.25  # of the mesh's height: what belongs to a head above the mesh
_MOUTH = (61, 291, 0, 17)  # corners and middles of the lips' outer rim
_MESH = 468


def label_for(task: Task) -> Label:
    """The label that the brief asks for, as it suits the pictures of this variant and the brief's channels.

    The corner is chosen by the faces in up to 60 pictures in which the badge is to be seen.
    """
    wish, master = task.brief.label, task.master
    badge = Badge("corner", task.variant.language, label=wish.label)
    form, why = form_for(badge.words, master.width, master.height, wish.label.size)
    badge = replace(badge, label=replace(wish.label, form=form, why=why))
    pictures = [list(_faces(task, number)) for number in _numbers(task, wish.label)]
    label = place(badge, master.width, master.height, pictures, task.brief.channels, wish.position)
    box = replace(badge, label=label).raster(master.width, master.height).box
    return replace(label, covers_face=round(covered(box, pictures)[0], 3))


def require_badge(video: Path, record: ReleaseRecord) -> None:
    """Look for the badge on the encoded pictures of a release. IntegrityError when it cannot be read on them.

    On a picture so small that no letters fit, a badge that is as large as it can be is let pass.
    """
    found = check_badge(video, record)
    if any(one.state not in (CLEAR, SMALL) for _, one in found.looks):
        raise IntegrityError(
            f"release {record.release_id} was encoded, but {'; '.join(found.problems)}; "
            "set another `position` or `size` of `release.badge` in the brief."
        )


def _numbers(task: Task, label: Label) -> list[int]:
    """Numbers of the master's pictures, spread over the times at which the badge is seen."""
    timeline = task.timeline
    shown = [source for source, at_s in zip(timeline.source, timeline.times_s(), strict=True) if label.shown(at_s)]
    picks = np.unique(np.linspace(0, len(shown) - 1, min(_LOOKED_AT, len(shown))).astype(int))
    return [shown[index] for index in picks]


def _faces(task: Task, source: int) -> Iterator[FaceSeen]:
    for track in range(task.seen.perception.people):
        face = task.face(track, source)
        if face is not None:
            left, top, right, bottom = _box(face.mesh[:_MESH])
            yield FaceSeen((left, top - _HAIR * (bottom - top), right, bottom), _box(face.mesh[list(_MOUTH)]))


def _box(points: F32) -> Box:
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
