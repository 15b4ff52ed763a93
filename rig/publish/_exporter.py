"""Metrics over HTTP for a Prometheus on this host: on loopback only, a rig offers nothing to a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rig.errors import EnvironmentFault, RigError

LOOPBACK = "127.0.0.1"
_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_PATIENCE = 10.0  # for a client that sends nothing, seconds
_PAGE = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>micro-ROS SHM rig</title></head>
<body><h1>micro-ROS SHM rig</h1><p><a href="/metrics">Metrics</a> of the newest runs.</p></body></html>
"""


@contextmanager
def serve(text: Callable[[], str], *, port: int) -> Iterator[int]:
    """Serve what ``text`` returns at ``/metrics`` while the block lasts; yields the port, also where 0 chose one.

    An error of ``text`` is the answer to that scrape (500, in words), and ends nothing.

    :raises EnvironmentFault: the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE
        server_version = "rig"
        sys_version = ""

        def do_GET(self) -> None:
            status, kind, body = _answer(self.path.partition("?")[0], text)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are no news."""

    try:
        server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot listen on {LOOPBACK}:{port}: {error.strerror}", hint="name another port with --port"
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(path: str, text: Callable[[], str]) -> tuple[HTTPStatus, str, bytes]:
    if path == "/":
        return HTTPStatus.OK, "text/html; charset=utf-8", _PAGE
    if path != "/metrics":
        return HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"only /metrics is here\n"
    try:
        return HTTPStatus.OK, _FORMAT, text().encode()
    except RigError as error:
        return HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", f"{error.message}\n".encode()
