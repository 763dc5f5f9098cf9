from __future__ import annotations

from prometheus_client import CollectorRegistry

from countenance.telemetry.qualitymetrics import QualityMetrics


def test_a_verdict_tells_offset_shares_and_failed_gates() -> None:
    registry = CollectorRegistry()
    metrics = QualityMetrics(registry)
    figures = [
        {"key": "av_offset_ms", "value": -15.1}, {"key": "painted_share", "value": 0.9},
        {"key": "faded_share", "value": 0.06}, {"key": "untouched_share", "value": 0.04},
        {"key": "eyes_ssim", "value": 0.3}, {"key": "gaze_error_deg", "value": None},
    ]  # fmt: skip
    metrics.see(figures, ["eyes_ssim"])
    metrics.see([{"key": "av_offset_ms", "value": None}], [])
    value = registry.get_sample_value
    assert value("countenance_verdicts_total", {"verdict": "failed"}) == 1
    assert value("countenance_verdicts_total", {"verdict": "passed"}) == 1
    assert value("countenance_gate_failures_total", {"gate": "eyes_ssim"}) == 1
    assert value("countenance_sync_offset_milliseconds_bucket", {"le": "-20.0"}) == 0
    assert value("countenance_sync_offset_milliseconds_bucket", {"le": "0.0"}) == 1
    assert value("countenance_faded_share_sum") == 0.06
    assert value("countenance_untouched_share_count") == 1
