"""What workers on the queue `net` can do: errands to places outside."""

from __future__ import annotations

from collections.abc import Mapping

from countenance.campaign import placing, publish, removing, sites, webhooks
from countenance.jobs.kinds import Kind

ERRANDS: Mapping[str, Kind] = {
    publish.UPLOAD: placing.upload,
    publish.PUBLISH: placing.finish,
    removing.REMOVE: removing.remove,
    removing.TAKE_DOWN: removing.take_off,
    sites.SITE: sites.renew,
    webhooks.KIND: webhooks.deliver,
}
