"""The command that makes a calibration clip, and measures one that came back."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.console import Call, command, facts


def register(app: typer.Typer) -> None:
    command(app, "calibrate")(calibrate)


def calibrate(
    call: Call,
    file: Annotated[Path | None, typer.Argument(help="A clap clip that was encoded, played or recorded.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Make a clap clip instead (MP4).")] = None,
    fps: Annotated[str, typer.Option("--fps", help="Its pictures a second, such as 25, 29.97 or 30000/1001.")] = "25",
    seconds: Annotated[int, typer.Option("--seconds", help="Its length.")] = 20,
) -> None:
    """Make a clap clip, whose sound and picture belong together exactly, or measure how far apart they came back.

    Send the clip through whatever is to be checked: an encoder, a player and a camera, a platform. Plus means that the
    sound is early.
    """
    from countenance.errors import InputError
    from countenance.quality.clap import measure_clap, write_clap

    if (file is None) == (out is None):
        raise InputError("Name a recorded clip to measure, or a new one with --out; not both.")
    if out is not None:
        write_clap(out, rate_of(fps), seconds)
        call.show({"clip": str(out)}, f"clap clip: {out}; measure it with `countenance calibrate {out}`")
        return
    assert file is not None
    found = measure_clap(file)
    told = {
        "sound": f"{abs(found.offset_ms):.2f} ms {'early' if found.offset_ms >= 0 else 'late'}",
        "claps": str(found.claps),
        "spread": f"{found.spread_ms:.2f} ms",
        "drift": f"{found.drift_ms_per_minute:+.1f} ms a minute",
    }
    call.show(
        {
            "offset_ms": found.offset_ms,
            "spread_ms": found.spread_ms,
            "claps": found.claps,
            "drift_ms_per_minute": found.drift_ms_per_minute,
        },
        facts(told),
    )


_NTSC = {"23.976": Fraction(24000, 1001), "23.98": Fraction(24000, 1001), "29.97": Fraction(30000, 1001)}
_NTSC |= {"47.952": Fraction(48000, 1001), "59.94": Fraction(60000, 1001)}


def rate_of(text: str) -> Fraction:
    """A picture rate as people write it: 23.976 is 24000/1001."""
    from countenance.errors import InputError

    try:
        return _NTSC.get(text) or Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f"'{text}' is no picture rate; write 25, 29.97 or 30000/1001.") from error
