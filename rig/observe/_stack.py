"""How deep a stack went: memory below it is painted before the firmware starts, and looked at afterwards.

Where a firmware's own start code has filled that memory, its fill is as good: a long run of one word.

Only the main stack, whose top is the first word of the vector table; stacks of an operating system's tasks are objects
of the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

_PAINT = b"\xc5\x5c\xa7\x7a"
_MOST = 1 << 16
_LEAST_RUN = 16  # words in a row that nobody has written
_LEAST_FILL = 64  # equal words in a row that a firmware's own start code has written, and nobody since


class Memory(Protocol):
    """Memory of the board."""

    def read(self, address: int, length: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...


@dataclass(frozen=True, kw_only=True)
class StackUse:
    """``peak`` bytes of the ``reserved`` ones; ``unknown``: why nothing is known of it, or empty."""

    peak: int = 0
    reserved: int = 0
    unknown: str = ""


@dataclass(frozen=True, kw_only=True)
class Painted:
    """Memory from ``begin`` to the stack's ``top``. ``unknown``: why none could be painted."""

    begin: int = 0
    top: int = 0
    unknown: str = ""


def paint(memory: Memory, top: int, objects: Iterable[tuple[int, int]], rams: Iterable[tuple[int, int]]) -> Painted:
    """Paint below the stack's top, down to the next object (address, size) or the beginning of its RAM."""
    home = next((start for start, length in rams if start < top <= start + length), None)
    if home is None or top % 4:
        return Painted(unknown=f"the stack's top {top:#010x} is not in RAM that the rig knows")
    ends = [address + size for address, size in objects if size and address < top]
    begin = -(-max([home, top - _MOST, *(end for end in ends if end <= top)]) // 4) * 4
    if any(end > top for end in ends):
        return Painted(unknown=f"the stack's top {top:#010x} is inside an object of the image")
    if top - begin < 4 * _LEAST_RUN:
        return Painted(unknown="there is no room between the stack's top and the objects below it")
    memory.write(begin, _PAINT * ((top - begin) // 4))
    return Painted(begin=begin, top=top)


def depth(memory: Memory, painted: Painted) -> StackUse:
    """How deep the stack went since the memory was painted."""
    if painted.unknown:
        return StackUse(unknown=painted.unknown)
    data = memory.read(painted.begin, painted.top - painted.begin)
    words = [data[at : at + 4] == _PAINT for at in range(0, len(data), 4)]
    reserved = len(data)
    run = 0
    for index in range(len(words) - 1, -1, -1):  # from the top down, to the first run that nobody wrote
        run = run + 1 if words[index] else 0
        if run == _LEAST_RUN:
            return StackUse(peak=reserved - 4 * (index + _LEAST_RUN), reserved=reserved)
    run = 1
    for index in range(len(words) - 2, -1, -1):
        at = 4 * index
        run = run + 1 if data[at : at + 4] == data[at + 4 : at + 8] else 1
        if run == _LEAST_FILL:
            return StackUse(peak=reserved - 4 * (index + _LEAST_FILL), reserved=reserved)
    return StackUse(unknown="no painted word below the stack is left: the firmware clears that memory at its start")
