"""What a process has prepared for one task and the next one needs too: of each sort the last only, never on disk.

Tasks of one campaign come one after another with the same face or the same mouth in them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
_last: dict[str, tuple[Hashable, Any]] = {}


def remembered(sort: str, key: Hashable, make: Callable[[], T]) -> T:
    """What was made for this key, if it was the last of its sort; else it is made now. It must never be changed."""
    known = _last.get(sort)
    if known is None or known[0] != key:
        _last.pop(sort, None)  # two at a time would be too much memory
        known = (key, make())
        _last[sort] = known
    value: T = known[1]
    return value


def forget_remembered() -> None:
    """Let go of everything."""
    _last.clear()
