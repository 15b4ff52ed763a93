"""What is asked beside the plain figures: the first sample, the tail, growth, rows of an array, sleepers, heap, stack,
pools. Each is added to a board's good figures, once as it should be and once not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from sample_record import sample

from rig.claims import CLAIMS, decide
from rig.records import ClaimResult, Measurement, Metric, Verdict

BOARD = "mps2-an385"
GOOD = [m for m in sample().measurements if m.board == BOARD]
YES, NO = Verdict.CONFIRMED, Verdict.REFUTED
MEDIAN, MS = 242, 7812  # of the sample's latencies: instructions, and of them in a millisecond
ROW = {
    "payload_bytes": 4, "readers": 1, "alignment": 8, "reliable": True, "sessions": 1, "pending": 12, "buffers": 16,
    "other_pairs": 0, "agent": "steady", "spin_timeout_ms": 10,
}  # fmt: skip
Extra = Callable[[], list[Measurement]]


def like(metric: str, **where: object) -> Measurement:
    """A figure of the sample, with shared memory."""
    return next(m for m in GOOD if m.metric == metric and m.variant == "shm" and where.items() <= m.conditions.items())


def latency(metric: Metric, took: Sequence[float], **conditions: object) -> Measurement:
    plain = like("publish_to_callback", payload_bytes=4, readers=1, spin_timeout_ms=10)
    return replace(
        plain,
        metric=metric,
        samples=tuple(took),
        conditions={**plain.conditions, **conditions},  # type: ignore[dict-item]
        detail={"units_per_ms": MS},
    )


def decided(claim: str, extra: Sequence[Measurement], *, instead: Metric | None = None) -> ClaimResult:
    rows = [m for m in GOOD if m.experiment == CLAIMS[claim].experiment and m.metric != instead]
    return decide(CLAIMS[claim], BOARD, [*rows, *extra], prevented={})


@pytest.mark.parametrize(("first", "verdict"), [(MEDIAN + 100, YES), (9 * MEDIAN, YES), (11 * MEDIAN, NO)])
def test_the_first_sample_after_a_start(first: int, verdict: Verdict) -> None:
    starts = [latency(Metric.LATENCY_FIRST, [first, MEDIAN, MEDIAN], payload_bytes=size) for size in (4, 64, 256)]
    result = decided("latency", starts)
    assert result.verdict is verdict, result.reason
    if verdict is NO:
        assert "the first sample after a start" in result.reason


def test_one_late_start_of_many_is_no_finding() -> None:
    starts = [latency(Metric.LATENCY_FIRST, [late], payload_bytes=size) for size, late in ((4, 90_000), (64, 250))]
    starts.append(latency(Metric.LATENCY_FIRST, [260], payload_bytes=256))
    assert decided("latency", starts).verdict is YES


@pytest.mark.parametrize(("late", "verdict"), [(9 * MEDIAN, YES), (11 * MEDIAN, NO)])
def test_the_greatest_latency_where_the_clock_repeats(late: int, verdict: Verdict) -> None:
    plain = [replace(m, samples=(*m.samples[:-1], late)) if m.metric == "publish_to_callback" and m.variant == "shm"
             and m.conditions["payload_bytes"] == 64 else m for m in GOOD if m.experiment == "latency"]  # fmt: skip
    result = decide(CLAIMS["latency"], BOARD, plain, prevented={})
    assert result.verdict is verdict, result.reason


def test_a_tail_on_a_hosts_clock_is_told_and_decides_nothing() -> None:
    plain = [replace(m, clock="host", exact=False, samples=(*m.samples * 40, *[90_000.0] * 4))
             if m.metric == "publish_to_callback" and m.variant == "shm" else m
             for m in GOOD if m.experiment == "latency"]  # fmt: skip
    result = decide(CLAIMS["latency"], BOARD, plain, prevented={})
    assert result.verdict is not NO, result.reason
    assert any("all" in fact.text and "samples together" in fact.text for fact in result.evidence)


@pytest.mark.parametrize(("then", "verdict"), [(MEDIAN, YES), (3 * MEDIAN, YES), (3 * MEDIAN + 1, NO)])
def test_growth_over_a_life(then: int, verdict: Verdict) -> None:
    result = decided("latency", [latency(Metric.LATENCY_AGED, [then] * 50, samples=2000)])
    assert result.verdict is verdict, result.reason
    if verdict is NO:
        assert "after 2,000 samples" in result.reason


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ([13 * MEDIAN] * 9, YES),  # what waits is delivered before it
        ([40 * MEDIAN] * 9, NO),
        ([13 * MEDIAN] * 8 + [140 * MEDIAN], NO),
    ],
)
def test_a_row_of_the_array(row: list[int], verdict: Verdict) -> None:
    result = decided("latency", [latency(Metric.LATENCY_LOADED, row, **ROW)])
    assert result.verdict is verdict, result.reason
    if verdict is NO:
        assert "12 samples pending" in result.reason or "pending" in result.reason


def woken(*, missed: int = 0, late: int = 0, metric: Metric = Metric.WAKE_UPS_MISSED) -> Measurement:
    detail = {"tried": 64, "timeout_ms": 1900, "longest_ms": 1900 if missed else 2, "accepted": 64, "delivered": 64,
              "inside": 60, "late": late, "late_ms": 1}  # fmt: skip
    plain = latency(metric, [missed], readers=1, waker=1, samples=64)
    return replace(plain, detail=detail, clock=None)


@pytest.mark.parametrize(
    ("seen", "verdict", "words"),
    [
        (woken(late=30), YES, ""),
        (woken(late=31), NO, "more than 1 ms after"),
        (woken(missed=1), NO, "slept on"),
    ],
)
def test_a_spin_that_sleeps(seen: Measurement, verdict: Verdict, words: str) -> None:
    result = decided("latency", [seen])
    assert (result.verdict, words in result.reason) == (verdict, True), result.reason


def both(metric: Metric, shm: int, network: int) -> list[Measurement]:
    """A figure of memory with shared memory and without."""
    rows = [m for m in GOOD if m.metric == "stack_peak_bytes"]
    return [replace(m, metric=metric, samples=(shm if m.variant == "shm" else network,)) for m in rows]


@pytest.mark.parametrize(
    ("metric", "shm", "network", "verdict", "words"),
    [
        (Metric.HEAP_PEAK, 0, 0, YES, ""),
        (Metric.HEAP_PEAK, 600, 600, YES, ""),
        (Metric.HEAP_PEAK, 1, 0, NO, "of heap"),
        (Metric.STACK_WORK, 1512, 1000, YES, ""),
        (Metric.STACK_WORK, 1513, 1000, NO, "of stack"),
        (Metric.STACK_WORK, 200, 1000, YES, ""),
        (Metric.STACK_PEAK, 9000, 1000, YES, ""),  # of whatever ran before: reported
    ],
)
def test_memory_beyond_the_controls(metric: Metric, shm: int, network: int, verdict: Verdict, words: str) -> None:
    network_only = {m.variant for m in GOOD if m.metric == "stack_peak_bytes"}
    assert network_only == {"shm", "network"}
    result = decided("footprint", both(metric, shm, network), instead=metric)
    assert (result.verdict, words in result.reason) == (verdict, True), result.reason


def test_heap_counts_as_the_middlewares_ram() -> None:
    result = decided("footprint", both(Metric.HEAP_PEAK, 900, 900))
    assert result.verdict is NO
    assert "and 900 of heap" in result.reason


@pytest.mark.parametrize(("lacking", "verdict"), [(0, YES), (1, NO)])
def test_a_pool_that_is_filled_twice(lacking: int, verdict: Verdict) -> None:
    pool = replace(
        like("largest_message_bytes"),
        metric=Metric.NOT_WHOLE,
        samples=(lacking,),
        conditions=ROW,
        detail={"owed": 32, "whole": 32 - lacking},
    )
    result = decided("message-size", [pool])
    assert result.verdict is verdict, result.reason
    if verdict is NO:
        assert "a pool filled twice" in result.reason
