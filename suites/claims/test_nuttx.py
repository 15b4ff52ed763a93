"""NuttX: the same verdicts as on bare metal. It takes two boards: --rig-board mps2-an500 --rig-board nuttx-an500."""

import pytest

from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("nuttx")


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
