"""The command that measures any file, and shows who is who in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    script: Annotated[
        Path | None, typer.Option("--script", metavar="FILE", help="What is said, as text: makes the offset surer.")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="The script's language.")] = "en",
    syncnet: Annotated[
        Path | None,
        typer.Option("--syncnet", metavar="FILE", help="Your own SyncNet weights: adds LSE-D and LSE-C (needs torch)."),
    ] = None,
) -> None:
    """Tell what a video is and measure it: format, shots, people, who speaks, loudness, lips against sound.

    Plus means that the sound is early. No figure is shown where there is nothing to measure.
    With --faces it writes a sheet instead that shows who is who, and by which number a brief calls them.
    """
    from countenance.errors import InputError

    if faces:
        _inspect_faces(call, file, out or Path(f"{file.stem}.faces.png"))
    elif out is not None:
        raise InputError("--out names the sheet of --faces, and there is none; add --faces.")
    else:
        _inspect_file(call, file, None if script is None else (_text_of(script), language), syncnet)


def _text_of(script: Path) -> str:
    from countenance.errors import InputError

    try:
        text = script.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{script}: the script cannot be read as UTF-8 text; give a text file.") from error
    if not text:
        raise InputError(f"{script}: the script is empty; leave --script out to measure without it.")
    return text


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


def _inspect_file(call: Call, file: Path, script: tuple[str, str] | None, syncnet: Path | None) -> None:
    from countenance.quality.inspect import inspect_file

    with _looking(call, file) as report:
        seen = inspect_file(file, report, script=script, syncnet=syncnet)
    people = [
        (one["person"], one["pictures"], f"{one['first_s']:.2f} s", f"{one['width_px']} px", _offset(one))
        for one in seen["people"]
    ]
    told = {
        **{name: value for name, value in seen["format"].items()},
        "shots": len(seen["shots"]),
        **_sound_told(seen["sound"]),
    }
    columns = ("person", "pictures", "first seen", "face width", "lips against sound")
    parts = [table(columns, people) if people else "no face is seen", *_judgements(seen["people"])]
    parts += [_scored(one) for one in seen["people"] if "lse_d" in one]
    if len(seen["people"]) > 1:
        parts += _speaking(seen["turns"])
    call.show(seen, facts(told), *parts)


def _sound_told(sound: dict[str, Any] | None) -> dict[str, str]:
    if sound is None:
        return {"loudness": "no sound"}
    level = {
        name: "silent" if sound[name] is None else f"{sound[name]:.1f}"
        for name in sound
        if name.endswith(("lufs", "dbtp"))
    }
    told = {
        "loudness": f"{level['loudness_lufs']} LUFS",
        "loudness range": f"{sound['loudness_range_lu']:.1f} LU",
        "loudest 0.4 s": f"{level['momentary_max_lufs']} LUFS",
        "loudest 3 s": f"{level['short_term_max_lufs']} LUFS",
        "true peak": f"{level['true_peak_dbtp']} dBTP",
    }
    moved = sound["without_edit_list_ms"]
    if abs(moved) >= 1:
        told["without edit list"] = (
            f"sound {abs(moved):.0f} ms {'later' if moved > 0 else 'earlier'}, in players that ignore it"
        )
    return told


def _scored(person: dict[str, Any]) -> str:
    """SyncNet's figures, which are the user's own plug-in."""
    if person["lse_d"] is None:
        return f"person {person['person']}: no LSE: {person['lse_reason']}"
    return (
        f"person {person['person']}: LSE-D {person['lse_d']:.2f}, LSE-C {person['lse_c']:.2f}, by your SyncNet weights "
        f"({person['lse_offset_ms']:+.0f} ms); not for judging, only to compare"
    )


def _offset(person: dict[str, Any]) -> str:
    value = person["av_offset_ms"]
    if value is None:
        return f"not measurable: {person['av_reason']}"
    told = f"{value:+.0f} ms ({person['av_low_ms']:+.0f} to {person['av_high_ms']:+.0f})"
    if person["av_drifts"]:
        told += f", drifts by {person['av_drift_ms']:+.0f} ms"
    return told


def _judgements(people: list[dict[str, Any]]) -> list[Any]:
    """The field's limits beside each offset that was measured."""
    measured = [one for one in people if one["av_offset_ms"] is not None]
    if not measured:
        return []
    words = {True: "kept", False: "not kept", None: "open"}
    rows = [
        (
            limit["name"],
            f"+{limit['early_ms']:g} / −{limit['late_ms']:g} ms",
            *(words[one["av_tolerances"][row]["kept"]] for one in measured),
        )
        for row, limit in enumerate(measured[0]["av_tolerances"])
    ]
    columns = ("limit (sound early / late)", "", *(f"person {one['person']}" for one in measured))
    return [table(columns, rows), "plus: the sound is early; in brackets: where the truth lies with 95 %"]


def _speaking(turns: list[dict[str, Any]]) -> list[Any]:
    rows = [
        (f"{turn['start_s']:.1f} s", f"{turn['end_s']:.1f} s", "not seen" if turn["person"] is None else turn["person"])
        for turn in turns
    ]
    return [table(("speaks from", "to", "person"), rows)] if rows else []
