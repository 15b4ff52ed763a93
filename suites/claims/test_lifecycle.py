"""Entities and sessions may come and go: nothing leaks, nobody else suffers."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("lifecycle")


@pytest.mark.parametrize("case", ("rounds", "deleted reader", "closed session"))
def test_nothing_is_lost(figures: Figures, case: str) -> None:
    (lost,) = figures.all("samples_lost", "shm", case=case)
    assert lost.value == 0, lost.detail


@pytest.mark.parametrize("metric", ("entities_leaked", "buffers_leaked", "samples_stray"))
def test_nothing_is_left(figures: Figures, metric: str) -> None:
    (left,) = figures.all(metric, "shm")
    assert left.value == 0


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason
