"""Pacing of a line to its baud rate.

Knows how long bytes take on a line of 10 bits a byte; time is an argument. The long-term rate is exact: each piece is
due when its last bit would have arrived, so that timer jitter does not add up.
"""

from __future__ import annotations

from collections import deque

_PIECE = 32
HIGH_WATER = 8192


class Pacer:
    """Delays the bytes of one direction as a line of ``baud`` bit/s would; ``None`` passes them at once."""

    __slots__ = ("_free_at", "_queue", "_seconds_per_byte", "queued")

    def __init__(self, baud: int | None) -> None:
        self.set_rate(baud)
        self._queue: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self.queued = 0

    def set_rate(self, baud: int | None) -> None:
        """Change the rate for later bytes; bytes on the line arrive at the old rate."""
        self._seconds_per_byte = 10.0 / baud if baud else 0.0

    @property
    def full(self) -> bool:
        """Whether more bytes wait than a sender's buffer would take."""
        return self.queued > HIGH_WATER

    @property
    def deadline(self) -> float | None:
        """When the next piece is due."""
        return self._queue[0][0] if self._queue else None

    def put(self, data: bytes, now: float) -> None:
        """Begin to send bytes, after those already on the line."""
        self.queued += len(data)
        when = max(self._free_at, now)
        if not self._seconds_per_byte:
            self._queue.append((when, data))
            return
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            when += len(piece) * self._seconds_per_byte
            self._queue.append((when, piece))
        self._free_at = when

    def take(self, now: float) -> bytes:
        """Return the bytes that have arrived by now."""
        queue = self._queue
        parts = []
        while queue and queue[0][0] <= now:
            parts.append(queue.popleft()[1])
        out = b"".join(parts)
        self.queued -= len(out)
        return out

    def clear(self) -> None:
        """Drop the bytes on the line."""
        self._queue.clear()
        self.queued = 0
