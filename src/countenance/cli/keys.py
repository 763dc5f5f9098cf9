"""Commands about the project's keys: checking them, and a passphrase over them."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated

import typer

from countenance.cli.console import Call, command, table
from countenance.errors import InputError

NEW_VARIABLE = "COUNTENANCE_NEW_PASSPHRASE"
SECRET_VARIABLE = "COUNTENANCE_SECRET"


def register(app: typer.Typer) -> None:
    keys = typer.Typer(help="The project's keys, and a passphrase over them.", no_args_is_help=True)
    app.add_typer(keys, name="keys")
    command(keys, "check")(keys_check)
    command(keys, "protect")(keys_protect)
    command(keys, "unprotect")(keys_unprotect)
    command(keys, "secret")(keys_secret)


def keys_check(call: Call) -> None:
    """Open every key; exit status 1 when one is damaged or may be read by others."""
    from countenance.store.keycheck import check_keys

    found = check_keys(call.project())
    rows = [(one.name, one.sort, "yes" if one.sealed else "no", one.problem or "in order") for one in found]
    value = [{"name": one.name, "sort": one.sort, "sealed": one.sealed, "problem": one.problem} for one in found]
    call.show(value, table(("key", "sort", "sealed", "state"), rows))
    if any(one.problem for one in found):
        raise typer.Exit(1)


def keys_protect(
    call: Call,
    change: Annotated[bool, typer.Option("--change", help="Another passphrase instead of the one there is.")] = False,
) -> None:
    """Protect the keys with a passphrase, from COUNTENANCE_PASSPHRASE or asked for.

    With --change, the new one is in COUNTENANCE_NEW_PASSPHRASE or asked for. Nobody can open the keys without it:
    not even you.
    """
    from countenance.store.passphrase import VARIABLE, ask, is_protected, protect
    from countenance.store.passphrase import change as change_passphrase

    project = call.project()
    if change:
        old = ask("Passphrase")
        change_passphrase(project, old, _new(NEW_VARIABLE))
        call.show({"changed": True}, "the keys have another passphrase")
        return
    count = protect(project, ask("Passphrase") if is_protected(project) else _new(VARIABLE))
    call.show({"sealed": count}, f"sealed: {count} keys; set {VARIABLE} where nobody can be asked")


def keys_unprotect(call: Call) -> None:
    """Take the passphrase away."""
    from countenance.store.passphrase import ask, unprotect

    count = unprotect(call.project(), ask("Passphrase"))
    call.show({"opened": count}, f"opened: {count} keys; who can read the folder can use them")


def keys_secret(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What briefs call it: small letters, digits, hyphens.")],
    forget: Annotated[bool, typer.Option("--forget", help="Destroy it instead.")] = False,
) -> None:
    """Keep the key of a service (a voice, a translator), from COUNTENANCE_SECRET or asked for."""
    from countenance.store.secrets import destroy_text_secret, save_text_secret

    project = call.project()
    if forget:
        destroy_text_secret(project, name)
        call.show({"forgotten": name}, f"forgotten: {name}")
        return
    text = os.environ.get(SECRET_VARIABLE)
    if text is None:
        if not sys.stdin.isatty():
            raise InputError(f"a secret is needed; set {SECRET_VARIABLE}, since nobody can be asked here.")
        text = getpass.getpass(f"Secret {name}: ")
    save_text_secret(project, name, text)
    call.show({"kept": name}, f"kept: {name}; a brief names it as `key: {name}`")


def _new(variable: str) -> str:
    """A passphrase that is given for the first time: from the environment, or typed twice."""
    given = os.environ.get(variable)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise InputError(f"a new passphrase is needed; set {variable}, since nobody can be asked here.")
    first = getpass.getpass("New passphrase: ")
    if getpass.getpass("Once more: ") != first:
        raise InputError("the two passphrases differ; nothing was changed.")
    return first
