"""The command that writes the mouth of a text or a recording for characters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.console import Call, command
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.speech.phones import Phones

_LONGEST_TEXT = 20_000  # characters; beyond that it is a file that was mistaken for a text


def register(app: typer.Typer) -> None:
    command(app, "visemes")(visemes)


def visemes(
    call: Call,
    source: Annotated[
        str, typer.Argument(metavar="AUDIO|TEXT", help="A recording, a text file (.txt), or the text itself.")
    ],
    language: Annotated[str, typer.Option("--language", metavar="TAG", help="Its language, such as en or pt-BR.")],
    text: Annotated[
        Path | None, typer.Option("--text", metavar="FILE", help="What the recording says (needed with AUDIO).")
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="arkit-json|arkit-csv|ovr|azure|azure-shapes, or rhubarb-tsv|-json|-xml|-dat.",
        ),
    ] = "arkit-json",
    fps: Annotated[
        str, typer.Option("--fps", metavar="RATE", help="Pictures a second: 25, 29.97, 24000/1001 (where it matters).")
    ] = "30",
    style: Annotated[str, typer.Option("--style", metavar="NAME", help="neutral, clear or mumbled.")] = "neutral",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where it goes (default: standard output).")
    ] = None,
) -> None:
    """Write how the mouth moves for 3D characters: blend shapes or visemes over time.

    A text is spoken by espeak-ng, whose times it gets; a recording is aligned with its text.
    """
    from countenance.speech.avatar import rational, write_format
    from countenance.speech.style import style_named
    from countenance.store.files import atomic_path

    rate, how = rational(fps), style_named(style)
    phones = _phones(source, language, text)
    written = write_format(format, phones, rate, how)
    told = {
        "format": format,
        "fps": str(rate),
        "style": how.name,
        "seconds": round(phones[-1].end_s, 3),
        "out": str(out) if out else None,
    }
    if out is None:
        if call.json:
            raise InputError("with --json the answer is about the file, and there is none: add --out FILE.")
        typer.echo(written, nl=False)
        return
    if not out.parent.is_dir():
        raise InputError(f"{out}: there is no folder {out.parent}; make it first.")
    with atomic_path(out) as part:
        part.write_text(written, encoding="utf-8")
    call.show(told, f"{format} of {told['seconds']} s: {out}")


def _phones(source: str, language: str, text: Path | None) -> Phones:
    from countenance.speech.espeak import speak

    path = Path(source) if len(source) < 1000 and "\n" not in source else None
    if path is not None and path.is_file() and path.suffix.lower() != ".txt":
        return _recorded(path, language, text)
    if text is not None:
        raise InputError(f"--text says what a recording says, and {source!r} is none: leave it out.")
    words = _read(path) if path is not None and path.is_file() else source
    if path is not None and not path.is_file() and path.suffix and " " not in source:
        raise InputError(f"{source}: there is no such file; give a recording, a text file or a text.")
    if len(words) > _LONGEST_TEXT:
        raise InputError(f"The text has {len(words)} characters: give at most {_LONGEST_TEXT} at a time.")
    return speak(words, language).phones


def _recorded(path: Path, language: str, text: Path | None) -> Phones:
    from countenance.media.audio import read_mono
    from countenance.speech.align import align

    if text is None:
        raise InputError(f"{path}: say with --text FILE what the recording says.")
    rate_hz = 16000
    samples = read_mono(path, rate_hz)
    if samples is None:
        raise InputError(f"{path} has no sound; give a recording.")
    return align(samples, rate_hz, _read(text), language).phones


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path} cannot be read as UTF-8 text; save it as UTF-8.") from problem
