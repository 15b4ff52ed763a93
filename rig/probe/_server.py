"""pyOCD's probe server with one user at a time: ``python -m rig.probe UID PORT``.

pyOCD's own server lets any number of clients at one probe, and what a killed client has locked stays locked. Here a
rig leases the probe by a connection of its own, as long as that connection lives, and may come and go with others
meanwhile. A client that leases nothing, pyOCD itself for instance, has the probe for the length of its connection.
Either way the next one is refused, and told who has it. What a client has locked or opened is undone when it goes.
"""
# pyOCD has no type information, so its base classes are Any to the type checker.

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from rig.errors import RigError
from rig.probe._listing import find_probe
from rig.probe._remote import LEASE, REFUSED

__all__ = ["Users", "serve_probe"]

_POLL_SECONDS = 0.1
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 5), (socket.TCP_KEEPINTVL, 2), (socket.TCP_KEEPCNT, 3))  # a host that is gone


class Users:
    """Who uses the probe: one key at a time, by any number of connections."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key, self._words, self._connections = "", "", 0

    def join(self, key: str, words: str) -> str:
        """Come in with a key; returns the words of the present user if that is another one, else nothing."""
        with self._lock:
            if self._connections and key != self._key:
                return self._words
            if not self._connections:
                self._key, self._words = key, words
            self._connections += 1
            return ""

    def leave(self) -> None:
        """Leave; the last connection of a key makes room."""
        with self._lock:
            self._connections -= 1


def serve_probe(uid: str, port: int) -> None:
    """Serve a probe on loopback until the process ends.

    :raises RigError: there is no such probe. :raises OSError: the port is in use.
    """
    from pyocd.core import exceptions  # noqa: PLC0415 - see rig.probe
    from pyocd.core.session import Session  # noqa: PLC0415
    from pyocd.probe.tcp_probe_server import DebugProbeRequestHandler, DebugProbeServer  # noqa: PLC0415

    users = Users()

    class Handler(DebugProbeRequestHandler):  # type: ignore[misc]
        """One connection."""

        def setup(self) -> None:
            super().setup()
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, seconds in _KEEPALIVE:
                self.request.setsockopt(socket.IPPROTO_TCP, option, seconds)
            self._joined = False
            self._undo: list[tuple[str, Any]] = []
            handlers = self._REQUEST_HANDLERS
            self._hello, _ = handlers["hello"]
            handlers["hello"] = (self._first, 1)
            handlers[LEASE] = (self._join, 2)
            for begin, end in (("lock", "unlock"), ("open", "close"), ("connect", "disconnect")):
                (do, count), (undo, _) = handlers[begin], handlers[end]
                handlers[begin] = (self._noted(begin, do, undo), count)
                handlers[end] = (self._undone(begin, undo), 0)

        def _first(self, version: object) -> object:
            self._join("", f"a debugger at {self.client_address[0]}")
            return self._hello(version)

        def _join(self, key: str, words: str) -> None:
            if self._joined:
                return
            mine = key or f"connection {self.client_address}"
            holder = users.join(mine, words)
            if holder:
                raise exceptions.ProbeError(f"{REFUSED}{holder}")
            self._joined = True

        def _noted(self, name: str, do: Any, undo: Any) -> Any:
            def run(*arguments: object) -> object:
                result = do(*arguments)
                self._undo.append((name, undo))
                return result

            return run

        def _undone(self, name: str, undo: Any) -> Any:
            def run() -> object:
                newest = next((each for each in reversed(self._undo) if each[0] == name), None)
                if newest is not None:
                    self._undo.remove(newest)
                return undo()

            return run

        def finish(self) -> None:
            for _, undo in reversed(self._undo):
                with contextlib.suppress(Exception):  # the probe may be gone; the next thing is tried all the same
                    undo()
            with contextlib.suppress(Exception):
                super().finish()
            if self._joined:
                users.leave()

    session = Session(None, options={"no_config": True})
    probe = find_probe(uid)
    probe.session = session
    server = DebugProbeServer(session, probe, port, True)
    server._server.RequestHandlerClass = Handler  # has no other way in
    server.start()
    while server.is_running:
        time.sleep(_POLL_SECONDS)


def main(arguments: list[str]) -> int:
    """Serve; what is wrong goes to standard output, one line."""
    if len(arguments) != 2 or not arguments[1].isdecimal() or not 0 < int(arguments[1]) < 1 << 16:
        print("usage: python -m rig.probe UID PORT; `rig shelf export` starts it for each board")
        return 2
    uid, port = arguments
    try:
        serve_probe(uid, int(port))
    except (RigError, OSError) as error:
        print(f"probe {uid} cannot be served on port {port}: {error}")
    return 3
