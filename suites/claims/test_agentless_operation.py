"""Nodes on one MCU go on exchanging messages after the link to the Agent is cut."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("agentless-operation")


@pytest.mark.parametrize("reliable", (True, False), ids=("reliable", "best-effort"))
def test_every_sample_is_delivered_with_the_link_cut(figures: Figures, reliable: bool) -> None:
    (delivered,) = figures.all("samples_delivered", "shm", reliable=reliable)
    assert delivered.value == delivered.detail["expected"]
    (errors,) = figures.all("publish_errors", "shm", reliable=reliable)
    assert errors.value == 0


def test_the_link_was_really_cut(figures: Figures) -> None:
    for control in figures.all("samples_delivered", "network"):
        assert control.value == 0


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason
