"""Work on a second thread, beside the stream of frames: what one picture needs while the next is being made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any


class Beside:
    """Does jobs in order on one other thread, never more than `backlog` of them behind.

    Leaving the context waits for all. An error in a job is raised by a later call, or on leaving.
    """

    def __init__(self, backlog: int = 6) -> None:
        self._backlog = backlog
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside")
        self._pending: deque[Future[Any]] = deque()

    def do(self, job: Callable[..., Any], *arguments: Any) -> None:
        """Hand a job over; waits when too many are behind."""
        while len(self._pending) >= self._backlog:
            self._pending.popleft().result()
        self._pending.append(self._thread.submit(job, *arguments))

    def wait(self) -> None:
        """Until every job is done."""
        while self._pending:
            self._pending.popleft().result()

    def __enter__(self) -> Beside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)
