from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from errands import KINDS, NAME, VARIANT, job
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from countenance.cli.observed import traced
from countenance.errors import InputError
from countenance.jobs.runner import run_job
from countenance.store.project import Project
from countenance.telemetry.traces import Tracer, trace_ids
from countenance.telemetry.wish import traces_wanted


class Collector:
    """A real OTLP receiver over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.bodies = b""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    raise AssertionError("not asked for")
                assert self.path == "/v1/traces"
                outer.bodies += body
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for scope in resource.scope_spans:
                        outer.spans.extend(scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    found = Collector()
    found.thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{found.server.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
        found.thread.join()


def _facts(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_a_job_is_one_trace_from_the_call_to_every_section(here: Project, collector: Collector) -> None:
    tracer = Tracer()
    try:
        with tracer.call("produce"):
            job(here, tasks=3)
            run_job(here, "produce-1", KINDS)
    finally:
        tracer.end()
    trace, first = (
        number.to_bytes(size, "big") for number, size in zip(trace_ids(here, "produce-1"), (16, 8), strict=True)
    )
    assert {span.trace_id for span in collector.spans} == {trace}
    (root,), (call,), painted = collector.named("job"), collector.named("produce"), collector.named("paint")
    assert (root.span_id, root.parent_span_id) == (first, b"")
    assert {span.parent_span_id for span in (call, *painted)} == {first}
    facts = [_facts(span) for span in painted]
    assert sorted(one["countenance.section"] for one in facts) == ["1/3", "2/3", "3/3"]
    assert {one["countenance.variant"] for one in facts} == {VARIANT}
    assert {(one["countenance.kind"], one["countenance.attempt"]) for one in facts} == {("paint", 1)}
    assert call.start_time_unix_nano <= min(span.start_time_unix_nano for span in painted)
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in collector.spans)


def test_a_failure_is_an_error_of_its_class_and_names_nobody(here: Project, collector: Collector) -> None:
    tracer = Tracer()
    try:
        job(here, tasks=1, fails=True)
        with pytest.raises(InputError), tracer.call("produce"):
            run_job(here, "produce-1", KINDS)
    finally:
        tracer.end()
    (span,) = collector.named("paint")
    assert span.status.code == 2 and span.status.message == "InputError"
    assert [(event.name, event.attributes[0].value.string_value) for event in span.events] == [
        ("exception", "InputError")
    ]
    assert collector.named("job")[0].status.code == collector.named("produce")[0].status.code == 2
    assert NAME.encode() not in collector.bodies and b"secret" not in collector.bodies


def test_helper_processes_add_to_the_same_trace(here: Project, collector: Collector) -> None:
    with traced("produce", processes=2):
        job(here, tasks=4)
        run_job(here, "produce-1", KINDS, processes=2)
    assert len({span.trace_id for span in collector.spans}) == 1
    assert len(collector.named("paint")) == 4
    assert len(collector.named("produce")) == len(collector.named("job")) == 1


def test_without_an_endpoint_nothing_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert not traces_wanted()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector.example.org:4318/v1/traces")
    assert traces_wanted()
