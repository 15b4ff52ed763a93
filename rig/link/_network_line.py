"""A serial line of another host, by RFC 2217 or plain TCP, with a file descriptor for the tap.

Knows ``rfc2217://HOST:PORT`` (rate and modem lines are set on the far side) and ``socket://HOST:PORT`` (plain bytes).
"""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit

import serial

__all__ = ["NetworkLine", "is_network_line"]

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 0.2  # after which the reader looks whether it is to end
_LARGEST_READ = 4096


def is_network_line(device: str) -> bool:
    """Whether a device's name is the address of a line on another host."""
    return "://" in device


class NetworkLine:
    """An open line.

    :param url: of one of the two kinds.
    :param baud: in bit/s, for the far side's port.
    :raises OSError: no server answers at this address. :raises ValueError: the far side does not speak RFC 2217.
    """

    def __init__(self, url: str, baud: int) -> None:
        self._serial: serial.SerialBase | None = None
        if urlsplit(url).scheme == "socket":
            where = urlsplit(url)
            self._end = socket.create_connection((where.hostname or "", where.port or 0), timeout=_CONNECT_SECONDS)
            self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            # pyserial reads the network in a thread of its own; what it has is carried to a socket of ours.
            # The tap uses no modem lines, and a server of a pty never answers what pyserial asks of them.
            self._serial = serial.serial_for_url(f"{url}?ign_set_control", baudrate=baud, timeout=_READ_SECONDS)
            self._end, self._far = socket.socketpair()
            for carry in (self._inwards, self._outwards):
                threading.Thread(target=carry, args=(self._serial,), name="network line", daemon=True).start()
        self._end.setblocking(False)

    def fileno(self) -> int:
        """The descriptor to read, write and wait for; end of file means that the line is gone."""
        return self._end.fileno()

    def _inwards(self, line: serial.SerialBase) -> None:
        with contextlib.suppress(
            OSError, ValueError, TypeError
        ):  # TypeError: pyserial's own, on a line that was closed
            while line.is_open:
                data = line.read(1)
                if data:
                    waiting = int(getattr(line, "in_waiting", 0))
                    self._far.sendall(data + line.read(min(waiting, _LARGEST_READ)))
        with contextlib.suppress(OSError):
            self._far.shutdown(socket.SHUT_RDWR)

    def _outwards(self, line: serial.SerialBase) -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := self._far.recv(_LARGEST_READ):
                line.write(data)

    def close(self) -> None:
        """Close the line."""
        with contextlib.suppress(OSError):
            self._end.close()
        if self._serial is not None:
            with contextlib.suppress(OSError):
                self._far.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError, ValueError):
                self._serial.close()
