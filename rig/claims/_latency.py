"""The criterion on latency."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._words import NO_CONTROL, NO_SHM, number
from rig.records import Evidence, Measurement


def latency(figures: Figures) -> Decision:
    """p99 below the Agent path's at every size, and independent of the spin time-out."""
    shm = [m for m in figures.all("publish_to_callback", "shm") if m.samples]
    network = [m for m in figures.all("publish_to_callback", "network") if m.samples]
    if not shm and figures.all("publish_to_callback", "shm"):
        return inconclusive("not every sample was accepted and delivered, so there are no latencies")
    if not shm:
        return inconclusive(NO_SHM)
    evidence: list[Evidence] = []
    one_reader = {int(m.conditions["payload_bytes"]): m for m in shm if _is_plain(m)}
    control = {int(m.conditions["payload_bytes"]): m for m in network if _is_plain(m)}
    for payload, m in one_reader.items():
        summary = m.summary
        assert summary is not None
        text = f"{payload} B: p50 {number(summary.p50)}, p99 {number(summary.p99)}, max {number(summary.max)} {m.unit}"
        other = control.get(payload)
        if other is not None and other.summary is not None:
            text += f"; through the Agent p99 {number(other.summary.p99)}"
        evidence.append(fact(text, m))
    spread = _spin_spread(shm)
    if spread:
        evidence.append(fact("p50 by spin time-out (ms): " + ", ".join(f"{k}: {number(v)}" for k, v in spread.items())))
    both = sorted(set(one_reader) & set(control))
    if not both:
        return inconclusive(NO_CONTROL, evidence)
    slower = [p for p in both if one_reader[p].summary.p99 >= control[p].summary.p99]  # type: ignore[union-attr]
    if slower:
        return refuted(f"p99 at {slower[0]} B is not below the Agent path's", evidence)
    grown = _growth_with_spin(shm, spread)
    if grown is not None and grown > _SPIN_SHARE:
        return refuted(f"the latency grows with the spin time-out, by {grown:.0%} of it", evidence)
    first = both[0]
    ratio = control[first].value / max(1.0, one_reader[first].value)
    return confirmed(
        f"p99 below the Agent path's at all {len(both)} compared sizes; {first} B: "
        f"{number(one_reader[first].value)} {one_reader[first].unit} (p50), "
        f"the Agent path takes {ratio:,.0f} times that",
        evidence,
    )


def _is_plain(m: Measurement) -> bool:
    return m.conditions["readers"] == 1 and m.conditions["spin_timeout_ms"] == 10


# A spin that sleeps out its time makes this share 100 %; noise of a millisecond over the range of time-outs, 1 %.
_SPIN_SHARE = 0.02


def _growth_with_spin(shm: list[Measurement], spread: dict[int, float]) -> float | None:
    """How much of a longer time-out comes back as latency; None if time-outs were not varied."""
    least, most = min(spread), max(spread)
    units_per_ms = max(float(str(m.detail.get("units_per_ms", 0))) for m in shm)
    if most == least or not units_per_ms:
        return None
    return (spread[most] - spread[least]) / ((most - least) * units_per_ms)


def _spin_spread(shm: list[Measurement]) -> dict[int, float]:
    """p50 by spin time-out, for the smallest payload and one reader."""
    smallest = min(int(m.conditions["payload_bytes"]) for m in shm)
    return {
        int(m.conditions["spin_timeout_ms"]): m.value
        for m in shm
        if m.conditions["payload_bytes"] == smallest and m.conditions["readers"] == 1
    }
