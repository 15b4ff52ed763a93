"""It works with no Agent at boot: entities are made, samples flow, and go on when an Agent appears."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("agentless-startup")


@pytest.mark.parametrize("agent", ("absent", "appeared", "none"))
def test_every_sample_is_delivered(rig_figures: Figures, agent: str) -> None:
    found = rig_figures.all("samples_delivered", "shm", agent=agent)
    if not found:
        pytest.skip("this run has no Agent that could appear, or no link to leave out")
    assert found[0].detail["entities"], found[0].detail["refused"]
    assert found[0].value == found[0].detail["expected"]


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
