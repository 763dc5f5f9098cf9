"""The command that prints the project's metrics once."""

from __future__ import annotations

import typer

from countenance.cli.console import Call, command


def register(app: typer.Typer) -> None:
    command(app, "metrics")(metrics)


def metrics(call: Call) -> None:
    """Print the project's metrics as Prometheus reads them: queues, jobs, workers, errands, releases, backups.

    For a look, or for a file that a node exporter collects; `serve --metrics PORT` answers with the same.
    """
    from prometheus_client import CollectorRegistry, generate_latest

    from countenance.campaign.observing import campaign_metrics
    from countenance.telemetry.machinemetrics import MachineMetrics
    from countenance.telemetry.studiometrics import StudioMetrics

    project, registry = call.project(), CollectorRegistry()
    registry.register(StudioMetrics(project, campaign_metrics))
    registry.register(MachineMetrics(project.folder))
    text = generate_latest(registry).decode()
    values = {
        one.name: [{"labels": dict(sample.labels), "value": sample.value} for sample in one.samples]
        for one in registry.collect()
    }
    call.show(values, text.rstrip("\n"))
