"""The files of one person within the project and its replicas, each with the kind of data it is."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.campaign.person import Person
from countenance.errors import InputError
from countenance.store.database import reading
from countenance.store.files import read_json
from countenance.store.holdings import VARIANT, WORK, known_names
from countenance.store.project import Project
from countenance.store.replicas import Place
from countenance.store.subjects import key_files
from countenance.synthesis.facemodel import files_of_model

KEY, PAGE, JOURNALS = "keys", "campaign.html", "erasures"
_OLD_COMMON_KEY = "commitment.key"  # of replicas that were made by older versions
_WORK = {
    "perception": "face tracks",
    "alignment": "times of spoken words",
    "speech": "spoken sound",
    "description": "spoken descriptions",
    "covers": "what hid faces",
    "paint": "painted pictures",
    "render": "quality reports and previews",
    "pieces": "encoded pictures of releases under way",
    "briefs": "briefs whose files were brought from elsewhere",
    "inputs": "a brief's files, brought from elsewhere",
}
_JOBS = "jobs"  # lock files, which hold nothing


@dataclass(frozen=True)
class Remain:
    """A file or folder to be destroyed."""

    kind: str
    path: Path

    def size(self) -> tuple[int, int]:
        """Files and bytes."""
        if self.path.is_symlink() or self.path.is_file():
            return 1, self.path.lstat().st_size
        sizes = [path.lstat().st_size for path in self.path.rglob("*") if path.is_file()]
        return len(sizes), sum(sizes)


@dataclass(frozen=True)
class Known:
    """Of what it is on record whose it is: variants by id and folders of work."""

    variants: frozenset[str]
    work: frozenset[str]


def known_holdings(project: Project) -> Known:
    with reading(project) as connection:
        return Known(frozenset(known_names(connection, VARIANT)), frozenset(known_names(connection, WORK)))


def remains_in(place: Place, person: Person, known: Known) -> list[Remain]:
    """Everything of a person that lies in one place; packages outside of the project's folder are in `packages_of`."""
    found = [*_keys(place, person), *_talent(place, person), *_work(place, person, known), *_releases(place, person)]
    found += _journals(place, person)
    found += [Remain("kept files", path) for sha256 in person.mine if (path := _blob(place, sha256)).exists()]
    return found


def packages_of(person: Person, copies: Sequence[Place]) -> list[Remain]:
    """The packages of a person's variants, where they were written to and wherever a replica holds them."""
    places = [Path(one) for one in person.packages]
    places += [path.with_name(f".{path.name}{end}") for path in places for end in (".part", ".old")]
    for copy in copies:
        places += _copied(copy, person)
    return [Remain("packages", path) for path in dict.fromkeys(places) if path.exists()]


def _copied(copy: Place, person: Person) -> Iterator[Path]:
    wanted = {*person.variants, *person.releases}
    if copy.searched is None:
        return
    for here, folders, files in os.walk(copy.searched):
        if Path(here) == copy.folder:
            folders.clear()  # looked through by what is known of its layout
            continue
        theirs = [name for name in [*folders, *files] if any(one in wanted for one in name.split("."))]
        yield from (Path(here) / name for name in theirs)
        if theirs:  # pages name them; the project's own is written anew
            yield from (Path(here) / name for name in files if name == PAGE or name.startswith(f".{Path(PAGE).stem}."))
        folders[:] = [name for name in folders if not any(one in wanted for one in name.split("."))]


def _keys(place: Place, person: Person) -> Iterator[Remain]:
    """The subject's key comes first: with it gone, every commitment is anonymous."""
    names = [*key_files(person.tag), f"face-{person.tag}.key"]
    keys = place.folder / "keys"
    old = keys / _OLD_COMMON_KEY
    if place.searched is not None and old.is_file():
        names += [f"face-{_old_tag(old, person)}.key", _OLD_COMMON_KEY]
    for name in names:
        yield from (Remain(KEY, path) for path in (keys / name, *keys.glob(f".{name}.*")) if path.exists())


def _journals(place: Place, person: Person) -> Iterator[Remain]:
    """Journals that a replica has copied, and halves that a killed erasure left; never the journal itself."""
    folder = place.folder / JOURNALS
    copied = [folder / f"{person.tag}.json"] if place.searched is not None else []
    for path in (*copied, *folder.glob(f".{person.tag}.*")):
        if path.exists():
            yield Remain("journals of this erasure", path)


def _talent(place: Place, person: Person) -> Iterator[Remain]:
    folder = place.folder / "talents"
    old = place.folder / "keys" / _OLD_COMMON_KEY
    tags = [person.tag, *([_old_tag(old, person)] if place.searched is not None and old.is_file() else [])]
    for tag in tags:
        yield from (Remain("face models", path) for path in files_of_model(folder, tag) if path.exists())
    if Path(person.name).name != person.name:
        return  # a name that no talent on record can have
    for path in (folder / f"{person.name}.json", *folder.glob(f".{_globbed(person.name)}.*")):
        if path.exists():
            yield Remain("talent records", path)


def _work(place: Place, person: Person, known: Known) -> Iterator[Remain]:
    """Folders of the person, and those of which nobody knows whose they are: all of `work` can be made again."""
    for stage in _folders(place.folder / "work"):
        if stage.name == _JOBS:
            continue
        for folder in _folders(stage):
            name = f"{stage.name}/{folder.name}"
            whose = _variant_of(folder) if stage.name == "render" else None
            of_another = whose in known.variants and whose not in person.variants
            if name in person.work or not (of_another or name in known.work):
                yield Remain(_WORK.get(stage.name, "other work"), folder)


def _releases(place: Place, person: Person) -> Iterator[Remain]:
    for folder in _folders(place.folder / "releases"):
        if folder.name in person.releases or _released_variant(folder) in person.variants:
            yield Remain("releases", folder)


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.endswith(".gone"))


def _variant_of(folder: Path) -> str | None:
    """The variant that a folder of work was rendered for; None for a half-made one."""
    try:
        return str(read_json(folder / "qc.json")["variant"]["id"])
    except (InputError, KeyError, TypeError):
        return None


def _released_variant(folder: Path) -> str | None:
    try:
        return str(read_json(folder / "release.json")["record"]["variant_id"])
    except (InputError, KeyError, TypeError):
        return None


def _blob(place: Place, sha256: str) -> Path:
    return place.folder / "blobs" / sha256[:2] / sha256[2:]


def _old_tag(key: Path, person: Person) -> str:
    return hmac.new(key.read_bytes(), person.name.encode(), hashlib.sha256).hexdigest()[:32]


def _globbed(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
