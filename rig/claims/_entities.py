"""Criteria on entities: who matches, how many there may be, and what is left when they go."""

from __future__ import annotations

from rig.claims._claim import Decision, Figures, confirmed, fact, inconclusive, refuted
from rig.claims._words import NO_SHM, mapping, number, unsupported


def local_matching(figures: Figures) -> Decision:
    """Every compatible pair delivers exactly once, every incompatible one never."""
    tried, wrong = figures.together("shm", "pairs_tried", "pairs_wrong")
    if not wrong or not tried:
        return inconclusive(NO_SHM)
    found = mapping(wrong[0], "wrong")
    refused = mapping(wrong[0], "refused")
    evidence = [fact(f"{number(tried[0].value)} pairs tried, {number(wrong[0].value)} wrong", tried[0])]
    evidence += [fact(f"{pair}: {what}", wrong[0]) for pair, what in found.items()]
    evidence += [fact(f"{pair}: not tried, {why}", wrong[0]) for pair, why in refused.items()]
    if found:
        pair, what = next(iter(found.items()))
        return refuted(f"{len(found)} of {number(tried[0].value)} pairs are wrong; {pair}: {what}", evidence)
    if not tried[0].value:
        return inconclusive("not one pair could be made", evidence)
    rest = f"; {len(refused)} were refused at creation" if refused else ""
    return confirmed(f"all {number(tried[0].value)} pairs match as DDS says{rest}", evidence)


def entity_capacity(figures: Figures) -> Decision:
    """All made pairs deliver; what cannot be made is refused with an error."""
    made, lost = figures.together("shm", "pairs_made", "samples_lost")
    if not made:
        return inconclusive(NO_SHM)
    evidence = [
        fact(
            f"{m.conditions['pairs']} pairs: {number(m.value)} made"
            + (f", then {m.detail['refusal']}" if m.detail["refusal"] else "")
            + f", {number(gone.value)} samples lost",
            m,
        )
        for m, gone in zip(made, lost, strict=True)
    ]
    limits = mapping(made[0], "limits")
    words = ", ".join(f"{name} {value}" for name, value in limits.items())
    evidence.append(fact(f"limits, fixed when the firmware was built: {words or 'the middleware does not tell them'}"))
    for m, gone in zip(made, lost, strict=True):
        if gone.value:
            return refuted(
                f"{m.conditions['pairs']} pairs: {number(gone.value)} samples of made pairs were lost", evidence
            )
        if m.value < int(m.conditions["pairs"]) and m.detail["refusal"] not in _CAPACITY_ERRORS:
            return refuted(f"{m.conditions['pairs']} pairs: creation failed with {m.detail['refusal']}", evidence)
    most = max(made, key=lambda m: m.value)
    refusal = next((str(m.detail["refusal"]) for m in made if m.detail["refusal"]), "")
    rest = f"; the next one is refused with {refusal}" if refusal else ""
    return confirmed(f"{number(most.value)} pairs at once deliver everything{rest}", evidence)


_CAPACITY_ERRORS = ("TABLE_FULL", "NO_BUFFER")


def lifecycle(figures: Figures) -> Decision:
    """Nothing leaks, others go on, the deleted get nothing."""
    metrics = ("samples_lost", "samples_stray", "entities_leaked", "buffers_leaked")
    measured = [m for metric in metrics for m in figures.measured(metric, "shm")]
    if not measured:
        return inconclusive("the middleware cannot delete entities, or its firmware did not run")
    cannot, facts = unsupported(figures, "samples_lost", lambda m: str(m.conditions["case"]))
    evidence = [fact(f"{m.conditions['case']}: {number(m.value)} {m.metric.replace('_', ' ')}", m) for m in measured]
    evidence += facts
    for m in measured:
        if m.value:
            return refuted(f"{m.conditions['case']}: {number(m.value)} {m.metric.replace('_', ' ')}", evidence)
    rounds = next(m.conditions["rounds"] for m in measured if "rounds" in m.conditions)
    return confirmed(f"{rounds} rounds of create and delete leak nothing; others are unaffected{cannot}", evidence)


def services(figures: Figures) -> Decision:
    """Each reply reaches its requester with its request id."""
    received, missing, wrong, refused = figures.together(
        "shm", "replies_received", "replies_missing", "replies_wrong", "requests_refused"
    )
    if not received:
        return inconclusive("this middleware has no services, or its firmware did not run")
    cannot, facts = unsupported(
        figures, "replies_received", lambda m: f"requesters in {m.conditions['sessions']} sessions"
    )
    evidence = [
        fact(
            f"{m.conditions['requesters']} requester(s) in {m.conditions['sessions']} session(s), "
            f"{m.conditions['outstanding']} outstanding: {number(m.value)} of {m.detail['requests']} replies, "
            f"{number(off.value)} wrong, {number(no.value)} requests refused",
            m,
        )
        for m, off, no in zip(received, wrong, refused, strict=True)
    ]
    evidence += facts
    for members, words in (
        (wrong, "replies were wrong"),
        (missing, "replies never came"),
        (refused, "requests were refused"),
    ):
        for m in members:
            if m.value:
                return refuted(f"{number(m.value)} {words} with {m.conditions['outstanding']} outstanding", evidence)
    return confirmed(
        f"{number(sum(m.value for m in received))} replies, each to its requester and with its request id{cannot}",
        evidence,
    )
