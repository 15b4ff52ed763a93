"""The plots of a report, in the order in which a page shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rig.publish._barplots import bytes_copied, calls, largest_message, resident_copies
from rig.publish._canvas import Plot
from rig.publish._lineplots import (
    latency_by_pairs,
    latency_by_payload,
    latency_by_pending,
    latency_by_readers,
    latency_by_spin,
)
from rig.records import Board, Measurement

_MAKERS: tuple[Callable[[Board, Sequence[Measurement]], Plot | None], ...] = (
    latency_by_payload,
    latency_by_readers,
    latency_by_spin,
    latency_by_pending,
    latency_by_pairs,
    bytes_copied,
    resident_copies,
    largest_message,
    calls,
)


def plots(board: Board, measurements: Sequence[Measurement]) -> list[Plot]:
    """Every plot that this board has figures for."""
    own = [m for m in measurements if m.board == board.name]
    return [plot for make in _MAKERS if (plot := make(board, own)) is not None]
