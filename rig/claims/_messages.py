"""Criteria on what happens to a sample: its size, its buffer."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_SHM, covered, in_array, number, readers, under, unsupported
from rig.records import Condition, Measurement, Metric
from rig.records.vocabulary import Addresses, Sizes


def message_size(figures: Figures) -> Decision:
    """Every size up to the configured buffer memory arrives whole."""
    shm = figures.measured(Metric.LARGEST_MESSAGE, "shm")
    if not shm:
        return inconclusive(NO_SHM)
    varied = figures.measured(Metric.LARGEST_VARIED, "shm")
    cannot, facts = unsupported(figures, Metric.LARGEST_VARIED, _link)
    evidence = [fact(f"largest intact with shared memory: {number(shm[0].value)} bytes", shm[0])]
    evidence += [fact(f"{_link(m)}: {number(m.value)} bytes", m) for m in varied]
    bad = [(m, size, outcome) for m in (*shm, *varied) for size, outcome in _tried(m).items() if outcome != "intact"]
    evidence += [fact(f"{size:,} bytes: {outcome}", m) for m, size, outcome in bad[:5]]
    evidence += facts
    pools = figures.all(Metric.NOT_WHOLE, "shm")
    filled, facts = covered(figures, pools)
    evidence += facts
    broken = [m for m in pools if m.samples and m.value]
    evidence += [fact(_lacks(m), m) for m in broken]
    evidence += [
        fact(f"control, through the Agent: {number(control.value)} bytes", control)
        for control in figures.measured(Metric.LARGEST_MESSAGE, "network")
    ]
    if bad:
        m, size, outcome = bad[0]
        where = f" ({_link(m)})" if m in varied else ""
        return refuted(f"{size:,} bytes of {_configured(m):,} configured: {outcome}{where}", evidence)
    if broken:
        return refuted(_lacks(broken[0]), evidence)
    for m in (*shm, *varied):
        most = max(_tried(m), default=0)
        if not most or most < _configured(m):
            return inconclusive(f"sizes up to {most:,} of {_configured(m):,} bytes were tried", evidence)
    tried = _tried(shm[0])
    also = f"; also with {'; '.join(_link(m) for m in varied)}" if varied else ""
    return confirmed(
        f"all {len(tried)} sizes from {min(tried)} to {max(tried):,} bytes arrived whole; "
        f"{_configured(shm[0]):,} bytes were configured{also}{cannot}{filled}",
        evidence,
    )


def _lacks(m: Measurement) -> str:
    return f"{under(m)}: a pool filled twice owes its readers {number(m.value)} whole deliveries"


def _tried(m: Measurement) -> dict[int, str]:
    """Size -> what came of it."""
    return {int(size): outcome for size, outcome in m.read(Sizes).tried.items()}


def _configured(m: Measurement) -> int:
    return m.read(Sizes).buffer_bytes


def _link(m: Measurement) -> str:
    """The shape of the link and the readers of a variant, short."""
    c = m.conditions
    return f"{readers(c['readers'])}, MTU {c['link_mtu']} x {c['link_history']}"


def shared_buffer(figures: Figures) -> Decision:
    """All readers of a sample get one address."""
    tried = figures.all(Metric.DISTINCT_BUFFERS, "shm")
    rows = [m for m in tried if in_array(m)]
    shm = [m for m in tried if not in_array(m) and m.whole(Condition.READERS) > 1]
    if not shm:
        return inconclusive(NO_SHM)
    evidence = [
        fact(f"{readers(m.conditions['readers'])}: {number(max(m.samples))} distinct addresses", m)
        for m in shm
        if m.samples
    ]
    also, facts = covered(figures, rows)
    evidence += facts
    several = [m for m in (*shm, *rows) if m.samples and max(m.samples) > 1]
    evidence += [fact(f"{under(m)}: {_places(m)}", m) for m in several if in_array(m)]
    if several:
        m = several[0]
        if in_array(m):
            return refuted(f"{under(m)}: {_places(m)}", evidence)
        return refuted(
            f"{m.conditions['readers']} readers of one sample saw {number(max(m.samples))} buffers", evidence
        )
    missing = [m for m in shm if not m.samples]
    if missing:
        return inconclusive(f"samples for {missing[0].conditions['readers']} readers were not all delivered", evidence)
    return confirmed(
        f"one address for all readers, up to {max(int(m.conditions['readers']) for m in shm)}{also}", evidence
    )


def _places(m: Measurement) -> str:
    """A sample that was at several addresses, by its own."""
    told = m.read(Addresses).addresses.values()
    most = max(told, key=lambda addresses: len(set(addresses)), default=())
    return f"a sample was at {' and '.join(dict.fromkeys(most))}, the place lent for it among them"
