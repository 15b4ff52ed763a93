"""Sums of raw samples. Exact on integers: a deterministic figure must come out the same to the last digit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Order statistics of one measurement's samples, in the measurement's unit."""

    count: int
    min: float
    p50: float
    p95: float
    p99: float
    max: float


def quantile(ordered: Sequence[float], fraction: float) -> float:
    """Nearest-rank quantile of ascending samples: the least sample with at least ``fraction`` of all at or below it.

    Always one of the samples, never an interpolation, so integers stay integers. The rank is reckoned from the decimal
    that ``fraction`` is written as: binary 0.07 of 100 would already be the eighth.

    :raises ValueError: no samples, or ``fraction`` outside 0 < fraction <= 1.
    """
    if not ordered:
        raise ValueError("no samples")
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction {fraction} is outside 0..1")
    return ordered[max(0, math.ceil(Fraction(str(fraction)) * len(ordered)) - 1)]


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
    )
