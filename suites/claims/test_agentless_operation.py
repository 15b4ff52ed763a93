"""Nodes on one MCU go on exchanging messages after the link to the Agent is cut."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("agentless-operation")


@pytest.mark.parametrize("reliable", (True, False), ids=("reliable", "best-effort"))
def test_every_sample_is_delivered_with_the_link_cut(figures: Figures, reliable: bool) -> None:
    found = figures.measured("samples_delivered", "shm", reliable=reliable)
    assert found
    assert [m.value for m in found] == [m.detail["expected"] for m in found], [m.conditions for m in found]
    assert not any(m.value for m in figures.measured("publish_errors", "shm", reliable=reliable))


def test_the_link_was_really_cut(figures: Figures) -> None:
    for control in figures.all("samples_delivered", "network"):
        assert control.value == 0


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason
