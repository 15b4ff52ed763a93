"""Reads a file while another process still writes it, and a file whose beginning was already read. Knows files only."""

from __future__ import annotations

import io
import threading
from typing import IO, Any

_LOOK = 0.05
_CHUNK = 65536


class GrowingFile:
    """Reads like a binary file, but reports its end only once ``ended`` is set.

    ``read`` waits for all bytes asked for, ``read1`` for at least one; at the end both return what there is.
    """

    def __init__(self, file: IO[bytes], ended: threading.Event) -> None:
        self._file = file
        self._ended = ended

    def _more(self, size: int) -> bytes:
        while not (data := self._file.read(size)):
            if self._ended.wait(_LOOK):
                return self._file.read(size)
        return data

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes; fewer at the end."""
        data = self._more(size) if size else b""
        while data and len(data) < size:
            rest = self._more(size - len(data))
            if not rest:
                break
            data += rest
        return data

    def read1(self, size: int) -> bytes:
        """At least one byte and at most ``size``; none at the end."""
        return self._more(size)

    def seekable(self) -> bool:
        """Whether it can be rewound; a pipe cannot."""
        return self._file.seekable()

    def seek(self, position: int) -> None:
        """Continue from this position."""
        self._file.seek(position)


class _Chained(io.RawIOBase):
    """Bytes that were read already, and then the rest of their file."""

    def __init__(self, head: bytes, file: io.BufferedReader | GrowingFile) -> None:
        self._head = head
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        data = data or self._file.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def rewound(head: bytes, file: io.BufferedReader | GrowingFile, *, skip: int = 0) -> io.BufferedReader:
    """Read a file from its beginning although ``head`` was already read; this works for pipes too.

    :param skip: bytes to leave out at the beginning, at most those of ``head``.
    """
    if file.seekable():
        file.seek(skip)
        head = b""
    return chained(head[skip:], file)


def chained(head: bytes, file: io.BufferedReader | GrowingFile) -> io.BufferedReader:
    """Read ``head``, which was read from the file before, and then the rest of the file."""
    return io.BufferedReader(_Chained(head, file), _CHUNK)
