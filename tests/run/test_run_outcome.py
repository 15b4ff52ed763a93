"""How a run is summed up: faults, refutations, and verdicts that boards.yaml declares as known."""

from dataclasses import replace
from datetime import date

import pytest

from rig.inventory import Expectation
from rig.records import ClaimResult, Environment, Fault, Run, RunRecord, Verdict
from rig.run import outcome
from rig.run._expect import apply

EMPTY = RunRecord(
    run=Run(id="x", started="2026-01-01T00:00:00+00:00", rig_version="0", command="rig run"),
    environment=Environment(system="test", python="3"),
)
KNOWN = Expectation(claim="copies", verdict="refuted", why="the port copies", until=date(2026, 6, 30))


def claim(verdict: Verdict) -> ClaimResult:
    return ClaimResult(id="copies", board="b", verdict=verdict, reason="measured")


@pytest.mark.parametrize(
    ("verdicts", "faults", "interrupted", "word", "code"),
    [
        ([Verdict.CONFIRMED, Verdict.NOT_RUN], 0, False, "passed", 0),
        ([Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE], 0, False, "refuted", 1),
        ([Verdict.CONFIRMED, Verdict.INCONCLUSIVE], 0, False, "inconclusive", 4),
        ([Verdict.NOT_RUN], 0, False, "inconclusive", 4),
        ([Verdict.CONFIRMED, Verdict.REFUTED], 1, False, "fault", 3),
        ([Verdict.CONFIRMED], 1, True, "interrupted", 130),
    ],
)
def test_outcome(verdicts: list[Verdict], faults: int, interrupted: bool, word: str, code: int) -> None:
    record = replace(
        EMPTY,
        claims=tuple(claim(v) for v in verdicts),
        faults=tuple(Fault(blame="board", message="gone") for _ in range(faults)),
    )
    found = outcome(record, interrupted=interrupted)
    assert found == word
    assert found.exit_code == code


@pytest.mark.parametrize(
    ("verdict", "today", "accepted", "words", "word"),
    [
        (Verdict.REFUTED, date(2026, 6, 30), True, "the port copies", "passed"),
        (Verdict.REFUTED, date(2026, 7, 1), False, "expired", "refuted"),
        (Verdict.CONFIRMED, date(2026, 6, 1), False, "came out differently", "passed"),
        (Verdict.INCONCLUSIVE, date(2026, 6, 1), False, "came out differently", "inconclusive"),
        (Verdict.NOT_RUN, date(2026, 6, 1), False, "", "inconclusive"),
    ],
)
def test_a_known_verdict(verdict: Verdict, today: date, accepted: bool, words: str, word: str) -> None:
    result = apply(KNOWN, claim(verdict), today=today)
    assert result.accepted is accepted
    assert words in result.expected
    assert outcome(replace(EMPTY, claims=(result,))) == word


def test_without_an_expectation_nothing_changes() -> None:
    assert apply(None, claim(Verdict.REFUTED), today=date(2026, 1, 1)) == claim(Verdict.REFUTED)
