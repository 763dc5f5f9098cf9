"""How the visible label of a release looks and when it is shown: the part of the record that the badge draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from countenance.errors import InputError

CORNERS = ("top-right", "top-left", "bottom-left", "bottom-right")
WHENS = ("always", "start", "intervals")
SIZES = ("normal", "large")
FORMS = ("words", "icon")
NOTICES = ("none", "start", "intervals")
SHORTEST_S = 2.0  # nobody can read and understand a label in less
LONG_FORM_S = 60.0  # intervals shorter than this would blink


@dataclass(frozen=True)
class Label:
    """The visible label, and the spoken notice of audio without a picture.

    `corner` with `clear_x`, `clear_y`: how much of the picture's width and height a platform's own buttons
    take from that corner on. `when`: "always", "start" (the first `seconds`) or "intervals" (that long at the
    start and again every `every_s`). `end_card`: also over the last two seconds. `form` "icon" stands for the
    letters AI alone, `why` says then why the words could not be set. `covers_face` is the share of the
    looked-at pictures in which the label touches a face. `notice`: when a voice says it in audio.
    """

    corner: str = "top-right"
    clear_x: float = 0.0
    clear_y: float = 0.0
    when: str = "always"
    seconds: float = 5.0
    every_s: float = 600.0
    end_card: bool = False
    size: str = "normal"
    form: str = "words"
    why: str = ""
    covers_face: float = 0.0
    notice: str = "start"

    def __post_init__(self) -> None:
        checks = {
            "corner": self.corner in CORNERS,
            "clear_x": 0 <= self.clear_x < 0.5,
            "clear_y": 0 <= self.clear_y < 0.5,
            "when": self.when in WHENS,
            "seconds": self.seconds >= SHORTEST_S,
            "every_s": self.every_s >= max(LONG_FORM_S, 2 * self.seconds),
            "size": self.size in SIZES,
            "form": self.form in FORMS,
            "covers_face": 0 <= self.covers_face <= 1,
            "notice": self.notice in NOTICES,
        }
        for name, sound in checks.items():
            if not sound:
                raise InputError(f"the label's {name} cannot be {getattr(self, name)!r}.")

    def shown(self, time_s: float, fade_s: float = 0.0) -> float:
        """How much of the corner badge is seen at a time, 0..1: at once there, and gone within `fade_s`."""
        if self.when == "always":
            return 1.0
        since_s = time_s % self.every_s if self.when == "intervals" else time_s
        if since_s < self.seconds:
            return 1.0
        return max(0.0, 1 - (since_s - self.seconds) / fade_s) if fade_s else 0.0


USUAL = Label()


def label_from_json(values: Mapping[str, Any]) -> Label:
    """The label that `asdict` was made from; what older records do not say has its default."""
    return Label(**values)
