"""One direction of a captured TCP connection: segments in, DDS-XRCE messages out.

Knows TCP's sequence numbers and the 16-bit length before each message. Must not know captures, nor the meaning of a
message; only whether bytes are one.
"""

from __future__ import annotations

from rig.xrce import XrceDecodeError, decode_message

_MASK = 0xFFFFFFFF
_HELD = 64
_PREFIX = 2


class TcpStream:
    """Puts segments in order, drops repeated bytes, and reports missing ones.

    Messages are returned as bytes, reports of missing data as text. If a capture begins in the middle of a stream,
    reading starts at the first segment that begins with a whole message.
    """

    def __init__(self) -> None:
        self._next: int | None = None
        self._held: dict[int, bytes] = {}
        self._buffer = bytearray()
        self._synced = False
        self._passed = 0

    def feed(self, sequence: int, payload: bytes, *, syn: bool = False) -> list[bytes | str]:
        """Take a segment."""
        if syn:
            out = self.finish()
            self._next, self._synced = sequence + 1 & _MASK, True
            return out
        if not payload:
            return []
        if self._next is None:
            self._next = sequence
        ahead = _distance(sequence, self._next)
        if ahead > 0:
            if len(payload) > len(self._held.get(sequence, b"")):
                self._held[sequence] = payload
            return self._skip() if len(self._held) > _HELD else []
        return self._take(payload[-ahead:] if ahead else payload) + self._release()

    def acknowledged(self, ack: int) -> list[bytes | str]:
        """Take the receiver's acknowledgement: bytes before it that are not here are missing from the capture."""
        if self._held and any(_distance(ack, number) > 0 for number in self._held):
            return self._skip()
        return []

    def finish(self) -> list[bytes | str]:
        """Return what is left at the end of the capture or connection."""
        out: list[bytes | str] = []
        while self._held:
            out += self._skip()
        if self._passed:
            out += self._found()
        if self._buffer:
            out.append(f"the connection ends within a message, after {len(self._buffer)} bytes of it")
            self._buffer.clear()
        return out

    def _take(self, data: bytes) -> list[bytes | str]:
        """Take what is next in order."""
        assert self._next is not None
        self._next = self._next + len(data) & _MASK
        out: list[bytes | str] = []
        if not data:
            return out
        if not self._synced:
            if not _begins_with_message(data):
                self._passed += len(data)
                return out
            out += self._found()
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _PREFIX:
            end = _PREFIX + (buffer[0] | buffer[1] << 8)
            if len(buffer) < end:
                break
            out.append(bytes(buffer[_PREFIX:end]))
            del buffer[:end]
        return out

    def _found(self) -> list[bytes | str]:
        self._synced = True
        passed, self._passed = self._passed, 0
        return [f"{passed} bytes of a connection passed over: no message begins there"] if passed else []

    def _release(self) -> list[bytes | str]:
        """Take what was held and is now next."""
        out: list[bytes | str] = []
        assert self._next is not None
        while self._held:
            number = min(self._held, key=self._ahead)
            ahead = self._ahead(number)
            if ahead > 0:
                break
            out += self._take(self._held.pop(number)[-ahead if ahead else 0 :])
        return out

    def _skip(self) -> list[bytes | str]:
        """Give up what is missing before the oldest held segment."""
        number = min(self._held, key=self._ahead)
        cut = " and the rest of a message begun before" if self._buffer else ""
        said = f"{self._ahead(number)} bytes of a connection are not in the capture{cut}"
        self._buffer.clear()
        self._synced = False
        self._next = number
        return [said, *self._release()]

    def _ahead(self, number: int) -> int:
        assert self._next is not None
        return _distance(number, self._next)


def _distance(left: int, right: int) -> int:
    """How far ``left`` is ahead of ``right``, mod 2**32."""
    return ((left - right + 0x80000000) & _MASK) - 0x80000000


def _begins_with_message(data: bytes) -> bool:
    if len(data) < _PREFIX:
        return False
    end = _PREFIX + (data[0] | data[1] << 8)
    if not _PREFIX + 4 < end <= len(data):
        return False
    try:
        return bool(decode_message(data[_PREFIX:end]).submessages)
    except XrceDecodeError:
        return False
