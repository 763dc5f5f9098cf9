"""Sharing work through a bucket, collecting, and backups; compared with a plain copy of the same files."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from benchmarks.tables import REPOSITORY, Table, median_s
from countenance.campaign.backup import backup
from countenance.store.collect import collect
from countenance.store.database import writing
from countenance.store.places import blob_place
from countenance.store.project import Project, init_project
from countenance.store.results import bring, drop_result, share
from countenance.store.tables import blob, blob_ref

sys.path.append(str(REPOSITORY / "tests"))  # the real S3 server of the tests

FILES, FILE_BYTES = 12, 5_000_000
MANY = 20_000
PASSPHRASE = "nine green bottles"


def run() -> list[Table]:
    from buckets import client_of, new_bucket, project_in_bucket, s3_server

    os.environ.setdefault("AWS_ACCESS_KEY_ID", "studio")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "secret")
    with tempfile.TemporaryDirectory() as folder, s3_server() as url:
        client = client_of(url)
        shared = project_in_bucket(Path(folder) / "shared", url, new_bucket(client))
        client.close()
        return [_sharing(shared), _collecting(init_project(Path(folder) / "many"), Path(folder) / "vault")]


def _sharing(project: Project) -> Table:
    folder = project.work / "render" / "one"
    folder.mkdir(parents=True)
    for number in range(FILES):
        (folder / f"{number}.bin").write_bytes(os.urandom(FILE_BYTES))
    rows: list[tuple[object, ...]] = []
    megabytes = FILES * FILE_BYTES / 1e6
    for what, people in (("plain", []), ("encrypted for two people", ["ada", "ben"])):
        name = f"render/{what.split()[0]}"
        share_s = _once(lambda name=name, people=people: share(project, name, folder, people))  # type: ignore[misc]
        # share read the folder `one`; under its own name nothing lies here yet.
        bring_s = _once(lambda name=name: bring(project, name))  # type: ignore[misc]
        found_s = median_s(lambda name=name: bring(project, name), 20)  # type: ignore[misc]
        rows.append((what, megabytes / share_s, megabytes / bring_s, found_s * 1000))
        drop_result(project, name)
    copied_s = median_s(lambda: shutil.copytree(folder, project.work / "copied", dirs_exist_ok=True))
    rows.append(("a plain copy on the same disk", megabytes / copied_s, megabytes / copied_s, "-"))
    absent_ms = median_s(lambda: bring(project, "render/absent"), 20) * 1000
    return Table(
        f"A result of {FILES} files, {megabytes:.0f} MB, through S3 over HTTP",
        ("", "share, MB/s", "bring, MB/s", "bring what is there, ms"),
        tuple(rows),
        (
            "The S3 server (moto) runs in the same process and is part of the time.",
            f"Asking for a result that nobody has made takes {absent_ms:.1f} ms.",
        ),
    )


def _collecting(project: Project, vault: Path) -> Table:
    """Half of the blobs are needed."""
    place = blob_place(project)
    assert place.folder is not None
    long_ago = (datetime.now(UTC) - timedelta(days=9)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    names = []
    for number in range(MANY):
        content = f"blob {number}".encode() * 100
        names.append(hashlib.sha256(content).hexdigest())
        path = place.folder / names[-1][:2] / names[-1][2:]
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)
    with writing(project) as connection:
        connection.execute(insert(blob), [{"sha256": one, "size": 1000, "put_at": long_ago} for one in names])
        needed = [{"kind": "release", "name": str(at // 10), "sha256": one} for at, one in enumerate(names) if at % 2]
        connection.execute(insert(blob_ref), needed)
    now = datetime.now(UTC)
    rows = [
        ("tell what could go", _once(lambda: collect(project, now=now))),
        ("condemn half of them", _once(lambda: collect(project, really=True, now=now))),
        ("remove them", _once(lambda: collect(project, really=True, now=now + timedelta(days=2)))),
        ("back up the other half", _once(lambda: backup(project, vault, PASSPHRASE, "bench"))),
        ("back up again, nothing new", _once(lambda: backup(project, vault, PASSPHRASE, "bench"))),
    ]
    return Table(f"{MANY} blobs in a folder, SQLite", ("step", "seconds"), tuple(rows))


def _once(action: Callable[[], object]) -> float:
    start = time.monotonic()
    action()
    return time.monotonic() - start
