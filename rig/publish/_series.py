"""Picks the figures that plots and headlines show out of one board's measurements. Draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rig.records import Condition, Measurement, Metric, Summary
from rig.records.vocabulary import CALLS, USUAL_SPIN_MS, Sizes

Points = dict[int, Summary]
_KINDS = {metric.value: kind for kind, metric in CALLS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One metric over one condition, with shared memory and without; never of two clocks or units.

    ``fixed`` is the value of the condition that was held, such as the payload of a row over readers.
    """

    shm: Points
    network: Points
    unit: str = ""
    clock: str | None = None
    fixed: int | None = None

    @property
    def keys(self) -> list[int]:
        """Every condition measured in at least one variant, ascending."""
        return sorted({*self.shm, *self.network})


def _pick(
    measurements: Sequence[Measurement], metric: str, by: str, keep: Callable[[Measurement], bool]
) -> Pair | None:
    points: dict[str, Points] = {"shm": {}, "network": {}}
    unit, clock = "", None
    for m in measurements:
        if m.metric != metric or m.summary is None or by not in m.conditions or not keep(m):
            continue
        if any(points.values()) and (m.unit, m.clock) != (unit, clock):
            continue
        unit, clock = m.unit, m.clock
        points[m.variant][m.whole(by)] = m.summary
    if not any(points.values()):
        return None
    return Pair(shm=points["shm"], network=points["network"], unit=unit, clock=clock)


def latency_by_payload(measurements: Sequence[Measurement]) -> Pair | None:
    """Publish to callback by payload bytes; one reader, the usual spin time-out."""
    return _pick(
        measurements,
        Metric.LATENCY,
        "payload_bytes",
        lambda m: (
            m.conditions.get("readers") == 1
            and m.conditions.get("spin_timeout_ms") == USUAL_SPIN_MS
            and m.conditions.get("payload_bytes") != 0  # has no place on a logarithmic axis; stands in the table
        ),
    )


def latency_by_readers(measurements: Sequence[Measurement]) -> Pair | None:
    """Publish to the last reader's callback, by readers; the smallest payload, the usual spin time-out."""
    found = _over_readers(
        measurements, Metric.LATENCY, min, lambda m: m.conditions.get("spin_timeout_ms") == USUAL_SPIN_MS
    )
    return found if found is not None and len(found.keys) > 1 else None


def latency_by_spin(measurements: Sequence[Measurement]) -> Pair | None:
    """Publish to callback by the time-out handed to spin; one reader, the smallest payload measured so."""
    rows = [m for m in measurements if m.conditions.get("readers") == 1]
    payloads = {
        m.conditions["payload_bytes"]
        for m in rows
        if m.metric == Metric.LATENCY
        and m.samples
        and {"payload_bytes", "spin_timeout_ms"} <= m.conditions.keys()
        and m.conditions["spin_timeout_ms"] != USUAL_SPIN_MS
    }
    if not payloads:
        return None
    found = _pick(rows, Metric.LATENCY, "spin_timeout_ms", lambda m: m.conditions.get("payload_bytes") == min(payloads))
    return found if found is not None and len(found.keys) > 1 else None


def latency_under_load(measurements: Sequence[Measurement], by: str) -> Pair | None:
    """Publish to callback by ``pending`` or ``other_pairs``, the other one at 0; the unloaded figure is that at 0."""
    rest = "other_pairs" if by == "pending" else "pending"
    loaded = [m for m in measurements if m.metric == Metric.LATENCY_LOADED and not m.conditions.get(rest)]
    if not any(m.conditions.get(by) for m in loaded):
        return None
    payload = loaded[0].conditions["payload_bytes"]
    idle = [
        replace(m, metric=loaded[0].metric, conditions={**m.conditions, by: 0})
        for m in measurements
        if m.metric == Metric.LATENCY
        and (m.conditions.get("readers"), m.conditions.get("spin_timeout_ms")) == (1, USUAL_SPIN_MS)
        and m.conditions.get("payload_bytes") == payload
    ]
    return _pick([*idle, *loaded], loaded[0].metric, by, lambda _: True)


def by_readers(measurements: Sequence[Measurement], metric: str) -> Pair | None:
    """A metric by readers; of several payloads the largest that both variants have."""
    return _over_readers(measurements, metric, max, lambda _: True)


def _over_readers(
    measurements: Sequence[Measurement],
    metric: str,
    choose: Callable[[set[int]], int],
    keep: Callable[[Measurement], bool],
) -> Pair | None:
    payloads: dict[str, set[int]] = {"shm": set(), "network": set()}
    for m in measurements:
        if m.metric == metric and m.samples and "payload_bytes" in m.conditions and keep(m):
            payloads[m.variant].add(m.whole(Condition.PAYLOAD_BYTES))
    shared = payloads["shm"] & payloads["network"] or payloads["shm"] or payloads["network"]
    if not shared:
        return None
    payload = choose(shared)
    found = _pick(measurements, metric, "readers", lambda m: keep(m) and m.conditions.get("payload_bytes") == payload)
    if found is None:
        return None
    return Pair(shm=found.shm, network=found.network, unit=found.unit, clock=found.clock, fixed=payload)


def largest_message(measurements: Sequence[Measurement]) -> dict[str, Measurement]:
    """The largest message that arrived whole, by variant."""
    return {m.variant: m for m in measurements if m.metric == Metric.LARGEST_MESSAGE and m.samples}


def configured_bytes(measurement: Measurement) -> int:
    """Buffer memory that the largest message was tried against; 0 if the record does not say."""
    return measurement.read(Sizes).buffer_bytes


def calls(measurements: Sequence[Measurement]) -> dict[int, dict[str, dict[str, float]]]:
    """Readers -> variant -> kind of call -> calls per sample; only readers that some variant has in full."""
    table: dict[int, dict[str, dict[str, float]]] = {}
    for m in measurements:
        kind = _KINDS.get(m.metric)
        if kind is not None and m.samples and Condition.READERS in m.conditions:
            row = table.setdefault(m.whole(Condition.READERS), {})
            row.setdefault(m.variant, {})[kind] = m.value
    return dict(sorted(table.items()))
