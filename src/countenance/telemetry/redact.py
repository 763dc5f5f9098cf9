"""What may leave the process in logs, labels and spans: ids and single words, never a name of a person or a path.

What a task is about, and why it failed, is told in sentences that name talents and files. These stay in the project's
database (`countenance jobs show`, `countenance jobs dead`); out here there is the kind of work and the kind of error.
"""

from __future__ import annotations

import re

from countenance.jobs.events import Event

_SECTION = re.compile(r" (\d+)/(\d+)$")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,53}(?:Error|Exception|Warning|Down|Lost|Expired)")


def section_of(event: Event) -> str:
    """Which section of how many a task is for, as "3/20"; empty when there is but one."""
    found = _SECTION.search(event.about)
    return f"{found[1]}/{found[2]}" if found else ""


def about(event: Event) -> str:
    """What a task is about, as the kind of work and the section."""
    return f"{event.kind} {section_of(event)}".strip()


def error_class(reason: str) -> str:
    """The class of a failure whose sentence begins with it; "Error" for any other sentence, empty for none."""
    name, colon, _rest = reason.partition(":")
    if not reason:
        return ""
    return name if colon and _CLASS.fullmatch(name) else "Error"
