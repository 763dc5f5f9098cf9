"""The page docs/cli.md, written from the commands themselves: `python -m countenance.cli.reference > docs/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from countenance.cli.app import app

COMMON = ("--project", "--json", "--quiet", "--help")

_HEAD = """# The command line

`countenance COMMAND`; this page is written by `python -m countenance.cli.reference > docs/cli.md`.

Every command takes `--project DIR` (default: the nearest project from the current folder upwards), `--json` (one
JSON value on stdout, and no progress), `--quiet` (nothing but errors) and `--help`. Errors are one line on stderr.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | a gate or a check failed |
| 2 | wrong use or unreadable input |
| 3 | refused for lack of rights |
| 4 | waiting for review |
| 130 | interrupted |

| command | what it does | options |
|---|---|---|
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its full name without `countenance`, with the command object."""
    yield from _below("", typer.main.get_command(app))


def page() -> str:
    """The whole page as Markdown."""
    return _HEAD + "".join(_row(name, one) for name, one in sorted(commands()))


def _below(name: str, one: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(one, "commands"):
        yield name, one
        return
    for child, command in one.commands.items():
        yield from _below(f"{name} {child}".strip(), command)


def _row(name: str, one: Any) -> str:
    arguments, options = [], []
    for parameter in one.params:
        if parameter.param_type_name == "argument":
            called = (parameter.metavar or parameter.name.upper()).strip("[]")
            arguments.append(called if parameter.required else f"[{called}]")
        elif not set(parameter.opts) & set(COMMON):
            called = f" {parameter.metavar}" if parameter.metavar else ""
            needed = " (required)" if parameter.required else ""
            options.append(f"`{parameter.opts[0]}{called}`{needed}: {parameter.help}")
    usage = " ".join([name, *arguments])
    cells = (f"`{usage}`", " ".join(one.help.split()), "<br>".join(options))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    print(page(), end="")
