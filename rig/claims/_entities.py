"""Criteria on entities: who matches, how many there may be, and what is left when they go."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._phrases import NO_SHM, long_life, number, unsupported
from rig.records import Condition, Evidence, Metric
from rig.records.vocabulary import LongLife, Pairs, Requests, Room, Rounds


def local_matching(figures: Figures) -> Decision:
    """Every compatible pair delivers exactly once, every incompatible one never."""
    tried, wrong = figures.together("shm", Metric.PAIRS_TRIED, Metric.PAIRS_WRONG)
    if not wrong or not tried:
        return inconclusive(NO_SHM)
    told = wrong[0].read(Pairs)
    found, unknown, untried = told.wrong, told.unknown, told.untried
    evidence = [fact(f"{number(tried[0].value)} pairs tried, {number(wrong[0].value)} wrong", tried[0])]
    evidence += [fact(f"{pair}: {what}", wrong[0]) for pair, what in found.items()]
    evidence += [fact(f"{pair}: not known, {why}", wrong[0]) for pair, why in unknown.items()]
    evidence += [fact(f"{pair}: not tried, {why}", wrong[0]) for pair, why in untried.items()]
    aged, bad = _late_readers(figures, evidence)
    if found:
        pair, what = next(iter(found.items()))
        return refuted(f"{len(found)} of {number(tried[0].value)} pairs are wrong; {pair}: {what}", evidence)
    if bad:
        return refuted(bad, evidence)
    if not tried[0].value:
        return inconclusive("not one pair could be made", evidence)
    if unknown:
        pair, why = next(iter(unknown.items()))
        return inconclusive(f"{len(unknown)} pairs could not be made; {pair}: {why}", evidence)
    rest = f"; {len(untried)} do not apply here" if untried else ""
    return confirmed(f"all {number(tried[0].value)} pairs match as DDS says{aged}{rest}", evidence)


def _late_readers(figures: Figures, evidence: list[Evidence]) -> tuple[str, str]:
    """Of late readers in a long life: words to end a confirmation with, and what is wrong. Where one could not be made
    or deleted, that is no matter of matching: `lifecycle` has the same rounds.
    """
    _, aged, life = long_life(figures)
    evidence += life
    for m in figures.measured(Metric.LIFE_WRONG, "shm"):
        told = m.read(LongLife)
        if told.refused:
            return "", ""
        if told.owed != told.heard or told.damaged or told.misplaced:
            what = f"{told.rounds:,} late readers at a writer that keeps its last samples got {told.heard:,} of "
            return aged, f"{what}{told.owed:,}, {told.damaged:,} damaged and {told.misplaced:,} out of order"
    return aged, ""


def entity_capacity(figures: Figures) -> Decision:
    """Every created pair delivers; a creation that fails returns an error, and not before the reported limits are
    reached.
    """
    made, lost, surplus = figures.together("shm", Metric.PAIRS_MADE, Metric.SAMPLES_LOST, Metric.SAMPLES_SURPLUS)
    if not made:
        return inconclusive(NO_SHM)
    evidence = [
        fact(
            f"{m.conditions['pairs']} pairs: {number(m.value)} made"
            + (f", then {m.read(Room).refusal}" if m.read(Room).refusal else "")
            + f", {number(gone.value)} samples lost"
            + (f", {number(more.value)} more than were published" if more.value else ""),
            m,
        )
        for m, gone, more in zip(made, lost, surplus, strict=True)
    ]
    words = ", ".join(f"{name} {value}" for name, value in made[0].read(Room).limits.items())
    evidence.append(fact(f"limits, fixed when the firmware was built: {words or 'the middleware does not tell them'}"))
    for m, gone, more in zip(made, lost, surplus, strict=True):
        pairs = f"{m.conditions['pairs']} pairs"
        if gone.value:
            return refuted(f"{pairs}: {number(gone.value)} samples of made pairs were lost", evidence)
        if more.value:
            return refuted(f"{pairs}: {number(more.value)} samples were delivered more than once", evidence)
        if m.value < m.whole(Condition.PAIRS):
            told = m.read(Room)
            if told.refusal not in _CAPACITY_ERRORS:
                return refuted(f"{pairs}: creation failed with {told.refusal}", evidence)
            if m.value < told.room:
                return refuted(
                    f"{pairs}: only {number(m.value)} made, then {told.refusal}, and there is room for {told.room}",
                    evidence,
                )
    most = max(made, key=lambda m: m.value)
    refusal = next((m.read(Room).refusal for m in made if m.read(Room).refusal), "")
    rest = f"; the next one is refused with {refusal}" if refusal else ""
    return confirmed(f"{number(most.value)} pairs at once deliver everything{rest}", evidence)


_CAPACITY_ERRORS = ("TABLE_FULL", "NO_BUFFER")


def lifecycle(figures: Figures) -> Decision:
    """Nothing leaks, other entities are unaffected, a deleted reader gets nothing."""
    metrics = (
        Metric.SAMPLES_LOST,
        Metric.SAMPLES_DOUBLED,
        Metric.SAMPLES_STRAY,
        Metric.ENTITIES_LEAKED,
        Metric.BUFFERS_LEAKED,
    )
    measured = [m for metric in metrics for m in figures.measured(metric, "shm")]
    if not measured:
        return inconclusive("the middleware cannot delete entities, or its firmware did not run")
    cannot, facts = unsupported(figures, Metric.SAMPLES_LOST, lambda m: str(m.conditions["case"]))
    untold = [metric for metric in metrics for m in figures.all(metric, "shm") if m.gap.unavailable]
    evidence = [fact(f"{m.conditions['case']}: {number(m.value)} {m.metric.replace('_', ' ')}", m) for m in measured]
    wrong, aged, life = long_life(figures)
    evidence += facts + life
    evidence += [fact(f"{metric.replace('_', ' ')}: the middleware does not tell") for metric in untold]
    for m in measured:
        if m.value:
            refusal = m.read(Rounds).refusal
            why = f": {refusal}" if refusal else ""
            return refuted(f"{m.conditions['case']}: {number(m.value)} {m.metric.replace('_', ' ')}{why}", evidence)
    if wrong:
        return refuted(wrong, evidence)
    rounds = next(m.conditions["rounds"] for m in measured if "rounds" in m.conditions)
    rest = f"; not told by the middleware: {', '.join(untold).replace('_', ' ')}" if untold else ""
    return confirmed(
        f"{rounds} rounds of create and delete leak nothing; others are unaffected{aged}{rest}{cannot}", evidence
    )


def services(figures: Figures) -> Decision:
    """Each reply reaches its requester with its request id."""
    received, missing, wrong, refused = figures.together(
        "shm", Metric.REPLIES_RECEIVED, Metric.REPLIES_MISSING, Metric.REPLIES_WRONG, Metric.REQUESTS_REFUSED
    )
    if not received:
        return inconclusive("this middleware has no services, or its firmware did not run")
    cannot, facts = unsupported(
        figures, Metric.REPLIES_RECEIVED, lambda m: f"requesters in {m.conditions['sessions']} sessions"
    )
    evidence = [
        fact(
            f"{m.conditions['requesters']} requester(s) of {m.conditions.get('services', 1)} service(s) in "
            f"{m.conditions['sessions']} session(s), "
            f"{m.conditions['outstanding']} outstanding: {number(m.value)} of {m.read(Requests).requests} replies, "
            f"{number(off.value)} wrong, {number(no.value)} requests refused",
            m,
        )
        for m, off, no in zip(received, wrong, refused, strict=True)
    ]
    bad, aged, life = long_life(figures)
    evidence += facts + life
    for members, words in (
        (wrong, "replies were wrong"),
        (missing, "replies never came"),
        (refused, "requests were refused"),
    ):
        for m in members:
            if m.value:
                return refuted(f"{number(m.value)} {words} with {m.conditions['outstanding']} outstanding", evidence)
    if bad:
        return refuted(bad, evidence)
    return confirmed(
        f"{number(sum(m.value for m in received))} replies, each to its requester and with its request id"
        f"{aged}{cannot}",
        evidence,
    )
