"""Connecting to the unix sockets of a QEMU process, and the two ways in which they fail."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["LINK_TIMEOUT", "LinkError", "LinkLost", "connect", "unbroken"]

LINK_TIMEOUT = 10.0  # seconds; QEMU answers in microseconds, so this only bounds a hang


class LinkError(Exception):
    """QEMU refused a request, or did not answer it in time."""


class LinkLost(LinkError):
    """The connection to QEMU is gone: the process ended."""


def connect(path: Path, timeout: float = LINK_TIMEOUT) -> socket.socket:
    """Connect to the unix socket at ``path``, waiting up to ``timeout`` seconds for it to listen."""
    deadline = time.monotonic() + timeout
    while True:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            link.connect(str(path))
        except OSError as error:
            link.close()
            if time.monotonic() > deadline:
                raise LinkLost(f"no answer at socket {path.name}: {error.strerror}") from error
            time.sleep(0.01)
        else:
            link.settimeout(LINK_TIMEOUT)
            return link


@contextlib.contextmanager
def unbroken(close: Callable[[], None]) -> Iterator[None]:
    """Give up a connection when Ctrl-C interrupts a request: its answer would be taken for the next one's."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        close()
        raise
