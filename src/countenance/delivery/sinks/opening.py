"""From a sink's settings to the sink."""

from __future__ import annotations

from countenance.delivery.sinks import Sink
from countenance.delivery.sinks.client import Client
from countenance.delivery.sinks.folder import FolderSink
from countenance.delivery.sinks.http import HttpSink
from countenance.delivery.sinks.s3 import open_s3
from countenance.delivery.sinks.settings import SinkSettings, with_secrets
from countenance.delivery.sinks.tus import TusSink, speaks_tus
from countenance.delivery.sinks.webdav import WebdavSink
from countenance.store.project import Project


def open_sink(project: Project, settings: SinkSettings) -> Sink:
    """The sink that settings describe.

    InputError when a secret that it needs is not in the key store, SinkDown when a store that must be asked what it
    speaks does not answer.
    """
    public = f"{settings.public.rstrip('/')}/" if settings.public else ""
    if settings.kind == "folder":
        return FolderSink(project.root / settings.url, public)
    if settings.kind == "s3":
        return open_s3(settings)
    client, base = Client(with_secrets(project, settings.headers)), f"{settings.url.rstrip('/')}/"
    if settings.kind == "webdav":
        return WebdavSink(client, base, public, settings.verify, settings.resume)
    if settings.resume == "tus" or (settings.resume == "auto" and speaks_tus(client, base)):
        return TusSink(client, base, settings.verify)
    return HttpSink(client, base, public, settings.verify, settings.resume)
