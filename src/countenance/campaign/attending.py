"""What every worker process sees to beside its tasks."""

from __future__ import annotations

from collections.abc import Callable

from countenance.campaign.removing import pull_down
from countenance.campaign.webhooks import tell_of_jobs
from countenance.jobs.events import listen
from countenance.store.buried import heed
from countenance.store.project import Project


def attend(project: Project) -> Callable[[], None]:
    """Begin: what was erased elsewhere goes here too, what was withdrawn is taken off the sinks, jobs that end are told
    of. Returns what ends it."""
    heed(project, at_once=True)
    pull_down(project)
    return listen(tell_of_jobs)
