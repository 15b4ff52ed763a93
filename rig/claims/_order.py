"""Criteria on order and on concurrent contexts."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_SHM, long_life, number, unsupported
from rig.records import Condition, Evidence, Measurement, Metric
from rig.records.vocabulary import Burst, Contexts, Wakes


def _burst(m: Measurement) -> str:
    across = " from one session to another" if m.conditions.get("sessions") == 2 else ""
    return f"burst of {m.conditions['burst']}{across}"


def _of_bursts(disorder: list[Measurement], lost: list[Measurement]) -> str:
    """What is wrong with a burst, in words; empty if nothing is."""
    for m in disorder:
        if m.value:
            return f"a {_burst(m)} arrived with {number(m.value)} inversions"
        if m.read(Burst).doubled:
            return f"a {_burst(m)} had {m.read(Burst).doubled} samples delivered twice"
    for m in lost:
        if m.value:
            return f"a {_burst(m)} lost {number(m.value)} samples that publish had accepted"
    return ""


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
    wrong, aged, life = long_life(figures)
    evidence += facts + life
    if found := _of_bursts(disorder, lost) or wrong:
        return refuted(found, evidence)
    longest = max((m.whole(Condition.BURST) for m in disorder if m.read(Burst).accepted > 1), default=0)
    if not longest:
        return inconclusive("no burst of two samples or more was accepted and delivered: there was no order", evidence)
    refused = sum(m.read(Burst).refused for m in disorder)
    return confirmed(
        f"bursts up to {longest} in order; {refused} samples over the pool were refused at the publish call, "
        f"none was lost{aged}{cannot}",
        evidence,
    )


def thread_safety(figures: Figures) -> Decision:
    """No sample torn, lost or out of order, no context stuck, no lock held in a callback, every sleeping spin woken;
    and calls of different contexts did overlap.
    """
    for m in figures.measured(Metric.CONTEXTS_STUCK, "shm"):
        if m.value:
            why = m.read(Contexts).stuck
            return refuted(f"contexts that met did not come back: {why}", [fact(why, m)])
    metrics = (
        Metric.SAMPLES_DELIVERED,
        Metric.SAMPLES_TORN,
        Metric.SAMPLES_OUT_OF_ORDER,
        Metric.PUBLISHED_INSIDE,
        Metric.LOCK_DEPTH,
        Metric.LOCK_WAIT,
    )
    tables = figures.together("shm", *metrics)
    if not tables[0]:
        return inconclusive("the middleware offers no publishing from other contexts, or its firmware did not run")
    m, torn, disorder, inside, depth, wait = (table[0] for table in tables)
    told = m.read(Contexts)
    accepted, count = told.accepted, told.published
    owed = accepted * m.whole(Condition.READERS)
    evidence = [
        fact(f"{number(m.value)} of {owed:,} deliveries; {accepted:,} of {count:,} samples were accepted", m),
        fact(f"{number(torn.value)} torn, {number(disorder.value)} out of order", torn),
        fact(f"{number(inside.value)} were published into a call of another context", inside),
        fact(f"the lock was held {number(depth.value)} deep in callbacks", depth),
        fact(f"a context was held off by the lock for {number(wait.value)} {wait.unit} at most", wait),
    ]
    findings = (
        (torn.value, f"{number(torn.value)} samples were torn"),
        (m.value != owed, f"{owed:,} deliveries were owed and {number(m.value)} made"),
        (disorder.value, f"{number(disorder.value)} samples came out of order"),
        (depth.value, f"callbacks ran with the lock held, {number(depth.value)} deep"),
        (
            accepted < count and told.first_error != "OK",
            f"only {accepted:,} of {count:,} samples were accepted: {told.first_error}",
        ),
    )
    woken, missed = figures.together("shm", Metric.WAKE_UP, Metric.WAKE_UPS_MISSED)
    evidence += [_of_a_sleeper(late, gone) for late, gone in zip(woken, missed, strict=True)]
    leaks = figures.measured(Metric.BUFFERS_LEAKED, "shm")
    evidence += [fact(f"{number(leak.value)} buffers were not free again", leak) for leak in leaks]
    leaked = ((leak.value, f"{number(leak.value)} buffers were not free again") for leak in leaks)
    for found, words in (*findings, *leaked, *(_sleeper(m) for m in missed)):
        if found:
            return refuted(words, evidence)
    untried = (
        (accepted < count, f"the time was up after {accepted:,} of {count:,} samples; none was lost"),
        (not inside.value, "no context published into a call of another one: nothing was put to the test"),
        (
            not missed or not all(m.read(Wakes).inside for m in missed),
            "no sample was published into a spin that sleeps",
        ),
    )
    for found, words in untried:
        if found:
            return inconclusive(words, evidence)
    return confirmed(
        f"{count:,} samples of {m.conditions['contexts']} contexts, {number(inside.value)} of them published into a "
        f"call of another one: none torn, lost or misplaced; every sleeping spin was woken",
        evidence,
    )


def _of_a_sleeper(late: Measurement, missed: Measurement) -> Evidence:
    told = missed.read(Wakes)
    return fact(
        f"{told.tried} spins woken from context {missed.conditions['waker']}: {number(missed.value)} slept on; "
        f"{number(late.value)} {late.unit} to the callback at most, {told.longest_ms} ms with the spin",
        late,
    )


def _sleeper(missed: Measurement) -> tuple[bool, str]:
    """Whether something is wrong with spins that sleep, and what."""
    told = missed.read(Wakes)
    if told.delivered != told.accepted:
        return True, f"{told.accepted} samples were published into spins that sleep, {told.delivered} came out whole"
    return bool(missed.value), (
        f"{number(missed.value)} of {told.tried} spins slept on when context {missed.conditions['waker']} had "
        f"published: {told.longest_ms:,} ms of {told.timeout_ms:,} ms"
    )
