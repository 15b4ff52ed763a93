"""Nodes on one MCU go on exchanging messages after the link to the Agent is cut."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("agentless-operation")


@pytest.mark.parametrize("reliable", (True, False), ids=("reliable", "best-effort"))
def test_every_sample_is_delivered_with_the_link_cut(rig_figures: Figures, reliable: bool) -> None:
    found = rig_figures.measured("samples_delivered", "shm", reliable=reliable)
    assert found
    assert [m.value for m in found] == [m.detail["expected"] for m in found], [m.conditions for m in found]
    assert not any(m.value for m in rig_figures.measured("publish_errors", "shm", reliable=reliable))


def test_the_link_was_really_cut(rig_figures: Figures) -> None:
    for control in rig_figures.all("samples_delivered", "network"):
        assert control.value == 0


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
