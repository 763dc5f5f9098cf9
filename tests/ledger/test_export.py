from __future__ import annotations

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from countenance.errors import InputError, IntegrityError
from countenance.ledger.chain import canonical, entry_hash
from countenance.ledger.log import append, transaction
from countenance.ledger.offline import key_for, verify_export
from countenance.ledger.proof import log_key_of, public_key_pem
from countenance.ledger.shelf import Folder, Web, source_at
from countenance.ledger.tiles import export, read_leaves, tile_name
from countenance.store.project import Project, init_project


def fill(project: Project, count: int) -> None:
    with transaction(project) as ledger:
        for n in range(count):
            ledger.append("render.finished", "worker", {"variant": f"v{n}"})


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = init_project(tmp_path_factory.mktemp("large"))
    fill(project, 700)
    return project


@pytest.fixture(scope="module")
def shelf(large: Project, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("exported"))
    export(large, folder)
    return folder


def test_tiles_are_named_as_c2sp_says() -> None:
    assert tile_name("0", 1234067) == "tile/0/x001/x234/067"
    assert tile_name("1", 0, 5) == "tile/1/000.p/5"


def test_an_export_proves_itself_with_the_public_key_alone(large: Project, shelf: Folder) -> None:
    assert {"tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2", "checkpoint"} <= shelf.names()
    report = verify_export(shelf, key_for(shelf, public_key_pem(large)))
    assert (report.ok, report.count) == (True, 700)
    assert verify_export(shelf, log_key_of(large)).ok


def test_a_second_export_adds_only_what_is_new(project: Project, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out")
    fill(project, 300)
    first = export(project, folder)
    assert first.checkpoint.size == 300
    assert export(project, folder).new_files == 0
    before = {name: folder.get(name) for name in folder.names() - {"checkpoint"}}
    fill(project, 300)
    assert export(project, folder).checkpoint.size == 600
    assert {name: folder.get(name) for name in before} == before
    assert verify_export(folder, log_key_of(project)).count == 600


def test_what_was_exported_cannot_be_replaced_by_another_history(project: Project, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out")
    append(project, "render.started", "worker", {})
    shutil.copytree(project.root, tmp_path / "fork")
    append(project, "render.finished", "worker", {})
    export(project, folder)
    fork = Project(tmp_path / "fork")
    with pytest.raises(IntegrityError, match="it was cut off"):
        export(fork, folder)
    append(fork, "render.started", "worker", {})
    append(fork, "render.started", "worker", {})
    with pytest.raises(IntegrityError, match="it was forked"):
        export(fork, folder)
    assert verify_export(folder, log_key_of(project)).count == 2


def _edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def _forge(content: bytes) -> bytes:
    """Change an entry's data and give it the hash that fits."""
    lines = content.split(b"\n")
    values = json.loads(lines[9])
    values["actor"] = "forger"
    values["hash"] = entry_hash(*(values[one] for one in ("seq", "prev_hash", "ts", "actor", "kind", "data")))
    return b"\n".join([*lines[:9], canonical(values), *lines[10:]])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_edit("entries/001.jsonl", lambda raw: raw.replace(b"v300", b"v999")), "entry 301 .*changed"),
        (_edit("entries/001.jsonl", lambda raw: raw.replace(b'{"actor"', b'{ "actor"', 1)), "entry 257 .*changed"),
        (_edit("entries/002.p/188.jsonl", lambda raw: raw[:-300]), "entry 700 is missing"),
        (_edit("entries/000.jsonl", lambda raw: raw.split(b"\n", 1)[1]), "entry 1 is missing"),
        (_edit("entries/000.jsonl", _forge), "entry 11 .*does not follow"),
        (lambda folder: (folder / "entries/001.jsonl").unlink(), "entry 257 is missing"),
        (_edit("tile/0/001", lambda raw: raw[:-1] + b"x"), "tile/0/001 "),
        (lambda folder: (folder / "tile/1/000.p/2").unlink(), "tile/1/000.p/2 is missing"),
        (_edit("checkpoint", lambda raw: raw.replace(b"\n700\n", b"\n699\n")), "checkpoint .*not signed"),
        (_edit("checkpoint", lambda raw: b"\xff" + raw), "checkpoint was changed"),
        (lambda folder: (folder / "checkpoint").unlink(), "no checkpoint"),
    ],
)
def test_a_change_of_an_export_is_found_and_the_place_named(
    large: Project, shelf: Folder, tmp_path: Path, change: Callable[[Path], object], place: str
) -> None:
    shutil.copytree(shelf.path, tmp_path / "copy")
    change(tmp_path / "copy")
    report = verify_export(Folder(tmp_path / "copy"), log_key_of(large))
    assert not report.ok
    assert re.search(place, str(report.problem))


@pytest.fixture
def web(shelf: Folder) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_words: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(shelf.path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_any_web_server_can_serve_an_export(large: Project, shelf: Folder, web: str) -> None:
    source = source_at(web)
    assert isinstance(source, Web)
    assert source.get("tile/0/009") is None
    assert read_leaves(source, 700, 256) == read_leaves(shelf, 700)[256:]
    assert verify_export(source, log_key_of(large)).count == 700


def test_a_place_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        source_at(str(tmp_path / "none"))
    with pytest.raises(InputError, match="cannot be fetched"):
        source_at("http://127.0.0.1:9/").get("checkpoint")


def test_a_key_is_not_taken_for_a_strange_log(large: Project, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="no checkpoint"):
        key_for(Folder(tmp_path), public_key_pem(large))
    (tmp_path / "checkpoint").write_text(
        "example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a AAAA\n"
    )
    with pytest.raises(IntegrityError, match="no ledger of countenance"):
        key_for(Folder(tmp_path), public_key_pem(large))
