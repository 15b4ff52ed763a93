"""Finds a payload in the board's memory: where it lies, and which function wrote it.

Joins the board's memory and its probe with the bench's knowledge of payloads and the image's of names.
"""

from __future__ import annotations

from collections.abc import Callable

from rig.bench import MOST_BLOCKS, SERIALISER, Bench, Place, Trace, find_payload_writes, find_places
from rig.board import Board
from rig.errors import ProbeFault
from rig.probe import FirmwareImage
from rig.station._setting import Scan

_TRACE_SECONDS = 20.0


def scanner(board: Board) -> Scan:
    """The ``scan`` of a ``Setting``."""

    def scan(wanted: bytes, *, most: int = MOST_BLOCKS) -> list[Place]:
        return [
            place
            for start, length in board.ram_regions()
            for place in find_places(
                board.memory.read(start, length), start, wanted, most=most, symbol_at=board.symbol_at
            )
        ]

    return scan


def tracer(
    board: Board, image: FirmwareImage, bench: Bench, *, seconds: float = _TRACE_SECONDS
) -> Callable[[bytes, Callable[[], None]], Trace] | None:
    """The ``trace`` of a ``Setting``. If a trace fails on a healthy board, it is returned with the reason: it is no
    evidence, and no fault, and the exchange goes on.
    """
    if board.untraceable is not None or SERIALISER not in image.symbols:
        return None
    begin = image.find(SERIALISER).address

    def trace(wanted: bytes, start: Callable[[], None]) -> Trace:
        try:
            writes = board.trace_writes(begin=begin, until=bench.rests, start=start, timeout=seconds)
        except ProbeFault as fault:
            return Trace(blind=fault.message)
        return Trace(writers=tuple(find_payload_writes(writes, wanted, symbol_at=image.symbol_at)), writes=len(writes))

    return trace


def why_untraceable(board: Board, image: FirmwareImage) -> str:
    """Why the board has no ``tracer``; empty if it has one."""
    if board.untraceable is not None:
        return board.untraceable
    return "" if SERIALISER in image.symbols else f"its firmware has no symbol {SERIALISER}"
