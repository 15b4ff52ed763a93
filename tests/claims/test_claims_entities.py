"""The criteria of claims about entities and the Agent's part: figures that hold, that do not, and that are missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.claims import CLAIMS, decide
from rig.records import Measurement, Scalar, Verdict

YES, NO, OPEN = Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE
Rows = list[Measurement]


def row(
    metric: str, value: float, variant: str = "shm", detail: dict[str, object] | None = None, **where: Scalar
) -> Measurement:
    return Measurement(
        experiment="to be set",
        board="b",
        variant=variant,
        path="shm" if variant == "shm" else "agent",
        metric=metric,
        unit="samples",
        samples=(value,),
        conditions=where,
        detail=detail or {},
    )


def startup(delivered: float = 100, *, entities: bool = True, control: float = 0) -> Rows:
    detail = {"expected": 100, "entities": entities, "refused": "" if entities else "NO_AGENT"}
    return [
        row("samples_delivered", 100, detail={**detail, "entities": True, "refused": ""}, agent="appears later"),
        row("samples_delivered", delivered, detail=detail, agent="none"),
        row("samples_delivered", control, "network", {"expected": 100, "entities": True, "refused": ""}, agent="none"),
    ]


def matching(tried: float = 20, **found: dict[str, str]) -> Rows:
    detail: dict[str, object] = {"wrong": {}, "unknown": {}, "untried": {}} | found
    return [row("pairs_wrong", len(found.get("wrong", {})), detail=detail), row("pairs_tried", tried)]


def duplicates(
    doubled: float = 0, lost: float = 0, echoed: float = 0, *, sent: float = 0, remote: float = 40, control: float = 80
) -> Rows:
    """What is bad is so after a restart; ``sent``: with nobody there to read, ``remote``: with a reader elsewhere."""
    rows = [row("data_echoed", control, "network", agent="steady", sessions=1)]
    detail: dict[str, object] = {"cooperative": True, "accepted": 40, "sent": remote}
    for agent, bad in (("steady", False), ("with a reader elsewhere", False), ("restarted", True)):
        where: dict[str, Scalar] = {"agent": agent, "sessions": 1}
        on_link = remote if agent == "with a reader elsewhere" else sent
        rows += [
            row("samples_doubled", doubled * bad, **where),
            row("samples_lost", lost * bad, **where),
            row("data_echoed", echoed * bad, **where),
            row("data_sent", on_link, detail=detail, **where),
        ]
    return rows


def elsewhere(lost: float = 0, doubled: float = 0, sent: int = 40, **more: object) -> Rows:
    where: dict[str, Scalar] = {"agent": "with a reader elsewhere", "sessions": 1}
    detail: dict[str, object] = {"accepted": 40, "sent": sent, **more}
    return [row("remote_lost", lost, detail=detail, **where), row("remote_doubled", doubled, **where)]


def without_agreement(rows: Rows) -> Rows:
    """The same beside an Agent that gets every sample."""
    return [replace(m, detail={**m.detail, "cooperative": False}) for m in rows]


def capacity(made: float = 20, lost: float = 0, refusal: str = "", room: int = 1, surplus: float = 0) -> Rows:
    rows = []
    for pairs, got, gone, more, why in ((1, min(1.0, made), 0.0, 0.0, ""), (20, made, lost, surplus, refusal)):
        rows.append(row("pairs_made", got, detail={"refusal": why or refusal, "room": min(room, pairs)}, pairs=pairs))
        rows.append(row("samples_lost", gone, pairs=pairs))
        rows.append(row("samples_surplus", more, pairs=pairs))
    return rows


def preempted(accepted: int = 500, error: str = "OK", **seen: float) -> Rows:
    """Of two contexts and one reader; and of spins that sleep."""
    found = {"samples_delivered": accepted, "samples_torn": 0, "samples_out_of_order": 0, "published_inside_a_spin": 9}
    found |= {"lock_depth_in_callbacks": 0, "longest_lock_wait": 7, "contexts_stuck": 0}
    detail: dict[str, object] = {"accepted": accepted, "first_error": error, "published": 500}
    where: dict[str, Scalar] = {"samples": 500, "readers": 1, "contexts": 2}
    both = found | seen
    return [row(metric, both[metric], detail=detail, **where) for metric in found] + asleep(both.get("missed", 0))


def asleep(missed: float = 0, delivered: int = 64, inside: int = 63) -> Rows:
    detail: dict[str, object] = {"tried": 64, "timeout_ms": 1900, "longest_ms": 1900 if missed else 1}
    detail |= {"accepted": 64, "delivered": delivered, "inside": inside}
    where: dict[str, Scalar] = {"samples": 64, "readers": 1, "waker": 1}
    values = {"publish_to_callback_asleep": 400.0, "wake_ups_missed": missed}
    return [row(metric, value, detail=detail, **where) for metric, value in values.items()]


def stuck() -> Rows:
    detail: dict[str, object] = {"accepted": 0, "first_error": "OK", "stuck": "the main context in spin, its call 9"}
    return [row("contexts_stuck", 1, detail=detail, samples=500, readers=1, contexts=2)]


def lifecycle(**bad: float) -> Rows:
    metrics = ("samples_lost", "samples_doubled", "samples_stray", "entities_leaked", "buffers_leaked")
    return [row(metric, bad.get(metric, 0), case="create and delete", rounds=100) for metric in metrics]


def served(replied: float = 32, wrong: float = 0, refused: float = 0) -> Rows:
    where: dict[str, Scalar] = {"requesters": 1, "outstanding": 4, "sessions": 1}
    detail: dict[str, object] = {"requests": 32}
    values = {"replies_received": replied, "replies_missing": 32 - refused - replied, "replies_wrong": wrong}
    return [row(m, v, detail=detail, **where) for m, v in {**values, "requests_refused": refused}.items()]


def cannot(metric: str, **where: Scalar) -> Measurement:
    """A condition that the middleware has no means for: said, and no figure."""
    return replace(row(metric, 0, detail={"unsupported": "the middleware does not support it"}, **where), samples=())


CASES: list[tuple[str, str, Rows, Verdict, str]] = [
    ("agentless-startup", "flows", startup(), YES, "every sample was delivered"),
    ("agentless-startup", "one lost", startup(99), NO, "99 of 100"),
    ("agentless-startup", "nothing created", startup(0, entities=False), NO, "no entities without an Agent: NO_AGENT"),
    ("agentless-startup", "the control flows too", startup(control=3), OPEN, "an Agent was there after all"),
    ("agentless-startup", "only the control", startup()[2:], OPEN, "no figures with shared memory"),
    ("local-matching", "all as DDS says", matching(), YES, "all 20 pairs"),
    ("local-matching", "not supported", matching(untried={"ref": "does not support it"}), YES, "1 do not apply here"),
    ("local-matching", "refused", matching(wrong={"reliable": "refused: STATE"}), NO, "1 of 20 pairs are wrong"),
    ("local-matching", "refused by the Agent", matching(unknown={"ref": "REFUSED"}), OPEN, "1 pairs could not be made"),
    (
        "local-matching",
        "wrong, and some not known",
        matching(wrong={"xml": "0 deliveries"}, unknown={"ref": "REFUSED"}),
        NO,
        "1 of 20",
    ),
    (
        "local-matching",
        "a pair that must not match",
        matching(wrong={"best effort x reliable": "delivered"}),
        NO,
        "1 of 20",
    ),
    ("local-matching", "no pair at all", matching(0), OPEN, "not one pair"),
    ("local-matching", "the count of the tried is missing", matching()[:1], OPEN, "no figures with shared memory"),
    ("agent-duplicates", "nothing comes back", duplicates(), YES, "no sample was doubled"),
    (
        "agent-duplicates",
        "twice after a restart",
        duplicates(doubled=2),
        NO,
        "2 samples were delivered twice (Agent restarted)",
    ),
    ("agent-duplicates", "lost after a restart", duplicates(lost=1), NO, "1 samples were lost"),
    ("agent-duplicates", "echoed", duplicates(echoed=4), NO, "4 samples came back"),
    ("agent-duplicates", "on the link for nobody", duplicates(sent=40), NO, "40 samples went to an Agent that nobody"),
    ("agent-duplicates", "an Agent that wants all", without_agreement(duplicates(sent=40)), YES, "no sample was"),
    ("agent-duplicates", "nothing sent", duplicates(remote=0), OPEN, "nothing could come back"),
    ("agent-duplicates", "a blind counter", duplicates(control=0), OPEN, "it would not have been seen"),
    ("agent-duplicates", "no control", duplicates()[1:], OPEN, "no figures of the control"),
    ("agent-duplicates", "read elsewhere", duplicates() + elsewhere(), YES, "with a reader elsewhere"),
    ("agent-duplicates", "withheld", duplicates(remote=0) + elsewhere(40, sent=0), NO, "never reached a reader else"),
    ("agent-duplicates", "the Agent keeps some", duplicates() + elsewhere(3), OPEN, "the Agent got the samples, and 3"),
    (
        "agent-duplicates",
        "other bytes elsewhere",
        duplicates() + elsewhere(2, damaged=2, cooperative=True),
        NO,
        "2 samples came to a reader elsewhere with other bytes",
    ),
    (
        "agent-duplicates",
        "other bytes by an Agent that is not the rig's",
        duplicates() + elsewhere(2, damaged=2, cooperative=False),
        OPEN,
        "the Agent got the samples, and 2",
    ),
    ("agent-duplicates", "twice elsewhere", duplicates() + elsewhere(doubled=2), NO, "2 samples reached a reader"),
    (
        "agent-duplicates",
        "the capture is missing",
        [m for m in duplicates() if m.metric != "data_echoed"],
        OPEN,
        "no Agent took part",
    ),
    ("entity-capacity", "all made", capacity(), YES, "20 pairs at once"),
    ("entity-capacity", "refused with an error", capacity(16, refusal="TABLE_FULL"), YES, "refused with TABLE_FULL"),
    (
        "entity-capacity",
        "refused with another error",
        capacity(16, refusal="STATE"),
        NO,
        "creation failed with STATE",
    ),
    ("entity-capacity", "none", capacity(0, refusal="TABLE_FULL"), NO, "1 pairs: only 0 made, then TABLE_FULL"),
    (
        "entity-capacity",
        "fewer than the tables hold",
        capacity(16, refusal="TABLE_FULL", room=18),
        NO,
        "20 pairs: only 16 made, then TABLE_FULL, and there is room for 18",
    ),
    ("entity-capacity", "one twice", capacity(surplus=1), NO, "20 pairs: 1 samples were delivered more than once"),
    ("entity-capacity", "fewer in silence", capacity(16), NO, "creation failed"),
    ("entity-capacity", "made but deaf", capacity(lost=5), NO, "5 samples of made pairs were lost"),
    (
        "agent-duplicates",
        "from one session to another",
        [replace(m, conditions={**m.conditions, "sessions": 2}) for m in duplicates(doubled=3)],
        NO,
        "(Agent restarted, two sessions)",
    ),
    (
        "agent-duplicates",
        "no second session",
        [*duplicates(), cannot("samples_doubled", agent="steady", sessions=2)],
        YES,
        "not supported here: two sessions",
    ),
    (
        "lifecycle",
        "no second session",
        [*lifecycle(), cannot("samples_lost", case="closed session")],
        YES,
        "not supported here: closed session",
    ),
    ("services", "every reply", served(), YES, "32 replies"),
    ("thread-safety", "all whole", preempted(), YES, "500 samples of 2 contexts, 9 of them"),
    ("thread-safety", "a torn one", preempted(samples_torn=1), NO, "1 samples were torn"),
    ("thread-safety", "one is missing", preempted(samples_delivered=499), NO, "500 deliveries were owed and 499 made"),
    ("thread-safety", "out of order", preempted(samples_out_of_order=2), NO, "2 samples came out of order"),
    ("thread-safety", "an error", preempted(20, "STATE"), NO, "only 20 of 500 samples were accepted: STATE"),
    ("thread-safety", "too slow to end", preempted(20), OPEN, "the time was up after 20 of 500 samples; none was lost"),
    ("thread-safety", "slow, and one is lost", preempted(20, samples_delivered=19), NO, "20 deliveries were owed"),
    ("thread-safety", "they never met", preempted(published_inside_a_spin=0), OPEN, "no context published into a call"),
    ("thread-safety", "one never comes back", stuck(), NO, "did not come back: the main context in spin"),
    ("thread-safety", "a lock is held", preempted(lock_depth_in_callbacks=1), NO, "with the lock held, 1 deep"),
    (
        "thread-safety",
        "a spin slept on",
        preempted(missed=2),
        NO,
        "2 of 64 spins slept on when context 1 had published",
    ),
    ("thread-safety", "none slept", preempted()[:-2], OPEN, "no sample was published into a spin that sleeps"),
    ("thread-safety", "a sleeper lost one", preempted()[:-2] + asleep(delivered=63), NO, "64 samples were published"),
    (
        "thread-safety",
        "none came amid a spin",
        preempted()[:-2] + asleep(inside=0),
        OPEN,
        "no sample was published into",
    ),
    (
        "services",
        "no second session",
        [*served(), cannot("replies_received", requesters=2, outstanding=4, sessions=2)],
        YES,
        "not supported here: requesters in 2 sessions",
    ),
    ("services", "a reply is missing", served(replied=31), NO, "1 replies never came"),
    ("services", "refused for good", served(replied=28, refused=4), NO, "4 requests were refused"),
    ("lifecycle", "no leak", lifecycle(), YES, "100 rounds"),
    ("lifecycle", "entities leak", lifecycle(entities_leaked=3), NO, "3 entities leaked"),
    ("lifecycle", "buffers leak", lifecycle(buffers_leaked=1), NO, "1 buffers leaked"),
    ("lifecycle", "a deleted reader gets a sample", lifecycle(samples_stray=1), NO, "1 samples stray"),
    ("lifecycle", "one twice", lifecycle(samples_doubled=1), NO, "1 samples doubled"),
    (
        "lifecycle",
        "buffers are not told of",
        [
            replace(m, samples=(), detail={"unavailable": "not in its statistics"})
            if m.metric == "buffers_leaked"
            else m
            for m in lifecycle()
        ],
        YES,
        "not told by the middleware: buffers leaked",
    ),
    ("lifecycle", "the other session suffers", lifecycle(samples_lost=7), NO, "7 samples lost"),
]


def placed(claim: str, rows: Rows) -> Rows:
    return [replace(m, experiment=str(CLAIMS[claim].experiment)) for m in rows]


@pytest.mark.parametrize(("claim", "what", "rows", "verdict", "words"), CASES, ids=[f"{c[0]}: {c[1]}" for c in CASES])
def test_figures_of_entities_give_the_verdict(claim: str, what: str, rows: Rows, verdict: Verdict, words: str) -> None:
    result = decide(CLAIMS[claim], "b", placed(claim, rows), prevented={})
    assert (result.verdict, words in result.reason) == (verdict, True), f"{what}: {result.reason}"
    if verdict is NO:
        assert result.evidence


@pytest.mark.parametrize("claim", sorted({case[0] for case in CASES}))
def test_what_a_fault_prevented_is_never_refuted(claim: str) -> None:
    for _, what, rows, _, _ in (case for case in CASES if case[0] == claim):
        for left in (placed(claim, rows), placed(claim, rows)[:1]):
            result = decide(CLAIMS[claim], "b", left, prevented={str(CLAIMS[claim].experiment): "agent fault: dead"})
            assert (result.verdict, result.reason) == (OPEN, "agent fault: dead"), what
