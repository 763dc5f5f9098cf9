"""Two watched workers on a project, until its job is settled; prints what its metrics answer then."""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

from errands import KINDS

from countenance.cli.observed import observed_workers
from countenance.jobs.processes import Crew, keep_working
from countenance.jobs.state import job_state
from countenance.store.project import Project
from countenance.telemetry import metricserver


def main() -> None:
    project = Project(Path(sys.argv[1]))
    ports: list[int] = []
    serve = metricserver.serve_metrics

    def noting(*args: object) -> object:
        port, end = serve(*args)  # type: ignore[arg-type]
        ports.append(port)
        return port, end

    metricserver.serve_metrics = noting  # type: ignore[assignment]
    with observed_workers(project, KINDS, 2, "json", "0", None) as kinds:
        keep_working(Crew(project.root, kinds, ("cpu",)), 2, lambda: job_state(project, "produce-1").settled)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        print(opener.open(f"http://127.0.0.1:{ports[0]}/metrics").read().decode())


if __name__ == "__main__":
    main()
