"""The claim table, and what is decided when something kept the figures from being made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_record import sample

from rig.claims import CLAIMS, Claim, decide
from rig.records import CLAIM_IDS, Verdict

BOARD = "mps2-an385"
ALL = [m for m in sample().measurements if m.board == BOARD]
MEASURED = {m.experiment for m in ALL}
DECIDED = [claim for claim in CLAIMS.values() if claim.decide is not None and claim.experiment in MEASURED]


def test_the_sixteen_claims_of_the_announcement() -> None:
    assert set(CLAIMS) == {
        "agentless-operation", "agentless-startup", "message-size", "copies", "shared-buffer", "os-overhead",
        "latency", "local-matching", "agent-duplicates", "entity-capacity", "burst-order", "thread-safety",
        "lifecycle", "services", "nuttx", "footprint",
    }  # fmt: skip
    assert tuple(CLAIMS) == CLAIM_IDS


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_a_row_says_all_that_a_reader_needs(claim: Claim) -> None:
    assert claim.id in CLAIMS
    assert claim.statement.endswith(".")
    assert claim.method
    assert claim.criterion
    assert (claim.experiment is None) == (claim.decide is None)
    assert bool(claim.why_not) == (claim.decide is None), "why it is not run, and only then"


@pytest.mark.parametrize("claim", DECIDED, ids=lambda claim: claim.id)
def test_prevented_with_figures_is_inconclusive_even_if_they_are_bad(claim: Claim) -> None:
    own = [m for m in ALL if m.experiment == claim.experiment]
    bad = [replace(m, samples=(10**9,)) for m in own if m.variant == "shm"]
    for rows in (own, bad, own[:1]):
        result = decide(claim, BOARD, rows, prevented={str(claim.experiment): "board fault: it died"})
        assert (result.verdict, result.reason) == (Verdict.INCONCLUSIVE, "board fault: it died")


@pytest.mark.parametrize("claim", DECIDED, ids=lambda claim: claim.id)
def test_prevented_without_figures_is_not_run(claim: Claim) -> None:
    result = decide(claim, BOARD, [], prevented={str(claim.experiment): "probe fault: no probe"})
    assert (result.verdict, result.reason) == (Verdict.NOT_RUN, "probe fault: no probe")


@pytest.mark.parametrize("claim", DECIDED, ids=lambda claim: claim.id)
def test_a_fault_in_another_experiment_changes_nothing(claim: Claim) -> None:
    result = decide(claim, BOARD, ALL, prevented={"another": "agent fault"})
    assert result.verdict is Verdict.CONFIRMED


@pytest.mark.parametrize("claim", DECIDED, ids=lambda claim: claim.id)
def test_figures_of_another_board_or_experiment_are_none(claim: Claim) -> None:
    others = [replace(m, board="another") for m in ALL]
    others += [m for m in ALL if m.experiment != claim.experiment]
    result = decide(claim, BOARD, others, prevented={})
    assert (result.verdict, result.reason) == (Verdict.NOT_RUN, "not asked for in this run")


@pytest.mark.parametrize("claim", [c for c in CLAIMS.values() if c.decide is None], ids=lambda claim: claim.id)
def test_what_nothing_measures_is_not_run_and_says_why(claim: Claim) -> None:
    result = decide(claim, BOARD, ALL, prevented={})
    assert (result.verdict, result.reason) == (Verdict.NOT_RUN, claim.why_not)


@pytest.mark.parametrize("claim", DECIDED, ids=lambda claim: claim.id)
def test_a_result_carries_what_it_was_held_against(claim: Claim) -> None:
    result = decide(claim, BOARD, ALL, prevented={}, repeat="rig run --claims x")
    assert (result.id, result.board, result.statement) == (claim.id, BOARD, claim.statement)
    assert (result.criterion, result.repeat) == (claim.criterion, "rig run --claims x")
