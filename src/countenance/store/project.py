"""The project folder `.countenance`: where one studio's database, keys, blobs and releases lie."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ulid import ULID

from countenance.errors import InputError
from countenance.store.database import migrate
from countenance.store.files import locked, write_bytes

FOLDER = ".countenance"


@dataclass(frozen=True)
class Settings:
    """What `settings.toml` says: the project's own id (a ULID) and the name it signs with."""

    project_id: str
    tenant: str


@dataclass(frozen=True)
class Project:
    """A project by the folder that holds its `.countenance`."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / FOLDER

    @property
    def settings_path(self) -> Path:
        return self.folder / "settings.toml"

    @property
    def database_path(self) -> Path:
        return self.folder / "countenance.db"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.database_path}"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def blobs(self) -> Path:
        return self.folder / "blobs"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def releases(self) -> Path:
        return self.folder / "releases"

    @property
    def settings(self) -> Settings:
        """The settings as they are on disk now; InputError when the file cannot be understood."""
        try:
            values = tomllib.loads(self.settings_path.read_text(encoding="utf-8"))
            return Settings(project_id=str(values["project_id"]), tenant=str(values["tenant"]))
        except KeyError as exc:
            raise InputError(f"{self.settings_path} lacks the key {exc}; add it.") from exc
        except (OSError, ValueError) as exc:
            raise InputError(f"{self.settings_path} cannot be understood ({exc}); repair it.") from exc


def open_project(start: Path | None = None) -> Project:
    """The project at `start` (default: here) or in the nearest folder above; InputError if none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if Project(folder).settings_path.is_file():
            return Project(folder)
    raise InputError(f"there is no project in {here} or above it; make one with `countenance init`.")


def init_project(root: Path, tenant: str = "Countenance") -> Project:
    """Make the project folder in `root`, or bring an existing one up to date.

    Safe to repeat and safe for several processes at once: ids, keys and data stay as they are.
    `tenant` names the studio in the certificates it signs with; it counts only the first time.
    """
    if not tenant.strip() or not tenant.isprintable():
        raise InputError(f"the tenant name {tenant!r} is not printable text; give a plain name.")
    project = Project(root.resolve())
    try:
        project.folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(f"no project can be made in {root} ({exc.strerror}); choose another folder.") from exc
    with locked(project.folder / "init.lock"):
        for folder in (project.blobs, project.work, project.releases):
            folder.mkdir(exist_ok=True)
        project.keys.mkdir(mode=0o700, exist_ok=True)
        if not (project.folder / ".gitignore").exists():
            # Keys and grants must never reach a repository by accident.
            write_bytes(project.folder / ".gitignore", b"*\n")
        migrate(project)
        if not project.settings_path.exists():
            # Last, because a project is recognised by it: what can be opened is whole.
            write_bytes(project.settings_path, _settings_text(tenant).encode())
    return project


def _settings_text(tenant: str) -> str:
    # A JSON string of printable characters is a TOML string as well.
    return f'project_id = "{ULID()}"\ntenant = {json.dumps(tenant, ensure_ascii=False)}\n'
