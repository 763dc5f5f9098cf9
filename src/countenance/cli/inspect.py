"""The command that measures any file, and shows who is who in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.console import Call, command, facts, table

if TYPE_CHECKING:
    from PIL.Image import Image

    from countenance.quality.who import Person

_PICTURES = (".png", ".jpg", ".jpeg")


def register(app: typer.Typer) -> None:
    command(app, "inspect")(inspect)


def inspect(
    call: Call,
    file: Annotated[Path, typer.Argument(help="Any video file.")],
    faces: Annotated[
        bool, typer.Option("--faces", help="Only show who is who: a sheet of everybody's face, with their numbers.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The sheet, PNG or JPEG (default: FILE's name, here)."),
    ] = None,
) -> None:
    """Tell what a video is and measure it: format, shots, people, loudness, lips against sound.

    With --faces it writes a sheet instead that shows who is who, and by which number a brief calls them.
    """
    from countenance.errors import InputError

    if faces:
        _inspect_faces(call, file, out or Path(f"{file.stem}.faces.png"))
    elif out is not None:
        raise InputError("--out names the sheet of --faces, and there is none; add --faces.")
    else:
        _inspect_file(call, file)


def _inspect_faces(call: Call, file: Path, out: Path) -> None:
    from countenance.errors import InputError
    from countenance.quality.inspect import inspect_faces
    from countenance.store.files import atomic_path

    if out.suffix.lower() not in _PICTURES:
        raise InputError(f"{out}: the sheet is a picture; name it .png or .jpg.")
    with _looking(call, file) as report:
        people, sheet = inspect_faces(file, report)
    with atomic_path(out) as part:
        _save(sheet, part)
    rows = [
        (one.track, f"{one.width_px} px", one.pictures, f"{one.first_s:.2f} s", f"{one.last_s:.2f} s") for one in people
    ]
    columns = ("track", "face width", "pictures", "first seen", "last seen")
    told = {"people": [asdict(one) for one in people], "sheet": str(out)}
    call.show(told, *([table(columns, rows)] if rows else []), f"who is who: {out}", _how_to_name(people))


def _save(sheet: Image, path: Path) -> None:
    if path.suffix.lower() == ".png":
        sheet.save(path, optimize=True)
    else:
        sheet.save(path, quality=90)


def _how_to_name(people: list[Person]) -> str:
    """What a brief says about these people."""
    if not people:
        return "no face is seen, so there is nobody to name in a brief"
    names = ["presenter", "guest", *(f"guest-{number}" for number in range(2, len(people)))]
    lines = (
        f"  {name}: {{in: master, track: {one.track}, talent: NAME}}" for name, one in zip(names, people, strict=False)
    )
    return "\n".join(
        (
            "in the brief, the one who speaks first:",
            "faces:",
            *lines,
            "whoever is left out there is shown only with the line `others: untouched`",
        )
    )


@contextmanager
def _looking(call: Call, file: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar for one look at a file."""
    with call.progress() as stage:
        bar: list[Callable[[int], None]] = []

        def report(done: int, of: int) -> None:
            if not bar:
                bar.append(stage(f"looking at {file.name}", of))
            bar[0](done)

        yield report


def _inspect_file(call: Call, file: Path) -> None:
    from countenance.quality.inspect import inspect_file

    with _looking(call, file) as report:
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
