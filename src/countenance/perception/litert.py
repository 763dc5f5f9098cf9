"""Running LiteRT models: numbers in, numbers out, on one thread."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ai_edge_litert.interpreter import Interpreter

from countenance.media.frame import F32
from countenance.models.pull import model_file


class Net:
    """A model of the catalogue by its name, or one in memory."""

    def __init__(self, model: str | bytes) -> None:
        chosen: dict[str, Any] = (
            {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model_file(model))}
        )
        with _without_greeting():
            self._run = Interpreter(num_threads=1, **chosen)
            self._run.allocate_tensors()
        self._inputs = [detail["index"] for detail in self._run.get_input_details()]
        self._outputs = [detail["index"] for detail in self._run.get_output_details()]

    def __call__(self, *values: F32) -> list[Any]:
        """The outputs in the model's order for its inputs in their order, all float32, the inputs without a batch."""
        for index, value in zip(self._inputs, values, strict=True):
            self._run.set_tensor(index, value[None])
        self._run.invoke()
        return [self._run.get_tensor(index) for index in self._outputs]


@contextmanager
def _without_greeting() -> Iterator[None]:
    """LiteRT announces its backend on stderr with the first model, out of C++, and has no switch for it."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
