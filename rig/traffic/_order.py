"""Finds repeated messages and related fragments among the numbered messages of one stream, as a capture shows them.

Knows sequence numbers and fragments. Unlike a receiver it gets everything that was sent, in any order, from any moment
on, and with gaps; so it waits for nothing. Must not know where messages come from.
"""

from __future__ import annotations

from collections.abc import Sequence

from rig.xrce import Fragment, Submessage, SubmessageKind, sequence_distance

_MASK = 0xFFFF
_MEMORY = 0x4000
_HEAD = 4
_MAX_PAD = 3
_UNBOUNDED = (SubmessageKind.WRITE_DATA, SubmessageKind.DATA)


class StreamOrder:
    """Remembers what came on one stream in one direction.

    :param first: number of the stream's first message if its beginning was seen, else None.
    """

    __slots__ = ("_first", "_newest", "_parts", "_seen")

    def __init__(self, first: int | None = None) -> None:
        self._first = first
        self._newest: int | None = None
        self._seen: dict[int, int] = {}
        self._parts: dict[int, tuple[bytes, bool]] = {}

    def repeats(self, number: int, message: bytes) -> bool:
        """Take a message; return whether it came before.

        The same number with other content, or a number far from all before, means that the stream has started anew by a
        login that the capture missed.
        """
        digest = hash(message)
        known = self._seen.get(number)
        if known == digest:
            return True
        ahead = 1 if self._newest is None else sequence_distance(number, self._newest)
        if known is not None or abs(ahead) >= _MEMORY:
            self._first = self._newest = None
            self._seen.clear()
            self._parts.clear()
            ahead = 1
        if ahead > 0:
            self._forget(number if self._newest is None else self._newest, number)
            self._newest = number
        self._seen[number] = digest
        return False

    def join(self, number: int, items: Sequence[Submessage]) -> bytes | None:
        """Take the content of message ``number``; return the submessage that its fragment completes."""
        fragments = [item for item in items if isinstance(item, Fragment)]
        if not fragments or len(fragments) != len(items):
            return None
        self._parts[number] = b"".join(item.data for item in fragments), fragments[-1].last
        begin = end = number
        while not self._parts[end][1]:
            end = end + 1 & _MASK
            if end not in self._parts:
                return None
        while (before := self._parts.get(begin - 1 & _MASK)) is not None and not before[1]:
            begin = begin - 1 & _MASK
        numbers = [begin + step & _MASK for step in range((end - begin & _MASK) + 1)]
        whole = b"".join(self._parts[each][0] for each in numbers)
        if not self._begins(begin) and not _whole(whole):
            return None
        for each in numbers:
            del self._parts[each]
        return whole

    @property
    def unjoined(self) -> tuple[int, ...]:
        """Numbers of fragments that stayed incomplete, oldest first."""
        newest = self._newest or 0
        return tuple(sorted(self._parts, key=lambda number: sequence_distance(number, newest)))

    def _begins(self, number: int) -> bool:
        """Whether a fragment is the first of its submessage for sure: what was sent before it is known."""
        return number == self._first or number - 1 & _MASK in self._seen

    def _forget(self, old: int, new: int) -> None:
        for number in range(old, old + (new - old & _MASK) + 1):
            self._seen.pop(number - _MEMORY & _MASK, None)
            self._parts.pop(number - _MEMORY & _MASK, None)


def _whole(data: bytes) -> bool:
    """Whether joined bytes are one submessage by its own header; a part of one hardly ever looks so."""
    if len(data) < _HEAD or data[0] not in SubmessageKind.__members__.values():
        return False
    length = data[2] | data[3] << 8
    return 0 <= len(data) - _HEAD - length <= _MAX_PAD or (length == 0 and data[0] in _UNBOUNDED)
