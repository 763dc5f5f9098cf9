"""Tables of measurements, and the machine that they were made on."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Table:
    """One table: what it says, its columns and rows, and remarks below it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    remarks: tuple[str, ...] = ()

    def markdown(self) -> str:
        lines = [f"### {self.title}", "", "| " + " | ".join(self.columns) + " |", "|" + "---|" * len(self.columns)]
        lines += ["| " + " | ".join(_text(cell) for cell in row) + " |" for row in self.rows]
        return "\n".join([*lines, "", *(f"- {remark}" for remark in self.remarks), ""])


def _text(cell: object) -> str:
    return f"{cell:.3g}" if isinstance(cell, float) and abs(cell) < 1000 else str(cell)


def machine() -> str:
    """Processor, cores, memory and versions, in one line."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("av", "numpy", "opencv-python-headless", "ai-edge-litert")
    parts = ", ".join(f"{name} {'.'.join(version(name).split('.')[:3])}" for name in names)
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {parts}"


def footage() -> Path | None:
    """The folder of real footage: `COUNTENANCE_FOOTAGE`, else `shared/media` beside the checkout; None if absent."""
    folder = Path(os.environ.get("COUNTENANCE_FOOTAGE", REPOSITORY.parent / "shared" / "media"))
    return folder if folder.is_dir() else None


def median_s(action: Callable[[], object], times: int = 3) -> float:
    """Median wall time of some runs."""
    taken = []
    for _ in range(times):
        start = time.monotonic()
        action()
        taken.append(time.monotonic() - start)
    return statistics.median(taken)


def peak_mib(arguments: Sequence[str]) -> float:
    """Peak memory in MiB of a Python process run with these arguments."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run([sys.executable, *sys.argv[1:]],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024);"
        " sys.exit(done.returncode)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def own_peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
