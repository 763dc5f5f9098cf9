"""The command that measures the product itself, in a checkout of its source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command
from countenance.errors import InputError


def register(app: typer.Typer) -> None:
    command(app, "bench")(bench)


def bench(
    call: Call,
    name: Annotated[str, typer.Argument(help="Which measurement: perceive, produce, clips or watermark.")],
) -> None:
    """Run a benchmark and print its table. It needs the source checkout and the footage folder."""
    checkout = Path(__file__).resolve().parents[3]
    if not (checkout / "benchmarks" / "__main__.py").is_file():
        raise InputError("benchmarks come with the source checkout only; clone the repository and install it editable.")
    told = ["--json"] if call.json else []
    done = subprocess.run([sys.executable, "-m", "benchmarks", name, *told], cwd=checkout, check=False)
    raise typer.Exit(done.returncode)
