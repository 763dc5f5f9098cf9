"""What estimators hold, as a file: plain values as JSON, arrays bit for bit, and nothing that could run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from countenance.errors import CountenanceError
from countenance.store.files import atomic_path

# Names to numbers, words, arrays, lists of these and further such mappings.
Kept = dict[str, Any]


class Keeps(Protocol):
    """An estimator that can be kept and taken up again."""

    def state(self) -> Kept:
        """All that it holds of the pictures so far."""

    def extend(self, state: Kept) -> None:
        """Take up what one of the same kind holds of the pictures that follow."""


_TOLD, _PLACE = "told", "array"


def write_kept(path: Path, kept: Kept) -> None:
    """Write the file, whole or not at all."""
    arrays: list[NDArray[Any]] = []
    told = json.dumps(_told(kept, arrays))
    content = {_TOLD: np.frombuffer(told.encode(), np.uint8)}
    content.update({str(place): array for place, array in enumerate(arrays)})
    with atomic_path(path) as part, part.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **content)


def read_kept(path: Path) -> Kept:
    """What `write_kept` wrote. Raises CountenanceError for a file that is absent or holds something else."""
    try:
        with np.load(path, allow_pickle=False) as content:
            kept = _untold(json.loads(content[_TOLD].tobytes()), content)
    except (OSError, EOFError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as problem:
        raise CountenanceError(f"{path} holds no measurements: measure that section again") from problem
    if not isinstance(kept, dict):
        raise CountenanceError(f"{path} holds no measurements: measure that section again")
    return kept


def stacked(values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Arrays of one shape as one; an empty one of none."""
    return np.stack(values) if len(values) else np.zeros(0, np.float32)


def _told(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """The value with a place in `arrays` for each array."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {_PLACE: len(arrays) - 1}
    if isinstance(value, dict):
        return {name: _told(one, arrays) for name, one in value.items()}
    return [_told(one, arrays) for one in value] if isinstance(value, list | tuple) else value


def _untold(value: Any, arrays: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_PLACE}:
            return arrays[str(value[_PLACE])]
        return {name: _untold(one, arrays) for name, one in value.items()}
    return [_untold(one, arrays) for one in value] if isinstance(value, list) else value
