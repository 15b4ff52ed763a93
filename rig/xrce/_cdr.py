"""CDR (XCDR1) primitives over a byte string with a chosen alignment origin.

Knows alignment and endianness; must not know any XRCE type. It has no 8-byte types: no message in use has any.
"""

from __future__ import annotations

import struct

from rig.xrce._errors import XrceDecodeError

_U16 = (struct.Struct(">H"), struct.Struct("<H"))
_I16 = (struct.Struct(">h"), struct.Struct("<h"))
_U32 = (struct.Struct(">I"), struct.Struct("<I"))
_I32 = (struct.Struct(">i"), struct.Struct("<i"))


class CdrReader:
    """Reads ``data[pos:end]``; alignment counts from ``origin``.

    :raises XrceDecodeError: a read goes beyond ``end``; the error has the offset in ``data``.
    """

    __slots__ = ("_little", "data", "end", "origin", "pos")

    def __init__(
        self,
        data: bytes,
        pos: int = 0,
        end: int | None = None,
        *,
        origin: int = 0,
        little_endian: bool = True,
    ) -> None:
        self.data = data
        self.pos = pos
        self.end = len(data) if end is None else end
        self.origin = origin
        self._little = 1 if little_endian else 0

    @property
    def remaining(self) -> int:
        return self.end - self.pos

    def align(self, size: int) -> None:
        self.pos += -(self.pos - self.origin) % size

    def take(self, size: int) -> bytes:
        start = self.pos
        stop = start + size
        if stop > self.end:
            raise XrceDecodeError(f"{size} bytes needed, {max(self.end - start, 0)} left", min(start, self.end))
        self.pos = stop
        return self.data[start:stop]

    def rest(self) -> bytes:
        return self.take(max(self.end - self.pos, 0))

    def u8(self) -> int:
        return self.take(1)[0]

    def flag(self) -> bool:
        value = self.u8()
        if value > 1:
            raise XrceDecodeError(f"boolean of value {value}", self.pos - 1)
        return value == 1

    def _number(self, formats: tuple[struct.Struct, struct.Struct]) -> int:
        form = formats[self._little]
        self.align(form.size)
        value: int = form.unpack(self.take(form.size))[0]
        return value

    def u16(self) -> int:
        return self._number(_U16)

    def i16(self) -> int:
        return self._number(_I16)

    def u32(self) -> int:
        return self._number(_U32)

    def i32(self) -> int:
        return self._number(_I32)

    def id16(self) -> int:
        """A request or object id: two bytes, high byte first in either endianness, unaligned."""
        return int.from_bytes(self.take(2), "big")

    def octets(self) -> bytes:
        """Read a sequence<octet>."""
        return self.take(self.u32())

    def string(self) -> str:
        """Read a string. Its length includes the closing NUL; some peers leave that out."""
        start = self.pos
        raw = self.octets()
        if raw.endswith(b"\0"):
            raw = raw[:-1]
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise XrceDecodeError("string that is not UTF-8", start) from error

    def optional_string(self) -> str | None:
        return self.string() if self.flag() else None

    def count(self, item_size: int) -> int:
        """Read a sequence's length; refuse one that cannot fit, so that a hostile length allocates nothing."""
        start = self.pos
        number = self.u32()
        if number * item_size > self.remaining:
            raise XrceDecodeError(f"sequence of {number} items in {self.remaining} bytes", start)
        return number


class CdrWriter:
    """Appends little-endian CDR; alignment counts from the position ``-offset`` (mod 4)."""

    __slots__ = ("_offset", "data")

    def __init__(self, offset: int = 0) -> None:
        self.data = bytearray()
        self._offset = offset

    def align(self, size: int) -> None:
        self.data += bytes(-(len(self.data) + self._offset) % size)

    def raw(self, data: bytes) -> None:
        self.data += data

    def u8(self, value: int) -> None:
        self.data.append(value)

    def u16(self, value: int) -> None:
        self.align(2)
        self.data += _U16[1].pack(value)

    def i16(self, value: int) -> None:
        self.align(2)
        self.data += _I16[1].pack(value)

    def u32(self, value: int) -> None:
        self.align(4)
        self.data += _U32[1].pack(value)

    def i32(self, value: int) -> None:
        self.align(4)
        self.data += _I32[1].pack(value)

    def id16(self, value: int) -> None:
        self.data += value.to_bytes(2, "big")

    def octets(self, data: bytes) -> None:
        self.u32(len(data))
        self.data += data

    def string(self, text: str) -> None:
        self.octets(text.encode("utf-8") + b"\0")

    def optional_string(self, text: str | None) -> None:
        self.u8(text is not None)
        if text is not None:
            self.string(text)
