"""The command that measures any file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command, facts, table


def register(app: typer.Typer) -> None:
    command(app, "inspect")(inspect)


def inspect(call: Call, file: Annotated[Path, typer.Argument(help="Any video file.")]) -> None:
    """Tell what a video is and measure it: format, shots, people, loudness, lips against sound."""
    from countenance.quality.inspect import inspect_file

    with call.progress() as stage:
        bar: list[object] = []

        def report(done: int, of: int) -> None:
            if not bar:
                bar.append(stage(f"looking at {file.name}", of))
            advance = bar[0]
            assert callable(advance)
            advance(done)

        seen = inspect_file(file, report)
    people = [
        (one["person"], one["pictures"], f"{one['first_s']:.2f} s", f"{one['width_px']} px", _offset(one))
        for one in seen["people"]
    ]
    sound = seen["sound"]
    told = {
        **{name: value for name, value in seen["format"].items()},
        "shots": len(seen["shots"]),
        "loudness": "no sound" if sound is None else f"{sound['loudness_lufs']:.1f} LUFS",
        "true peak": "no sound" if sound is None else f"{sound['true_peak_dbtp']:.1f} dBTP",
    }
    columns = ("person", "pictures", "first seen", "face width", "lips against sound")
    call.show(seen, facts(told), table(columns, people) if people else "no face is seen")


def _offset(person: dict[str, object]) -> str:
    value = person["av_offset_ms"]
    return f"{value:+.0f} ms" if isinstance(value, float) else f"not measurable: {person['av_reason']}"
