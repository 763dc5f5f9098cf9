"""The painted patches of a release, for people who composite elsewhere: PNG sequences, one for each person.

They leave the house through the release and never without it: from pictures that were inspected and approved, with
the release's mark in their pixels, listed file by file, and the list's hash in the ledger.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from countenance.campaign.painting import cuts_of
from countenance.campaign.plan import Part
from countenance.campaign.render import Rendering
from countenance.campaign.stages import Progress
from countenance.campaign.task import Task, shown_frames
from countenance.ledger.log import entries_in, transaction
from countenance.media.beside import Beside
from countenance.media.frame import F32, U8, Box
from countenance.perception.layout import mean_shape
from countenance.perception.pose import steady_frame
from countenance.perception.topology import POINTS
from countenance.perception.tracks import Face
from countenance.provenance.disclosure import ReleaseRecord, badge_text, sentence
from countenance.provenance.watermark import Marker
from countenance.store.files import read_json, sha256_file, write_json
from countenance.synthesis.layer import layer, png
from countenance.synthesis.patchfile import Painted

FOLDER, MANIFEST = "patches", "patches.json"
KIND = "release.patches"  # of the ledger's entry
_PATCH, _MASK = "patch", "mask"  # folders below that of a person
STEADY_PX = 512  # side of the square in which a face always lies at the same place
_FACE_SHARE = 0.62  # of that square's width: the mean face


def export_patches(
    task: Task, rendering: Rendering, record: ReleaseRecord, key: bytes, folder: Path, progress: Progress
) -> None:
    """Write the patches of a release into `folder`, whole or not at all, or find that it was done.

    `key` is that of the picture mark. Nothing is written where nobody is painted. Raises InputError when what is
    stored is not what was inspected.
    """
    if not task.engines:
        return
    if not (folder / MANIFEST).is_file():
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write(task, rendering, record, key, part, progress)
        os.sync()  # thousands of small files at once
        os.rename(part, folder)
    _enter(task, record, folder)


def facts_of(folder: Path) -> dict[str, Any]:
    """What the receipt's file says about exported patches."""
    manifest = read_json(folder / MANIFEST)
    files = sum(kind in told for one in manifest["pictures"] for told in one["patches"] for kind in (_PATCH, _MASK))
    return {"manifest": f"{folder.name}/{MANIFEST}", "manifest_sha256": sha256_file(folder / MANIFEST), "files": files}


def _enter(task: Task, record: ReleaseRecord, folder: Path) -> None:
    """Record in the ledger that these patches left with the release; once for the same patches."""
    facts = facts_of(folder)
    entry = {
        "release": record.release_id, "variant": record.variant_id,
        "manifest_sha256": facts["manifest_sha256"], "files": facts["files"],
    }  # fmt: skip
    with transaction(task.project) as ledger:
        if all(known.data != entry for known in entries_in(ledger.connection, KIND)):
            ledger.append(KIND, task.brief.owner, entry)


def _write(
    task: Task, rendering: Rendering, record: ReleaseRecord, key: bytes, folder: Path, progress: Progress
) -> None:
    people = {part.track: part for part in task.variant.parts if part.engines}
    for part in people.values():
        for kind in (_PATCH, _MASK):
            (folder / part.name / kind).mkdir(parents=True)
    total, pictures = len(task.timeline.source), []
    with Beside() as beside:
        for number, source, shown in _shown(task, rendering, Marker(key, int(record.mark_id, 16), cuts_of(task))):
            patches = []
            for track, part in people.items():
                one = shown.get(track)
                told = {"face": part.name, **_place(task, part, source), **_laid(one)}
                for kind, pixels in _pixels(one).items():
                    path = f"{part.name}/{kind}/{number:06d}.png"
                    told[kind] = {"file": path}
                    beside.do(_store, folder / path, pixels, one, _size(task), told[kind])
                patches.append(told)
            pictures.append({"picture": number, "master_picture": source, "pts": task.timeline.pts[number],
                             "patches": patches})  # fmt: skip
            progress(f"patches {task.variant.key}", number + 1, total)
    write_json(folder / MANIFEST, {**_head(task, rendering, record, list(people.values())), "pictures": pictures})


@dataclass(frozen=True)
class _Shown:
    """One person's marked layer of one picture, and what it was made from."""

    painted: Painted
    layer: U8


def _shown(task: Task, rendering: Rendering, marker: Marker) -> Iterator[tuple[int, int, Mapping[int, _Shown]]]:
    """Each output picture's number, the master's, and the layers by track."""
    stored = rendering.painted()
    following = next(stored, None)
    for number, source, frame in shown_frames(task.master, task.timeline):
        here: list[Painted] = []
        while following is not None and following.number == number:
            here.append(following)
            following = next(stored, None)
        plates = [frame.rgb(one.box) for one in here]
        for one in here:
            frame.put(one.box, one.planes)
        composed = [frame.rgb(one.box) for one in here]
        marker.embed(frame.planes[0])  # every picture, in order, so that the mark is the release's own
        yield number, source, {
            one.person: _Shown(one, layer(plate, after, frame.rgb(one.box)))
            for one, plate, after in zip(here, plates, composed, strict=True)
        }  # fmt: skip


def _pixels(one: _Shown | None) -> dict[str, U8]:
    """What is stored of a person in a picture; without paint a transparent speck, so that sequences have no gaps."""
    if one is None:
        return {_PATCH: np.zeros((2, 2, 4), np.uint8), _MASK: np.zeros((2, 2), np.uint8)}
    return {_PATCH: one.layer, _MASK: one.painted.mask}


def _store(path: Path, pixels: U8, one: _Shown | None, size: tuple[int, int], told: dict[str, Any]) -> None:
    """Write one PNG, and put its hash into what is told of it."""
    data = png(pixels, one.painted.box if one else Box(0, 0, 2, 2), size)
    path.write_bytes(data)
    told["sha256"] = hashlib.sha256(data).hexdigest()


def _size(task: Task) -> tuple[int, int]:
    return task.master.width, task.master.height


def _laid(one: _Shown | None) -> dict[str, Any]:
    if one is None:
        return {"box": None, "strength": 0.0, "why": ""}
    painted, box = one.painted, one.painted.box
    return {
        "box": [box.x, box.y, box.width, box.height],
        "strength": round(painted.strength, 4),
        "why": painted.why,
    }


def _place(task: Task, part: Part, source: int) -> dict[str, Any]:
    """Where the face lies in the master's picture: the way from the steady square into it, and the head's pose."""
    face = task.face(part.track, source)
    if face is None:
        return {"to_picture": None, "pose_deg": None}
    return {
        "to_picture": np.round(_to_picture(face), 5).tolist(),
        "pose_deg": [round(float(angle), 2) for angle in face.pose],
    }


def _to_picture(face: Face) -> F32:
    """The similarity `(2, 3)` from the steady square's pixels to the picture's."""
    return np.asarray(cv2.invertAffineTransform(steady_frame(face.mesh[:POINTS], _steady_mesh())), np.float32)


@lru_cache(maxsize=1)
def _steady_mesh() -> F32:
    """The mean face in the middle of the steady square."""
    shape = mean_shape()
    low, high = shape[:, :2].min(axis=0), shape[:, :2].max(axis=0)
    scale = STEADY_PX * _FACE_SHARE / float(high[0] - low[0])
    return np.asarray((shape[:, :2] - (low + high) / 2) * scale + STEADY_PX / 2, np.float32)


def _head(task: Task, rendering: Rendering, record: ReleaseRecord, people: list[Part]) -> dict[str, Any]:
    base = task.timeline.time_base
    return {
        "release": record.release_id,
        "variant": record.variant_id,
        "receipt_sha256": record.receipt_sha256,
        "pictures_sha256": rendering.facts["pictures_sha256"],
        "master_sha256": task.seen.sha256,
        "mark": {"id": record.mark_id, "in": "the luma of every patch, as in the released video"},
        "disclosure": {"sentence": sentence(record), "badge": badge_text(record)},
        "size": list(_size(task)),
        "time_base": [base.numerator, base.denominator],
        "colour": "R'G'B' of BT.709, full range, 8 bit",
        "alpha": "straight; opaque wherever the picture changed",
        "steady_px": STEADY_PX,
        "people": [
            {
                "face": part.name,
                "track": part.track,
                "engines": list(part.engines),
                **{kind: f"{part.name}/{kind}/%06d.png" for kind in (_PATCH, _MASK)},
            }
            for part in people
        ],
    }
