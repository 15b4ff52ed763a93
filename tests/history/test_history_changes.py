"""Change points over many runs: found where they are, and not where there are none."""

from __future__ import annotations

import random

import pytest

from rig.history import MINIMUM_EFFECT, change_points


def series(seed: int, *levels: tuple[int, float], noise: float = 0.03) -> list[float]:
    draw = random.Random(seed)
    return [level * draw.gauss(1, noise) for runs, level in levels for _ in range(runs)]


def test_an_exact_figure_changes_with_one_digit() -> None:
    shifts = change_points([242, 242, 243, 243, 242], exact=True)
    assert [(s.index, s.before, s.after) for s in shifts] == [(2, 242, 243), (4, 243, 242)]
    assert change_points([242], exact=True) == change_points([], exact=True) == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("after", [70.0, 120.0, 200.0])
def test_a_new_level_is_found_where_it_begins(seed: int, after: float) -> None:
    (shift,) = change_points(series(seed, (12, 100.0), (10, after)), exact=False)
    assert shift.index == 12
    assert shift.share == pytest.approx(after / 100 - 1, abs=0.06)


def test_two_changes_are_two() -> None:
    found = change_points(series(1, (10, 100.0), (10, 150.0), (10, 100.0)), exact=False)
    assert [shift.index for shift in found] == [10, 20]


def test_noise_alone_rarely_alarms() -> None:
    alarms = sum(bool(change_points(series(seed, (30, 100.0), noise=0.05), exact=False)) for seed in range(200))
    assert alarms <= 4, f"{alarms} of 200 histories without a change"


def test_one_run_is_no_change_and_neither_is_less_than_the_minimum_effect() -> None:
    assert change_points([*series(2, (12, 100.0)), 300.0], exact=False) == []
    assert change_points(series(3, (10, 100.0), (10, 100 * (1 + MINIMUM_EFFECT / 2)), noise=0.001), exact=False) == []


def test_figures_that_are_all_alike_and_short_histories_say_nothing() -> None:
    assert change_points([5.0] * 30, exact=False) == []
    assert change_points([0.0] * 30, exact=False) == []
    assert change_points([1.0, 2.0, 2.0, 2.0, 2.0], exact=False) == []
