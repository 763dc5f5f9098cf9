"""Metrics of the machine that a process runs on: room on its disks, and its GPUs where there are any."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_ASKED = "index,utilization.gpu,memory.used,memory.total"
_PATIENCE_S = 3.0
_MIB = 1 << 20


class MachineMetrics(Collector):
    """Looks when it is asked."""

    def __init__(self, folder: Path, tool: str = "nvidia-smi") -> None:
        self._folder = folder
        self._tool = shutil.which(tool)

    def collect(self) -> Iterator[Metric]:
        disk = shutil.disk_usage(self._folder)
        yield _one("countenance_disk_free_bytes", "Free bytes where the project's folder lies.", disk.free)
        yield _one("countenance_disk_bytes", "Size of the disk that the project's folder lies on.", disk.total)
        if self._tool is not None:
            yield from gpu_metrics(_asked(self._tool))

    def describe(self) -> Iterator[Metric]:
        return iter(())


def gpu_metrics(table: str) -> Iterator[Metric]:
    """What `nvidia-smi --query-gpu` printed, one GPU a line; what a card does not tell is left out."""
    busy = GaugeMetricFamily("countenance_gpu_use_ratio", "Share of the time that a GPU was busy.", labels=["gpu"])
    used = GaugeMetricFamily("countenance_gpu_memory_used_bytes", "A GPU's memory in use.", labels=["gpu"])
    total = GaugeMetricFamily("countenance_gpu_memory_bytes", "A GPU's memory.", labels=["gpu"])
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != 4:
            continue
        for family, cell, scale in ((busy, cells[1], 0.01), (used, cells[2], _MIB), (total, cells[3], _MIB)):
            if cell.replace(".", "", 1).isdigit():  # "[N/A]" where a card does not say
                family.add_metric([cells[0]], float(cell) * scale)
    yield from (busy, used, total)


def _asked(tool: str) -> str:
    """The tool's answer; nothing when the driver does not answer, since no metric must fail for it."""
    try:
        return subprocess.run(
            [tool, f"--query-gpu={_ASKED}", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=_PATIENCE_S, check=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""


def _one(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)
