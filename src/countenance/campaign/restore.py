"""A project from its backup, into an empty place: checked object by object, and there whole or not at all.

Its blobs lie in its own folder from then on, whatever bucket they came from: two projects on one bucket would collect
each other's. The ledger must prove itself before anything gets its name. Whoever was erased after the snapshot was
made is erased from it again, by the same way and with a new certificate.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from countenance.campaign.backup import newest
from countenance.campaign.forget import forget
from countenance.campaign.vault import Vault, open_vault
from countenance.errors import CountenanceError, InputError, IntegrityError
from countenance.ledger.audit import verify
from countenance.ledger.log import append
from countenance.store.database import check_url, migrate, reading, writing
from countenance.store.files import read_json, write_bytes
from countenance.store.folders import bring_files
from countenance.store.keybundle import opened_keys
from countenance.store.places import key_of_blob, room_trouble
from countenance.store.project import FOLDER, Project, open_project
from countenance.store.references import RESULT, let_go_in
from countenance.store.sealedblobs import subject_keys
from countenance.store.snapshot import fill, is_empty
from countenance.store.subjects import subject_tag
from countenance.store.tables import grant_record, kept_result, variant, worker

ENTRY = "project.restored"
_ELSEWHERE = ("database", "blobs", "blob_replicas", "replicas")  # settings of where the old project's data lay
_UNDECIDED = ("rendered", "in_review", "approved")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Restored:
    """A project that was made from a snapshot; `erased` counts people who did not come back."""

    project: Project
    snapshot: str
    made_at: str
    files: int
    blobs: int
    entries: int | None  # of the ledger, all proven; None without the keys
    erased: int


def restore(
    folder: Path,
    into: Path,
    passphrase: str | None,
    actor: str,
    *,
    snapshot: str | None = None,
    database: str | None = None,
    say: Say = lambda _words: None,
) -> Restored:
    """Make a project in `into` from a snapshot (default: the newest); `database` is the URL of an empty PostgreSQL
    database, None means SQLite in the folder.

    InputError when there is a project already, or when the backup has keys or newer erasures and no passphrase was
    given; IntegrityError when an object was changed or the ledger does not prove itself. Then nothing is there.
    """
    vault = open_vault(folder)
    name = snapshot or newest(vault)
    content = vault.snapshot(name)
    erased = {tag for tag, at in vault.tombstones().items() if at > content["made_at"]}
    if (into / FOLDER).exists():
        raise InputError(f"{into} holds a project already; restore into another folder.")
    if passphrase is None and erased:
        raise InputError(
            f"{len(erased)} people were erased since this snapshot, and without its keys nobody knows who they are; "
            "give the passphrase, or use a newer snapshot."
        )
    if passphrase is not None and not content["keys"]:
        raise InputError("this snapshot has no keys; leave the passphrase out, or use another snapshot.")
    root = into / f".restoring-{secrets.token_hex(6)}"
    project = Project(root.resolve())
    try:
        with room_trouble(f"{into} could not be written"):
            for one in (project.blobs, project.work, project.releases, project.keys):
                one.mkdir(parents=True, mode=0o700 if one == project.keys else 0o777)
            say("files")
            _files(project, vault, content, database)
            if passphrase is not None:
                _keys(project, vault, content, passphrase)
        say("database")
        _database(project, vault, content)
        say("ledger")
        entries = _proven(project) if passphrase is not None else None
        say("what had its place elsewhere")
        _settle(project, content, into, with_keys=passphrase is not None)
        again = _erase_again(project, erased, say) if erased else 0
        project.folder.rename(into / FOLDER)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    made = open_project(into)
    if passphrase is not None:
        append(made, ENTRY, actor, {"snapshot": name, "made_at": content["made_at"], "erased_again": again})
    return Restored(made, name, content["made_at"], len(content["files"]), len(content["blobs"]), entries, again)


def _files(project: Project, vault: Vault, content: Mapping[str, Any], database: str | None) -> None:
    for one in content["files"]:
        path = project.folder / one["path"]
        if not path.resolve().is_relative_to(project.folder):
            raise IntegrityError(f"the snapshot names {one['path']}, which is no path within a project; do not use it.")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(vault.check(one["sha256"]), path)
        path.chmod(one["mode"])
    for sha256 in content["blobs"]:
        path = project.blobs / key_of_blob(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(vault.check(sha256), path)
        path.chmod(0o444)
    settings = _without(project.settings_path.read_text(encoding="utf-8"), _ELSEWHERE)
    if database is not None:
        settings = f"database = {json.dumps(check_url(database))}\n{settings}"
    write_bytes(project.settings_path, settings.encode())


def _keys(project: Project, vault: Vault, content: Mapping[str, Any], passphrase: str) -> None:
    for name, key in opened_keys(vault.check(content["keys"]).read_bytes(), passphrase).items():
        path = project.keys / Path(name).name
        path.touch(mode=0o600)
        path.write_bytes(key)


def _database(project: Project, vault: Vault, content: Mapping[str, Any]) -> None:
    if not is_empty(project):
        raise InputError("the database that is to be filled has tables already; give an empty one.")
    migrate(project, revision=content["revision"])
    for one in content["tables"]:
        if fill(project, one["name"], vault.check(one["sha256"])) != one["rows"]:
            raise IntegrityError(f"the snapshot's table {one['name']} lacks rows; use another snapshot.")
    migrate(project)


def _proven(project: Project) -> int:
    result = verify(project)
    if not result.ok:
        raise IntegrityError(f"the backup's ledger does not prove itself ({result.problem}); use another snapshot.")
    return result.count


def _settle(project: Project, content: Mapping[str, Any], into: Path, *, with_keys: bool) -> None:
    """Shared results become folders of work; variants whose pictures are gone are planned again."""
    with reading(project) as connection:
        results = connection.execute(select(kept_result)).all()
    for row in results:
        keys = row.manifest.get("subjects", [])
        if row.manifest and (with_keys or not keys) and not (project.work / row.name).exists():
            opened = subject_keys(project, keys) if keys else []
            try:
                bring_files(project, row.name, row.manifest["files"], opened, project.work / row.name)
            except (InputError, IntegrityError):
                continue  # it can be made again
    before, now = str(content["root"]), str(into.resolve() / FOLDER)
    with writing(project) as connection:
        for row in results:
            let_go_in(connection, RESULT, row.name)
        connection.execute(delete(kept_result))
        connection.execute(delete(worker))
        for row in connection.execute(select(variant.c.id, variant.c.state, variant.c.render, variant.c.review)).all():
            folder = str((row.render or {}).get("folder", ""))
            if not folder:
                continue
            moved = now + folder.removeprefix(before) if folder.startswith(before) else folder
            there = (project.folder / Path(moved).relative_to(now)).is_dir() if moved.startswith(now) else False
            values: dict[str, Any] = {"render": {**row.render, "folder": moved}}
            if row.state in _UNDECIDED and not there:
                request = {"request": row.render["request"]} if "request" in row.render else {}
                values = {"render": request, "state": "planned", "review": {}}
            connection.execute(update(variant).where(variant.c.id == row.id).values(**values))


def _erase_again(project: Project, tags: set[str], say: Say) -> int:
    names = sorted(name for name in _on_record(project) if subject_tag(project, name) in tags)
    for name in names:
        say("somebody who was erased since")
        forget(project, name, "restore")
    return len(names)


def _on_record(project: Project) -> set[str]:
    """Everybody whom the project knows by name."""
    with reading(project) as connection:
        found = set(connection.execute(select(grant_record.c.talent)).scalars())
    for path in sorted((project.folder / "talents").glob("[!.]*.json")):
        try:
            found.add(str(read_json(path)["name"]))
        except (CountenanceError, KeyError, TypeError):
            continue  # no record of a talent
    return found


def _without(text: str, keys: tuple[str, ...]) -> str:
    """The settings without some of their top keys, everything else letter by letter."""
    lines = list(_lines(text, keys))
    made = "".join(lines)
    if set(tomllib.loads(made)) & set(keys):
        raise InputError("the backup's settings.toml cannot be adapted; take database, blobs and replicas out of it.")
    return made


def _lines(text: str, keys: tuple[str, ...]) -> Iterator[str]:
    pending = text.splitlines(keepends=True)
    at_top = True
    while pending:
        line = pending.pop(0)
        at_top = at_top and not re.match(r"\s*\[", line)
        if not at_top or not re.match(rf"\s*(?:{'|'.join(keys)})\s*=", line):
            yield line
            continue
        value = line  # a list may go on for some lines
        while pending and not _is_toml(value):
            value += pending.pop(0)


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True
