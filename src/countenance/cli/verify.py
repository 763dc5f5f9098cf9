"""Commands for whoever wants to know what a file is: here, elsewhere, and over HTTP."""

from __future__ import annotations

import socket
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countenance.cli.console import Call, command, table
from countenance.cli.observed import LogOption, MetricsOption, log_form, observed_service, timed
from countenance.errors import InputError

if TYPE_CHECKING:
    from countenance.store.project import Project

_SHOWN_PORT = 8470


def register(app: typer.Typer) -> None:
    command(app, "verify")(verify)
    command(app, "anchor")(anchor)
    command(app, "serve")(serve)


def verify(
    call: Call,
    file: Annotated[
        str, typer.Argument(metavar="FILE|URL", help="A video, an image or a sound, from anywhere; http(s) URLs too.")
    ],
    language: Annotated[str, typer.Option("--language", metavar="en|de", help="The language of the sentences.")] = "en",
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="PEM", help="Judge without a project, by its maker's anchor file."),
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option("--proof", metavar="JSON", help="With --anchor: the maker's inclusion proof of the release."),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="A URL may lead to an address that is not public.")
    ] = False,
    megabytes: Annotated[
        int, typer.Option("--megabytes", min=1, metavar="N", help="The most that is fetched from a URL.")
    ] = 2048,
) -> None:
    """Tell whether a file is ours, was released and is intact: exit status 0 if all of that, else 1."""
    from countenance.provenance.fetch import Limits, fetched, is_url
    from countenance.provenance.verify import verify_file

    if proof is not None and anchor is None:
        raise InputError("--proof is checked by the key in --anchor; give both.")
    project = _project_or_none(call) if anchor is None else None
    given = _proof(proof) if proof else None
    limits = Limits(most_bytes=megabytes << 20, private=private)
    source = fetched(file, limits) if is_url(file) else nullcontext(Path(file))
    with call.progress() as stage:
        stage(f"looking at {Path(file).name}", None)
        with source as path:
            name = file if is_url(file) else path.name
            seen = verify_file(project, path, language, name=name, anchor=_text(anchor) if anchor else "", proof=given)
    rows = [(one.about, one.state, f"{one.confidence:.4g}", one.sentence) for one in seen.findings]
    call.show(seen.to_json(), seen.sentence, table(("finding", "state", "confidence", "in words"), rows))
    raise typer.Exit(seen.exit_status)


def anchor(
    call: Call,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there.")] = None,
) -> None:
    """Show what others need to verify this project's files: its root certificate and its ledger's public key."""
    from countenance.provenance.anchor import anchor_text
    from countenance.store.files import write_bytes

    text = anchor_text(call.project())
    if out is None:
        call.show({"anchor": text}, text.rstrip("\n"))
    else:
        write_bytes(out, text.encode())
        call.show({"anchor": text, "file": str(out)}, f"written: {out}")


def serve(
    call: Call,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = _SHOWN_PORT,
    megabytes: Annotated[
        int, typer.Option("--megabytes", min=1, metavar="N", help="The largest file that is looked at.")
    ] = 512,
    looks: Annotated[
        int, typer.Option("--looks", min=1, metavar="N", help="Files that one client may send in a minute.")
    ] = 10,
    proxy: Annotated[
        str | None,
        typer.Option("--proxy", metavar="ADDRESS", help="Believe this proxy when it says who the client is."),
    ] = None,
    log: LogOption = None,
    metrics: MetricsOption = None,
) -> None:
    """Answer over HTTP: the page /verify, the C2PA soft binding resolution, /health. Ends with Ctrl-C."""
    import uvicorn
    from uvicorn.config import LOGGING_CONFIG

    from countenance.server.app import PATIENCE_S, create_app
    from countenance.server.desk import Options

    project = call.project()
    app = create_app(project, Options(most_bytes=megabytes << 20, looks_per_minute=looks))
    config = uvicorn.Config(
        timed(app, metrics, log_form(log)), log_config=None if log else LOGGING_CONFIG,
        log_level="warning", access_log=False, server_header=False,
        proxy_headers=proxy is not None, forwarded_allow_ips=proxy or "", timeout_graceful_shutdown=PATIENCE_S,
    )  # fmt: skip
    try:
        listening = socket.create_server((host, port))
    except OSError as exc:
        raise InputError(f"{host}:{port} cannot be listened on ({exc.strerror}); choose another --port.") from exc
    with listening, observed_service(project, log_form(log), metrics):
        found = listening.getsockname()[1]
        call.show({"host": host, "port": found}, f"http://{host}:{found}/verify")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listening])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read as an anchor ({exc}); check the path.") from exc


def _proof(path: Path) -> dict[str, Any]:
    from countenance.store.files import read_json

    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(f"{path} is no proof; use the file that `countenance ledger prove` writes.")
    return value


def _project_or_none(call: Call) -> Project | None:
    """A project that was named must be there; one that is searched for need not."""
    try:
        return call.project()
    except InputError:
        if call.project_dir is not None:
            raise
        return None
