"""The errors that callers decide by.

CountenanceError            exit 1   a gate or a check failed
├── InputError              exit 2   wrong use, unreadable or unfitting input
│   ├── BriefError                   a brief or grant file that cannot be understood
│   ├── ModelError                   a weight is missing, damaged or not allowed
│   └── TextError                    a text that cannot be said as it stands
├── RightsError             exit 3   no grant covers the use; nothing was rendered
├── WaitingError            exit 4   a person must do something first
└── IntegrityError          exit 1   the ledger, a signature or a sealed file does not check out

Every message is one sentence that names the thing and the way out: users see it without a traceback.
"""

from __future__ import annotations


class CountenanceError(Exception):
    """Base of everything that the product refuses or fails with on purpose."""

    exit_status = 1


class InputError(CountenanceError):
    """What was handed in cannot be used: a path, a media file, an option."""

    exit_status = 2


class BriefError(InputError):
    """A brief or a grant file cannot be understood."""


class ModelError(InputError):
    """A weight is missing, damaged or not allowed for this job."""


class TextError(InputError):
    """A text cannot be said as it stands; `reasons` says why, in words."""

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


class WaitingError(CountenanceError):
    """A person must do something first."""

    exit_status = 4


class RightsError(CountenanceError):
    """No grant covers what was asked for; `reasons` says why, in words."""

    exit_status = 3

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


class IntegrityError(CountenanceError):
    """The ledger, a signature or a sealed file does not check out."""
