from __future__ import annotations

from pathlib import Path

import pytest
from outside import add_settings, sink_text
from stores import store

from countenance.delivery.sinks.folder import FolderSink
from countenance.delivery.sinks.http import HttpSink
from countenance.delivery.sinks.opening import open_sink
from countenance.delivery.sinks.s3 import S3Sink
from countenance.delivery.sinks.settings import IMMUTABLE, SHORT, find_sink, sink_settings, with_secrets
from countenance.delivery.sinks.tus import TusSink
from countenance.delivery.sinks.webdav import WebdavSink
from countenance.errors import InputError
from countenance.store.project import Project, init_project
from countenance.store.secrets import save_text_secret

WHOLE = """
[[sink]]
name = "cdn"
kind = "s3"
url = "s3://films/espresso"
public = "https://cdn.example/espresso"
region = "eu-central-1"
endpoint = "http://127.0.0.1:9"
channels = ["web"]
markets = ["DE", "AT"]
files = "all"
cache = {short = "no-cache"}
retry_s = 60
purge = {url = "https://api.cdn.example/purge", headers = {Authorization = "Bearer secret:cdn"}, body = '{urls}'}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return init_project(tmp_path)


def test_a_sink_is_read_with_all_that_it_says(project: Project) -> None:
    assert sink_settings(project) == {}
    add_settings(project, WHOLE)
    found = find_sink(project, "cdn")
    assert (found.markets, found.channels, found.files, found.retry_s) == (("DE", "AT"), ("web",), "all", 60)
    assert (found.immutable, found.short) == (IMMUTABLE, "no-cache") and SHORT != "no-cache"
    assert found.purge is not None
    with pytest.raises(InputError, match="keys secret cdn"):
        with_secrets(project, found.purge.headers)
    save_text_secret(project, "cdn", "k3y")
    assert with_secrets(project, found.purge.headers) == {"Authorization": "Bearer k3y"}
    sink = open_sink(project, found)
    assert isinstance(sink, S3Sink) and (sink.bucket, sink.prefix) == ("films", "espresso/")
    assert sink.address("a.mp4") == "https://cdn.example/espresso/a.mp4"
    sink.client.close()


def test_each_kind_opens_as_what_it_is(project: Project, tmp_path: Path) -> None:
    with store(tmp_path / "plain") as plain, store(tmp_path / "tus", tus=True) as tus:
        add_settings(project, sink_text("a", "folder", "share"))
        add_settings(project, sink_text("b", "http", plain.url))
        add_settings(project, sink_text("c", "http", tus.url))
        add_settings(project, sink_text("d", "webdav", plain.url))
        kinds = [type(open_sink(project, one)) for one in sink_settings(project).values()]
    assert kinds == [FolderSink, HttpSink, TusSink, WebdavSink]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "a"\nkind = "ftp"\nurl = "x"', "choose folder, s3, http or webdav"),
        ('name = "A b"\nkind = "folder"\nurl = "x"', "lower-case letters"),
        ('name = "a"\nkind = "folder"', "lacks the key 'url'"),
        ('name = "a"\nkind = "folder"\nurl = "x"\ncolour = "red"', "'colour'"),
        ('name = "a"\nkind = "s3"\nurl = "films"', "write s3://bucket/prefix"),
        ('name = "a"\nkind = "http"\nurl = "http://dam.example/"', "https instead of http"),
        ('name = "a"\nkind = "folder"\nurl = "x"\nheaders = {A = "b"}', "takes no headers"),
        ('name = "a"\nkind = "folder"\nurl = "x"\nmarkets = "DE"', "a list of words"),
        ('name = "a"\nkind = "folder"\nurl = "x"\nretry_s = 0', "number of seconds"),
        ('name = "a"\nkind = "folder"\nurl = "x"\npurge = {method = "POST"}', "lacks the key 'url'"),
        ('name = "a"\nkind = "folder"\nurl = "x"\npurge = {url = "http://cdn.example/"}', "https instead of http"),
        ('name = "a"\nkind = "http"\nurl = "https://k:s@dam.example/"', "keys belong in the key store"),
    ],
)
def test_settings_that_cannot_be_followed_are_named(project: Project, text: str, words: str) -> None:
    add_settings(project, f"[[sink]]\n{text}")
    with pytest.raises(InputError, match=words):
        sink_settings(project)


def test_two_sinks_of_one_name_and_a_sink_that_is_no_table_are_named(project: Project) -> None:
    for _ in range(2):
        add_settings(project, sink_text("a", "folder", "x"))
    with pytest.raises(InputError, match="twice"):
        sink_settings(project)
    project.settings_path.write_text('sink = "cdn"\n' + project.settings_path.read_text())
    with pytest.raises(InputError, match=r"\[\[sink\]\]|cannot be understood"):
        sink_settings(project)
