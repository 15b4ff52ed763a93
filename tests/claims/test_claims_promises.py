"""What the search finds counts against the claim that the broken promise belongs to, and against no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_record import sample

from rig.claims import CLAIM_OF, CLAIMS, SEARCH, decide
from rig.model import Promise
from rig.records import Measurement, Metric, Verdict
from rig.records.vocabulary import Broken, BrokenPromises, Searched, Told

BOARD = "mps2-an385"
ALL = [m for m in sample().measurements if m.board == BOARD and m.experiment != SEARCH]
SEARCHED = set(CLAIM_OF.values())


def figure(metric: Metric, value: int, detail: Searched | BrokenPromises) -> Measurement:
    like = ALL[0]
    return replace(
        like,
        experiment=SEARCH,
        variant="shm",
        path="shm",
        metric=metric,
        unit=str(metric.unit),
        samples=(float(value),),
        clock=None,
        exact=False,
        conditions={},
        detail=detail.plain(),
    )


def broken(promise: Promise) -> Broken:
    return Broken(
        promise=promise.name,
        says=str(promise),
        family="lost",
        expected="sample 1 reaches reader 1",
        seen="it had not come",
        at=2,
        told=(Told(call="start"), Told(call="publish"), Told(call="spin until nothing is left")),
        sequence="{}",
        repeats=5,
        runs=5,
    )


def search(*promises: Promise, **more: object) -> list[Measurement]:
    return [
        figure(Metric.SEQUENCES_RUN, 1234, Searched(seed=1, calls=30000, seconds=15, **more)),  # type: ignore[arg-type]
        figure(Metric.PROMISES_BROKEN, len(promises), BrokenPromises(findings=tuple(map(broken, promises)))),
    ]


def verdicts(measurements: list[Measurement], **prevented: str) -> dict[str, Verdict]:
    return {id: decide(claim, BOARD, measurements, prevented=prevented).verdict for id, claim in CLAIMS.items()}


def test_every_promise_belongs_to_a_claim() -> None:
    assert set(CLAIM_OF) == set(Promise)
    assert set(CLAIM_OF.values()) <= set(CLAIMS)
    for id, claim in CLAIMS.items():
        assert claim.promises == {promise for promise, owner in CLAIM_OF.items() if owner == id}


@pytest.mark.parametrize("promise", Promise, ids=lambda promise: promise.name)
def test_a_broken_promise_refutes_its_claim_and_no_other(promise: Promise) -> None:
    before, after = verdicts([*ALL, *search()]), verdicts([*ALL, *search(promise)])
    assert after[CLAIM_OF[promise]] is Verdict.REFUTED
    assert {id: v for id, v in after.items() if id != CLAIM_OF[promise]} == {
        id: v for id, v in before.items() if id != CLAIM_OF[promise]
    }


def test_the_reason_is_the_calls() -> None:
    result = decide(CLAIMS["burst-order"], BOARD, [*ALL, *search(Promise.IN_ORDER)], prevented={})
    assert result.reason.startswith(f"2 calls break a promise: {Promise.IN_ORDER}. Expected: sample 1")
    assert "1. start; 2. publish. At call 2: expected sample 1 reaches reader 1" in result.evidence[0].text
    assert "5 of 5 runs" in result.evidence[0].text


def test_a_search_that_found_nothing_is_evidence_and_no_more() -> None:
    confirmed = {id for id, v in verdicts(ALL).items() if v is Verdict.CONFIRMED}
    assert confirmed & SEARCHED
    for id in confirmed:
        result = decide(CLAIMS[id], BOARD, [*ALL, *search()], prevented={})
        assert result.verdict is Verdict.CONFIRMED
        told = [e.text for e in result.evidence if "1,234 sequences" in e.text]
        assert bool(told) == (id in SEARCHED)


def test_a_search_that_was_struck_leaves_its_claims_open() -> None:
    before = verdicts([*ALL, *search()])
    after = verdicts(ALL, **{SEARCH: "board fault: gone"})
    for id, was in before.items():
        opened = id in SEARCHED and was is Verdict.CONFIRMED
        assert after[id] is (Verdict.INCONCLUSIVE if opened else was), id


def test_what_broke_once_and_not_again_leaves_its_claim_open() -> None:
    passing = {Promise.IN_ORDER.name: "sample 2 first"}
    after = verdicts([*ALL, *search(passing=passing)])
    before = verdicts([*ALL, *search()])
    assert before["burst-order"] is Verdict.CONFIRMED
    assert after["burst-order"] is Verdict.INCONCLUSIVE
    assert {id for id in after if after[id] is not before[id]} == {"burst-order"}
