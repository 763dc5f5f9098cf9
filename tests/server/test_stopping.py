from __future__ import annotations

import socket
from pathlib import Path

from servers import serving

from countenance.store.project import init_project


def test_a_client_that_never_ends_its_request_does_not_keep_the_server_from_stopping(tmp_path: Path) -> None:
    kind = b"multipart/form-data; boundary=x"
    head = b"POST /verify HTTP/1.1\r\nHost: here\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n"
    with serving(init_project(tmp_path), patience_s=1) as client:
        address = (client.base_url.host, client.base_url.port or 0)
        dawdling = socket.create_connection(address)
        dawdling.sendall(head % kind + b"--x\r\n")
        client.get("/health")  # by now the server has seen the half request
    dawdling.close()
