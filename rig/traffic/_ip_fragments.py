"""Joins fragments of IP packets as the receiving host does.

Knows offsets and the last fragment; must not know headers, nor the payload. A capture may lack fragments, or hold them
twice or out of order; and a packet number may be used again later.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

_WAITING = 256
_LONGEST = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class IpFragment:
    """One fragment. ``packet`` is the same for all of one packet: addresses, protocol, number.

    ``offset`` in bytes; ``last``: no fragment comes after it.
    """

    packet: Hashable
    offset: int
    last: bool
    data: bytes


@dataclass(slots=True)
class _Parts:
    parts: dict[int, bytes] = field(default_factory=dict)
    size: int | None = None

    def whole(self) -> bytes | None:
        """The whole that the parts make without a gap; where they overlap, the first one counts."""
        if self.size is None:
            return None
        out = bytearray()
        for offset in sorted(self.parts):
            if offset > len(out):
                return None
            out += self.parts[offset][len(out) - offset :]
        return bytes(out[: self.size]) if len(out) >= self.size else None


class IpFragments:
    """Joins fragments. If too many packets are incomplete, the oldest is dropped."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, _Parts] = {}
        self.given_up = 0
        """Packets that never became whole."""

    def add(self, fragment: IpFragment) -> bytes | None:
        """Take a fragment; return the packet's payload once it is complete."""
        if fragment.offset + len(fragment.data) > _LONGEST:
            return None
        known = self._waiting.get(fragment.packet)
        if known is not None and self._contradicts(known, fragment):
            self.given_up += 1
            known = None
        if known is None:
            if len(self._waiting) >= _WAITING:
                del self._waiting[next(iter(self._waiting))]
                self.given_up += 1
            known = self._waiting[fragment.packet] = _Parts()
        if len(fragment.data) > len(known.parts.get(fragment.offset, b"")):
            known.parts[fragment.offset] = fragment.data
        if fragment.last:
            known.size = fragment.offset + len(fragment.data)
        whole = known.whole()
        if whole is not None:
            del self._waiting[fragment.packet]
        return whole

    @staticmethod
    def _contradicts(known: _Parts, fragment: IpFragment) -> bool:
        """Whether a fragment belongs to another packet that has the same number."""
        held = known.parts.get(fragment.offset)
        size = min(len(held), len(fragment.data)) if held is not None else 0
        if held is not None and held[:size] != fragment.data[:size]:
            return True
        end = fragment.offset + len(fragment.data)
        return known.size is not None and (end > known.size or (fragment.last and end != known.size))

    def finish(self) -> int:
        """How many packets stayed incomplete."""
        return self.given_up + len(self._waiting)
