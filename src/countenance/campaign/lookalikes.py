"""Face tracks of masters in which no brief names a person, but where they were seen all the same.

A person of `others: untouched`, or one who passes by, is in the stored tracks of a master without a name. As long as
it is known what somebody looks like, by their face model or by tracks that bear their name, such tracks can be found.
"""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from countenance.campaign.person import Person, brief_at
from countenance.errors import CountenanceError, InputError, IntegrityError
from countenance.media.frame import F32
from countenance.perception.identity import distance
from countenance.perception.tracks import is_saved, load_perception
from countenance.store.files import read_json, sha256_file
from countenance.store.project import Project
from countenance.synthesis.facemodel import stored_embeddings

_STAGE = "perception"
_ALIKE = 0.5  # as where a talent must look like their references: two people may be nearer than the network's 0.6


def unnamed_tracks(project: Project, person: Person) -> list[str]:
    """Folders below `work` whose tracks show somebody who looks like a person that is not noted there.

    Empty once nothing is known any more of what the person looks like.
    """
    known = looks_of(project, person)
    if not len(known):
        return []
    return [
        f"{_STAGE}/{folder.name}"
        for folder in sorted((project.work / _STAGE).glob("*"))
        if f"{_STAGE}/{folder.name}" not in person.work
        and any(distance(embedding, known) < _ALIKE for embedding in _embeddings(folder))
    ]


def looks_of(project: Project, person: Person) -> F32:
    """What the project knows of a person's looks: embeddings `(n, 128)`, n may be 0."""
    found = [np.zeros((0, 128), np.float32)]
    for hashes in _references(project, person):
        with contextlib.suppress(IntegrityError):  # a model that does not open is erased all the same
            found.append(stored_embeddings(project, person.name, hashes))
    return np.concatenate(found)


def _references(project: Project, person: Person) -> Iterator[list[str]]:
    """The hashes of references that a face model may have been made of: those on record, and those of briefs."""
    record = project.folder / "talents" / f"{person.name}.json"
    if Path(person.name).name == person.name and record.is_file():
        with contextlib.suppress(InputError, KeyError, TypeError):  # no record that could be read
            yield [str(one["sha256"]) for one in read_json(record)["references"]]
    for path in person.briefs:
        brief = brief_at(path)
        if brief is not None and person.name in brief.talents:
            yield [sha256_file(one) for one in brief.talents[person.name].references]


def _embeddings(folder: Path) -> list[F32]:
    if not is_saved(folder):
        return []
    try:
        return [track.embedding for track in load_perception(folder).tracks]
    except (CountenanceError, OSError, ValueError, KeyError, zipfile.BadZipFile):
        return []  # of another version, or damaged: whoever needs it makes it anew
