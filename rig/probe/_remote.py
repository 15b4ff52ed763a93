"""A probe that pyOCD's server offers on another host, or through an ssh forward: ``remote:HOST:PORT``.

pyOCD's own client waits for ever for a lost server. This one has a time limit, and tells a closed connection from a
pause. If the server is the rig's (``_server``), the probe can be leased there: no other host gets at it.
"""
# pyOCD has no type information, so its base classes are Any to the type checker.

from __future__ import annotations

import contextlib
import getpass
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rig.errors import LeaseFault, ProbeFault

__all__ = ["LEASE", "REFUSED", "REMOTE", "lease_remote", "remote_probe"]

REMOTE = "remote:"
"""How the id of such a probe begins."""

_ANSWER_SECONDS = 15.0  # for the largest piece of memory over a slow network
_PACKET = 1 << 16
LEASE = "rig_lease"
"""The request by which a connection says whose it is: a key and, in words, who that is."""
REFUSED = "in use by "
"""How the refusal begins."""
_CONNECT_SECONDS = 10.0
_POLL_SECONDS = 0.5

_keys: dict[str, str] = {}  # of the probes that this process has leased


@contextlib.contextmanager
def lease_remote(uid: str, *, timeout: float = 0.0) -> Iterator[None]:
    """Keep other hosts from the probe ``remote:HOST:PORT`` for the length of the ``with`` block, or until the process
    ends.

    pyOCD's own server knows no leases: there, nothing keeps them away.

    :param timeout: seconds to wait for another user; 0 tries once.
    :raises LeaseFault: somebody else uses it. :raises ProbeFault: no server answers.
    """
    key = secrets.token_hex(8)
    since = datetime.now(UTC).isoformat(timespec="seconds")
    words = f"process {os.getpid()} of {getpass.getuser()} on {socket.gethostname()} since {since}"
    deadline = time.monotonic() + timeout
    while True:
        connection, holder = _ask(uid, key, words)
        if not holder:
            break
        connection.close()
        if time.monotonic() >= deadline:
            raise LeaseFault(f"probe {uid} is {holder}", hint="wait for it (--wait SECONDS)")
        time.sleep(_POLL_SECONDS)
    with connection:
        _keys[uid] = key
        try:
            yield
        finally:
            del _keys[uid]


def _ask(uid: str, key: str, words: str) -> tuple[socket.socket, str]:
    """Ask for the probe; returns the connection that holds it, or what the server says against it."""
    host, port = _address(uid)
    try:
        connection = socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
    except OSError as error:
        raise ProbeFault(
            f"no probe server at {host}:{port}: {error.strerror or error}", hint="rig shelf export starts one there"
        ) from error
    try:
        connection.sendall(_lease_line(key, words))
        connection.settimeout(_ANSWER_SECONDS)
        with connection.makefile("rb") as lines:
            answer = json.loads(lines.readline())
    except (OSError, ValueError) as error:
        connection.close()
        raise ProbeFault(f"the probe server at {host}:{port} does not answer", hint="is it pyOCD's?") from error
    said = str(answer.get("error", ""))
    return connection, said[said.find(REFUSED) :] if REFUSED in said else ""


def _lease_line(key: str, words: str) -> bytes:
    return json.dumps({"id": 0, "request": LEASE, "arguments": [key, words]}).encode() + b"\n"


def _address(uid: str) -> tuple[str, int]:
    host, colon, number = uid.removeprefix(REMOTE).rpartition(":")
    if not colon or not number.isdecimal():
        raise ProbeFault(f"no probe can be at {uid!r}", hint="expected remote:HOST:PORT")
    return host, int(number)


def remote_probe(uid: str) -> Any:
    """pyOCD's probe object for ``remote:HOST:PORT``; it connects when it is opened.

    :raises ProbeFault: the id is not of this form.
    """
    from pyocd.core import exceptions  # noqa: PLC0415 - see rig.probe
    from pyocd.probe.tcp_client_probe import TCPClientProbe  # noqa: PLC0415
    from pyocd.utility.sockets import ClientSocket  # noqa: PLC0415

    class Socket(ClientSocket):  # type: ignore[misc]
        """Raises what pyOCD expects of a probe that is gone."""

        def connect(self) -> None:
            try:
                super().connect()
            except OSError as error:
                raise exceptions.ProbeDisconnected(
                    f"no probe server at {host}:{port}: {error.strerror or error}"
                ) from error
            if uid in _keys:
                self.write(_lease_line(_keys[uid], "the same"))
                self.readline()  # a server that knows no leases says so, and serves all the same

        def set_timeout(self, timeout: float) -> None:
            """Each read is limited by ``readline``."""

        def write(self, data: bytes) -> None:
            try:
                super().write(data)
            except OSError as error:
                raise exceptions.ProbeDisconnected(f"the probe server has gone: {error.strerror or error}") from error

        def readline(self) -> bytes:
            deadline = time.monotonic() + _ANSWER_SECONDS
            while (end := self._buffer.find(b"\n")) < 0:
                self._socket.settimeout(max(0.01, deadline - time.monotonic()))
                try:
                    data = self.read(_PACKET)
                except TimeoutError as error:
                    raise exceptions.ProbeDisconnected(
                        f"the probe server has not answered for {_ANSWER_SECONDS:g} s"
                    ) from error
                except OSError as error:
                    raise exceptions.ProbeDisconnected(f"the probe server has gone: {error.strerror}") from error
                if not data:
                    raise exceptions.ProbeDisconnected("the probe server has closed the connection")
                self._buffer += data
            line = bytes(self._buffer[: end + 1])
            del self._buffer[: end + 1]
            return line

        def close(self) -> None:
            end: socket.socket | None = self._socket
            self._socket: Any = None
            if end is not None:
                with end, contextlib.suppress(OSError):  # the other end was first
                    end.shutdown(socket.SHUT_RDWR)

    class Client(TCPClientProbe):  # type: ignore[misc]
        """Does not take a lock for held that it could not get: what went wrong is to be seen."""

        def unlock(self) -> None:
            with self._lock_count_lock:
                if self._lock_count:
                    super().unlock()

    host, port = _address(uid)
    probe = Client(f"{host}:{port}")
    probe._socket = Socket(host, port)  # has no other way in
    return probe
