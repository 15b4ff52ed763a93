"""What a link tap counts, and how it finds samples in messages.

Knows just enough of the wire to count; must not know sessions. ``MessageCounter`` is a plain walk over
submessage headers: it runs for every message that crosses a tapped link.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Self

_DATA_KINDS = (7, 9)
_FRAGMENT = 13


class Direction(Enum):
    """The direction in which a unit crosses a link."""

    TO_AGENT = "to_agent"
    TO_BOARD = "to_board"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionCounters:
    """One direction of a link.

    ``bytes`` are those on the line (serial: framing included; UDP: datagram payload), ``data_messages`` and
    ``data_bytes`` the WRITE_DATA or DATA submessages and their payloads, fragments included. What the tap itself
    withheld (cut, noise) is in ``dropped_*`` only.
    """

    bytes: int = 0
    messages: int = 0
    data_messages: int = 0
    data_bytes: int = 0
    framing_errors: int = 0
    dropped_bytes: int = 0
    dropped_messages: int = 0
    corrupted: int = 0
    duplicated: int = 0
    reordered: int = 0

    def __sub__(self, earlier: DirectionCounters) -> DirectionCounters:
        return DirectionCounters(
            **{item.name: getattr(self, item.name) - getattr(earlier, item.name) for item in fields(self)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCounters:
    """Snapshot of both directions; subtract an earlier one to get what happened in between."""

    to_agent: DirectionCounters = field(default_factory=DirectionCounters)
    to_board: DirectionCounters = field(default_factory=DirectionCounters)

    def __sub__(self, earlier: Self) -> LinkCounters:
        return LinkCounters(to_agent=self.to_agent - earlier.to_agent, to_board=self.to_board - earlier.to_board)

    @property
    def bytes(self) -> int:
        """Bytes of both directions."""
        return self.to_agent.bytes + self.to_board.bytes

    @property
    def data_bytes(self) -> int:
        """Payload bytes of both directions."""
        return self.to_agent.data_bytes + self.to_board.data_bytes


class MessageCounter:
    """Counts the samples in messages of one direction of one link."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        # Streams amid a fragmented submessage: key -> whether it carries a sample.
        self._open: dict[bytes, bool] = {}

    def count(self, message: bytes) -> tuple[int, int]:
        """Return (number of data submessages, their payload bytes) of one message; (0, 0) if it is malformed."""
        size = len(message)
        if size < 8:
            return 0, 0
        offset = 4 if message[0] >= 0x80 else 8
        samples = payload = 0
        while offset + 4 <= size:
            kind = message[offset]
            length = message[offset + 2] | message[offset + 3] << 8
            start = offset + 4
            end = start + length
            if kind in _DATA_KINDS:
                if length == 0:
                    end = size
                samples += 1
                payload += max(0, min(end, size) - start - 4)
            elif kind == _FRAGMENT:
                more = self._fragment(message, offset, start, min(end, size))
                samples += more[0]
                payload += more[1]
            elif kind == 0:
                break
            offset = end + (-end % 4)
        return samples, payload

    def _fragment(self, message: bytes, offset: int, start: int, end: int) -> tuple[int, int]:
        stream = message[:2] + (message[4:8] if message[0] < 0x80 else b"")
        samples = payload = 0
        if stream not in self._open:
            carries = end - start >= 8 and message[start] in _DATA_KINDS
            self._open[stream] = carries
            if carries:
                samples, payload = 1, end - start - 8
        elif self._open[stream]:
            payload = end - start
        if message[offset + 1] & 2:
            del self._open[stream]
        return samples, payload


class Tally:
    """The mutable form of ``DirectionCounters``."""

    __slots__ = ("_samples", *DirectionCounters.__dataclass_fields__)

    def __init__(self) -> None:
        self._samples = MessageCounter()
        self.bytes = 0
        self.messages = 0
        self.data_messages = 0
        self.data_bytes = 0
        self.framing_errors = 0
        self.dropped_bytes = 0
        self.dropped_messages = 0
        self.corrupted = 0
        self.duplicated = 0
        self.reordered = 0

    def message(self, message: bytes) -> None:
        """Count one message that passes."""
        self.messages += 1
        samples, payload = self._samples.count(message)
        self.data_messages += samples
        self.data_bytes += payload

    def snapshot(self) -> DirectionCounters:
        """Freeze the present values."""
        names = DirectionCounters.__dataclass_fields__
        return DirectionCounters(**{name: getattr(self, name) for name in names})
