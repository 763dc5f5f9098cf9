"""Whether traces are wanted; asked before OpenTelemetry, which is an extra, is imported."""

from __future__ import annotations

import os
from importlib.util import find_spec

from countenance.errors import InputError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def traces_wanted() -> bool:
    """Whether the environment names somebody to tell spans to. InputError when what it takes is not installed."""
    named = next((name for name in ENDPOINTS if os.environ.get(name)), None)
    if named is None:
        return False
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter.otlp") is None:
        raise InputError(f"{named} asks for traces; install them with pip install 'countenance[observability]'.")
    return True
