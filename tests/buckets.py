"""A real S3 server over HTTP, and projects whose blobs lie in one of its buckets."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from countenance.store.project import Project, init_project


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a running server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def client_of(url: str) -> Any:
    """boto3's own way to the server, to look at what really lies there."""
    return boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="studio", aws_secret_access_key="secret"
    )


def new_bucket(client: Any) -> str:
    name = f"studio-{secrets.token_hex(6)}"
    client.create_bucket(Bucket=name)
    return name


def allow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials that the program finds in its environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "studio")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def project_in_bucket(
    root: Path, url: str, bucket: str, *, database: str | None = None, more: str = "", s3: str = ""
) -> Project:
    project = init_project(root, database=database)
    settings = project.settings_path.read_text(encoding="utf-8")
    named = f'blobs = "s3://{bucket}/studio"\n'
    place = f'[s3]\nendpoint = "{url}"\nregion = "us-east-1"\n{s3}\n'
    project.settings_path.write_text(f"{settings}{named}{more}\n{place}", encoding="utf-8")
    return project


def second_machine(project: Project, root: Path) -> Project:
    """Another machine of a project on PostgreSQL: the same settings and keys, and nothing of the work."""
    other = Project(root.resolve())
    for folder in (other.blobs, other.work, other.releases):
        folder.mkdir(parents=True)
    shutil.copytree(project.keys, other.keys)
    shutil.copyfile(project.settings_path, other.settings_path)
    return other


def objects_in(client: Any, bucket: str) -> dict[str, bytes]:
    """Everything that lies in a bucket."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
    found = {}
    for key in keys:
        with client.get_object(Bucket=bucket, Key=key)["Body"] as body:
            found[key] = body.read()
    return found
