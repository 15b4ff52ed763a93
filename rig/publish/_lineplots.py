"""Plots of latency: p50 as a line, up to p99 as a whisker.

Colour is never alone: shared memory is a solid line with discs, the network a dashed one with open squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rig.publish import _series as series
from rig.publish import _svg
from rig.publish._canvas import (
    COLOURS,
    NAMES,
    Plot,
    add_legend,
    axis_number,
    clock_words,
    in_words,
    new_figure,
    note,
    plot_name,
    readers_words,
)
from rig.publish._formats import short_number
from rig.records import Board, Measurement

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _lines(axis: Axes, pair: series.Pair) -> None:
    """p50 as a line with markers, and a bar from there to p99."""
    for variant, points in (("shm", pair.shm), ("network", pair.network)):
        if not points:
            continue
        keys = sorted(points)
        middles = [points[k].p50 for k in keys]
        tops = [max(0.0, points[k].p99 - points[k].p50) for k in keys]
        shm = variant == "shm"
        axis.errorbar(
            keys,
            middles,
            yerr=[[0.0] * len(keys), tops],
            color=COLOURS[variant],
            linestyle="-" if shm else (0, (5, 2)),
            marker="o" if shm else "s",
            markerfacecolor=COLOURS[variant] if shm else _svg.CARD,
            markeredgewidth=1.6,
            markersize=6,
            linewidth=1.8,
            capsize=4,
            label=NAMES[variant],
        )
        for index in {0, len(keys) - 1}:
            note(axis, short_number(middles[index]), (keys[index], points[keys[index]].p99), (0, 7), "center")


def _log_y(axis: Axes, pair: series.Pair) -> None:
    from matplotlib.ticker import (  # noqa: PLC0415
        FuncFormatter,
        LogLocator,
        NullFormatter,
        NullLocator,
        SymmetricalLogLocator,
    )

    values = [v for points in (pair.shm, pair.network) for s in points.values() for v in (s.p50, s.p99)]
    least, most = min(values), max(values)
    # Whole decades, with room above for the labels.
    top = 10 ** math.ceil(math.log10(max(most, 1) * 2.2))
    if least > 0:
        axis.set_yscale("log")
        axis.set_ylim(10 ** math.floor(math.log10(least)), top)
        axis.yaxis.set_major_locator(LogLocator(numticks=7))
    else:  # at or below the clock's own cost: linear up to 1, so that a zero has its place
        axis.set_yscale("symlog", linthresh=1)
        axis.set_ylim(min(least, 0), top)
        axis.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=1))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_formatter(FuncFormatter(axis_number))
    axis.grid(axis="y", linewidth=0.8)


def _latency_axis(axis: Axes, keys: list[int], label: str, tick: Callable[[float], str]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator  # noqa: PLC0415

    axis.set_xscale("log", base=2)
    axis.set_xlim(keys[0] / 1.5, keys[-1] * 1.5)
    axis.xaxis.set_major_locator(FixedLocator(keys))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    axis.set_xlabel(label)


def latency_by_payload(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    pair = series.latency_by_payload(measurements)
    if pair is None:
        return None
    figure, (axis,) = new_figure()
    _lines(axis, pair)
    _log_y(axis, pair)
    _latency_axis(axis, _thinned(pair.keys), "payload, bytes (log)", short_number)
    axis.set_ylabel(f"{pair.unit} (log)")
    add_legend(figure, axis)
    title = "Publish to callback, by payload"
    words = in_words(pair, lambda key: f"{key} bytes")
    return Plot(
        title=title,
        reading="Lower is faster; a flat line does not depend on the payload. One reader; the marker is p50, its "
        f"whisker ends at p99.{clock_words(pair.clock)}",
        svg=_svg.to_svg(
            figure,
            name=plot_name(board.name, "payload"),
            title=title,
            description=words,
        ),
    )


def _thinned(keys: list[int]) -> list[int]:
    """Ticks at least a factor of two apart: closer ones would run into each other."""
    kept = keys[:1]
    for key in keys[1:]:
        if key >= 1.9 * max(1, kept[-1]):
            kept.append(key)
    return kept


def latency_by_readers(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    pair = series.latency_by_readers(measurements)
    if pair is None:
        return None
    figure, (axis,) = new_figure()
    _lines(axis, pair)
    _log_y(axis, pair)
    _latency_axis(axis, pair.keys, "readers on the same MCU", lambda value: f"{value:.0f}")
    axis.set_ylabel(f"{pair.unit} (log)")
    add_legend(figure, axis)
    title = "Publish to the last callback, by readers"
    words = in_words(pair, readers_words)
    return Plot(
        title=title,
        reading=f"The slope is the price of one more reader of a {pair.fixed}-byte sample; the marker is p50, its "
        f"whisker ends at p99.{clock_words(pair.clock)}",
        svg=_svg.to_svg(figure, name=plot_name(board.name, "readers"), title=title, description=words),
    )


def latency_by_spin(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    """Publish to callback by the time-out handed to spin."""
    return _few(
        board,
        series.latency_by_spin(measurements),
        name="spin",
        title="Publish to callback, by spin time-out",
        label="time-out handed to spin, ms",
        reading="The claim holds only if shared memory is a flat line: a spin must not sleep while a sample waits.",
        tick=lambda key: f"{key} ms",
    )


def latency_by_pending(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    """Publish to callback by samples that wait before the measured one."""
    return _few(
        board,
        series.latency_under_load(measurements, "pending"),
        name="pending",
        title="Publish to callback, by samples pending",
        label="samples that wait before it",
        reading="The slope is the price of one more sample that waits at the same reader; its callback is not counted.",
        tick=lambda key: f"{key} pending",
    )


def latency_by_pairs(board: Board, measurements: Sequence[Measurement]) -> Plot | None:
    """Publish to callback by other pairs of endpoints."""
    return _few(
        board,
        series.latency_under_load(measurements, "other_pairs"),
        name="pairs",
        title="Publish to callback, by other endpoints",
        label="other pairs of writer and reader in the session",
        reading="A flat line does not depend on how many endpoints share the MCU.",
        tick=lambda key: f"{key} other pairs",
    )


def _few(
    board: Board,
    pair: series.Pair | None,
    *,
    name: str,
    title: str,
    label: str,
    reading: str,
    tick: Callable[[int], str],
) -> Plot | None:
    """A plot over a few conditions in equal steps, 0 among them."""
    if pair is None:
        return None
    figure, (axis,) = new_figure()
    keys = pair.keys
    places = {key: place for place, key in enumerate(keys)}
    spread = replace(
        pair,
        shm={places[key]: summary for key, summary in pair.shm.items()},
        network={places[key]: summary for key, summary in pair.network.items()},
    )
    _lines(axis, spread)
    _log_y(axis, spread)
    axis.set_xlim(-0.5, len(keys) - 0.5)
    axis.set_xticks(range(len(keys)), [str(key) for key in keys])
    axis.set_xlabel(label)
    axis.set_ylabel(f"{pair.unit} (log)")
    add_legend(figure, axis)
    return Plot(
        title=title,
        reading=f"{reading} The marker is p50, its whisker ends at p99.{clock_words(pair.clock)}",
        svg=_svg.to_svg(figure, name=plot_name(board.name, name), title=title, description=in_words(pair, tick)),
    )
