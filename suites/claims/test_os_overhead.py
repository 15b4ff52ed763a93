"""Fewer system calls: transport, lock, wait and allocation calls per sample, with and without shared memory."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("os-overhead")


@pytest.mark.parametrize("readers", (1, 4))
def test_a_sample_needs_fewer_transport_calls(figures: Figures, readers: int) -> None:
    rows = figures.all("transport_calls_per_sample", "shm", readers=readers)
    (shm,) = [row for row in rows if "alignment" not in row.conditions]  # the others are rows of the covering array
    control = figures.all("transport_calls_per_sample", "network", readers=readers)
    if not control:
        pytest.skip("no control was measured")
    assert shm.value < control[0].value


def test_nothing_is_allocated(figures: Figures) -> None:
    for measurement in figures.all("allocation_calls_per_sample", "shm"):
        assert measurement.samples == (0,)


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason
