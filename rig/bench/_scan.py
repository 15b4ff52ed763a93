"""Finds a payload's bytes in RAM: the witness for copies that needs nothing from the firmware.

The payload is pseudo-random, so a block of 16 bytes of it can be found by its value alone. Adjacent blocks in the
payload's order make one place. A place that lacks some blocks is a partial copy and counts as well.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

BLOCK = 16
MOST_BLOCKS = 256  # every block of a payload of 4 KiB
_EMPTY = bytes(4 * BLOCK)
_ZEROS = re.compile(rb"\0+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One place that holds payload bytes: ``length`` bytes from ``address``, being those from ``offset`` on.

    ``offset`` and ``length`` are multiples of the scan's block (16 bytes), so up to 15 bytes at each end are left out.
    If only some blocks are looked for (see ``find_places``), the bytes between two found blocks count as found.
    """

    address: int
    offset: int
    length: int
    symbol: str = ""


def find_places(
    image: bytes,
    base: int,
    payload: bytes,
    *,
    most: int = MOST_BLOCKS,
    symbol_at: Callable[[int], str | None] = lambda _: None,
) -> list[Place]:
    """All places in ``image`` (memory from ``base`` on) that hold whole blocks of ``payload``, by address.

    :param most: number of blocks to look for, evenly spread; a partial copy without any of them is not seen.
    :raises ValueError: the payload is shorter than one block, so it cannot be found.
    """
    blocks = range(0, len(payload) - BLOCK + 1, _step(len(payload), most))
    if not blocks:
        raise ValueError(f"payload of {len(payload)} bytes is shorter than the block of {BLOCK}")
    # The origin of a hit is where byte 0 of the payload would stand: the blocks of one copy share it.
    by_origin: dict[int, list[int]] = {}
    written = _Written(image)
    for offset in blocks:
        for at in written.find(payload[offset : offset + BLOCK]):
            by_origin.setdefault(base + at - offset, []).append(offset)
    places = [
        Place(
            address=origin + run[0],
            offset=run[0],
            length=run[-1] + BLOCK - run[0],
            symbol=symbol_at(origin + run[0]) or "",
        )
        for origin, offsets in by_origin.items()
        for run in _runs(sorted(offsets), blocks.step)
    ]
    return sorted(places, key=lambda place: place.address)


class _Written:
    """An image without its long runs of zeros: most of a RAM is empty, and each block is looked for in all of it."""

    def __init__(self, image: bytes) -> None:
        self._image = image
        parts, self._places, self._starts = [], [0], [0]  # where each part begins: here, and in the image
        begin = size = 0
        empty = image.find(_EMPTY)
        while empty >= 0:
            # Each side keeps a block of zeros, so that no block but the empty one lies across two parts.
            parts.append(image[begin : empty + BLOCK])
            size += len(parts[-1])
            zeros = _ZEROS.match(image, empty)
            assert zeros is not None
            begin = zeros.end() - BLOCK
            self._places.append(size)
            self._starts.append(begin)
            empty = image.find(_EMPTY, zeros.end())
        self._bytes = b"".join((*parts, image[begin:]))

    def find(self, block: bytes) -> Iterator[int]:
        """Every place of the image where the block stands."""
        if not any(block):
            yield from _found(self._image, block)
            return
        for at in _found(self._bytes, block):
            part = bisect_right(self._places, at) - 1
            yield self._starts[part] + at - self._places[part]


def _found(image: bytes, block: bytes) -> Iterator[int]:
    at = image.find(block)
    while at >= 0:
        yield at
        at = image.find(block, at + 1)


def _step(length: int, most: int) -> int:
    """Bytes from one block that is looked for to the next."""
    return max(BLOCK, -(-length // (most * BLOCK)) * BLOCK)


def _runs(offsets: Iterable[int], step: int) -> list[list[int]]:
    runs: list[list[int]] = []
    for offset in offsets:
        if runs and offset == runs[-1][-1] + step:
            runs[-1].append(offset)
        else:
            runs.append([offset])
    return runs
