"""Serial framing of DDS-XRCE: flag 0x7E, byte stuffing, addresses, length, CRC.

Knows bytes on a line; must not know what a payload means. The CRC is CRC-16/ARC over the unstuffed payload only. There
is no closing flag: the length ends a frame, and an unstuffed flag starts a new frame anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from struct import unpack_from
from typing import Final

FLAG: Final = 0x7E
ESCAPE: Final = 0x7D
_XOR: Final = 0x20
_HEAD: Final = 4
_TAIL: Final = 2


def _by_byte() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        rows.append(crc)
    return tuple(rows)


@cache
def _tables() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """One step by a byte, and one by two: they replace the whole register, so it needs neither shift nor mask."""
    byte = _by_byte()
    first = [byte[low] for low in range(256)]
    word = tuple(crc >> 8 ^ byte[crc & 0xFF ^ high] for high in range(256) for crc in first)
    return byte, word


def crc16_arc(data: bytes, crc: int = 0) -> int:
    """CRC-16/ARC (polynomial 0x8005 reflected, initial value 0, no final xor)."""
    byte, word = _tables()
    count = len(data) >> 1
    for pair in unpack_from(f"<{count}H", data):
        crc = word[crc ^ pair]
    return crc >> 8 ^ byte[crc & 0xFF ^ data[-1]] if len(data) & 1 else crc


def encode_frame(payload: bytes, *, source: int, destination: int) -> bytes:
    """Frame one message of at most 65,535 bytes.

    :raises ValueError: a longer payload.
    """
    if len(payload) > 0xFFFF:
        raise ValueError(f"payload of {len(payload)} bytes does not fit a serial frame")
    body = (
        bytes((source, destination))
        + len(payload).to_bytes(2, "little")
        + payload
        + crc16_arc(payload).to_bytes(2, "little")
    )
    stuffed = body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")
    return b"\x7e" + stuffed


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A valid frame; ``raw`` has the bytes on the line, from its flag to its last CRC byte."""

    source: int
    destination: int
    payload: bytes
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameError:
    """Bytes that form no frame: ``reason`` is ``crc``, ``cut`` (a flag inside the frame) or ``noise``."""

    reason: str
    raw: bytes


class FrameDecoder:
    """Incremental decoder: bytes in, frames and errors out, in line order.

    ``feed`` never raises and holds at most one unfinished frame (about 128 KiB when fully stuffed).

    :param address: if given, frames for other destinations are dropped and counted in ``foreign``.
    :param max_payload: a frame with a larger length field, in bytes, counts as noise at once.
    """

    def __init__(self, *, address: int | None = None, max_payload: int = 0xFFFF) -> None:
        self._address = address
        self._max = max_payload
        self._raw = bytearray()
        self._noise = bytearray()
        self._body = bytearray()
        self._inside = False
        self._escaped = False
        self.foreign = 0

    def reset(self) -> None:
        """Drop an unfinished frame, for instance after the line was reopened."""
        self._raw.clear()
        self._noise.clear()
        self._body.clear()
        self._inside = False
        self._escaped = False

    @property
    def pending(self) -> int:
        """Number of bytes held of an unfinished frame."""
        return len(self._raw)

    def feed(self, data: bytes) -> list[Frame | FrameError]:
        """Take bytes from the line; return the frames and errors that they complete."""
        events: list[Frame | FrameError] = []
        position, size = 0, len(data)
        while position < size:
            if not self._inside:
                flag = data.find(FLAG, position)
                stop = size if flag < 0 else flag
                self._noise += data[position:stop]
                if flag < 0 or self._noise:
                    self._flush_noise(events)
                if flag < 0:
                    break
                position = self._whole_frame(data, flag, size, events)
                continue
            position = self._inside_frame(data, position, size, events)
        return events

    def _begin(self) -> None:
        self._raw[:] = b"\x7e"
        self._body.clear()
        self._inside = True
        self._escaped = False

    def _whole_frame(self, data: bytes, flag: int, size: int, events: list[Frame | FrameError]) -> int:
        """A frame that is all there and has nothing stuffed, the usual one, at once; else begin to gather it.

        Returns the position from where to go on.
        """
        position = flag + 1
        head = data[position : position + _HEAD]
        if len(head) == _HEAD:
            end = position + _HEAD + (head[2] | head[3] << 8) + _TAIL
            raw = data[flag:end]
            if end <= size and end - position - _HEAD - _TAIL <= self._max and raw.find(FLAG, 1) < 0 > raw.find(ESCAPE):
                self._judge(raw[1:], bytes(raw), events)
                return end
        self._begin()
        return position

    def _flush_noise(self, events: list[Frame | FrameError]) -> None:
        if self._noise:
            events.append(FrameError(reason="noise", raw=bytes(self._noise)))
            self._noise.clear()

    def _needed(self) -> int:
        """Unstuffed bytes still missing, as far as known."""
        have = len(self._body)
        if have < _HEAD:
            return _HEAD - have
        return _HEAD + (self._body[2] | self._body[3] << 8) + _TAIL - have

    def _inside_frame(self, data: bytes, position: int, size: int, events: list[Frame | FrameError]) -> int:
        stop = min(size, position + self._needed())
        chunk = data[position:stop]
        flag = chunk.find(FLAG)
        if flag >= 0:
            chunk = chunk[:flag]
        self._raw += chunk
        self._unstuff(chunk)
        position += len(chunk)
        if flag >= 0:
            if len(self._raw) > 1:
                events.append(FrameError(reason="cut", raw=bytes(self._raw)))
            self._begin()
            return position + 1
        if len(self._body) >= _HEAD:
            length = self._body[2] | self._body[3] << 8
            if length > self._max:
                events.append(FrameError(reason="noise", raw=bytes(self._raw)))
                self._end()
            elif len(self._body) == _HEAD + length + _TAIL:
                self._finish(events)
        return position

    def _unstuff(self, chunk: bytes) -> None:
        if self._escaped and chunk:
            self._body.append(chunk[0] ^ _XOR)
            self._escaped = False
            chunk = chunk[1:]
        if ESCAPE not in chunk:
            self._body += chunk
            return
        first, *others = chunk.split(b"\x7d")
        self._body += first
        last = len(others) - 1
        index = 0
        while index <= last:
            part = others[index]
            if part:
                self._body.append(part[0] ^ _XOR)
                self._body += part[1:]
            elif index == last:
                self._escaped = True
            else:
                # An escaped escape byte: not produced by any encoder, read like any other stuffed byte.
                self._body.append(ESCAPE ^ _XOR)
                index += 1
                self._body += others[index]
            index += 1

    def _end(self) -> None:
        self._inside = False
        self._escaped = False
        self._raw.clear()
        self._body.clear()

    def _finish(self, events: list[Frame | FrameError]) -> None:
        self._judge(bytes(self._body), bytes(self._raw), events)
        self._end()

    def _judge(self, body: bytes, raw: bytes, events: list[Frame | FrameError]) -> None:
        """Say what became of a complete frame. ``body`` is unstuffed, from the addresses to the CRC."""
        payload = bytes(body[_HEAD:-_TAIL])
        if crc16_arc(payload) != (body[-2] | body[-1] << 8):
            events.append(FrameError(reason="crc", raw=raw))
        elif self._address is not None and body[1] != self._address:
            self.foreign += 1
        else:
            events.append(Frame(source=body[0], destination=body[1], payload=payload, raw=raw))
