from __future__ import annotations

import json
from pathlib import Path

import pytest
from stores import store

from countenance.delivery.purge import MOST, purge
from countenance.delivery.sinks import SinkDown
from countenance.delivery.sinks.client import Client
from countenance.delivery.sinks.settings import Purge
from countenance.errors import InputError

URLS = [f"https://cdn.example/{number}.mp4" for number in range(MOST + 5)]


def test_many_addresses_go_in_few_requests(tmp_path: Path) -> None:
    with store(tmp_path / "cdn") as cdn:
        setting = Purge(f"{cdn.url}/purge", body='{"files": {urls}}')
        assert purge(setting, Client(), URLS) == 2
        assert [url for body in cdn.bodies for url in json.loads(body)["files"]] == URLS
        assert cdn.posted[0]["content-type"] == "application/json"
        assert purge(setting, Client(), []) == 0


def test_one_request_for_each_address_where_the_network_wants_it(tmp_path: Path) -> None:
    with store(tmp_path / "cdn") as cdn:
        assert purge(Purge("{url}", method="PURGE"), Client(), [f"{cdn.url}/a.mp4", f"{cdn.url}/b.mp4"]) == 2
        assert cdn.asked == [("PURGE", "a.mp4"), ("PURGE", "b.mp4")]
        purge(Purge(f"{cdn.url}/purge", body='{"url": "{url}"}'), Client(), ['https://cdn.example/"quote".mp4'])
        assert json.loads(cdn.bodies[-1]) == {"url": 'https://cdn.example/"quote".mp4'}


def test_everything_is_forgotten_where_no_address_is_asked_for(tmp_path: Path) -> None:
    with store(tmp_path / "cdn") as cdn:
        assert purge(Purge(f"{cdn.url}/all"), Client(), URLS) == 1


def test_a_network_that_is_down_is_asked_later_and_one_that_refuses_is_not(tmp_path: Path) -> None:
    with store(tmp_path / "cdn") as cdn:
        for status, error in ((503, SinkDown), (403, InputError)):
            cdn.refuse = status
            with pytest.raises(error):
                purge(Purge(f"{cdn.url}/purge"), Client(), URLS)
