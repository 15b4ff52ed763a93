"""Order statistics: always a sample, exact on integers, the nearest rank for any number of samples."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.records import quantile, summarise

FRACTIONS = ("0.01", "0.07", "0.5", "0.95", "0.99", "0.999", "1")
samples = st.lists(st.integers(min_value=-(2**53), max_value=2**53), min_size=1, max_size=300)


@given(samples, st.sampled_from(FRACTIONS))
def test_the_least_sample_with_that_fraction_at_or_below_it(values: list[int], text: str) -> None:
    ordered = sorted(values)
    found = quantile(ordered, float(text))
    wanted = Fraction(text) * len(ordered)
    assert found in ordered
    assert sum(1 for v in ordered if v <= found) >= wanted
    assert all(sum(1 for v in ordered if v <= smaller) < wanted for smaller in set(ordered) if smaller < found)


@given(samples)
def test_a_summary_is_ordered_and_knows_no_order_of_its_samples(values: list[int]) -> None:
    s = summarise(values)
    assert s is not None
    assert s.count == len(values)
    assert min(values) == s.min <= s.p50 <= s.p95 <= s.p99 <= s.max == max(values)
    assert (s.p50, s.p95, s.p99) == tuple(quantile(sorted(values), f) for f in (0.5, 0.95, 0.99))
    assert summarise(values[::-1]) == s
    assert all(isinstance(v, int) for v in (s.min, s.p50, s.p95, s.p99, s.max))


@given(samples, st.sampled_from(FRACTIONS), st.integers(min_value=-1000, max_value=1000))
def test_a_shift_of_all_samples_shifts_the_quantile(values: list[int], text: str, shift: int) -> None:
    ordered = sorted(values)
    assert quantile([v + shift for v in ordered], float(text)) == quantile(ordered, float(text)) + shift


@pytest.mark.parametrize(
    ("count", "fraction", "rank"),
    [(1, 0.5, 1), (2, 0.5, 1), (3, 0.5, 2), (100, 0.95, 95), (100, 0.07, 7), (10, 0.99, 10)],
)
def test_known_ranks(count: int, fraction: float, rank: int) -> None:
    assert quantile(range(1, count + 1), fraction) == rank


def test_nothing_to_sum_up() -> None:
    assert summarise([]) is None
    with pytest.raises(ValueError, match="no samples"):
        quantile([], 0.5)


@pytest.mark.parametrize("fraction", [0, -0.1, 1.01])
def test_a_fraction_outside_its_range_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        quantile([1], fraction)
