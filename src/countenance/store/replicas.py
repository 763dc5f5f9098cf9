"""Where the project's data lies: its own folder, and the copies that `replicas` in settings.toml names.

A replica is a folder that holds a copy of the project's root (with `.countenance` in it and, it may be, packages), or
of `.countenance` itself. Whoever makes such copies names them here, so that what is erased is erased there as well.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from countenance.errors import InputError
from countenance.store.project import FOLDER, Project


@dataclass(frozen=True)
class Place:
    """`folder` is laid out as `.countenance`; all of `searched`, where there is such, may hold copies of packages."""

    folder: Path
    searched: Path | None = None

    @property
    def database(self) -> Path:
        return self.folder / "countenance.db"

    @property
    def jobs(self) -> Path:
        return self.folder / "jobs.db"


def own_place(project: Project) -> Place:
    return Place(project.folder)


def replicas(project: Project) -> tuple[list[Place], list[Path]]:
    """The replicas that the settings name: those that are there, and the folders of those that are not.

    A disk that is not mounted is no copy that is gone. Raises InputError for a folder that is no replica or one of
    another project.
    """
    folders = replica_folders(project)
    return [_place(project, root) for root in folders if root.is_dir()], [one for one in folders if not one.is_dir()]


def replica_folders(project: Project) -> list[Path]:
    """The folders that the settings name, there or not; relative ones lie below the project's root."""
    try:
        named = tomllib.loads(project.settings_path.read_text(encoding="utf-8")).get("replicas", [])
    except (OSError, ValueError) as exc:
        raise InputError(f"{project.settings_path} cannot be understood ({exc}); repair it.") from exc
    if not isinstance(named, list) or not all(isinstance(one, str) and one.strip() for one in named):
        raise InputError(f"'replicas' in {project.settings_path} must be a list of folders, such as [\"/mnt/copy\"].")
    return [(project.root / one).resolve() for one in named]


def _place(project: Project, root: Path) -> Place:
    for folder in (root / FOLDER, root):
        if (folder / "settings.toml").is_file():
            break
    else:
        raise InputError(f"{root} is no replica of this project: it has no settings.toml; correct 'replicas'.")
    try:
        found = tomllib.loads((folder / "settings.toml").read_text(encoding="utf-8")).get("project_id")
    except (OSError, ValueError) as exc:
        raise InputError(f"{folder / 'settings.toml'} cannot be understood ({exc}); repair it.") from exc
    if found != project.settings.project_id:
        raise InputError(f"{root} is a replica of another project; correct 'replicas' in {project.settings_path}.")
    if folder.resolve() == project.folder.resolve():
        raise InputError(f"{root} is the project itself, not a replica; correct 'replicas' in {project.settings_path}.")
    return Place(folder, root)
