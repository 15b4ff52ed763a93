"""Criteria on what happens to a sample: its size, its copies, its buffer."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._words import NO_SHM, mapping, number, readers
from rig.records import Evidence, Measurement


def message_size(figures: Figures) -> Decision:
    """Every size up to the configured buffer memory arrives whole."""
    shm = figures.measured("largest_message_bytes", "shm")
    if not shm:
        return inconclusive(NO_SHM)
    tried = {int(size): str(outcome) for size, outcome in mapping(shm[0], "tried").items()}
    buffer_bytes = int(str(shm[0].detail.get("buffer_bytes", 0)))
    bad = {size: outcome for size, outcome in tried.items() if outcome != "intact"}
    evidence = [fact(f"largest intact with shared memory: {number(shm[0].value)} bytes", shm[0])]
    evidence += [fact(f"{size:,} bytes: {outcome}", shm[0]) for size, outcome in list(bad.items())[:5]]
    evidence += [
        fact(f"control, through the Agent: {number(control.value)} bytes", control)
        for control in figures.measured("largest_message_bytes", "network")
    ]
    if bad:
        size, outcome = next(iter(bad.items()))
        return refuted(f"{size:,} bytes of {buffer_bytes:,} configured: {outcome}", evidence)
    if not tried or max(tried) < buffer_bytes:
        return inconclusive(f"sizes up to {max(tried, default=0):,} of {buffer_bytes:,} bytes were tried", evidence)
    return confirmed(
        f"all {len(tried)} sizes from {min(tried)} to {max(tried):,} bytes arrived whole; "
        f"{buffer_bytes:,} bytes were configured",
        evidence,
    )


def copies(figures: Figures) -> Decision:
    """Bytes copied do not grow with the readers, and the sample stands in RAM once."""
    counted = _by_readers(figures.all("bytes_copied_per_sample", "shm"))
    seen = _by_readers(figures.all("resident_copies", "shm"))
    if not counted or not seen:
        return inconclusive(NO_SHM)
    if any(not m.samples for row in (*counted.values(), *seen.values()) for m in row.values()):
        return inconclusive("not every sample was delivered, so its copies could not be counted")
    evidence: list[Evidence] = []
    faults: list[str] = []
    for payload, row in counted.items():
        values = {count: (min(m.samples), max(m.samples)) for count, m in row.items()}
        text = ", ".join(f"{count}: {number(high)}" for count, (_, high) in values.items())
        evidence.append(fact(f"{payload} B payload, bytes copied by readers: {text}", next(iter(row.values()))))
        if len({bound for pair in values.values() for bound in pair}) > 1:
            faults.append(f"bytes copied of a {payload} B payload differ with the readers ({text})")
    for payload, row in seen.items():
        for count, m in row.items():
            places = m.detail.get("places", [])
            named = [str(p.get("symbol") or p.get("address")) for p in places] if isinstance(places, list) else []
            names = ", ".join(named) or "nowhere"
            evidence.append(
                fact(f"{payload} B payload, {readers(count)}: stands {number(m.value)} x in RAM ({names})", m)
            )
            if m.value != 1:
                faults.append(f"{readers(count)}: a {payload} B payload stands {number(m.value)} x in RAM ({names})")
    for m in figures.all("resident_copies", "network"):
        if m.samples:
            evidence.append(fact(f"control, {readers(m.conditions['readers'])}: {number(m.value)} x in RAM", m))
    hidden = [m for row in seen.values() for m in row.values() if m.value > 1]
    silent = all(max(m.samples) == 0 for row in counted.values() for m in row.values())
    if hidden and silent:
        evidence.append(fact("the two witnesses disagree: the counters saw no copy, the scan of RAM did"))
    if faults:
        return refuted(faults[0], evidence)
    return confirmed(
        "bytes copied are the same for every number of readers, and each sample stands once in RAM", evidence
    )


def _by_readers(measurements: list[Measurement]) -> dict[int, dict[int, Measurement]]:
    """payload -> readers -> measurement."""
    table: dict[int, dict[int, Measurement]] = {}
    for m in measurements:
        table.setdefault(int(m.conditions["payload_bytes"]), {})[int(m.conditions["readers"])] = m
    return table


def shared_buffer(figures: Figures) -> Decision:
    """All readers of a sample get one address."""
    shm = [m for m in figures.all("distinct_buffers", "shm") if int(m.conditions["readers"]) > 1]
    if not shm:
        return inconclusive(NO_SHM)
    evidence = [
        fact(f"{readers(m.conditions['readers'])}: {number(max(m.samples))} distinct addresses", m)
        for m in shm
        if m.samples
    ]
    missing = [m for m in shm if not m.samples]
    several = [m for m in shm if m.samples and max(m.samples) > 1]
    if several:
        m = several[0]
        return refuted(
            f"{m.conditions['readers']} readers of one sample saw {number(max(m.samples))} buffers", evidence
        )
    if missing:
        return inconclusive(f"samples for {missing[0].conditions['readers']} readers were not all delivered", evidence)
    return confirmed(f"one address for all readers, up to {max(int(m.conditions['readers']) for m in shm)}", evidence)
