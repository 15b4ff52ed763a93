"""Reading the RTT log of a running target: a ring in its RAM, found by its mark.

Needs only memory access, which is handed in: no probe is held. Layout after SEGGER's RTT control block:
16 bytes of mark, two counts, then up channels of six words (name, buffer, size, write, read, flags).
"""

from __future__ import annotations

import struct
from typing import Protocol

__all__ = ["RttReader"]

_MARK = b"SEGGER RTT\0"
_MARK_SIZE = 16
_CHANNEL = struct.Struct("<6I")
_READ_OFFSET = 16  # of a channel
_MAX_CHANNELS = 64
_MAX_BUFFER = 1 << 20


class Memory(Protocol):
    """Memory of a running target."""

    def read(self, address: int, length: int) -> bytes: ...
    def write(self, address: int, data: bytes) -> None: ...
    def write_u32(self, address: int, value: int) -> None: ...


class RttReader:
    """Reads up channel ``channel`` of a control block in ``length`` bytes at ``start``.

    With the address of the symbol ``_SEGGER_RTT`` nothing is searched: pass it as ``start``, and 16.
    """

    def __init__(self, memory: Memory, start: int, length: int, *, channel: int = 0) -> None:
        self._memory = memory
        self._start = start
        self._length = max(length, _MARK_SIZE)
        self._channel = channel
        self._block: int | None = None

    def invalidate(self) -> None:
        """Wipe the mark of an earlier run, so that its log is not taken for the next one's.

        Call it while the core is halted before its reset code runs. RAM outlives a reset.
        """
        block = self._find()
        if block is not None:
            self._memory.write(block, b"\0" * _MARK_SIZE)
        self._block = None

    def poll(self) -> bytes:
        """Return what the target has logged since the last call; empty if there is nothing, or no log yet."""
        block = self._block if self._block is not None else self._find()
        if block is None:
            return b""
        head = self._memory.read(block, 24)
        channels = int.from_bytes(head[16:20], "little")
        if not head.startswith(_MARK) or not self._channel < channels <= _MAX_CHANNELS:
            self._block = None  # the target was reset and is not yet up
            return b""
        self._block = block
        address = block + 24 + self._channel * _CHANNEL.size
        _name, buffer, size, write, read, _flags = _CHANNEL.unpack(self._memory.read(address, _CHANNEL.size))
        if not buffer or not 0 < size <= _MAX_BUFFER or write >= size or read >= size or write == read:
            return b""
        if write > read:
            data = self._memory.read(buffer + read, write - read)
        else:
            data = self._memory.read(buffer + read, size - read)
            data += self._memory.read(buffer, write) if write else b""
        self._memory.write_u32(address + _READ_OFFSET, write)
        return data

    def _find(self) -> int | None:
        offset = self._memory.read(self._start, self._length).find(_MARK)
        while offset >= 0 and offset % 4:
            offset = self._memory.read(self._start, self._length).find(_MARK, offset + 1)
        return self._start + offset if offset >= 0 else None
