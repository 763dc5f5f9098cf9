"""Metrics of what the gate saw: lips against sound, paint that was faded or dropped, and which gates failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

_OFFSETS_MS = (-160, -120, -80, -40, -20, 0, 20, 40, 80, 120, 160)
_SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


class QualityMetrics:
    """Counts verdicts; `see` is told the figures of one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._verdicts = Counter("countenance_verdicts", "Variants that were judged.", ("verdict",), registry=registry)
        self._gates = Counter(
            "countenance_gate_failures", "Figures beyond their limits in variants that were judged.", ("gate",),
            registry=registry,
        )  # fmt: skip
        self._shares = {
            f"{name}_share": Histogram(
                f"countenance_{name}_share", f"Share of a variant's pictures of a person that were {said}.",
                buckets=_SHARES, registry=registry,
            )
            for name, said in (("painted", "painted in full"), ("faded", "faded"), ("untouched", "dropped"))
        }  # fmt: skip
        self._offset = Histogram(
            "countenance_sync_offset_milliseconds", "By how much lips come before (minus) or after the sound.",
            buckets=_OFFSETS_MS, registry=registry,
        )  # fmt: skip

    def see(self, figures: Iterable[Mapping[str, Any]], failed: Iterable[str]) -> None:
        """A variant was judged: its figures as `qc.json` has them, and the names of those that failed."""
        names = list(failed)
        self._verdicts.labels("failed" if names else "passed").inc()
        for name in names:
            self._gates.labels(name).inc()
        for figure in figures:
            key, value = figure["key"], figure["value"]
            if value is None:
                continue
            if key == "av_offset_ms":
                self._offset.observe(value)
            elif key in self._shares:
                self._shares[key].observe(value)
