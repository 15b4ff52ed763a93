"""The second half of the criterion on latency: it must stay close to its median.

It looks at the first samples after a start, the far tail, latencies after many samples, latencies under a covering
array, and samples published while spin sleeps. Noise must not refute. So on a clock that does not repeat exactly, only
repeatable figures count: medians over starts and samples, and the lower bound of p99.9. The limit is 1 ms: the finest
time of spin and of the port's clock, and the period of a fast control loop. On a clock that counts instructions only
the code makes a difference; there the limit is ten times the median.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from rig.claims._claim import Figures, fact
from rig.claims._phrases import covered, in_array, number, under
from rig.records import Condition, Evidence, Measurement, Metric, interval, quantile
from rig.records.vocabulary import USUAL_SPIN_MS, Latency, Wakes

_ALLOWED_MS = 1
_ALLOWED_TIMES = 10
_ALLOWED_GROWTH = (
    3  # a host's clock rate and caches double a median of nanoseconds, a search through a history does more
)
_TAIL = 0.999
_A_DELIVERY = 2  # of a delivery that came before: its share of the plain latency, at the most

Finding = tuple[str, Evidence]
"""What is wrong, empty if nothing is; and the fact."""


def steadiness(figures: Figures) -> list[Finding]:
    """Every finding on figures with shared memory, kind by kind."""
    kinds: tuple[Callable[[Figures], Iterator[Finding]], ...] = (_first, _tail, _age, _rows, _woken)
    return [finding for kind in kinds for finding in kind(figures)]


def conditions_covered(figures: Figures) -> tuple[str, list[Evidence]]:
    """How many rows of the covering array have figures: the last words of a reason, and facts."""
    return covered(figures, [m for m in figures.all(Metric.LATENCY_LOADED, "shm") if in_array(m)])


def _plain(figures: Figures) -> dict[tuple[object, ...], Measurement]:
    """Latencies by payload, readers and spin time-out."""
    return {_shape(m): m for m in figures.measured(Metric.LATENCY, "shm")}


def _shape(m: Measurement) -> tuple[object, ...]:
    return tuple(m.conditions[name] for name in (Condition.PAYLOAD_BYTES, Condition.READERS, Condition.SPIN_TIMEOUT_MS))


def _exact(m: Measurement) -> bool:
    return m.clock == "virtual" and m.exact


def _allowed(m: Measurement) -> float:
    """How much above its median a latency may be; infinite where the clock is not told."""
    if _exact(m):
        return (_ALLOWED_TIMES - 1) * max(1.0, m.value)
    return m.read(Latency).units_per_ms * _ALLOWED_MS or float("inf")


def _limit(m: Measurement) -> str:
    return f"{_ALLOWED_TIMES} times the median" if _exact(m) else f"the median and {_ALLOWED_MS} ms"


def _first(figures: Figures) -> Iterator[Finding]:
    """The first sample after each start: the median over the starts of what it takes more than the later ones."""
    plain = _plain(figures)
    pairs = [
        (first, plain[_shape(first)])
        for first in figures.measured(Metric.LATENCY_FIRST, "shm")
        if _shape(first) in plain
    ]
    if not pairs:
        return
    extra = median(first.samples[0] - later.value for first, later in pairs)
    allowed = median(_allowed(later) for _, later in pairs)
    first, later = pairs[0]
    words = (
        f"the first sample after a start takes {number(extra)} {later.unit} more than those after it "
        f"(median over {len(pairs)} starts)"
    )
    wrong = f"{words}: more than {_limit(later)}" if extra > allowed else ""
    yield wrong, fact(words, first)


def _tail(figures: Figures) -> Iterator[Finding]:
    """The greatest on a clock that repeats exactly; else p99.9 of all samples together, each above its own median.

    On a host's clock nothing is decided by it.
    """
    plain = list(_plain(figures).values())
    exact = [m for m in plain if _exact(m)]
    for m in exact:
        if max(m.samples) - m.value > _allowed(m):
            words = f"{_words(m)}: at most {number(max(m.samples))} {m.unit}, the median is {number(m.value)}"
            yield f"{words}: more than {_limit(m)}", fact(words, m)
    rest = [m for m in plain if not _exact(m)]
    above = sorted(sample - m.value for m in rest for sample in m.samples)
    if not above:
        return
    least, _ = interval(above, _TAIL)
    seen = f"p99.9 is {number(quantile(above, _TAIL))} {rest[0].unit} above the median" if least is not None else ""
    words = (
        f"all {number(len(above))} samples together: {seen or 'too few for p99.9'}, the greatest {number(above[-1])}"
    )
    # On a host other processes make a tail of milliseconds: there it is told, and not held against the middleware.
    wrong = rest[0].clock != "host" and least is not None and least > min(_allowed(m) for m in rest)
    yield (f"{words}: surely more than {_limit(rest[0])}" if wrong else ""), fact(words, rest[0])


def _age(figures: Figures) -> Iterator[Finding]:
    """The same session before and after a part of its life."""
    plain = _plain(figures)
    for aged in figures.measured(Metric.LATENCY_AGED, "shm"):
        young = plain.get(_shape(aged))
        if young is None:
            continue
        begin, then = (_median_bounds(m) for m in (young, aged))
        words = (
            f"{_words(young)}: p50 {number(young.value)} {young.unit} at the beginning, {number(aged.value)} after "
            f"{number(aged.whole(Condition.SAMPLES))} samples"
        )
        grown = then[0] > _ALLOWED_GROWTH * max(1.0, begin[1])
        yield (f"{words}: more than {_ALLOWED_GROWTH} times as much" if grown else ""), fact(words, aged)


def _rows(figures: Figures) -> Iterator[Finding]:
    """The median under each row of the array, what waits before it allowed for."""
    rows = [m for m in figures.measured(Metric.LATENCY_LOADED, "shm") if in_array(m)]
    plain = min(
        (m for m in _plain(figures).values() if _is_plainest(m)),
        key=lambda m: m.whole(Condition.PAYLOAD_BYTES),
        default=None,
    )
    if not rows or plain is None:
        return
    for m in rows:
        deliveries = m.whole(Condition.READERS) * (m.whole(Condition.PENDING) + 1)
        allowed = plain.value + _allowed(plain) + _A_DELIVERY * plain.value * deliveries
        if _median_bounds(m)[0] > allowed:
            words = f"{under(m)}: p50 {number(m.value)} {m.unit}, against {number(plain.value)} for one reader alone"
            yield f"{words}; at most {number(allowed)} may be", fact(words, m)
        elif _exact(m) and max(m.samples) - m.value > _allowed(m):
            words = f"{under(m)}: at most {number(max(m.samples))} {m.unit}, the median is {number(m.value)}"
            yield f"{words}: more than {_limit(m)}", fact(words, m)
    slowest = max(rows, key=lambda m: m.value)
    words = f"under {len(rows)} combinations of conditions p50 is {number(min(m.value for m in rows))} to "
    yield "", fact(f"{words}{number(slowest.value)} {slowest.unit}, the most at {under(slowest)}", slowest)


def _woken(figures: Figures) -> Iterator[Finding]:
    """Spins that sleep when another context publishes: none sleeps on, and no more than half deliver late.

    Half, since a host or an emulator may be elsewhere at any one of them.
    """
    for m in figures.measured(Metric.WAKE_UPS_MISSED, "shm"):
        told = m.read(Wakes)
        words = f"{told.tried} spins that slept were woken from another context"
        wrong = ""
        if m.value:
            wrong = f"{number(m.value)} of {words}, and slept on: {told.longest_ms:,} ms of {told.timeout_ms:,} ms"
        elif told.late > told.inside / 2:
            wrong = f"{words}: {told.late} of them made their callback more than {told.late_ms} ms after the publishing"
        yield wrong, fact(f"{words}, {told.late} later than {told.late_ms} ms", m)


def _is_plainest(m: Measurement) -> bool:
    return m.conditions[Condition.READERS] == 1 and m.conditions[Condition.SPIN_TIMEOUT_MS] == USUAL_SPIN_MS


def _median_bounds(m: Measurement) -> tuple[float, float]:
    """What the median surely lies between; the median itself where the clock repeats exactly or samples are few."""
    low, high = (None, None) if _exact(m) else interval(sorted(m.samples), 0.5)
    return m.value if low is None else low, m.value if high is None else high


def _words(m: Measurement) -> str:
    readers = m.conditions[Condition.READERS]
    spin = m.conditions[Condition.SPIN_TIMEOUT_MS]
    return f"{m.conditions[Condition.PAYLOAD_BYTES]} B, {readers} reader{'s' * (readers != 1)}, spin {spin} ms"
