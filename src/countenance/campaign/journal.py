"""The journal of an erasure under way: what it knew and found, so that one cut off goes on where it was.

It names the person, so it is the last thing to be destroyed.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ulid import ULID

from countenance.campaign.person import Outside, Person
from countenance.campaign.remains import JOURNALS, Remain
from countenance.errors import InputError, IntegrityError
from countenance.ledger.log import utc_now
from countenance.store.files import read_json, write_json
from countenance.store.project import Project

FOLDER = JOURNALS


@dataclass
class Journal:
    """`destroyed` has kind, files and bytes by path, as they were before; `opening` is the certificate's number."""

    id: str
    actor: str
    begun_at: str
    opening: str
    inputs: bool
    person: Person
    outside: list[Outside] = field(default_factory=list)
    destroyed: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    jobs: int = 0
    certificate: dict[str, Any] | None = None

    def note(self, remains: list[Remain]) -> None:
        """Add what was found. What is found again counts once."""
        for one in remains:
            self.destroyed.setdefault(str(one.path), (one.kind, *one.size()))


def journal_path(project: Project, tag: str) -> Path:
    return project.folder / FOLDER / f"{tag}.json"


def new_journal(person: Person, actor: str, inputs: bool) -> Journal:
    return Journal(str(ULID()), actor, utc_now(), secrets.token_hex(16), inputs, person)


def read_journal(path: Path) -> Journal | None:
    """The journal of an erasure that was cut off, if there is one."""
    if not path.is_file():
        return None
    try:
        values = read_json(path)
        person = Person(**{name: _frozen(value) for name, value in values["person"].items()})
        outside = [Outside(**one) for one in values["outside"]]
        destroyed = {name: (str(one[0]), int(one[1]), int(one[2])) for name, one in values["destroyed"].items()}
        return Journal(**{**values, "person": person, "outside": outside, "destroyed": destroyed})
    except (InputError, KeyError, TypeError, IndexError) as exc:
        raise IntegrityError(f"{path}, the journal of an erasure, is damaged ({exc}); remove it and repeat.") from exc


def write_journal(path: Path, journal: Journal) -> None:
    write_json(path, asdict(journal))
    path.chmod(0o600)


def open_journals(project: Project) -> list[Journal]:
    """The erasures that were begun and not completed."""
    found = (read_journal(path) for path in sorted((project.folder / FOLDER).glob("[!.]*.json")))
    return [journal for journal in found if journal is not None]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
