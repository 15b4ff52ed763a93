"""Shared by all plots: canvas, legend, names, and the marks that tell the variants apart without colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rig.publish import _series as series
from rig.publish import _svg
from rig.publish._formats import CLOCKS, format_number, plural, short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 5.6, 3.4  # inches of 72 units: text of 11 units is 11 px where the picture is 403 px wide
NAMES = {"shm": "shared memory", "network": "network, through the Agent"}
COLOURS = {"shm": _svg.SHM, "network": _svg.NETWORK}


@dataclass(frozen=True, kw_only=True, slots=True)
class Plot:
    """One picture for the page. ``svg`` is safe to embed as it is."""

    title: str
    reading: str
    svg: str


def new_figure(columns: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty canvas in placeholder colours, with so many axes side by side."""
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    style: dict[Any, Any] = {
        "font.size": 11,
        "text.color": _svg.INK,
        "axes.labelcolor": _svg.MUTED,
        "axes.edgecolor": _svg.GRID,
        "xtick.color": _svg.MUTED,
        "ytick.color": _svg.MUTED,
        "grid.color": _svg.GRID,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "hatch.linewidth": 1.2,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        axes = [figure.add_subplot(1, columns, index + 1) for index in range(columns)]
        for axis in axes:
            axis.tick_params(length=0)
    return figure, axes


def add_legend(figure: Figure, axis: Axes) -> None:
    """Names of the variants above the axes."""
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper left", ncols=2, frameon=False, labelcolor=_svg.INK, handlelength=2.2
    )


def bar_style(variant: str) -> dict[str, Any]:
    """Plain for shared memory, hatched for the network."""
    shm = variant == "shm"
    return {
        "color": _svg.SHM if shm else _svg.CARD,
        "edgecolor": COLOURS[variant],
        "hatch": None if shm else "////",
        "linewidth": 1.4,
        "label": NAMES[variant],
    }


def note(axis: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], align: str) -> None:
    """A value beside its mark; ``offset`` in units of the picture."""
    vertical = "center" if offset[1] == 0 else "bottom"
    axis.annotate(
        text, at, xytext=offset, textcoords="offset points", ha=align, va=vertical, fontsize=10, color=_svg.INK
    )


def plot_name(board: str, plot: str) -> str:
    """An id that is unique in the page."""
    return "plot-" + "".join(c if c.isalnum() else "-" for c in board) + f"-{plot}"


def axis_number(value: float, _: object = None) -> str:
    """The label of a round number on an axis: ``5k``, never ``5,000`` beside ``10k``."""
    return f"{value / 1e3:g}k" if 1e3 <= abs(value) < 1e6 else short_number(value)


def clock_words(clock: str | None) -> str:
    """The clock in words, for the end of a plot's description."""
    return f" Clock: {CLOCKS.get(clock, clock)}." if clock is not None else ""


def readers_words(count: int) -> str:
    """``1 reader``, ``2 readers``."""
    return plural(count, "reader")


def in_words(pair: series.Pair, of: Callable[[int], str]) -> str:
    """The figures of a pair as text, for readers who cannot see the picture."""
    parts = []
    for variant, points in (("shm", pair.shm), ("network", pair.network)):
        if points:
            figures = "; ".join(
                f"{of(k)}: p50 {format_number(s.p50)}, p99 {format_number(s.p99)}" for k, s in sorted(points.items())
            )
            parts.append(f"{NAMES[variant]}: {figures}")
    return f"{pair.unit}. " + ". ".join(parts) + "."
