"""A file that another process still writes to, read as it grows. Knows files only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import IO

_LOOK = 0.05


class GrowingFile:
    """Reads like a file opened for bytes, but its end comes only when ``ended`` is set.

    ``read`` waits for all it was asked for, ``read1`` for anything; what is not there by the end is left out.
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
        """Exactly ``size`` bytes, fewer at the end."""
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

    def tell(self) -> int:
        """Bytes from the start."""
        return self._file.tell()

    def __iter__(self) -> Iterator[bytes]:
        """Whole lines; the last one may lack its end."""
        rest = b""
        while data := self._more(65536):
            *lines, rest = (rest + data).split(b"\n")
            yield from (line + b"\n" for line in lines)
        if rest:
            yield rest
