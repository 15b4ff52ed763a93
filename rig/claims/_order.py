"""Criteria on order and on contexts that meet."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_SHM, number, unsupported
from rig.records import Condition, Measurement, Metric
from rig.records.vocabulary import Burst, Contexts


def _burst(m: Measurement) -> str:
    across = " from one session to another" if m.conditions.get("sessions") == 2 else ""
    return f"burst of {m.conditions['burst']}{across}"


def burst_order(figures: Figures) -> Decision:
    """In order; every loss is reported to the publisher."""
    disorder, lost = figures.together("shm", Metric.SAMPLES_OUT_OF_ORDER, Metric.SAMPLES_LOST)
    if not disorder:
        return inconclusive(NO_SHM)
    cannot, facts = unsupported(figures, Metric.SAMPLES_LOST, lambda _: "a second session")
    evidence = [
        fact(
            f"{_burst(m)} into {m.conditions['buffers']} buffers: "
            f"{number(m.value)} out of order, {number(missing.value)} lost, {m.read(Burst).refused} refused",
            m,
        )
        for m, missing in zip(disorder, lost, strict=True)
    ]
    evidence += facts
    for m in disorder:
        if m.value:
            return refuted(f"a {_burst(m)} arrived with {number(m.value)} inversions", evidence)
        if m.read(Burst).doubled:
            return refuted(f"a {_burst(m)} had {m.read(Burst).doubled} samples delivered twice", evidence)
    for m in lost:
        if m.value:
            return refuted(
                f"a {_burst(m)} lost {number(m.value)} samples that publish had accepted",
                evidence,
            )
    longest = max((m.whole(Condition.BURST) for m in disorder if m.read(Burst).accepted > 1), default=0)
    if not longest:
        return inconclusive("no burst of two samples or more was accepted and delivered: there was no order", evidence)
    refused = sum(m.read(Burst).refused for m in disorder)
    return confirmed(
        f"bursts up to {longest} in order; {refused} samples over the pool were refused at the publish call, "
        f"none was lost{cannot}",
        evidence,
    )


def thread_safety(figures: Figures) -> Decision:
    """No torn sample, none lost, in order, and the two contexts did meet."""
    metrics = (
        Metric.SAMPLES_DELIVERED,
        Metric.SAMPLES_TORN,
        Metric.SAMPLES_OUT_OF_ORDER,
        Metric.PUBLISHED_INSIDE,
    )
    delivered, torn, disorder, inside = figures.together("shm", *metrics)
    if not delivered:
        return inconclusive("the middleware offers no publishing from other contexts, or its firmware did not run")
    m, told = delivered[0], delivered[0].read(Contexts)
    accepted, count = told.accepted, m.whole(Condition.SAMPLES)
    evidence = [
        fact(f"{number(m.value)} of {accepted:,} accepted samples delivered, {count:,} were to be published", m),
        fact(f"{number(torn[0].value)} torn, {number(disorder[0].value)} out of order", torn[0]),
        fact(f"{number(inside[0].value)} were published while the main context was in a spin", inside[0]),
    ]
    findings = (
        (torn[0].value, f"{number(torn[0].value)} samples were torn"),
        (m.value != accepted, f"{accepted:,} samples were accepted and {number(m.value)} delivered"),
        (disorder[0].value, f"{number(disorder[0].value)} samples came out of order"),
        (
            accepted < count and told.first_error != "OK",
            f"only {accepted:,} of {count:,} samples were accepted: {told.first_error}",
        ),
    )
    for found, words in findings:
        if found:
            return refuted(words, evidence)
    if accepted < count:
        return inconclusive(f"the time was up after {accepted:,} of {count:,} samples; none was lost", evidence)
    if not inside[0].value:
        return inconclusive("the other context never published into a spin: nothing was put to the test", evidence)
    return confirmed(
        f"{count:,} samples, {number(inside[0].value)} of them published into a spin: none torn, lost or misplaced",
        evidence,
    )
