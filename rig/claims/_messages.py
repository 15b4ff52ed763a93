"""Criteria on what happens to a sample: its size, its buffer."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._words import NO_SHM, mapping, number, readers


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
