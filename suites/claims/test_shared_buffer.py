"""All destinations share one buffer: every reader of a sample is handed the same address."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("shared-buffer")


@pytest.mark.parametrize("readers", (2, 4, 8))
def test_readers_see_one_address(rig_figures: Figures, readers: int) -> None:
    rows = [row for row in rig_figures.all("distinct_buffers", "shm", readers=readers) if row.samples]
    assert rows
    for measurement in rows:  # the plain one, and those of the covering array
        assert set(measurement.samples) == {1}, measurement.detail["addresses"]


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
