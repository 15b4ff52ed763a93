"""Bursts keep their order, and what does not fit into the pool is told to the publisher."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("burst-order")


@pytest.mark.parametrize("burst", (1, 2, 4, 8, 9, 16))
def test_a_burst_arrives_in_order(rig_figures: Figures, burst: int) -> None:
    (disorder,) = rig_figures.all("samples_out_of_order", "shm", burst=burst, sessions=1)
    assert disorder.value == 0, disorder.detail["order"]


@pytest.mark.parametrize("burst", (9, 16))
def test_a_burst_over_the_pool_is_refused_and_not_lost(rig_figures: Figures, burst: int) -> None:
    (refused,) = rig_figures.all("samples_refused", "shm", burst=burst, sessions=1)
    (lost,) = rig_figures.all("samples_lost", "shm", burst=burst, sessions=1)
    buffers = refused.conditions["buffers"]
    assert refused.value == burst - int(buffers)
    assert lost.value == 0


def test_a_burst_from_one_session_to_another_arrives_in_order(rig_figures: Figures) -> None:
    across = rig_figures.measured("samples_out_of_order", "shm", sessions=2)
    if not across:
        pytest.skip("this firmware has no second session")
    for disorder in across:
        assert disorder.value == 0, (disorder.conditions, disorder.detail["order"])


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
