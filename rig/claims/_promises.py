"""Which claim a broken promise counts against, and how a finding of the search becomes evidence.

The search says which promise was broken; this table says which claim of the announcement that refutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rig.claims._claim import Claim, Decision
from rig.model import Promise
from rig.records import Evidence, Measurement, Metric, Verdict
from rig.records.vocabulary import Broken, BrokenPromises, Searched

SEARCH = "sequences"  # the experiment

CLAIM_OF: dict[Promise, str] = {
    Promise.ACCEPTED_ARRIVES: "burst-order",
    Promise.ONCE: "burst-order",
    Promise.IN_ORDER: "burst-order",
    Promise.NOT_BEFORE: "burst-order",
    Promise.PAIR_MEETS: "local-matching",
    Promise.HISTORY: "local-matching",
    Promise.ONLY_MATCHING: "local-matching",
    Promise.DEPTH: "local-matching",
    Promise.WHOLE: "message-size",
    Promise.ROOM: "message-size",
    Promise.RETURNED: "lifecycle",
    Promise.GONE: "lifecycle",
    Promise.UNAFFECTED: "lifecycle",
    Promise.CREATED_AGAIN: "lifecycle",
    Promise.DELETED: "lifecycle",
    Promise.REFUSED: "lifecycle",
    Promise.ALIVE: "lifecycle",
    Promise.CREATED: "entity-capacity",
    Promise.IN_PLACE: "copies",
    Promise.ONE_BUFFER: "shared-buffer",
    Promise.PROMPT: "latency",
    Promise.ANSWERED: "services",
    Promise.CONCURRENT: "thread-safety",
}


def promises_of(id: str) -> frozenset[Promise]:
    """The promises that count against a claim."""
    return frozenset(promise for promise, claim in CLAIM_OF.items() if claim == id)


def with_search(
    claim: Claim, decision: Decision, measurements: Iterable[Measurement], *, prevented: str, board: str
) -> Decision:
    """A claim's decision by its own figures and by the search's findings on its promises.

    :param measurements: the search's, of this board; none if it was not asked for.
    :param prevented: why the search was not made or not finished.
    """
    if not claim.promises:
        return decision
    found = list(measurements)
    broken = [
        finding for m in found if m.metric == Metric.PROMISES_BROKEN for finding in m.read(BrokenPromises).findings
    ]
    against = [each for each in broken if each.promise in {promise.name for promise in claim.promises}]
    if against:
        evidence = (*(_evidence(each, board) for each in against), *decision.evidence)
        reason = decision.reason if decision.verdict is Verdict.REFUTED else _reason(against)
        return Decision(verdict=Verdict.REFUTED, reason=reason, evidence=evidence)
    if prevented and decision.verdict is Verdict.CONFIRMED:
        reason = f"no figure stands against it, but the search for calls that break it did not end: {prevented}"
        return Decision(verdict=Verdict.INCONCLUSIVE, reason=reason, evidence=decision.evidence)
    passing = _passing(claim, found)
    if passing and decision.verdict is Verdict.CONFIRMED:
        return Decision(verdict=Verdict.INCONCLUSIVE, reason=passing, evidence=decision.evidence)
    return Decision(
        verdict=decision.verdict, reason=decision.reason, evidence=(*decision.evidence, *_searched(claim, found))
    )


def _passing(claim: Claim, found: Sequence[Measurement]) -> str:
    """What broke a promise of the claim once and did not come again, in words."""
    for m in found:
        if m.metric == Metric.SEQUENCES_RUN:
            for promise in claim.promises:
                seen = m.read(Searched).passing.get(promise.name)
                if seen:
                    words = "a promise was broken once, and not again in many runs of the same calls"
                    return f"{words}: {promise}; seen: {seen}"
    return ""


def _reason(against: Sequence[Broken]) -> str:
    first = against[0]
    more = f"; and {len(against) - 1} more" if len(against) > 1 else ""
    calls = f"{len(first.told) - 1} calls break a promise: {first.says}"
    return f"{calls}. Expected: {first.expected}; seen: {first.seen}{more}"


def _evidence(broken: Broken, board: str) -> Evidence:
    calls = "; ".join(f"{number}. {each.call}" for number, each in enumerate(broken.told[:-1], 1))
    again = f"{broken.repeats} of {broken.runs} runs"
    if not broken.repeats:
        again = f"only after other sequences, {broken.number} of the search with seed in the record"
    where = f"At call {broken.at}" if broken.at < len(broken.told) else "In the spins after that"
    text = (
        f"{calls}. {where}: expected {broken.expected}; seen: {broken.seen} ({again}). "
        f"Repeat it: rig replay FILE --board {board}, with the file in sequences/"
    )
    return Evidence(text=text, metric=Metric.PROMISES_BROKEN)


def _searched(claim: Claim, found: Sequence[Measurement]) -> list[Evidence]:
    for m in found:
        if m.metric == Metric.SEQUENCES_RUN and m.samples:
            detail = m.read(Searched)
            text = (
                f"{m.value:,.0f} sequences of {detail.calls:,} calls (seed {detail.seed}) broke none of its "
                f"{len(claim.promises)} promises"
            )
            return [Evidence(text=text, metric=m.metric)]
    return []
