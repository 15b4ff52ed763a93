"""When noisy figures differ: a statistical test with a minimum effect for two runs, change points for many.

Knows numbers only. SciPy has the test, ruptures the search for change points; both are imported when they are needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

MINIMUM_EFFECT = 0.05
"""Share of the median by which a noisy figure must move before anybody looks at it."""

SUPERIORITY = 0.64
"""How often a sample of one run must beat one of the other: a medium effect (Vargha and Delaney)."""

SIGNIFICANCE = 0.01
"""Of all figures of a comparison together; each gets an equal part."""

_LEAST_RUNS = 6
_LEAST_SEGMENT = 2  # one run is never a change: a second one must show it
_GAUSS = 0.6745  # median absolute deviation of a normal distribution, in standard deviations


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """A change of level: from ``index`` on the figures are about ``after``, and before they were about ``before``."""

    index: int
    before: float
    after: float

    @property
    def share(self) -> float:
        """By how much of ``before``; infinite from 0."""
        return share(self.before, self.after)


def share(before: float, after: float) -> float:
    """The change as a share of ``before``."""
    if before == after:
        return 0.0
    return (after - before) / abs(before) if before else math.copysign(math.inf, after)


def moved(first: Sequence[float], second: Sequence[float], *, figures: int) -> float | None:
    """The change of the median as a share, if two sets of samples differ beyond noise; else None.

    Mann-Whitney's test at a level that is shared out to all figures of the comparison, a medium effect, and the minimum
    effect on the median must all say so. Samples of one run do not show how runs differ: a second run must agree.

    :param figures: how many figures are compared in all.
    """
    if not first or not second:
        return None
    change = share(median(first), median(second))
    if abs(change) < MINIMUM_EFFECT:
        return None
    from scipy.stats import mannwhitneyu  # noqa: PLC0415 - takes longer to import than most commands run

    test = mannwhitneyu(second, first, alternative="two-sided", method="asymptotic")
    wins = float(test.statistic) / (len(first) * len(second))
    if max(wins, 1 - wins) < SUPERIORITY or not float(test.pvalue) < SIGNIFICANCE / max(1, figures):
        return None
    return change


def change_points(values: Sequence[float], *, exact: bool) -> list[Shift]:
    """Where a series of figures, one a run, changed its level.

    An exact figure changes where it is not equal to the one before. A noisy one changes where ruptures' PELT finds a
    new level that holds for at least two runs, and that is beyond the minimum effect. Below six runs nothing is said.
    """
    if exact:
        return [
            Shift(index=index, before=before, after=after)
            for index, (before, after) in enumerate(pairwise(values), 1)
            if before != after
        ]
    if len(values) < _LEAST_RUNS:
        return []
    bounds = [0, *_segments(values)]
    found: list[Shift] = []
    before = median(values[: bounds[1]])
    for start, end in pairwise(bounds[1:]):
        level = median(values[start:end])
        effect = share(before, level)
        beyond = sum(share(before, value) * math.copysign(1, effect) >= MINIMUM_EFFECT for value in values[start:end])
        if abs(effect) >= MINIMUM_EFFECT and beyond >= _LEAST_SEGMENT and beyond > (end - start) / 2:
            found.append(Shift(index=start, before=before, after=level))
            before = level
    return found


def _segments(values: Sequence[float]) -> list[int]:
    """Ends of the segments, the last one being the number of values."""
    import numpy  # noqa: PLC0415
    import ruptures  # noqa: PLC0415

    steps = [abs(b - a) for a, b in pairwise(values)]
    # From one run to the next the level rarely changes, so that their differences show the noise alone.
    noise = median(steps) / _GAUSS / math.sqrt(2)
    spread = noise or max(abs(median(values)) * MINIMUM_EFFECT / 4, 1e-12)
    signal = numpy.array(values, dtype=float).reshape(-1, 1) / spread
    penalty = 5 * math.log(len(values))
    ends: list[int] = ruptures.Pelt(model="l2", min_size=_LEAST_SEGMENT, jump=1).fit(signal).predict(pen=penalty)
    return ends
