from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from countenance.telemetry.machinemetrics import MachineMetrics, gpu_metrics


def test_the_room_on_the_disk_is_told(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    registry.register(MachineMetrics(tmp_path, tool="no-such-tool"))
    free, size = (registry.get_sample_value(f"countenance_disk_{name}") for name in ("free_bytes", "bytes"))
    assert free is not None and size is not None and 0 < free <= size
    assert registry.get_sample_value("countenance_gpu_use_ratio", {"gpu": "0"}) is None


def test_gpus_are_read_and_what_a_card_does_not_say_is_left_out() -> None:
    found = {
        (sample.name, sample.labels["gpu"]): sample.value
        for metric in gpu_metrics("0, 37, 1024, 81559\n1, [N/A], 12, 81559\nno line\n")
        for sample in metric.samples
    }
    assert found["countenance_gpu_use_ratio", "0"] == 0.37
    assert found["countenance_gpu_memory_used_bytes", "0"] == 1 << 30
    assert ("countenance_gpu_use_ratio", "1") not in found
    assert found["countenance_gpu_memory_bytes", "1"] == 81559 << 20


def test_a_tool_that_fails_harms_no_metric(tmp_path: Path) -> None:
    tool = tmp_path / "smi"
    tool.write_text("#!/bin/sh\nexit 9\n")
    tool.chmod(0o755)
    registry = CollectorRegistry()
    registry.register(MachineMetrics(tmp_path, tool=str(tool)))
    assert registry.get_sample_value("countenance_disk_free_bytes")
