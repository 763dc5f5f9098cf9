"""Caption files: WebVTT by the W3C's rules, and SubRip for whatever takes nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from countenance.delivery.bidi import embedded, marked
from countenance.delivery.cue import Cue


def webvtt(cues: Sequence[Cue], language: str, note: str, voice: str | None = None) -> str:
    """A WebVTT file. `note` stands in a comment for whoever opens the file; `voice` names who speaks where a cue
    does not.

    Give the note of the release record: it is what discloses synthetic media to those who handle captions.
    """
    blocks = []
    for cue in cues:
        name = "" if cue.sound else cue.voice or voice or ""
        payload = "\n".join(escaped(marked(line, language)) for line in cue.lines)
        blocks.append((cue.start_ms, cue.end_ms, f"<v {_annotation(name)}>{payload}" if name else payload))
    return vtt_file(blocks, language, note)


def vtt_file(blocks: Iterable[tuple[int, int, str]], language: str, note: str) -> str:
    """A WebVTT file of numbered blocks (start and end in ms, what stands there), for any kind of track."""
    comment = "\n".join(line for line in note.replace("-->", "→").splitlines() if line.strip())
    parts = ["WEBVTT", f"NOTE\nLanguage: {language}\n{comment}".rstrip()]
    for number, (start_ms, end_ms, payload) in enumerate(blocks, 1):
        parts.append(f"{number}\n{vtt_clock(start_ms)} --> {vtt_clock(end_ms)}\n{payload}")
    return "\n\n".join(parts) + "\n"


def srt(cues: Sequence[Cue], language: str = "") -> str:
    """A SubRip file; it has no place for a note, and names a speaker in the text, where there is more than one."""
    several = len({cue.voice for cue in cues if cue.voice}) > 1
    blocks = []
    before = ""
    for number, cue in enumerate(cues, 1):
        lines = [embedded(line, language) for line in cue.lines]
        if several and cue.voice and cue.voice != before:
            lines[0] = f"{cue.voice}: {lines[0]}"
        before = cue.voice or before
        clocks = f"{vtt_clock(cue.start_ms)} --> {vtt_clock(cue.end_ms)}".replace(".", ",")
        blocks.append(f"{number}\n{clocks}\n" + "\n".join(lines))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def escaped(text: str) -> str:
    """Text as it stands in a cue: the three signs that WebVTT reads as its own are written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def vtt_clock(ms: int) -> str:
    """A time as both formats write it, but for SubRip's comma: 01:02:03.456."""
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def _annotation(name: str) -> str:
    return escaped(" ".join(name.split()))
