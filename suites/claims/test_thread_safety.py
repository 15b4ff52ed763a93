"""It is safe with threads: a publisher in another context than the one that spins."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("thread-safety")


@pytest.mark.parametrize("metric", ("samples_torn", "samples_out_of_order"))
def test_no_sample_suffers(rig_figures: Figures, metric: str) -> None:
    (found,) = rig_figures.all(metric, "shm")
    assert found.value == 0


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
