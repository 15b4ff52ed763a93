"""Confidence intervals of quantiles: which two samples enclose the quantile of the distribution they were drawn from.

Exact for any distribution: the number of n samples below a quantile is binomial. The only assumption is that the
samples are independent. Nothing is resampled, so the same samples always give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

CONFIDENCE = 0.95


@lru_cache(maxsize=4096)
def interval_ranks(count: int, fraction: float, confidence: float = CONFIDENCE) -> tuple[int | None, int | None]:
    """Ranks (from 1) of the samples that enclose the quantile; None where there are too few samples for that bound.

    Each bound alone is wrong with a probability of at most (1 - ``confidence``) / 2.
    """
    if count < 1 or not 0 < fraction < 1:
        return None, None
    tail = (1 - confidence) / 2
    low: int | None = None
    below = 0.0  # the chance that at most `k` samples lie below the quantile
    for k in range(count):
        below += _binomial(count, k, fraction)
        if below <= tail:
            low = k + 1
        elif below >= 1 - tail:
            return low, k + 1
    return low, None


def _binomial(count: int, k: int, fraction: float) -> float:
    """Chance of ``k`` hits in ``count`` tries."""
    return math.exp(
        math.lgamma(count + 1)
        - math.lgamma(k + 1)
        - math.lgamma(count - k + 1)
        + k * math.log(fraction)
        + (count - k) * math.log1p(-fraction)
    )


def interval(
    ordered: Sequence[float], fraction: float, confidence: float = CONFIDENCE
) -> tuple[float | None, float | None]:
    """Bounds of a quantile, each one of the samples in ``ordered`` (ascending); None where there are too few samples
    for it.
    """
    low, high = interval_ranks(len(ordered), fraction, confidence)
    return (None if low is None else ordered[low - 1]), (None if high is None else ordered[high - 1])


def samples_for_upper_bound(fraction: float, confidence: float = CONFIDENCE) -> int:
    """How many samples a quantile needs before one of them is its upper bound."""
    return math.ceil(math.log((1 - confidence) / 2) / math.log(fraction))
