"""Telling a content delivery network to forget addresses, as the sink's `purge` setting has it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from countenance.delivery.sinks.client import Client, require
from countenance.delivery.sinks.settings import Purge

MOST = 30  # addresses in one request; the least of what the large networks take


def purge(setting: Purge, client: Client, urls: Sequence[str]) -> int:
    """Have the addresses forgotten; returns the number of requests. Repeating it does no harm.

    SinkDown when the network does not answer, InputError when it does not take the request.
    """
    count = 0
    for url, body in _requests(setting, urls):
        headers = {"Content-Type": "application/json"} if body.startswith(("{", "[")) else {}
        require(client.ask(setting.method, url, headers, body.encode() if body else None), url, doing="a purge")
        count += 1
    return count


def _requests(setting: Purge, urls: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Address and body of each request."""
    if "{url}" in setting.url or "{url}" in setting.body:
        for url in urls:
            yield setting.url.replace("{url}", url), setting.body.replace("{url}", json.dumps(url)[1:-1])
    elif "{urls}" in setting.body:
        for start in range(0, len(urls), MOST):
            yield setting.url, setting.body.replace("{urls}", json.dumps(list(urls[start : start + MOST])))
    elif urls:  # the network forgets everything
        yield setting.url, setting.body
