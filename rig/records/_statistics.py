"""Order statistics of raw samples. Exact on integers: a deterministic figure must be the same to the last digit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from rig.records._intervals import interval

Bounds = tuple[float | None, float | None]
INTERVALS = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p999": 0.999}
_ENOUGH_FOR_P999 = 1000  # with fewer the nearest rank is the greatest sample, which says nothing of its own


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Order statistics of one measurement's samples, in the measurement's unit.

    ``p999`` is None where there are too few samples to tell it from the greatest. ``intervals``: name of a statistic ->
    its bounds with 95 % confidence, each a sample; None in place of a bound for which there are too few samples.
    """

    count: int
    min: float
    p50: float
    p95: float
    p99: float
    max: float
    p999: float | None = None
    intervals: Mapping[str, Bounds] = field(default_factory=dict)


def quantile(ordered: Sequence[float], fraction: float) -> float:
    """Nearest-rank quantile of ascending samples: the least sample with at least ``fraction`` of all at or below it.

    Always one of the samples, never an interpolation, so integers stay integers. The rank is computed from ``fraction``
    as a decimal: in binary, 0.07 of 100 would already be the eighth.

    :raises ValueError: no samples, or ``fraction`` outside 0 < fraction <= 1.
    """
    if not ordered:
        raise ValueError("no samples")
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction {fraction} is outside 0..1")
    return ordered[max(0, math.ceil(_decimal(fraction) * len(ordered)) - 1)]


@lru_cache(maxsize=64)
def _decimal(fraction: float) -> Fraction:
    return Fraction(str(fraction))


def summarise(samples: Sequence[float]) -> Summary | None:
    """Summary of the samples, or None if there are none."""
    if not samples:
        return None
    ordered = sorted(samples)
    return Summary(
        count=len(ordered),
        min=ordered[0],
        p50=quantile(ordered, 0.50),
        p95=quantile(ordered, 0.95),
        p99=quantile(ordered, 0.99),
        max=ordered[-1],
        p999=quantile(ordered, 0.999) if len(ordered) >= _ENOUGH_FOR_P999 else None,
        intervals={name: bounds for name, bounds in _intervals(ordered) if bounds != (None, None)},
    )


def _intervals(ordered: Sequence[float]) -> list[tuple[str, Bounds]]:
    if len(ordered) < 2:
        return []
    enough = {name: at for name, at in INTERVALS.items() if name != "p999" or len(ordered) >= _ENOUGH_FOR_P999}
    return [(name, interval(ordered, fraction)) for name, fraction in enough.items()]
