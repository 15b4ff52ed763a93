"""Criteria on what shared memory costs: calls, ROM, RAM."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_CONTROL, NO_SHM, covered, in_array, number, readers, under
from rig.records import Condition, Evidence, Measurement, Metric, Scalar
from rig.records.vocabulary import CALLS, Memory


def os_overhead(figures: Figures) -> Decision:
    """Fewer calls with shared memory than without (polls not counted), and fewer bytes on the link."""
    calls = {variant: _calls(figures, variant) for variant in ("shm", "network")}
    rows = [m for metric in CALLS.values() for m in figures.all(metric, "shm") if in_array(m)]
    evidence = [
        fact(f"{variant}, {readers(count)}: {number(m.value)} {metric.replace('_', ' ')}", m)
        for variant, table in calls.items()
        for count, row in table.items()
        for metric, m in row.items()
    ]
    evidence += [
        fact(f"{variant}, {readers(m.conditions['readers'])}: {number(m.value)} {words} per sample", m)
        for metric, words in (
            (Metric.LINK_BYTES, "bytes on the link"),
            (Metric.POLL_CALLS, "polls that brought nothing, not counted as calls,"),
        )
        for variant in calls
        for m in figures.measured(metric, variant)
    ]
    if not calls["shm"] and any(figures.all(metric, "shm") for metric in CALLS.values()):
        return inconclusive("not every sample was accepted and delivered, so no calls can be told for one", evidence)
    if not calls["shm"]:
        return inconclusive(NO_SHM, evidence)
    if not calls["network"]:
        return inconclusive(NO_CONTROL, evidence)
    # Only whole rows can be added up and compared: a kind of call that was not counted is not a call that was not made.
    whole = [r for r in calls["shm"] if all(len(table.get(r, {})) == len(CALLS) for table in calls.values())]
    totals = {r: tuple(sum(m.value for m in calls[v][r].values()) for v in ("shm", "network")) for r in whole}
    text = "; ".join(f"{readers(r)}: {number(shm)} against {number(control)}" for r, (shm, control) in totals.items())
    text += f"; of them for {readers(min(whole))}: {_kinds(calls, whole)}" if whole else ""
    also, facts = covered(figures, rows)
    evidence += facts
    more = _more_bytes(figures)
    if any(shm >= control for shm, control in totals.values()):
        more = "calls per sample are not fewer"
    many = [f"{more} ({text})"] if more else []
    # The control was not asked under each row: its least is a bound that more readers or bytes only raise.
    least = min((control for _, control in totals.values()), default=float("inf"))
    for m, made in _totals(rows):
        if made >= least:
            many.append(f"{under(m)}: {number(made)} calls a sample, the control needs {number(least)} at the least")
            evidence.append(fact(many[-1], m))
    if many:
        return refuted(many[0], evidence)
    if len(whole) < len(calls["shm"]) or not whole:
        return inconclusive("not every kind of call was counted with and without shared memory", evidence)
    return confirmed(f"calls per sample, shared memory against network: {text}{also}", evidence)


def _totals(rows: list[Measurement]) -> list[tuple[Measurement, float]]:
    """Calls of all kinds under each row of the array."""
    totals: dict[tuple[tuple[str, Scalar], ...], tuple[Measurement, float]] = {}
    for m in rows:
        if m.samples:
            key = tuple(sorted(m.conditions.items()))
            first, so_far = totals.get(key, (m, 0.0))
            totals[key] = first, so_far + m.value
    return list(totals.values())


def _more_bytes(figures: Figures) -> str:
    """Where shared memory puts no fewer bytes on the link than the network does; nothing where there is no link."""
    shm, network = (
        {m.whole(Condition.READERS): m.value for m in figures.measured(Metric.LINK_BYTES, variant)}
        for variant in ("shm", "network")
    )
    for count in sorted(shm.keys() & network.keys()):
        if shm[count] >= network[count]:
            return (
                f"bytes on the link per sample are not fewer: {number(shm[count])} against {number(network[count])} "
                f"for {readers(count)}"
            )
    return ""


def _kinds(calls: dict[str, dict[int, dict[Metric, Measurement]]], rows: list[int]) -> str:
    """The kinds of call that were made at all, for the fewest readers: ``lock 3 against 0``."""
    shm, network = (calls[variant][min(rows)] for variant in ("shm", "network"))
    return ", ".join(
        f"{kind} {number(shm[metric].value)} against {number(network[metric].value)}"
        for kind, metric in CALLS.items()
        if shm[metric].value or network[metric].value
    )


def _calls(figures: Figures, variant: str) -> dict[int, dict[Metric, Measurement]]:
    """readers -> metric -> measurement."""
    table: dict[int, dict[Metric, Measurement]] = {}
    for metric in CALLS.values():
        for m in figures.measured(metric, variant):
            if in_array(m):
                continue
            table.setdefault(m.whole(Condition.READERS), {})[metric] = m
    return table


def footprint(figures: Figures) -> Decision:
    """Shared memory takes no heap beyond the network's, and little more stack; where the middleware has a formula for
    its RAM, the image agrees with it. The rest is reported.
    """
    evidence: list[Evidence] = []
    added: dict[Metric, float] = {}
    for metric in (
        Metric.TEXT_BYTES,
        Metric.DATA_BYTES,
        Metric.BSS_BYTES,
        Metric.STACK_PEAK,
        Metric.STACK_WORK,
        Metric.HEAP_PEAK,
    ):
        shm, network = figures.measured(metric, "shm"), figures.measured(metric, "network")
        if shm and network:
            added[metric] = shm[0].value - network[0].value
            text = f"{metric}: {number(shm[0].value)} with, {number(network[0].value)} without ({added[metric]:+,.0f})"
            evidence.append(fact(text, shm[0]))
    if not figures.measured(Metric.TEXT_BYTES, "shm"):
        return inconclusive(NO_SHM)
    if Metric.TEXT_BYTES not in added:
        return inconclusive(NO_CONTROL, evidence)
    formula, words = _formula(figures, evidence)
    wrong = formula or _more(figures, added)
    if wrong:
        return refuted(wrong, evidence)
    return confirmed(f"shared memory adds {number(added[Metric.TEXT_BYTES])} bytes of text; {words}", evidence)


_STACK_ALLOWED = 512  # bytes: a few frames of pointers and numbers; a payload or a table on the stack is more


def _more(figures: Figures, added: dict[Metric, float]) -> str:
    """Where shared memory takes memory that no image and no formula shows; empty if it does not."""
    allowed = {Metric.HEAP_PEAK: (0, "of heap"), Metric.STACK_WORK: (_STACK_ALLOWED, "of stack")}
    for metric, (most, words) in allowed.items():
        if added.get(metric, 0) > most:
            shm, network = (number(figures.measured(metric, variant)[0].value) for variant in ("shm", "network"))
            return f"{shm} bytes {words} with shared memory, {network} without, and at most {most} more are allowed"
    return ""


_FORMULA_TOLERANCE = 768  # bytes: the backend's and the C library's few words beside what the formula covers


def _formula(figures: Figures, evidence: list[Evidence]) -> tuple[str, str]:
    """Where the image does not agree with the middleware's RAM formula, and a summary in words."""
    checked = [m for v in ("shm", "network") for m in figures.measured(Metric.MIDDLEWARE_RAM, v)]
    known = [(m, m.read(Memory)) for m in checked if m.read(Memory).formula_bytes]
    wrong = ""
    for m, told in known:
        formula = told.formula_bytes
        largest = ", ".join(f"{name} {size}" for name, size in told.largest.items())
        heap = max((h.value for h in figures.measured(Metric.HEAP_PEAK, m.variant)), default=0)
        takes = f"{number(m.value)} bytes in the image{f' and {number(heap)} of heap' if heap else ''}"
        text = f"{m.variant}: {takes}, {number(formula)} by its formula"
        evidence.append(fact(f"RAM of the middleware, {text}; largest objects: {largest}", m))
        if abs(m.value + heap - formula) > _FORMULA_TOLERANCE and not wrong:
            wrong = f"RAM of the middleware, {text}: more than {_FORMULA_TOLERANCE} bytes apart"
    if not known:
        return wrong, "reported only, the middleware tells no formula for its RAM"
    return wrong, "its RAM is what its formula says"
