"""Stream state machines: best effort and reliable, both directions, fragments.

Knows sequence numbers, windows and retransmission; must not know sockets, clocks or what a payload means.
Time is an argument, in seconds of any monotonic clock. Sequence numbers have 16 bits, compared by half range.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

from rig.xrce._constants import FLAG_LAST_FRAGMENT, FLAG_LITTLE_ENDIAN, SubmessageKind

WINDOW = 16
HEARTBEAT_PERIOD = 0.2
RESEND_GAP = 0.05
PART_OVERHEAD = 64
"""Bytes of memory that a queued message takes beside its content."""
_MASK = 0xFFFF
_SUBHEADER = struct.Struct("<BBH")
_LONG = (SubmessageKind.WRITE_DATA, SubmessageKind.DATA)
_CUT = (SubmessageKind.CREATE, *_LONG)


def sequence_newer(left: int, right: int) -> bool:
    """Whether ``left`` comes after ``right`` (mod 2**16, half range)."""
    return 0 < (left - right & _MASK) < 0x8000


def sequence_distance(left: int, right: int) -> int:
    """How far ``left`` is ahead of ``right``, in -32768..32767."""
    return ((left - right + 0x8000) & _MASK) - 0x8000


def _flagged(first: int, bitmap: int) -> list[int]:
    return [first + bit & _MASK for bit in range(16) if bitmap >> bit & 1]


class BestEffortInput:
    """Accepts a message only if it is newer than all before; late ones are dropped."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = _MASK

    def accept(self, sequence: int) -> bool:
        """Whether to handle the message with this number."""
        if 0 < (sequence - self.last & _MASK) < 0x8000:
            self.last = sequence
            return True
        return False


class BestEffortOutput:
    """Numbers messages and keeps none."""

    __slots__ = ("next_sequence",)

    def __init__(self) -> None:
        self.next_sequence = 0

    def take(self) -> int:
        """Return the number of the next message."""
        number = self.next_sequence
        self.next_sequence = number + 1 & _MASK
        return number


@dataclass(frozen=True, slots=True)
class Ack:
    """Content of an ACKNACK: all messages before ``first_unacked`` have come; bit i: first_unacked + i is missing."""

    first_unacked: int
    bitmap: int


class ReliableInput:
    """Puts messages back in order and says what is missing."""

    __slots__ = ("_announced", "_held", "_window", "expected")

    def __init__(self, *, window: int = WINDOW) -> None:
        self._window = window
        self.expected = 0
        self._announced = _MASK
        self._held: dict[int, bytes] = {}

    def accept(self, sequence: int, payload: bytes) -> list[bytes]:
        """Take a message; return the payloads that can now be handled, in order (empty for a duplicate)."""
        ahead = sequence - self.expected & _MASK
        if ahead >= self._window:
            return []
        if sequence_newer(sequence, self._announced):
            self._announced = sequence
        if ahead:
            self._held.setdefault(sequence, payload)
            return []
        ready = [payload]
        number = self.expected + 1 & _MASK
        while self._held:
            following = self._held.pop(number, None)
            if following is None:
                break
            ready.append(following)
            number = number + 1 & _MASK
        self.expected = number
        return ready

    def on_heartbeat(self, first: int, last: int) -> list[bytes | None]:
        """Take a HEARTBEAT: learn what the sender still holds; return the payloads that can now be handled.

        Messages before ``first`` can never come: the stream goes on without them, with None in place of each.
        """
        ready: list[bytes | None] = []
        if sequence_newer(last, self._announced):
            self._announced = last
        if sequence_newer(first, self.expected):
            skipped = sequence_distance(first, self.expected)
            for step in range(min(skipped, self._window + 1)):
                held = self._held.pop(self.expected + step & _MASK, None)
                if held is not None or not ready or ready[-1] is not None:
                    ready.append(held)
            self.expected = first
            if sequence_newer(first - 1 & _MASK, self._announced):
                self._announced = first - 1 & _MASK
            while (held := self._held.pop(self.expected, None)) is not None:
                ready.append(held)
                self.expected = self.expected + 1 & _MASK
        return ready

    def ack(self) -> Ack:
        """The ACKNACK for the present state."""
        bitmap = 0
        span = sequence_distance(self._announced, self.expected) + 1
        for bit in range(min(span, 16)):
            if self.expected + bit & _MASK not in self._held:
                bitmap |= 1 << bit
        return Ack(self.expected, bitmap)


class ReliableOutput:
    """Window of unacknowledged messages over a backlog; cuts what exceeds the MTU into fragments.

    :param mtu: largest message, header included, in bytes.
    :param header_size: 4 or 8.
    :param window: most messages that are sent and not acknowledged.
    :param resend_all: resend the whole window on a NACK, as Clients do; otherwise only the flagged messages.
    :param backlog_bytes: most bytes that may wait for the window; ``push`` refuses more.
    :param backlog_items: most submessages that may wait for the window.
    """

    __slots__ = (
        "_backlog",
        "_backlog_items",
        "_backlog_limit",
        "_backlog_most",
        "_fragment_size",
        "_heartbeat_at",
        "_mtu",
        "_period",
        "_resend_all",
        "_resent",
        "_room",
        "_sent",
        "_window",
        "backlog_bytes",
        "first_unacked",
        "next_sequence",
        "retransmitted",
    )

    def __init__(
        self,
        *,
        mtu: int,
        header_size: int = 4,
        window: int = WINDOW,
        heartbeat_period: float = HEARTBEAT_PERIOD,
        resend_all: bool = False,
        backlog_bytes: int = 32 << 20,
        backlog_items: int = 4096,
    ) -> None:
        self._mtu = mtu
        self._room = mtu - header_size
        # Fragments keep 4-alignment, so that the reassembled body keeps its own.
        self._fragment_size = max(self._room - 4, 1)
        self._window = window
        self._period = heartbeat_period
        self._resend_all = resend_all
        self._backlog: deque[bytes] = deque()
        self._backlog_items = 0
        self._backlog_limit = backlog_bytes
        self._backlog_most = backlog_items
        self.backlog_bytes = 0
        self._sent: dict[int, bytes] = {}
        self._resent: dict[int, float] = {}
        self._heartbeat_at: float | None = None
        self.first_unacked = 0
        self.next_sequence = 0
        self.retransmitted = 0

    @property
    def room(self) -> bool:
        """Whether the window has room, so that the next submessage is sent at once."""
        return not self._backlog and len(self._sent) < self._window

    @property
    def idle(self) -> bool:
        """Whether everything pushed has been acknowledged."""
        return not self._backlog and not self._sent

    def push(self, submessage: bytes) -> bool:
        """Queue one encoded submessage; False (nothing queued) if the backlog is full."""
        size = len(submessage)
        step = self._fragment_size
        parts = 1 if size <= self._room else -(-size // step)
        cost = size + parts * (PART_OVERHEAD + (4 if parts > 1 else 0))
        if self.backlog_bytes + cost > self._backlog_limit or self._backlog_items >= self._backlog_most:
            return False
        self.backlog_bytes += cost
        self._backlog_items += 1
        if parts == 1:
            self._backlog.append(submessage)
            return True
        for start in range(0, size, step):
            part = submessage[start : start + step]
            flags = FLAG_LITTLE_ENDIAN | (FLAG_LAST_FRAGMENT if start + step >= size else 0)
            self._backlog.append(_SUBHEADER.pack(SubmessageKind.FRAGMENT, flags, len(part)) + part)
        return True

    def last_pushed(self) -> int:
        """Sequence number of the last pushed submessage (of its last fragment), also while it still waits."""
        return self.next_sequence + len(self._backlog) - 1 & _MASK

    def acknowledged(self, sequence: int) -> bool:
        """Whether the peer has acknowledged this number and all before."""
        return sequence_newer(self.first_unacked, sequence)

    def take(self, now: float) -> list[tuple[int, bytes]]:
        """Move backlog into the window; returns (sequence, submessage) to send now."""
        ready: list[tuple[int, bytes]] = []
        while self._backlog and len(self._sent) < self._window:
            part = self._backlog.popleft()
            self.backlog_bytes -= len(part) + PART_OVERHEAD
            if part[0] != SubmessageKind.FRAGMENT or part[1] & FLAG_LAST_FRAGMENT:
                self._backlog_items -= 1
            number = self.next_sequence
            self.next_sequence = number + 1 & _MASK
            self._sent[number] = part
            ready.append((number, part))
        if ready and self._heartbeat_at is None:
            self._heartbeat_at = now + self._period
        return ready

    def on_acknack(self, first: int, bitmap: int, now: float) -> list[tuple[int, bytes]]:
        """Take an ACKNACK; return the messages to send again, then those for which the window now has room.

        Numbers that were never sent are ignored: a stale or forged ACKNACK changes nothing.
        """
        ahead = sequence_distance(first, self.first_unacked)
        if ahead > sequence_distance(self.next_sequence, self.first_unacked):
            return []
        for step in range(max(ahead, 0)):
            number = self.first_unacked + step & _MASK
            self._sent.pop(number, None)
            self._resent.pop(number, None)
        if ahead > 0:
            self.first_unacked = first
            self._heartbeat_at = now + self._period if self._sent else None
        again: list[tuple[int, bytes]] = []
        if bitmap:
            numbers = list(self._sent) if self._resend_all else _flagged(first, bitmap)
            again = [(number, self._sent[number]) for number in numbers if self._may_resend(number, now)]
            self.retransmitted += len(again)
        return again + self.take(now)

    def _may_resend(self, number: int, now: float) -> bool:
        """Whether a message is on the way and was not repeated just now.

        A peer that gets messages behind a gap asks for the missing one with each of them.
        """
        resent = self._resent.get(number)
        if number not in self._sent or (resent is not None and now < resent + RESEND_GAP):
            return False
        self._resent[number] = now
        return True

    @property
    def deadline(self) -> float | None:
        """When to call ``on_timer`` next; None while nothing waits for acknowledgement."""
        return self._heartbeat_at

    def on_timer(self, now: float) -> tuple[int, int] | None:
        """Return (first, last) for a HEARTBEAT if one is due at ``now``."""
        if self._heartbeat_at is None or now < self._heartbeat_at:
            return None
        self._heartbeat_at = now + self._period
        return self.first_unacked, self.next_sequence - 1 & _MASK


class Reassembler:
    """Joins FRAGMENT payloads of one reliable stream.

    :param limit: most bytes of a reassembled submessage; a longer one is dropped as a whole.
    """

    __slots__ = ("_after_gap", "_limit", "_parts", "_skipping", "size")

    def __init__(self, *, limit: int = 64 << 20) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._skipping = False
        self._after_gap = False
        self.size = 0

    def add(self, part: bytes, *, last: bool) -> bytes | None:
        """Take a fragment; returns the whole submessage (header included) after the last one."""
        if self._after_gap:
            self._after_gap = False
            self._skipping = not _begins(part, last=last)
        if self.size + len(part) > self._limit:
            self.drop()
        if not self._skipping:
            self._parts.append(part)
            self.size += len(part)
        if not last:
            return None
        whole = None if self._skipping else b"".join(self._parts)
        self.reset()
        return whole

    def drop(self) -> None:
        """Drop the unfinished submessage, and its fragments that are still to come."""
        self._parts.clear()
        self.size = 0
        self._skipping = True

    def gap(self) -> None:
        """Note that messages of the stream are lost for ever: the unfinished submessage is dropped, with what may still
        come of it.
        """
        self.reset()
        self._after_gap = True

    def reset(self) -> None:
        """Forget an unfinished submessage."""
        self._parts.clear()
        self.size = 0
        self._skipping = False
        self._after_gap = False


def _begins(part: bytes, *, last: bool) -> bool:
    """Whether a fragment can be the first of its submessage: by the submessage's own header, as none says so."""
    if len(part) < _SUBHEADER.size:
        return False
    kind = part[0]
    length = int.from_bytes(part[2:4], "little" if part[1] & FLAG_LITTLE_ENDIAN else "big")
    rest = len(part) - _SUBHEADER.size
    if not length:
        return kind in _LONG
    return kind in _CUT and (length <= rest <= length + 3 if last else length > rest)
