"""From a BCP-47 language tag to the name of a voice that speaks it."""

from __future__ import annotations

from collections.abc import Collection

# Tags that espeak-ng files under another name, or where the plain tag is ambiguous.
ALIASES = {
    "en": "en-us",
    "zh": "cmn",
    "zh-cn": "cmn",
    "zh-hans": "cmn",
    "zh-hant": "cmn",
    "zh-tw": "cmn",
    "zh-hk": "yue",
    "nn": "nb",
    "iw": "he",
    "in": "id",
    "sh": "hr",
}


def canonical(language: str) -> str:
    """Lower case, hyphens, no blanks: "pt_BR " -> "pt-br"."""
    return language.strip().replace("_", "-").lower()


def voice_for(language: str, available: Collection[str]) -> str | None:
    """The available voice tag that fits best: exact, by alias, then with less and less of the tag; else None.

    `available` holds lower-case tags. "de-AT" finds "de", "zh-Hans-CN" finds "cmn".
    """
    parts = canonical(language).split("-")
    while parts and parts[0]:
        tag = "-".join(parts)
        for candidate in (ALIASES.get(tag), tag):
            if candidate is not None and candidate in available:
                return candidate
        parts.pop()
    return None
