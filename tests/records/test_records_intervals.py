"""Intervals of order statistics: as sure as they say, never surer with fewer samples, none where there can be none."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.records import interval, samples_for_upper_bound, summarise

FRACTIONS = ("0.5", "0.95", "0.99")


def at_most(hits: int, count: int, fraction: Fraction) -> Fraction:
    """Chance of at most so many hits, without rounding."""
    return sum((comb(count, i) * fraction**i * (1 - fraction) ** (count - i) for i in range(hits + 1)), Fraction(0))


@given(st.integers(1, 60), st.sampled_from(FRACTIONS))
def test_each_bound_is_as_sure_as_it_says_and_no_tighter_one_is(count: int, text: str) -> None:
    tail, fraction = Fraction("0.025"), Fraction(text)
    low, high = interval(range(1, count + 1), float(text))
    if low is not None:
        assert at_most(int(low) - 1, count, fraction) <= tail
    assert at_most(0 if low is None else int(low), count, fraction) > tail
    if high is not None:
        assert at_most(int(high) - 1, count, fraction) >= 1 - tail
        assert at_most(int(high) - 2, count, fraction) < 1 - tail
    else:
        assert at_most(count - 1, count, fraction) < 1 - tail


@pytest.mark.parametrize("text", FRACTIONS)
def test_an_upper_bound_needs_as_many_samples_as_said(text: str) -> None:
    needed = samples_for_upper_bound(float(text))
    assert interval(range(needed), float(text))[1] == needed - 1
    assert interval(range(needed - 1), float(text))[1] is None


def test_a_summary_says_what_its_samples_are_too_few_for() -> None:
    few, many = summarise(range(999)), summarise(range(1000))
    assert few is not None and many is not None
    assert (few.p999, many.p999) == (None, 998)
    assert "p999" not in few.intervals
    assert many.intervals["p99"] == (982, 996)
    assert many.intervals["p999"] == (996, None)
    one = summarise([7])
    assert one is not None and not one.intervals
