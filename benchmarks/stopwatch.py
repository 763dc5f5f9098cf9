"""A stopwatch on the parts of a job: which function took how much time of its thread, and of all cores together."""

from __future__ import annotations

import functools
import importlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Stopwatch:
    """Seconds by part.

    `own_s` counts the processor time of the thread that runs the part, without other threads that it sets to
    work; `whole_s` the processor time of the whole process meanwhile, for parts that run one after another.
    """

    def __init__(self) -> None:
        self.own_s: dict[str, float] = defaultdict(float)
        self.whole_s: dict[str, float] = defaultdict(float)
        self.wall_s: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    @contextmanager
    def on(self, *places: tuple[str, str]) -> Iterator[None]:
        """Time functions by (where they are looked up, part), as in `("package.module:Class.method", "part")`."""
        changed = []
        try:
            for place, part in places:
                owner, name = _found(place)
                changed.append((owner, name, getattr(owner, name)))
                setattr(owner, name, self._timed(getattr(owner, name), part))
            yield
        finally:
            for owner, name, original in reversed(changed):
                setattr(owner, name, original)

    def _timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            with self._running(part):
                result = function(*arguments, **named)
            return self._each(result, part) if isinstance(result, Iterator) else result

        return timed

    def _each(self, items: Iterator[Any], part: str) -> Iterator[Any]:
        nothing = object()
        while True:
            with self._running(part):
                item = next(items, nothing)
            if item is nothing:
                return
            yield item

    @contextmanager
    def _running(self, part: str) -> Iterator[None]:
        own, whole, wall = time.thread_time(), time.process_time(), time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self.own_s[part] += time.thread_time() - own
                self.whole_s[part] += time.process_time() - whole
                self.wall_s[part] += time.monotonic() - wall


def _found(place: str) -> tuple[Any, str]:
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    return owner, name
