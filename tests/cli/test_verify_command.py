from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from releases import RELEASE
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.store.project import Project

RUNNER = CliRunner()


def run(project: Project, *arguments: str) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [*arguments, "--project", str(project.root)])
    return done.exit_code, done.stdout, done.stderr


def test_verify_passes_the_released_file_and_fails_a_strange_one(
    released: tuple[Project, Path], ada_clip: Path
) -> None:
    project, sealed = released
    status, stdout, stderr = run(project, "verify", str(sealed))
    assert (status, stderr) == (0, "")
    assert stdout.splitlines()[0] == f"video.mp4 is release {RELEASE}: ours, released and intact."
    assert run(project, "verify", str(sealed), "--quiet") == (0, "", "")
    assert run(project, "verify", str(ada_clip), "--quiet") == (1, "", "")


def test_verify_tells_machines_the_same(released: tuple[Project, Path]) -> None:
    status, stdout, _ = run(released[0], "verify", str(released[1]), "--json")
    told = json.loads(stdout)
    assert status == told["exit_status"] == 0
    assert (told["ours"], told["released"], told["intact"]) == (True, True, True)


@pytest.mark.parametrize("content", [None, b"", b"plain text"])
def test_verify_refuses_what_it_cannot_read(
    released: tuple[Project, Path], tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "what.mp4"
    if content is not None:
        path.write_bytes(content)
    status, stdout, stderr = run(released[0], "verify", str(path))
    assert (status, stdout) == (2, "")
    assert len(stderr.splitlines()) == 1
    assert "what.mp4" in stderr


def test_verify_works_where_there_is_no_project(
    released: tuple[Project, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = RUNNER.invoke(app, ["verify", str(released[1])])
    assert done.exit_code == 1
    assert "without a project only the embedded history can be judged" in done.stdout


def test_a_project_that_is_named_must_be_there(released: tuple[Project, Path], tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["verify", str(released[1]), "--project", str(tmp_path)])
    assert done.exit_code == 2


@pytest.fixture
def web(released: tuple[Project, Path]) -> Iterator[str]:
    """A web server on this machine that has the released file."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(released[1].parent)))
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}/{released[1].name}"
    served.shutdown()
    thread.join()
    served.server_close()


def test_a_url_is_fetched_only_from_where_it_may_be(released: tuple[Project, Path], web: str) -> None:
    status, _, stderr = run(released[0], "verify", web)
    assert status == 2
    assert "no public address; allow it with --private" in stderr
    status, stdout, _ = run(released[0], "verify", web, "--private", "--language", "de")
    assert status == 0
    assert stdout.splitlines()[0] == f"{web} ist die Freigabe {RELEASE}: von uns, freigegeben und unversehrt."


def test_verify_in_a_language_that_it_lacks(released: tuple[Project, Path]) -> None:
    status, _, stderr = run(released[0], "verify", str(released[1]), "--language", "fr")
    assert status == 2
    assert "choose one of en, de" in stderr


def test_the_server_answers_until_it_is_interrupted(studio: tuple[Project, Path]) -> None:
    project, _ = studio
    command = [
        sys.executable,
        "-m",
        "countenance.cli",
        "serve",
        "--port",
        "0",
        "--json",
        "--project",
        str(project.root),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stderr is not None
        text = "".join(iter(server.stdout.readline, "}\n")) + "}"
        port = json.loads(text)["port"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as answer:
            assert json.load(answer)["status"] == "ok"
        server.send_signal(signal.SIGINT)
        server.wait(60)
        assert "Traceback" not in server.stderr.read()
