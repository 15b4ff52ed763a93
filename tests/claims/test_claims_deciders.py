"""Each criterion on figures that hold, figures that do not, and figures that are not all there.

Every case starts from one board's figures on which the claim is confirmed and changes what its name says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sample_record import sample

from rig.claims import CLAIMS, decide
from rig.records import ClaimResult, Measurement, Verdict

BOARD = "mps2-an385"
GOOD = [m for m in sample().measurements if m.board == BOARD]
MEASURED = {m.experiment for m in GOOD}
Change = Callable[[list[Measurement]], list[Measurement]]


def change(
    metric: str,
    variant: str = "shm",
    *,
    samples: Any = None,
    detail: Any = None,
    clock: str | None = None,
    **where: object,
) -> Change:
    """Set samples, the clock or parts of the detail of the measurements that match; at least one must."""

    def apply(rows: list[Measurement]) -> list[Measurement]:
        hits = 0
        result = []
        for m in rows:
            if m.metric == metric and m.variant == variant and where.items() <= m.conditions.items():
                hits += 1
                kept = m.samples if samples is None else tuple(samples)
                details = {**m.detail, **(detail or {})}
                result.append(replace(m, samples=kept, clock=clock or m.clock, detail=details))
            else:
                result.append(m)
        assert hits, f"nothing is {metric} {variant} {where}"
        return result

    return apply


def spin_returned(least: int, greatest: int) -> Change:
    """When the spin of 10 ms came back that delivered 4 bytes to one reader."""
    returned = {"publish_to_spin_return": {"least": least, "greatest": greatest}}
    return change("publish_to_callback", detail=returned, spin_timeout_ms=10, payload_bytes=4, readers=1)


def without(metric: str = "", variant: str = "", **where: object) -> Change:
    """Leave the measurements out that match; at least one must."""

    def apply(rows: list[Measurement]) -> list[Measurement]:
        kept = [
            m
            for m in rows
            if not ((not metric or m.metric == metric) and (not variant or m.variant == variant))
            or not where.items() <= m.conditions.items()
        ]
        assert len(kept) < len(rows)
        return kept

    return apply


@dataclass(frozen=True)
class Case:
    claim: str
    what: str
    verdict: Verdict
    changes: tuple[Change, ...] = ()
    words: str = ""


def no_control(claim: str) -> Case:
    return Case(claim, "no control", Verdict.INCONCLUSIVE, (without(variant="network"),), "no figures of the control")


def only_control(claim: str) -> Case:
    return Case(claim, "only the control", Verdict.INCONCLUSIVE, (without(variant="shm"),), "no figures with shared")


YES, NO, OPEN = Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE
WRITER = {"function": "memcpy", "caller": "relay", "address": "0x20000010", "symbol": "scratch+0x10", "bytes": 2048}
TRIED = {"1": "intact", "65535": "intact"}
CASES = [
    # message-size
    Case("message-size", "every size whole", YES, (), "all 4 sizes"),
    Case("message-size", "control missing", YES, (without(variant="network"),)),
    Case(
        "message-size",
        "a length cut to 16 bits",
        NO,
        (change("largest_message_bytes", samples=[65535], detail={"tried": {**TRIED, "65536": "lost"}}),),
        "65,536 bytes of 16,777,216 configured: lost",
    ),
    Case(
        "message-size",
        "damaged in the middle of the sweep",
        NO,
        (change("largest_message_bytes", detail={"tried": {"1": "intact", "255": "damaged", "16777216": "intact"}}),),
        "255 bytes",
    ),
    Case(
        "message-size",
        "the sweep stopped early",
        OPEN,
        (change("largest_message_bytes", samples=[65535], detail={"tried": TRIED}),),
        "up to 65,535",
    ),
    Case(
        "message-size",
        "with several readers",
        NO,
        (change("largest_varied_bytes", detail={"tried": {"65535": "intact", "65536": "lost"}}),),
        "65,536 bytes of 16,777,216 configured: lost (4 readers, MTU 512 x 16)",
    ),
    Case(
        "message-size",
        "a link that the middleware cannot have",
        YES,
        (change("largest_varied_bytes", samples=[], detail={"unsupported": "refused start: ARGUMENT"}),),
        "not supported here: 4 readers, MTU 512 x 16",
    ),
    Case("message-size", "nothing tried", OPEN, (change("largest_message_bytes", detail={"tried": {}}),)),
    only_control("message-size"),
    # copies
    Case("copies", "one copy for all", YES),
    Case(
        "copies",
        "a serialising middleware copies once for all",
        YES,
        (change("bytes_copied_per_sample", samples=[1024] * 3),),
    ),
    Case(
        "copies",
        "one copy per reader",
        NO,
        tuple(
            change(metric, samples=[1024 * n] * times, readers=n)
            for n in (1, 2, 4, 8)
            for metric, times in (("bytes_copied_per_sample", 3), ("payload_bytes_written", 1))
        ),
        "1 reader, 1024 B payload: 1,024 bytes are written again",
    ),
    Case(
        "copies",
        "what the counters see is none of the sample's, as the trace shows",
        YES,
        (change("bytes_copied_per_sample", samples=[0, 0, 1024], readers=8),),
        "what the counters saw is not of the sample",
    ),
    Case(
        "copies",
        "what the counters see, on a board that cannot trace",
        OPEN,
        (change("bytes_copied_per_sample", samples=[0, 0, 1024], readers=8), without("payload_bytes_written")),
        "differ with the readers (1: 0, 2: 0, 4: 0, 8: 1,024), and no other witness saw a copy",
    ),
    Case(
        "copies",
        "a copy that the counters do not see",
        NO,
        (change("resident_copies", samples=[2], readers=8),),
        "stands 2 x in RAM",
    ),
    Case(
        "copies",
        "a copy that only the trace sees",
        NO,
        (change("payload_bytes_written", samples=[2048], readers=8, detail={"writers": [WRITER]}),),
        "8 readers, 1024 B payload: 2,048 bytes are written again after the application wrote them "
        "(2,048 by memcpy for relay to scratch+0x10)",
    ),
    Case(
        "copies",
        "a trace that failed",
        OPEN,
        (change("payload_bytes_written", samples=[], readers=8, detail={"missing": "it did not begin"}),),
        "1024 B payload, 8 readers: the trace of writes is no evidence: it did not begin",
    ),
    Case(
        "copies",
        "a trace that failed beside a copy",
        NO,
        (
            change("payload_bytes_written", samples=[], readers=8, detail={"missing": "it did not begin"}),
            change("resident_copies", samples=[2], readers=8),
        ),
        "stands 2 x in RAM",
    ),
    Case("copies", "a trace of no sample", OPEN, (change("payload_bytes_written", samples=[]),), "was not delivered"),
    Case("copies", "a board that cannot trace", YES, (without("payload_bytes_written"),)),
    Case("copies", "samples missing", OPEN, (change("resident_copies", samples=[], readers=8),), "not every sample"),
    Case("copies", "counters missing", OPEN, (without("bytes_copied_per_sample", "shm"),)),
    Case("copies", "no look at RAM", OPEN, (without("resident_copies", "shm"),)),
    only_control("copies"),
    # shared-buffer
    Case("shared-buffer", "one address", YES, (), "up to 8"),
    Case(
        "shared-buffer",
        "one reader of eight sees another",
        NO,
        (change("distinct_buffers", samples=[1, 1, 2], readers=8),),
        "8 readers",
    ),
    Case("shared-buffer", "samples missing", OPEN, (change("distinct_buffers", samples=[], readers=4),), "4 readers"),
    Case(
        "shared-buffer",
        "samples missing, but two addresses seen elsewhere",
        NO,
        (change("distinct_buffers", samples=[], readers=4), change("distinct_buffers", samples=[2], readers=2)),
    ),
    Case(
        "shared-buffer",
        "one reader alone says nothing",
        OPEN,
        tuple(without("distinct_buffers", "shm", readers=n) for n in (2, 4, 8)),
    ),
    only_control("shared-buffer"),
    # os-overhead
    Case("os-overhead", "fewer calls", YES, (), "4 against 60.40"),
    Case(
        "os-overhead",
        "as many calls",
        NO,
        (change("lock_calls_per_sample", samples=[59.4], readers=1),),
        "not fewer",
    ),
    Case(
        "os-overhead",
        "more calls for four readers",
        NO,
        (change("wait_calls_per_sample", samples=[500], readers=4),),
        "not fewer",
    ),
    Case(
        "os-overhead", "samples missing", OPEN, (change("wait_calls_per_sample", samples=[]),), "not every kind of call"
    ),
    Case(
        "os-overhead",
        "the control's samples missing",
        OPEN,
        (change("transport_calls_per_sample", "network", samples=[]),),
        "not every kind of call",
    ),
    Case(
        "os-overhead",
        "as many bytes on the link",
        NO,
        (change("link_bytes_per_sample", samples=[10**6], readers=4),),
        "bytes on the link per sample are not fewer: 1,000,000 against",
    ),
    no_control("os-overhead"),
    only_control("os-overhead"),
    # latency
    Case("latency", "faster", YES, (), "compared sizes and numbers of readers"),
    Case(
        "latency",
        "p99 above the control's at one size",
        NO,
        (
            change("publish_to_callback", samples=[242] * 90 + [10**7] * 10, payload_bytes=256),
            change("publish_to_callback", "network", samples=[2 * 10**5] * 400, payload_bytes=256),
        ),
        "256 B, 1 reader: p99 is not below",
    ),
    Case(
        "latency",
        "a tail far above the median, on a clock that repeats",
        NO,
        (change("publish_to_callback", samples=[242] * 90 + [10**7] * 10, payload_bytes=256),),
        "at most 10,000,000 instructions, the median is 242: more than 10 times the median",
    ),
    Case(
        "latency",
        "too few samples on a clock that does not repeat",
        OPEN,
        (change("publish_to_callback", samples=[242] * 100, payload_bytes=64, clock="host"),),
        "about 268 more samples, and 0 of the control, may decide it",
    ),
    Case(
        "latency",
        "enough samples on a clock that does not repeat",
        YES,
        (change("publish_to_callback", samples=[242] * 990 + [10**7] * 3, payload_bytes=64, clock="host"),),
    ),
    Case(
        "latency",
        "as fast as the control",
        NO,
        (change("publish_to_callback", "network", samples=[242] * 10, payload_bytes=64, readers=1),),
        "64 B",
    ),
    Case(
        "latency",
        "a control of too few samples for its p99 says nothing",
        OPEN,
        (change("publish_to_callback", "network", samples=[200] * 3, payload_bytes=64, readers=1),),
        "64 B, 1 reader: p99 is not surely below",
    ),
    Case(
        "latency",
        "waits for the spin time-out",
        NO,
        (change("publish_to_callback", samples=[90_000] * 5, spin_timeout_ms=100),),
        "spin time-out",
    ),
    Case(
        "latency",
        "a spin that never returns within a millisecond of its callback",
        NO,
        (spin_returned(40_000, 40_100),),
        "4 B, 1 reader: a spin with 10 ms never returns sooner than",
    ),
    Case(
        "latency",
        "a spin that returned late once, as a busy host makes it",
        YES,
        (spin_returned(300, 400_000),),
    ),
    Case(
        "latency",
        "samples of the control missing",
        OPEN,
        (change("publish_to_callback", "network", samples=[]),),
        "no figures of the control",
    ),
    Case("latency", "no samples at all", OPEN, (change("publish_to_callback", samples=[]),), "there are no latencies"),
    no_control("latency"),
    only_control("latency"),
    # agentless-operation
    Case("agentless-operation", "all delivered", YES),
    Case(
        "agentless-operation",
        "one lost",
        NO,
        (change("samples_delivered", samples=[1999], reliable=True, link="cut"),),
        "1,999 of 2000",
    ),
    Case(
        "agentless-operation",
        "none delivered",
        NO,
        (change("samples_delivered", samples=[0], reliable=False, link="cut"),),
        "0 of 2000",
    ),
    Case(
        "agentless-operation",
        "the link was not cut",
        OPEN,
        (change("samples_delivered", "network", samples=[10], reliable=True, link="cut"),),
        "not really cut",
    ),
    no_control("agentless-operation"),
    only_control("agentless-operation"),
    # burst-order
    Case("burst-order", "in order", YES, (), "bursts up to 16"),
    Case("burst-order", "control missing", YES, (without(variant="network"),)),
    Case(
        "burst-order", "delivered in reverse", NO, (change("samples_out_of_order", samples=[3], burst=4),), "burst of 4"
    ),
    Case("burst-order", "lost in silence", NO, (change("samples_lost", samples=[2], burst=16),), "lost 2 samples"),
    Case(
        "burst-order", "delivered twice", NO, (change("samples_out_of_order", detail={"doubled": 1}, burst=2),), "twice"
    ),
    only_control("burst-order"),
    # footprint
    Case("footprint", "reported", YES, (), "2,380 bytes of text; its RAM is what its formula says"),
    Case(
        "footprint",
        "a middleware without a formula",
        YES,
        tuple(change("middleware_ram_bytes", v, detail={"formula_bytes": 0}) for v in ("shm", "network")),
        "tells no formula",
    ),
    Case("footprint", "no look at the objects", YES, (without("middleware_ram_bytes"),), "tells no formula"),
    Case(
        "footprint",
        "more RAM than the formula says",
        NO,
        (change("middleware_ram_bytes", samples=[9308]),),
        "9,308 bytes in the image, 7,152 by its formula",
    ),
    Case("footprint", "less RAM than the formula says", NO, (change("middleware_ram_bytes", samples=[6000]),)),
    no_control("footprint"),
    only_control("footprint"),
]


def run(case: Case) -> ClaimResult:
    rows = GOOD
    claim = CLAIMS[case.claim]
    rows = [m for m in rows if m.experiment == claim.experiment]
    for apply in case.changes:
        rows = apply(rows)
    return decide(claim, BOARD, rows, prevented={}, repeat="rig run")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.claim}: {case.what}")
def test_figures_give_the_verdict(case: Case) -> None:
    result = run(case)
    assert (result.verdict, case.words in result.reason) == (case.verdict, True), result.reason
    assert result.reason
    assert "\n" not in result.reason


@pytest.mark.parametrize("claim", sorted({case.claim for case in CASES}))
def test_a_refutation_and_a_confirmation_show_their_evidence(claim: str) -> None:
    for case in CASES:
        if case.claim == claim and case.verdict is not OPEN:
            result = run(case)
            assert result.evidence, case.what
            measured = {m.metric for m in GOOD}
            assert all(not e.metric or e.metric in measured for e in result.evidence)


def test_every_claim_that_is_decided_is_tried_both_ways() -> None:
    decided = {id for id, claim in CLAIMS.items() if claim.decide is not None and claim.experiment in MEASURED}
    for verdict in (YES, OPEN):
        assert {case.claim for case in CASES if case.verdict is verdict} >= decided
    assert {case.claim for case in CASES if case.verdict is NO} >= decided


# Findings that stand open: each of these criteria trips over a figure that is missing.
@pytest.mark.parametrize("claim", [c.id for c in CLAIMS.values() if c.decide and c.experiment in MEASURED])
def test_taking_any_figure_away_never_refutes(claim: str) -> None:
    """Whatever a fault kept from being measured: what is left is good, so nothing may be held against the claim."""
    rows = [m for m in GOOD if m.experiment == CLAIMS[claim].experiment]
    for index in range(len(rows)):
        for left in ([*rows[:index], *rows[index + 1 :]], rows[:index], rows[index:]):
            if left:
                assert decide(CLAIMS[claim], BOARD, left, prevented={}).verdict is not NO
        empty = [*rows[:index], replace(rows[index], samples=()), *rows[index + 1 :]]
        assert decide(CLAIMS[claim], BOARD, empty, prevented={}).verdict is not NO, rows[index]


@pytest.mark.parametrize("claim", [c.id for c in CLAIMS.values() if c.decide and c.experiment in MEASURED])
def test_what_was_tried_and_came_to_nothing_keeps_a_claim_from_being_confirmed(claim: str) -> None:
    """Each row of shared memory that the criterion rests on, emptied alone; unless it says that it cannot be."""
    rows = [m for m in GOOD if m.experiment == CLAIMS[claim].experiment]
    for index, row in enumerate(rows):
        for detail, verdict in (
            ({**row.detail, "missing": "1 of 2 deliveries are missing"}, OPEN),
            ({**row.detail, "unavailable": "no probe"}, None),
        ):
            empty = [*rows[:index], replace(row, samples=(), detail=detail), *rows[index + 1 :]]
            found = decide(CLAIMS[claim], BOARD, empty, prevented={})
            if row.variant == "shm" and row.metric not in CLAIMS[claim].reported and verdict is OPEN:
                assert found.verdict is OPEN, row
                assert found.reason
            assert found.verdict is not NO, row


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            "a copy that the counters do not see",
            "the counters saw no byte copied; the scan of RAM saw 1 further place; the trace saw no byte written again",
        ),
        (
            "a copy that only the trace sees",
            "the counters saw no byte copied; the scan of RAM saw no further place; "
            "the trace saw 2,048 bytes written again",
        ),
    ],
)
def test_witnesses_that_disagree_are_all_shown(what: str, said: str) -> None:
    (case,) = (case for case in CASES if case.what == what)
    shown = [e.text for e in run(case).evidence if "disagree" in e.text]
    assert shown == [f"1024 B payload, 8 readers: the witnesses disagree: {said}"]


def test_witnesses_that_agree_are_not_said_to_disagree() -> None:
    assert not [e for e in run(Case("copies", "good", YES)).evidence if "disagree" in e.text]


def test_a_board_that_cannot_be_traced_says_why() -> None:
    detail = {"unavailable": "no probe"}
    case = Case("copies", "no trace", YES, (change("payload_bytes_written", samples=[], detail=detail),))
    assert run(case).verdict is YES
    assert any(e.text.endswith("is not available on this board: no probe") for e in run(case).evidence)


def evidence_of(id: str, *changes: Change) -> str:
    rows = list(GOOD)
    for apply in changes:
        rows = apply(rows)
    return "\n".join(evidence.text for evidence in decide(CLAIMS[id], BOARD, rows, prevented={}).evidence)


def test_the_return_of_the_spin_stands_beside_the_callback() -> None:
    returned = {"publish_to_spin_return": {"least": 70, "greatest": 78_200}}
    said = evidence_of("latency", change("publish_to_callback", detail=returned, payload_bytes=4, readers=1))
    assert "to the return of that spin, by its time-out (ms), at most:" in said
    assert "10: 78,200" in said


def test_copies_of_the_bench_itself_are_said_to_be_its_own() -> None:
    writers = [
        {"function": "memcpy", "caller": "rig_mw_gather", "bytes": 1024, "symbol": "pool+0x400"},
        {"function": "memcpy", "caller": "ucdr_array_to_buffer", "bytes": 512, "symbol": "pool"},
    ]
    said = evidence_of(
        "copies",
        change("bytes_copied_per_sample", samples=[2048] * 3, detail={"by_the_backend": 1024.0}, readers=1),
        change("payload_bytes_written", samples=[1536], detail={"writers": writers}, readers=1),
    )
    assert "of these the bench's backend's own, which wants one piece: 1: 1,024" in said
    assert "1,024 by memcpy for rig_mw_gather, the bench's backend's own, to pool+0x400" in said
    assert "512 by memcpy for ucdr_array_to_buffer to pool" in said


def test_polls_are_told_and_decide_nothing() -> None:
    polls = [
        replace(m, metric="poll_calls_per_sample", samples=(10**6,))
        for m in GOOD
        if m.metric == "wait_calls_per_sample" and m.variant == "shm"
    ]
    result = decide(CLAIMS["os-overhead"], BOARD, [*GOOD, *polls], prevented={})
    assert result.verdict is YES
    assert any("1,000,000 polls that brought nothing" in evidence.text for evidence in result.evidence)
