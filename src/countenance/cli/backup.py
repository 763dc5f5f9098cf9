"""Commands that keep a project for the day on which its disk is gone."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import ActorOption, Call, actor_or_user, command, facts
from countenance.errors import InputError

VARIABLE = "COUNTENANCE_BACKUP_PASSPHRASE"
WithoutKeys = Annotated[bool, typer.Option("--without-keys", help="Leave the keys out; no passphrase is asked for.")]


def register(app: typer.Typer) -> None:
    command(app, "backup")(backup)
    command(app, "restore")(restore)


def backup(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of backups, or an empty one.")],
    check: Annotated[bool, typer.Option("--check", help="Make none; read the newest one whole instead.")] = False,
    keep: Annotated[int, typer.Option(min=1, help="How many snapshots stay.")] = 7,
    without_keys: WithoutKeys = False,
    actor: ActorOption = None,
) -> None:
    """Make a snapshot: database, blobs, releases, settings, and the keys under a passphrase of their own.

    The passphrase comes from COUNTENANCE_BACKUP_PASSPHRASE or is asked for. What is there already is not copied again.
    Snapshots from before somebody was erased go. Exit status 1 when something needed could not be had.
    """
    from countenance.campaign.backup import backup as make
    from countenance.campaign.backup import check_backup
    from countenance.store.quota import in_words

    if check:
        name, count = check_backup(folder)
        call.show({"snapshot": name, "objects": count}, f"snapshot {name}: all {count} objects are there and true")
        return
    project = call.project()
    passphrase = None if without_keys else _passphrase(confirm=True)
    with call.progress() as stage:
        done = make(
            project,
            folder,
            passphrase,
            actor_or_user(actor),
            keep=keep,
            say=lambda words: stage(words, None)(0),
        )
    words = {
        "snapshot": done.snapshot,
        "files": done.files,
        "blobs": done.blobs,
        "copied now": f"{done.new} ({in_words(done.new_bytes)})",
        "keys": "under the passphrase" if done.keys else "left out",
        "older snapshots that went": len(done.dropped),
        "needed and not to be had": ", ".join(done.missing) or "none",
    }
    call.show(asdict(done), facts(words))
    if done.missing:
        raise typer.Exit(1)


def restore(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of backups.")],
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="Where the project goes; none may be there.")],
    snapshot: Annotated[str | None, typer.Option(metavar="ID", help="Which one (default: the newest).")] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="An empty PostgreSQL database (default: SQLite in the folder).")
    ] = None,
    without_keys: WithoutKeys = False,
    actor: ActorOption = None,
) -> None:
    """Make a project from a backup, whole or not at all: every object is checked, and the ledger proves itself.

    Blobs lie in the project's own folder from then on. Whoever was erased after the snapshot is erased from it again.
    """
    from countenance.campaign.restore import restore as make

    passphrase = None if without_keys else _passphrase(confirm=False)
    with call.progress() as stage:
        made = make(
            folder,
            into,
            passphrase,
            actor_or_user(actor),
            snapshot=snapshot,
            database=database,
            say=lambda words: stage(words, None)(0),
        )
    words = {
        "project": made.project.root,
        "as of": made.made_at,
        "files": made.files,
        "blobs": made.blobs,
        "ledger": f"{made.entries} entries, all proven" if made.entries is not None else "not proven, without keys",
        "erased again": made.erased,
    }
    call.show({**asdict(made), "project": str(made.project.root)}, facts(words))


def _passphrase(*, confirm: bool) -> str:
    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    if not (sys.stdin and sys.stdin.isatty()):
        raise InputError(f"a backup's keys are sealed with a passphrase; set {VARIABLE}, or use --without-keys.")
    typed = getpass.getpass("Passphrase of the backup: ")
    if confirm and getpass.getpass("Once more: ") != typed:
        raise InputError("the two passphrases differ; nothing was done.")
    return typed
