"""Fewer system calls: transport, lock, wait and allocation calls per sample, with and without shared memory."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("os-overhead")


@pytest.mark.parametrize("readers", (1, 4))
def test_a_sample_needs_fewer_transport_calls(rig_figures: Figures, readers: int) -> None:
    rows = rig_figures.all("transport_calls_per_sample", "shm", readers=readers)
    (shm,) = [row for row in rows if "alignment" not in row.conditions]  # the others are rows of the covering array
    control = rig_figures.all("transport_calls_per_sample", "network", readers=readers)
    if not control:
        pytest.skip("no control was measured")
    assert shm.value < control[0].value


def test_nothing_is_allocated(rig_figures: Figures) -> None:
    for measurement in rig_figures.all("allocation_calls_per_sample", "shm"):
        assert measurement.samples == (0,)


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
