"""How commands that run for long are watched: `--log`, `--metrics`, and traces where the environment asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.jobs.kinds import Kind
    from countenance.store.project import Project
    from countenance.telemetry.logs import Form

LogOption = Annotated[
    str | None, typer.Option("--log", metavar="json|text", help="Write log lines to stderr, without names and paths.")
]
MetricsOption = Annotated[
    str | None,
    typer.Option("--metrics", metavar="[HOST:]PORT", help="Answer Prometheus there (default host: this machine)."),
]


def log_form(text: str | None) -> Form | None:
    """The form that was asked for; InputError for one that there is not."""
    from countenance.telemetry.logs import Form

    for form in get_args(Form):
        if text == form:
            return form  # type: ignore[no-any-return]
    if text is None:
        return None
    raise InputError(f"--log {text} is no form of log lines; write json or text.")


@contextmanager
def observed_workers(
    project: Project, kinds: Mapping[str, Kind], processes: int, log: Form | None, metrics: str | None, name: str | None
) -> Iterator[Mapping[str, Kind]]:
    """Watch the workers that run within: in this process, or in helpers of it. Yields the kinds to work with."""
    from countenance.campaign.observing import Observing, counted, process_metrics
    from countenance.jobs.processes import at_start

    with ExitStack() as begun:
        observing = Observing(log, metrics is not None, name)
        if metrics is not None:
            from countenance.telemetry.metricserver import parse_address, serve_metrics, shared_metrics

            address = parse_address(metrics)
            shared = begun.enter_context(shared_metrics()) if processes > 1 else None
            from countenance.telemetry.machinemetrics import MachineMetrics

            registry = shared if shared is not None else process_metrics().registry
            _port, end = serve_metrics(address, registry, [MachineMetrics(project.folder)])
            begun.callback(end)
        begun.callback(at_start(observing) if processes > 1 else observing(project))
        yield counted(kinds) if metrics is not None else kinds


def timed(app: Any, metrics: str | None, log: Form | None) -> Any:
    """The application, timed where somebody wants to know."""
    if metrics is None and log is None:
        return app
    from countenance.campaign.observing import process_metrics
    from countenance.telemetry.httpmetrics import Timed

    return Timed(app, process_metrics().registry, logged=log is not None)


@contextmanager
def observed_service(project: Project, log: Form | None, metrics: str | None) -> Iterator[None]:
    """Watch the HTTP service that runs within; its metrics tell of the whole project."""
    from countenance.campaign.observing import Observing, campaign_metrics, process_metrics

    with ExitStack() as begun:
        if metrics is not None:
            from countenance.telemetry.machinemetrics import MachineMetrics
            from countenance.telemetry.metricserver import parse_address, serve_metrics
            from countenance.telemetry.studiometrics import StudioMetrics

            collectors = [StudioMetrics(project, campaign_metrics), MachineMetrics(project.folder)]
            _port, end = serve_metrics(parse_address(metrics), process_metrics().registry, collectors)
            begun.callback(end)
        begun.callback(Observing(log)(project))
        yield


@contextmanager
def traced(name: str, processes: int) -> Iterator[None]:
    """Tell of one call of a command, and of what it works on, where the environment asks for traces."""
    from countenance.telemetry.wish import traces_wanted

    if not traces_wanted():
        yield
        return
    from countenance.campaign.observing import Observing
    from countenance.jobs.processes import at_start
    from countenance.telemetry.traces import Tracer

    with ExitStack() as begun:
        tracer = Tracer()
        begun.callback(tracer.end)
        if processes != 1:
            begun.callback(at_start(Observing()))
        with tracer.call(name):
            yield
