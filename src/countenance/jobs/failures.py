"""What a failure means: final, or worth another try; how it is put on record, and how it is raised again from there."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError

from countenance import errors
from countenance.errors import CountenanceError

FIRST_PAUSE_S = 1.0
# What another moment or another machine may not have: room, memory, handles, a network, a healthy disk.
_PASSING = frozenset(
    (
        errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.EBUSY,
        errno.ESTALE, errno.ETIMEDOUT, errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE,
        errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH,
    )
)  # fmt: skip


def is_final(failure: BaseException) -> bool:
    """Whether trying again is in vain: a refusal of ours, unless a disk, a database or a network was behind it."""
    if not isinstance(failure, CountenanceError):
        return False
    for cause in _causes(failure):
        if isinstance(cause, (OperationalError, InterfaceError, MemoryError, ConnectionError, TimeoutError)):
            return False
        if isinstance(cause, OSError) and cause.errno in _PASSING:
            return False
    return True


def pause_s(failures: int, retry_s: float, chance: float) -> float:
    """Seconds to the next try: exponential with full jitter (AWS Architecture Blog, 2015), at most `retry_s`.

    `failures` counts the one that just happened; `chance` is uniform between 0 and 1.
    """
    return chance * min(retry_s, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 30))


def record(failure: BaseException) -> dict[str, Any]:
    """A failure as it is kept with the task: class names from the narrowest, the message, and reasons if it has any."""
    names = [one.__name__ for one in type(failure).__mro__ if issubclass(one, Exception) and one is not Exception]
    return {
        "classes": names or [type(failure).__name__],
        "message": str(failure) or type(failure).__name__,
        "reasons": [str(one) for one in getattr(failure, "reasons", ())],
    }


def raised_again(about: str, error: Mapping[str, Any]) -> CountenanceError:
    """The error to raise for a task that failed: of its own class where that is one of ours."""
    message, reasons = str(error["message"]), tuple(error["reasons"])
    for name in error["classes"]:
        known = getattr(errors, name, None)
        if isinstance(known, type) and issubclass(known, CountenanceError):
            return known(message, reasons) if known in (errors.RightsError, errors.TextError) else known(message)
    return CountenanceError(
        f"the task {about!r} failed ({error['classes'][0]}: {message}); mend the cause, then try it again."
    )


def sentence(error: Mapping[str, Any]) -> str:
    """A recorded failure in one line."""
    return f"{error['classes'][0]}: {error['message']}"


def _causes(failure: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = failure
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
