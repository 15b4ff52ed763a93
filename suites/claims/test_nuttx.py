"""NuttX: the same verdicts as on bare metal. It takes two boards: --board mps2-an500 --board nuttx-an500."""

import pytest

from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("nuttx")


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason
