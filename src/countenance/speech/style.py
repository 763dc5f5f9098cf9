"""How somebody moves the mouth while speaking: how far, how early, how firmly the lips close."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.errors import InputError


@dataclass(frozen=True, slots=True)
class Style:
    """Gains on the mouth's movements; 1 leaves a movement as the table of sounds has it.

    `jaw` scales how far the mouth opens and `lips` how far it rounds and spreads, each without the other;
    `lead_s` is how far lips and jaw run ahead of the sound; `closing` scales how long *p b m f v* are held: they
    close in any style. `breath` is how far the mouth opens (0 to 1) to breathe in before it speaks.
    `openings` and `widths` are one person's own deviations from the table, by viseme, each added before the gain.
    """

    name: str = "neutral"
    jaw: float = 1.0
    lips: float = 1.0
    lead_s: float = 0.0
    closing: float = 1.0
    breath: float = 0.08
    openings: tuple[tuple[str, float], ...] = ()
    widths: tuple[tuple[str, float], ...] = ()


NEUTRAL = Style()
STYLES = {
    style.name: style
    for style in (
        NEUTRAL,
        Style("clear", jaw=1.2, lips=1.2, lead_s=0.01, closing=1.25),
        Style("mumbled", jaw=0.55, lips=0.6, lead_s=-0.01, closing=0.8, breath=0.04),
    )
}


def style_named(name: str) -> Style:
    """One of `STYLES`. InputError, with their names, for any other."""
    if name not in STYLES:
        raise InputError(f"There is no speaking style {name!r}: choose {', '.join(STYLES)}.")
    return STYLES[name]
