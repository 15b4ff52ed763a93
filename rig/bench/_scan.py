"""Where in RAM a payload's bytes stand: the witness for copies that needs nothing from the firmware.

The payload is pseudo-random, so a block of 16 bytes of it can be found by its value alone. Adjacent blocks that lie
as in the payload make one place; a place that lacks some blocks is a partial copy and counts as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

BLOCK = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One place that holds payload bytes: ``length`` bytes from ``address``, being those from ``offset`` on.

    ``offset`` and ``length`` are multiples of the scan's block, so up to 15 bytes at each end are not claimed.
    """

    address: int
    offset: int
    length: int
    symbol: str = ""


def find_places(
    image: bytes, base: int, payload: bytes, *, symbol_at: Callable[[int], str | None] = lambda _: None
) -> list[Place]:
    """All places in ``image`` (memory from ``base`` on) that hold whole blocks of ``payload``, by address.

    :raises ValueError: the payload is shorter than one block, so nothing about it can be known.
    """
    blocks = range(0, len(payload) - BLOCK + 1, BLOCK)
    if not blocks:
        raise ValueError(f"payload of {len(payload)} bytes is shorter than the block of {BLOCK}")
    # The origin of a hit is where byte 0 of the payload would stand: the blocks of one copy share it.
    by_origin: dict[int, list[int]] = {}
    for offset in blocks:
        block = payload[offset : offset + BLOCK]
        at = image.find(block)
        while at >= 0:
            by_origin.setdefault(base + at - offset, []).append(offset)
            at = image.find(block, at + 1)
    places = [
        Place(address=origin + run[0], offset=run[0], length=len(run) * BLOCK, symbol=symbol_at(origin + run[0]) or "")
        for origin, offsets in by_origin.items()
        for run in _runs(sorted(offsets))
    ]
    return sorted(places, key=lambda place: place.address)


def _runs(offsets: Iterable[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for offset in offsets:
        if runs and offset == runs[-1][-1] + BLOCK:
            runs[-1].append(offset)
        else:
            runs.append([offset])
    return runs
