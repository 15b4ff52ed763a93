"""The criterion on latency."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_CONTROL, NO_SHM, in_array, number, readers
from rig.claims._steadiness import conditions_covered, steadiness
from rig.records import Bounds, Condition, Evidence, Measurement, Metric, interval, quantile, samples_for_upper_bound
from rig.records.vocabulary import USUAL_SPIN_MS, Latency

_P50, _P99 = 0.50, 0.99
# A spin that sleeps out its time makes this share 100 %; noise of a millisecond over the range of time-outs, 1 %.
_SPIN_SHARE = 0.02
_STEP_SHARE = (
    0.2  # from one time-out to the next: a spin that sleeps a little whatever its time-out; but noise counts more
)
_MOST_SAMPLES = 1_000_000
_MOST_AFTER_MS = 1  # from the callback to the return of its spin


def latency(figures: Figures) -> Decision:
    """p99 surely below the Agent path's at every size, and independent of the spin time-out."""
    shm = figures.measured(Metric.LATENCY, "shm")
    network = figures.measured(Metric.LATENCY, "network")
    if not shm and figures.all(Metric.LATENCY, "shm"):
        return inconclusive("not every sample was accepted and delivered, so there are no latencies")
    if not shm:
        return inconclusive(NO_SHM)
    plain = {_shape(m): m for m in shm if _is_plain(m)}
    control = {_shape(m): m for m in network if _is_plain(m)}
    spread = _spin_spread(shm)
    evidence = _evidence(figures, plain, control, spread)
    pairs = [_Pair(shm=plain[shape], control=control[shape]) for shape in plain if shape in control]
    if not pairs:
        return inconclusive(NO_CONTROL, evidence)
    findings = steadiness(figures)
    also, facts = conditions_covered(figures)
    evidence += [evidence for _, evidence in findings] + facts
    unsteady = next((wrong for wrong, _ in findings if wrong), "")
    return _compare(pairs, _growth_with_spin(shm, spread), unsteady, _late_return(shm), also, evidence)


def _compare(
    pairs: list[_Pair], grown: float | None, unsteady: str, late: str, also: str, evidence: list[Evidence]
) -> Decision:
    for pair in pairs:
        if pair.above:
            return refuted(f"{pair.words}: {pair.above}", evidence)
    if grown is not None and grown > _SPIN_SHARE:
        return refuted(f"the latency grows with the spin time-out, by {grown:.0%} of it", evidence)
    if unsteady:
        return refuted(unsteady, evidence)
    if late:
        return refuted(late, evidence)
    for pair in pairs:
        if not pair.below:
            return inconclusive(f"{pair.words}: {pair.doubt}", evidence)
    first = pairs[0]
    ratio = first.control.value / max(1.0, first.shm.value)
    return confirmed(
        f"p99 below the Agent path's at all {len(pairs)} compared sizes and numbers of readers; {first.words}: "
        f"{number(first.shm.value)} {first.shm.unit} (p50), the Agent path takes {ratio:,.0f} times that{also}",
        evidence,
    )


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Shared memory beside its control, at one size and number of readers."""

    shm: Measurement
    control: Measurement

    @property
    def words(self) -> str:
        """``64 B, 2 readers``."""
        return _words(_shape(self.shm))

    @property
    def below(self) -> bool:
        """p99 is surely below the control's."""
        return _surely_less(_bounds(self.shm, _P99), _bounds(self.control, _P99))

    @property
    def above(self) -> str:
        """What is surely above the control; empty if nothing is. The median stands in for a p99 without bound."""
        for fraction in (_P99, _P50):
            mine, other = _bounds(self.shm, fraction), _bounds(self.control, fraction)
            if mine[0] is not None and other[1] is not None and mine[0] >= other[1]:
                name = f"p{fraction * 100:.0f}"
                return f"{name} is not below the Agent path's: at least {number(mine[0])} against {number(other[1])}"
        return ""

    @property
    def doubt(self) -> str:
        """Why neither is sure, and how many samples more would do."""
        mine, other = _bounds(self.shm, _P99)[1], _bounds(self.control, _P99)[0]
        words = (
            f"p99 is not surely below the Agent path's: at most {_known(mine)} against at least {_known(other)} "
            f"{self.shm.unit}"
        )
        more = self._more()
        if more is None:
            return f"{words}; more samples like these would not tell them apart"
        return f"{words}; about {number(more[0])} more samples, and {number(more[1])} of the control, may decide it"

    def _more(self) -> tuple[int, int] | None:
        """Samples to add on both sides, if the distributions stay what they seem to be; None if that is of no use."""
        scale = 1
        shm, control = sorted(self.shm.samples), sorted(self.control.samples)
        least = samples_for_upper_bound(_P99)
        while scale * len(shm) <= _MOST_SAMPLES:
            counts = max(least, scale * len(shm)), max(least * (scale > 1), scale * len(control))
            mine, other = _grown(shm, counts[0]), _grown(control, counts[1])
            if _surely_less(mine, other) or _surely_less(other, mine):
                return counts[0] - len(shm), counts[1] - len(control)
            scale *= 2
        return None


def _surely_less(mine: Bounds, other: Bounds) -> bool:
    return mine[1] is not None and other[0] is not None and mine[1] < other[0]


def _grown(ordered: list[float], count: int) -> Bounds:
    """Bounds of p99 if ``count`` samples were spread like these."""
    ranks = interval(range(1, count + 1), _P99)
    low, high = (None if rank is None else quantile(ordered, rank / count) for rank in ranks)
    return low, high


def _bounds(m: Measurement, fraction: float) -> Bounds:
    """What a quantile surely lies between. On a clock that repeats exactly the samples are all there is to know."""
    ordered = sorted(m.samples)
    if m.clock == "virtual" and m.path == "shm":
        return quantile(ordered, fraction), ordered[-1]
    return interval(ordered, fraction)


_Shape = tuple[int, int]


def _shape(m: Measurement) -> _Shape:
    """Payload in bytes, and readers."""
    return m.whole(Condition.PAYLOAD_BYTES), m.whole(Condition.READERS)


def _words(shape: _Shape) -> str:
    return f"{shape[0]} B, {readers(shape[1])}"


def _is_plain(m: Measurement) -> bool:
    return m.conditions["spin_timeout_ms"] == USUAL_SPIN_MS


def _evidence(
    figures: Figures, plain: dict[_Shape, Measurement], control: dict[_Shape, Measurement], spread: dict[int, float]
) -> list[Evidence]:
    evidence = []
    for shape, m in plain.items():
        text = f"{_words(shape)}: {_figures(m)} {m.unit}"
        other = control.get(shape)
        if other is not None:
            baud = f" at {other.conditions['baud']} baud" if "baud" in other.conditions else ""
            wire = f", which contains a network wire ({wired})" if (wired := other.read(Latency).wire) else ""
            text += f"; through the Agent{baud} {_figures(other)}{wire}"
        evidence.append(fact(text, m))
    if spread:
        evidence.append(fact("p50 by spin time-out (ms): " + ", ".join(f"{k}: {number(v)}" for k, v in spread.items())))
    evidence += _returns(figures.measured(Metric.LATENCY, "shm"))
    for m in figures.measured(Metric.LATENCY_LOADED, "shm"):
        if in_array(m):
            continue
        load = f"{m.conditions['pending']} samples pending, {m.conditions['other_pairs']} other pairs of endpoints"
        evidence.append(fact(f"under load, {load}: {_figures(m)} {m.unit}", m))
    instrument = next((told for m in plain.values() if (told := m.read(Latency).subtracted)), None)
    if instrument is not None:
        parts = ", ".join(f"{name} {cost}" for name, cost in instrument.items())
        evidence.append(fact(f"measured in this run and taken off: {parts}"))
    return evidence


def _returns(shm: list[Measurement]) -> list[Evidence]:
    """When the spin came back that made the callback: no part of the latency, and what a caller waits for."""
    rows = _by_spin(shm)
    known = {k: m.read(Latency).publish_to_spin_return.get("greatest", 0) for k, m in rows.items()}
    words = [f"{k}: {number(greatest)}" for k, greatest in known.items() if greatest]
    if not words:
        return []
    unit = next(iter(rows.values())).unit
    return [fact(f"from publish to the return of that spin, by its time-out (ms), at most: {', '.join(words)} {unit}")]


def _late_return(shm: list[Measurement]) -> str:
    """Where a spin surely came back later than 1 ms after the callback; empty if nowhere.

    The least times are compared: what a host adds now and then is in neither. The smallest payload is judged: the bench
    looks at each byte in its callback. With a time-out of 0 nothing is waited for.
    """
    for m in _by_spin(shm).values():
        told, timeout = m.read(Latency), m.whole(Condition.SPIN_TIMEOUT_MS)
        returned = told.publish_to_spin_return.get("least", 0)
        after = returned - min(m.samples)
        if timeout and told.units_per_ms and after > _MOST_AFTER_MS * told.units_per_ms:
            return (
                f"{_words(_shape(m))}: a spin with {timeout} ms never returns sooner than {number(after)} {m.unit} "
                f"after the callback ({number(after / told.units_per_ms)} ms)"
            )
    return ""


def _figures(m: Measurement) -> str:
    """p50, p99 with its bounds, p99.9 where there are samples enough, and the greatest, with their number."""
    summary = m.summary
    assert summary is not None
    low, high = summary.intervals.get("p99", (None, None))
    around = "" if low == high or m.exact else f" ({_known(low)} to {_known(high)})"
    rare = "" if summary.p999 is None else f", p99.9 {number(summary.p999)}"
    most = f"max {number(summary.max)} of {summary.count}"
    return f"p50 {number(summary.p50)}, p99 {number(summary.p99)}{around}{rare}, {most}"


def _known(bound: float | None) -> str:
    return "unknown" if bound is None else number(bound)


def _growth_with_spin(shm: list[Measurement], spread: dict[int, float]) -> float | None:
    """How much of a longer time-out comes back as latency, over all or from one to the next; None if not varied."""
    units_per_ms = max(m.read(Latency).units_per_ms for m in shm)
    times = sorted(spread)
    if len(times) < 2 or not units_per_ms:
        return None

    def share(low: int, high: int) -> float:
        return (spread[high] - spread[low]) / ((high - low) * units_per_ms)

    steps = [share(low, high) for low, high in pairwise(times)]
    whole = share(times[0], times[-1])
    return max(steps) if max(steps) > _STEP_SHARE else whole


def _spin_spread(shm: list[Measurement]) -> dict[int, float]:
    """p50 by spin time-out, for the smallest payload and one reader."""
    return {timeout: m.value for timeout, m in _by_spin(shm).items()}


def _by_spin(shm: list[Measurement]) -> dict[int, Measurement]:
    smallest = min(m.whole(Condition.PAYLOAD_BYTES) for m in shm)
    return {
        m.whole(Condition.SPIN_TIMEOUT_MS): m
        for m in shm
        if m.conditions["payload_bytes"] == smallest and m.conditions["readers"] == 1
    }
