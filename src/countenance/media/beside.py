"""Work on a second thread, beside the stream of frames: before a picture is needed, or after it has been used."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Full, Queue
from types import TracebackType
from typing import Any, TypeVar

import cv2

T = TypeVar("T")
_LOOK_S = 0.1  # how soon an abandoned thread notices


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


def ahead(items: Generator[T], depth: int = 4) -> Iterator[T]:
    """The same items in the same order, made on another thread up to `depth` steps ahead.

    An error comes out where the item would have. Whoever stops early ends the thread too. From here on OpenCV
    uses half of the cores: with more, its threads wait for those of the decoder, the encoder and the meter.
    """
    cv2.setNumThreads(max(1, (os.cpu_count() or 2) // 2))
    ready: Queue[tuple[bool, T | BaseException | None]] = Queue(depth)
    stopped = threading.Event()
    maker = threading.Thread(target=_make, args=(items, ready, stopped), name="ahead", daemon=True)
    maker.start()
    try:
        while True:
            is_item, value = ready.get()
            if isinstance(value, BaseException) and not is_item:
                raise value
            if not is_item:
                return
            yield value  # type: ignore[misc]
    finally:
        stopped.set()
        _emptied(ready)
        maker.join()


def _make(items: Generator[Any], ready: Queue[Any], stopped: threading.Event) -> None:
    try:
        for item in items:
            if not _handed_over((True, item), ready, stopped):
                return
        _handed_over((False, None), ready, stopped)
    except BaseException as error:  # the thread's border: whoever takes the items gets it
        _handed_over((False, error), ready, stopped)
    finally:
        items.close()


def _handed_over(value: Any, ready: Queue[Any], stopped: threading.Event) -> bool:
    while not stopped.is_set():
        try:
            ready.put(value, timeout=_LOOK_S)
            return True
        except Full:
            continue
    return False


def _emptied(ready: Queue[Any]) -> None:
    try:
        while True:
            ready.get_nowait()
    except Empty:
        return
