"""What can be done to a sealed file afterwards, as the C2PA actions by which `sealing.extend` tells it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any


def still(time_s: Fraction) -> dict[str, Any]:
    """One picture of a video was taken out."""
    return _step("c2pa.converted", f"the picture at {float(time_s):.3f} s as a still")


def resized(width_px: int, height_px: int) -> dict[str, Any]:
    """The picture was scaled to another size, also as a thumbnail."""
    return _step("c2pa.resized", f"{width_px} x {height_px} pixels")


def cropped(width_px: int, height_px: int) -> dict[str, Any]:
    """Something was cut off at the edges."""
    return _step("c2pa.cropped", f"{width_px} x {height_px} pixels")


def transcoded(codec: str) -> dict[str, Any]:
    """The file was encoded again: a rendition of another size or rate."""
    return _step("c2pa.transcoded", codec)


def captioned(language: str) -> dict[str, Any]:
    """Captions were drawn into the picture."""
    return _step("c2pa.addedText", f"captions in the language {language}")


def labelled(words: str) -> dict[str, Any]:
    """The visible label was drawn anew, since what bore it was cut."""
    return _step("c2pa.addedText", words)


def sound_taken_out() -> dict[str, Any]:
    """The sound of a video became a file of its own."""
    return _step("c2pa.converted", "the sound alone")


def notice_spoken(language: str) -> dict[str, Any]:
    """A spoken notice was put before the sound."""
    return _step("c2pa.edited", f"a spoken notice in the language {language}")


def description_spoken(language: str) -> dict[str, Any]:
    """A synthetic voice describes in the pauses what is to be seen."""
    return _step("c2pa.edited", f"audio description in the language {language}, spoken by a synthetic voice")


def _step(action: str, told: str) -> dict[str, Any]:
    return {"action": action, "parameters": {"description": told}}
