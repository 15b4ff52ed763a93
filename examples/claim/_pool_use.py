"""The criterion of the claim ``pool-use``. Takes figures and nothing else."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_SHM, number, readers
from rig.records import Condition, Metric
from rig.records.vocabulary import PoolUse


def pool_use(figures: Figures) -> Decision:
    """One buffer for each sample, however many readers wait for it."""
    measured = figures.measured(Metric.BUFFERS_TAKEN, "shm")
    evidence = []
    wrong = ""
    for m in measured:
        free = m.read(PoolUse)
        text = f"{readers(m.whole(Condition.READERS))}: {number(m.value)} taken"
        evidence.append(fact(f"{text} ({free.before} free before, {free.waiting} while the sample waits)", m))
        if m.value != 1:
            wrong = wrong or text
    if wrong:
        return refuted(f"a waiting sample does not take one buffer ({wrong})", evidence)
    if not measured:
        told = figures.all(Metric.BUFFERS_TAKEN, "shm")
        return inconclusive(told[0].gap.unavailable if told else NO_SHM, evidence)
    return confirmed("a waiting sample takes one buffer, whatever the number of its readers", evidence)
