"""What ends the work on a task without being a failure of it."""

from __future__ import annotations


class Interrupted(Exception):
    """Stop now and leave nothing half-made: the job was paused or cancelled, or the worker is to end.

    Raised by `Report`; a task's function lets it pass. The task is given back and counts no failure.
    """
