"""Plots of counts: copies, calls, sizes.

Colour is never alone: shared memory is a plain bar, the network a hatched one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rig.publish import _series as series
from rig.publish import _svg
from rig.publish._canvas import (
    NAMES,
    Plot,
    add_legend,
    axis_number,
    bar_style,
    in_words,
    new_figure,
    note,
    plot_name,
    readers_words,
)
from rig.publish._formats import format_bytes, format_number, short_number
from rig.records import Board, Measurement

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _bars(axis: Axes, pair: series.Pair) -> None:
    keys = pair.keys
    top = max((s.p50 for points in (pair.shm, pair.network) for s in points.values()), default=1) or 1
    both = bool(pair.shm and pair.network)
    width = 0.38 if both else 0.5
    for side, variant, points in ((-1, "shm", pair.shm), (1, "network", pair.network)):
        if not points:
            continue
        places = [index + (side * width / 2 if both else 0) for index, key in enumerate(keys) if key in points]
        values = [points[key].p50 for key in keys if key in points]
        axis.bar(places, values, width * 0.92, **bar_style(variant))
        for place, value in zip(places, values, strict=True):
            note(axis, short_number(value), (place, value), (0, 3), "center")
    axis.set_xticks(range(len(keys)), [str(key) for key in keys])
    axis.set_xlim(-0.6, len(keys) - 0.4)
    axis.set_ylim(0, top * 1.15)
    axis.grid(axis="y", linewidth=0.8)


def _by_readers(
    board: Board, measurements: Sequence[Measurement], metric: str, title: str, label: str, reading: str
) -> Plot | None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    pair = series.by_readers(measurements, metric)
    if pair is None:
        return None
    figure, (axis,) = new_figure()
    _bars(axis, pair)
    axis.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axis.yaxis.set_major_formatter(FuncFormatter(axis_number))
    axis.set_xlabel("readers on the same MCU")
    axis.set_ylabel(label)
    add_legend(figure, axis)
    return Plot(
        title=title,
        reading=reading.format(payload=format_number(pair.fixed or 0)),
        svg=_svg.to_svg(
            figure, name=plot_name(board.name, metric), title=title, description=in_words(pair, readers_words)
        ),
    )


def bytes_copied(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    """Bytes copied per sample, by readers."""
    return _by_readers(
        board,
        measurements,
        "bytes_copied_per_sample",
        "Payload bytes copied, by readers",
        "bytes copied per sample",
        "The claim holds if the plain bars are all of one height; {payload}-byte payload, counted by the firmware's "
        "memcpy-family counters (no clock), p50.",
    )


def resident_copies(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    """Places in RAM that hold a sample at its last callback, by readers."""
    return _by_readers(
        board,
        measurements,
        "resident_copies",
        "Places in RAM that hold one sample, by readers",
        "copies in RAM",
        "One is one shared buffer; {payload}-byte payload, found by the rig's own scan of RAM at the last callback "
        "(no clock, nothing asked of the firmware).",
    )


def largest_message(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    """The largest message that arrived whole, against the memory configured."""
    found = series.largest_message(measurements)
    if not found:
        return None
    figure, (axis,) = new_figure()
    variants = [variant for variant in ("network", "shm") if variant in found]
    for place, variant in enumerate(variants):
        value = found[variant].value
        axis.barh(place, max(value, 1), 0.46, **bar_style(variant))
        note(axis, f"{NAMES[variant]}: {format_bytes(value)}", (1, place + 0.23), (2, 4), "left")
    configured = max(series.configured_bytes(m) for m in found.values())
    if configured:
        axis.axvline(configured, color=_svg.INK, linestyle=":", linewidth=1.6)
        text = f"memory configured: {format_bytes(configured)}"
        note(axis, text, (configured, len(variants) - 0.42), (-5, 1), "right")
    _size_axis(axis, max(*(m.value for m in found.values()), configured, 10))
    axis.set_ylim(-0.4, len(variants) - 0.2)
    axis.set_yticks([])
    title = "Largest message"
    words = "; ".join(f"{NAMES[v]}: {format_number(found[v].value)} bytes" for v in reversed(variants))
    words += f"; memory configured: {format_number(configured)} bytes." if configured else "."
    return Plot(
        title=title,
        reading="The claim holds if the plain bar reaches the dotted line, the memory that the application configured; "
        "each step of the grid is a factor of 32. No clock: the payload is compared byte by byte.",
        svg=_svg.to_svg(figure, name=plot_name(board.name, "largest"), title=title, description=words),
    )


def _size_axis(axis: Axes, top: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator  # noqa: PLC0415

    axis.set_xscale("log", base=2)
    axis.set_xlim(1, top * 2)
    axis.xaxis.set_major_locator(FixedLocator([float(1 << power) for power in range(0, 36, 5) if 1 << power <= top]))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_bytes(value)))
    axis.grid(axis="x", linewidth=0.8)
    axis.set_xlabel("largest message that arrived whole (log)")


def calls(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    """Calls per sample by kind; one column per number of readers."""
    table = series.calls(measurements)
    if not table:
        return None
    kinds = list(dict.fromkeys(kind for row in table.values() for found in row.values() for kind in found))
    figure, axes = new_figure(len(table))
    top = max(value for row in table.values() for found in row.values() for value in found.values()) or 1
    words = []
    for axis, (readers, row) in zip(axes, table.items(), strict=True):
        _calls_axis(axis, row, kinds, top)
        axis.set_yticks(range(len(kinds)), kinds if axis is axes[0] else [""] * len(kinds))
        axis.set_xlabel(readers_words(readers))
        for variant, found in row.items():
            figures = ", ".join(f"{kind} {format_number(value)}" for kind, value in found.items())
            words.append(f"{readers_words(readers)}, {NAMES[variant]}: {figures}")
    add_legend(figure, axes[0])
    title = "Calls per sample"
    return Plot(
        title=title,
        reading="Shorter is less work handed to the system; each kind of call is counted by the firmware at its port "
        "(no clock). Polling a slow link counts as transport calls.",
        svg=_svg.to_svg(figure, name=plot_name(board.name, "calls"), title=title, description=". ".join(words) + "."),
    )


def _calls_axis(axis: Axes, row: dict[str, dict[str, float]], kinds: list[str], top: float) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    for side, variant in ((-1, "shm"), (1, "network")):
        found = row.get(variant, {})
        places = [index + side * 0.19 for index, kind in enumerate(kinds) if kind in found]
        values = [found[kind] for kind in kinds if kind in found]
        axis.barh(places, values, 0.34, **bar_style(variant))
        for place, value in zip(places, values, strict=True):
            note(axis, short_number(value), (value, place), (4, 0), "left")
    axis.set_ylim(len(kinds) - 0.5, -0.5)
    axis.set_xlim(0, top * 1.3)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axis.grid(axis="x", linewidth=0.8)
