"""Traces by OpenTelemetry: one for each job, from the call that asked for it to every attempt at a section.

A trace's id follows from the project and the job, and so does the id of the span that all others hang on. So whoever
works on a task, on whatever machine, adds to the same trace, and nothing has to be handed along. The span of the job
itself is told when it is settled. A job that is asked for again goes on in the same trace.

Where spans go is said by the usual variables: OTEL_EXPORTER_OTLP_ENDPOINT (or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT),
OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME. Without an endpoint nothing is told.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from countenance import __version__
from countenance.jobs.events import Event, listen
from countenance.store.project import Project
from countenance.telemetry.redact import error_class, section_of

_SOON_MS = 1000  # spans wait at most so long to be sent: workers are killed now and then
_NS = 10**9
_RAN = ("task.done", "task.failed", "task.dead", "task.returned")
_given: ContextVar[tuple[int, int] | None] = ContextVar("_given", default=None)  # ids of the span that is made now


def trace_ids(project: Project, job: str) -> tuple[int, int]:
    """The id of a job's trace (16 bytes) and of its first span (8 bytes); the same everywhere and for ever."""
    digest = hashlib.sha256(f"countenance trace\n{project.settings.project_id}\n{job}".encode()).digest()
    return int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big")


class Tracer:
    """Tells of what happens in this process, until `end`."""

    def __init__(self) -> None:
        named = {"service.name": os.environ.get("OTEL_SERVICE_NAME") or "countenance"}
        here = {"service.version": __version__, "host.name": platform.node(), "service.instance.id": str(os.getpid())}
        self._provider = TracerProvider(
            id_generator=_Ids(), resource=Resource.create({**named, **here}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=_SOON_MS))
        self._tracer = self._provider.get_tracer("countenance", __version__)
        self._jobs: dict[str, Project] = {}
        self._silent = listen(self._hear)

    def end(self) -> None:
        """Send what waits, and tell nothing more."""
        self._silent()
        self._provider.shutdown()

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """What runs within is one call of a person or a program: a span in the trace of every job that it works on."""
        begun, ended = time.time(), StatusCode.OK
        self._jobs.clear()
        try:
            yield
        except BaseException:
            ended = StatusCode.ERROR
            raise
        finally:
            for job, project in self._jobs.items():
                span = self._tracer.start_span(
                    name, _under(project, job), SpanKind.SERVER, {"countenance.job": job}, start_time=_ns(begun)
                )
                span.set_status(Status(ended))
                span.end(_ns(time.time()))

    def _hear(self, event: Event) -> None:
        if event.job:
            self._jobs[event.job] = event.project
        if event.name == "job.settled":
            self._job(event)
        elif event.name in _RAN and event.job:
            self._attempt(event)

    def _attempt(self, event: Event) -> None:
        now = time.time()
        facts = {
            "countenance.job": event.job, "countenance.campaign": event.campaign, "countenance.variant": event.variant,
            "countenance.task": event.task, "countenance.kind": event.kind, "countenance.queue": event.queue,
            "countenance.section": section_of(event), "countenance.outcome": event.name.partition(".")[2],
        }  # fmt: skip
        span = self._tracer.start_span(
            event.kind,
            _under(event.project, event.job),
            SpanKind.CONSUMER,
            {
                **{name: value for name, value in facts.items() if value},
                "countenance.attempt": event.attempt,
                "countenance.waited_s": event.waited_s,
            },
            start_time=_ns(now - event.ran_s),
        )
        if event.name in ("task.failed", "task.dead"):
            # The message may name people or files; it is kept with the task.
            span.add_event("exception", {"exception.type": error_class(event.reason)}, _ns(now))
            span.set_status(Status(StatusCode.ERROR, error_class(event.reason)))
        span.end(_ns(now))

    def _job(self, event: Event) -> None:
        now = time.time()
        given = _given.set(trace_ids(event.project, event.job))
        try:
            span = self._tracer.start_span(
                "job",
                Context(),
                SpanKind.PRODUCER,
                {
                    "countenance.job": event.job,
                    "countenance.campaign": event.campaign,
                    "countenance.state": event.state,
                    "countenance.spent_s": event.spent_s,
                },
                start_time=_ns(now - event.ran_s),
            )
        finally:
            _given.reset(given)
        span.set_status(Status(StatusCode.OK if event.state == "done" else StatusCode.ERROR))
        span.end(_ns(now))


class _Ids(IdGenerator):
    """Random ids, but for spans whose ids are given."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        given = _given.get()
        return given[0] if given else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        given = _given.get()
        return given[1] if given else self._random.generate_span_id()


def _under(project: Project, job: str) -> Context:
    """Below the span of a job, wherever and whenever that is told."""
    trace, span = trace_ids(project, job)
    above = SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(above), Context())


def _ns(at: float) -> int:
    return int(at * _NS)
