"""Everybody in the footage, as embeddings: whom a swapped face could be taken for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from countenance.media.decode import decode
from countenance.media.frame import F32, Frame
from countenance.media.probe import probe
from countenance.perception.crop import square_around
from countenance.perception.identity import chip, distance, embed
from countenance.perception.networks import FaceNetworks

_FOUND = 0.5  # the mesh network's own probability that it looks at a face
_SMALLEST_PX = 40
_LOOKS = 6  # pictures of a clip
_SAME_PERSON = 0.55  # within one clip
_SAME_MEANS = 0.4  # between files, where a wrong guess would hide somebody
_STILLS, _CLIPS = (".jpg", ".png"), (".mp4", ".mov", ".mpg", ".gif")
# No living person of their own: cartoons, paintings, animations, and a clip that another tool swapped.
_NOBODY = ("c2pa/", "liveportrait/s7.jpg", "liveportrait/s9.jpg", "pyfeat/no_face.mp4", "roop-pair/snapshot.mp4")
# Several files of one person, by the footage's manifest.
_ONE_PERSON = (
    r"(azure-avatar)/.*",
    r"(azure-face/Family\d-[A-Za-z]+)\d\.jpg",
    r"(stock/stock-emotions-[ab])-.*",
    r"(pyfeat/single_face)\..*",
    r"(presenters/[a-z]+)/.*",
)


def everybody(footage: Path, presenters: Path, networks: FaceNetworks) -> dict[str, F32]:
    """The embeddings `(n, 128)` of each person of the footage and of both presenters, under a name for each.

    Clips are looked at six times. Faces narrower than 40 pixels say too little to count. Who appears in two files
    counts as one.
    """
    people: dict[str, list[F32]] = {}
    for name, path in _files(footage, presenters):
        group = next((found[1] for pattern in _ONE_PERSON if (found := re.fullmatch(pattern, name))), None)
        for number, vectors in enumerate(_apart(list(_embeddings(path, networks)))):
            if group is None:
                people.setdefault(f"{name} {number}", []).extend(vectors)
            elif number == 0:  # who is seen most is whom the files are of
                people.setdefault(group, []).extend(vectors)
    return _joined({name: np.stack(vectors) for name, vectors in people.items()})


def faces_of_still(path: Path, networks: FaceNetworks) -> list[tuple[Frame, F32]]:
    """The picture with the mesh `(468, 3)` of each face in it, the largest first."""
    with Image.open(path) as image:
        frame = Frame.from_rgb(np.asarray(ImageOps.exif_transpose(image).convert("RGB")))
    return [(frame, mesh) for mesh in meshes_of(frame, networks)]


def meshes_of(frame: Frame, networks: FaceNetworks) -> list[F32]:
    """The mesh `(468, 3)` of each face in a picture, the largest first."""
    meshes = []
    for found in networks.detect(frame):
        mesh, _score = networks.mesh(frame, found.square)
        mesh, score = networks.mesh(frame, square_around(mesh))  # the detector's square is rough
        if score >= _FOUND:
            meshes.append(mesh)
    return sorted(meshes, key=lambda mesh: -float(np.ptp(mesh[:, 0])))


def _files(footage: Path, presenters: Path) -> Iterator[tuple[str, Path]]:
    paths = [(path.relative_to(footage).as_posix(), path) for path in sorted(footage.rglob("*"))]
    paths += [
        (f"presenters/{path.relative_to(presenters).as_posix()}", path) for path in sorted(presenters.glob("*/*"))
    ]
    for name, path in paths:
        if path.suffix.lower() in _STILLS + _CLIPS and not name.startswith(_NOBODY):
            yield name, path


def _embeddings(path: Path, networks: FaceNetworks) -> Iterator[F32]:
    chips = []
    for frame in _looks(path):
        chips += [chip(frame, mesh) for mesh in meshes_of(frame, networks) if np.ptp(mesh[:, 0]) >= _SMALLEST_PX]
    yield from embed(chips) if chips else ()


def _looks(path: Path) -> Iterator[Frame]:
    if path.suffix.lower() in _STILLS:
        with Image.open(path) as image:
            yield Frame.from_rgb(np.asarray(ImageOps.exif_transpose(image).convert("RGB")))
        return
    master = probe(path)
    wanted = {int((look + 0.5) * master.frames / _LOOKS) for look in range(_LOOKS)}
    yield from (frame for number, frame in enumerate(decode(master)) if number in wanted)


def _apart(vectors: list[F32]) -> list[list[F32]]:
    """Embeddings of one file, person by person, who is seen most first."""
    people: list[list[F32]] = []
    for vector in vectors:
        near = [distance(vector, np.stack(person)) for person in people]
        if near and min(near) < _SAME_PERSON:
            people[int(np.argmin(near))].append(vector)
        else:
            people.append([vector])
    return sorted(people, key=len, reverse=True)


def _joined(people: dict[str, F32]) -> dict[str, F32]:
    """The same with those made one whose mean embeddings are close, under the first name."""
    joined: dict[str, F32] = {}
    for name, vectors in people.items():
        mean = vectors.mean(axis=0)
        near = {known: distance(mean, theirs.mean(axis=0)) for known, theirs in joined.items()}
        twin = min(near, key=lambda known: near[known], default=name)
        same = near.get(twin, 1.0) < _SAME_MEANS
        joined[twin if same else name] = np.concatenate([joined[twin], vectors]) if same else vectors
    return joined
