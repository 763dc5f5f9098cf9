"""The project folder `.countenance`: where one studio's database, keys, blobs and releases lie."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ulid import ULID

from countenance.errors import InputError
from countenance.store.database import check_url, is_behind, migrate
from countenance.store.files import locked, write_bytes

FOLDER = ".countenance"


@dataclass(frozen=True)
class Settings:
    """What `settings.toml` says: the project's own id (a ULID), the name it signs with, and where its database is."""

    project_id: str
    tenant: str
    signing: Mapping[str, str] = field(default_factory=dict)  # see provenance.signing; empty: the project's own key
    database: str | None = None  # a PostgreSQL URL; None: SQLite in the project's folder


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
        """The database of the settings, else the file in the folder."""
        if self.settings_path.is_file() and (named := self.settings.database):
            return named
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
            found = self.settings_path.stat()
            return _settings(self.settings_path, (found.st_ino, found.st_mtime_ns, found.st_size))
        except OSError as exc:
            raise InputError(f"{self.settings_path} cannot be read ({exc.strerror}); repair it.") from exc


@lru_cache(maxsize=64)
def _settings(path: Path, _version: tuple[int, ...]) -> Settings:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        database = values.get("database")
        return Settings(
            project_id=str(values["project_id"]),
            tenant=str(values["tenant"]),
            signing=values.get("signing", {}),
            database=check_url(str(database)) if database is not None else None,
        )
    except KeyError as exc:
        raise InputError(f"{path} lacks the key {exc}; add it.") from exc
    except ValueError as exc:
        raise InputError(f"{path} cannot be understood ({exc}); repair it.") from exc


def open_project(start: Path | None = None) -> Project:
    """The project at `start` (default: here) or in the nearest folder above; InputError if none.

    A database of an older version of the program is brought up to date.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        project = Project(folder)
        if project.settings_path.is_file():
            if is_behind(project):
                with locked(project.folder / "init.lock"):
                    migrate(project)
            return project
    raise InputError(f"there is no project in {here} or above it; make one with `countenance init`.")


def init_project(root: Path, tenant: str = "Countenance", database: str | None = None) -> Project:
    """Make the project folder in `root`, or bring an existing one up to date.

    Safe to repeat and safe for several processes at once: ids, keys and data stay as they are.
    `tenant` names the studio in the certificates it signs with; `database` is a PostgreSQL URL (default: SQLite in
    the folder). Both count only the first time.
    """
    if database is not None:
        check_url(database)
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
        if project.settings_path.exists():
            migrate(project)
        else:
            migrate(project, database)
            # Last, because a project is recognised by it: what can be opened is whole.
            write_bytes(project.settings_path, _settings_text(tenant, database).encode())
    return project


def _settings_text(tenant: str, database: str | None) -> str:
    # A JSON string of printable characters is a TOML string as well.
    values = {"project_id": str(ULID()), "tenant": tenant} | ({"database": database} if database else {})
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
