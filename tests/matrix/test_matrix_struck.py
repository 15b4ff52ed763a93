"""What a fault struck, in a run of a defect or in the control, is not decided in the matrix either."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_record import sample

from rig.claims import CLAIMS, decide
from rig.matrix._matrix import control_of, decided
from rig.records import RunRecord, Verdict

BOARD = "mps2-an385"
WHY = "firmware fault: it hung"


def run(*, variant: str, prevented: dict[str, str] | None = None, keep: int | None = None) -> RunRecord:
    """A run of one firmware; of a struck experiment only the first ``keep`` figures."""
    prevented = prevented or {}
    found, left = [], dict.fromkeys(prevented, keep or 0)
    for m in sample().measurements:
        if m.board != BOARD or m.variant != variant:
            continue
        if m.experiment in left:
            if not left[m.experiment]:
                continue
            left[m.experiment] -= 1
        found.append(m)
    claims = [decide(claim, BOARD, found, prevented=prevented) for claim in CLAIMS.values() if claim.experiment]
    return replace(sample(), measurements=tuple(found), claims=tuple(claims))


def test_whole_runs_are_decided() -> None:
    """What the others are held against: nothing struck, and the claim is confirmed."""
    claims = decided(BOARD, run(variant="shm"), control_of(run(variant="network")))
    assert claims["burst-order"].verdict is claims["copies"].verdict is Verdict.CONFIRMED


@pytest.mark.parametrize(("experiment", "keep"), [("burst-order", 4), ("copies", 12), ("latency", 3)])
def test_a_struck_experiment_is_not_decided(experiment: str, keep: int) -> None:
    struck = run(variant="shm", prevented={experiment: WHY}, keep=keep)
    assert any(m.experiment == experiment for m in struck.measurements), "some of it was measured"
    claim = decided(BOARD, struck, control_of(run(variant="network")))[experiment]
    assert (claim.verdict, claim.reason) == (Verdict.INCONCLUSIVE, WHY)


def test_half_a_control_is_none() -> None:
    struck = run(variant="network", prevented={"os-overhead": WHY}, keep=4)
    assert any(m.experiment == "os-overhead" for m in struck.measurements)
    assert not any(m.experiment == "os-overhead" for m in control_of(struck))
    claim = decided(BOARD, run(variant="shm"), control_of(struck))["os-overhead"]
    assert claim.verdict is Verdict.INCONCLUSIVE and "control" in claim.reason
