"""The command that says when each word and phone of a text is said in a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.console import Call, command, facts, table
from countenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from countenance.speech.align import Alignment

_KINDS = (".TextGrid", ".json", ".srt")
_RATE_HZ = 16000


def register(app: typer.Typer) -> None:
    command(app, "align")(align)


def align(
    call: Call,
    audio: Annotated[Path, typer.Argument(help="A recording: any sound or video file.")],
    text: Annotated[Path, typer.Option("--text", metavar="FILE", help="What it says, as UTF-8 text.")],
    language: Annotated[str, typer.Option("--language", metavar="TAG", help="Its language, such as en or pt-BR.")],
    lexicon: Annotated[
        Path | None, typer.Option("--lexicon", metavar="FILE", help="How names are said (IPA), by word and language.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where it goes: .TextGrid (Praat), .json or .srt (subtitles)."),
    ] = None,
) -> None:
    """Find when each word and phone of a text is said in a recording, and where the two disagree."""
    from countenance.media.audio import read_mono
    from countenance.speech.align import align as aligned
    from countenance.store.files import atomic_path

    if out is not None and out.suffix.lower() not in {kind.lower() for kind in _KINDS}:
        raise InputError(f"{out}: an alignment is written as {', '.join(_KINDS)}; name the file so.")
    if out is not None and not out.parent.is_dir():
        raise InputError(f"{out}: there is no folder {out.parent}; make it first.")
    wanted = _read(text)
    samples = read_mono(audio, _RATE_HZ)
    if samples is None:
        raise InputError(f"{audio} has no sound; give a recording.")
    found = aligned(samples, _RATE_HZ, wanted, language, _spellings(lexicon, language))
    if out is not None:
        with atomic_path(out) as part:
            part.write_text(_written(found, out.suffix.lower(), language), encoding="utf-8")
    _tell(call, found, len(samples) / _RATE_HZ, out)


def _written(found: Alignment, kind: str, language: str) -> str:
    from countenance.delivery.captions import cues
    from countenance.delivery.webvtt import srt
    from countenance.speech.textgrid import alignment_json, textgrid

    if kind == ".textgrid":
        return textgrid(found)
    if kind == ".json":
        return alignment_json(found)
    return srt(cues([word for word in found.words if word.end_s > word.start_s], language), language)


def _tell(call: Call, found: Alignment, seconds: float, out: Path | None) -> None:
    said = [sure for word, sure in zip(found.words, found.certainty, strict=True) if word.end_s > word.start_s]
    told = {
        "seconds": round(seconds, 3),
        "words": len(found.words),
        "said": len(said),
        "certainty": round(sum(said) / len(said), 3) if said else 0.0,
        "out": str(out) if out else None,
        "problems": [
            {
                "kind": one.kind,
                "start_s": round(one.start_s, 3),
                "end_s": round(one.end_s, 3),
                "text": one.text,
                "certainty": round(one.certainty, 3),
            }
            for one in found.problems
        ],
    }
    summary = {
        "words": f"{told['said']} of {told['words']} are said",
        "certainty": f"{told['certainty']:.2f}",
        "written": out or "nothing: add --out FILE",
    }
    rows = [
        (one.kind, f"{one.start_s:.2f} s", f"{one.end_s:.2f} s", f"{one.certainty:.2f}", one.text)
        for one in found.problems
    ]
    columns = ("disagreement", "from", "to", "certainty", "text")
    shown = table(columns, rows) if rows else "text and recording agree"
    call.show(told, facts(summary), shown)


def _spellings(path: Path | None, language: str) -> Mapping[str, str]:
    from countenance.speech.lexicon import load_lexicon

    return load_lexicon(path).of(language) if path is not None else {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path} cannot be read as UTF-8 text; save it as UTF-8.") from problem
