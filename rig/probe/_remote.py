"""A probe that pyOCD's server offers on another host, or through an ssh forward: ``remote:HOST:PORT``.

pyOCD's own client waits for ever for a lost server. This one has a time limit, and tells a closed connection from a
pause.
"""
# pyOCD has no type information, so its base classes are Any to the type checker.

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from rig.errors import ProbeFault

__all__ = ["REMOTE", "remote_probe"]

REMOTE = "remote:"
"""How the id of such a probe begins."""

_ANSWER_SECONDS = 15.0  # for the largest piece of memory over a slow network
_PACKET = 1 << 16


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

    host, colon, number = uid.removeprefix(REMOTE).rpartition(":")
    if not colon or not number.isdecimal():
        raise ProbeFault(f"no probe can be at {uid!r}", hint="expected remote:HOST:PORT")
    port = int(number)
    probe = Client(f"{host}:{port}")
    probe._socket = Socket(host, port)  # has no other way in
    return probe
