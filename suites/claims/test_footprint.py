"""What shared memory costs is reported for both firmwares."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("footprint")


@pytest.mark.parametrize("metric", ("text_bytes", "data_bytes", "bss_bytes"))
def test_both_sizes_are_reported(rig_figures: Figures, metric: str) -> None:
    (shm,) = rig_figures.all(metric, "shm")
    (network,) = rig_figures.all(metric, "network")
    assert shm.value >= 0
    assert network.value >= 0


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
