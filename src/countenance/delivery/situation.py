"""Where a package is to go, and the circumstances by which rules decide whether they are about it."""

from __future__ import annotations

from dataclasses import dataclass

LONG_FORM_S = 600.0
CIRCUMSTANCES = (
    "ad", "political", "disclosable", "realistic", "synthetic", "badge", "sound", "voice", "audio", "long_form",
)  # fmt: skip
EU = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
        "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """The channel, the markets (ISO 3166-1), the channel's own format if it is known, and what it is used for."""

    channel: str
    markets: tuple[str, ...]
    format: str | None = None
    ad: bool = True
    political: bool = False
