"""One caption: what is shown from when to when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """`lines` from `start_ms` to `end_ms`. `voice` says who speaks; `sound`: no speech but a note of what is heard."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    voice: str = ""
    sound: bool = False
    gap: str = " "  # what stands between the lines when they are one text; nothing in scripts without spaces

    @property
    def text(self) -> str:
        return self.gap.join(self.lines)


@dataclass(frozen=True, slots=True)
class Turn:
    """From `start_s` on somebody speaks, who is called `voice`."""

    start_s: float
    voice: str
