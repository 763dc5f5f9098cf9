"""What the files in deploy/ start, as the command line sees it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
import yaml

from countenance.cli.app import app

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def require_command(arguments: Sequence[str]) -> None:
    """Read a command line as the program does, without running it; raises click's UsageError for what is not there."""
    group: Any = typer.main.get_command(app)
    words = list(arguments)
    path = "countenance"
    while hasattr(group, "commands"):
        path = f"{path} {words[0]}"
        group = group.commands[words.pop(0)]
    group.make_context(path, words)


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
