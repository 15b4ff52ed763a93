"""Requests and replies work too: each reply reaches its requester, with its request id."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("services")


@pytest.mark.parametrize(("requesters", "outstanding"), ((1, 1), (1, 4), (1, 16), (3, 4), (2, 4)))
def test_every_request_has_its_reply(figures: Figures, requesters: int, outstanding: int) -> None:
    conditions = {"requesters": requesters, "outstanding": outstanding}
    (received,) = figures.all("replies_received", "shm", **conditions)
    (wrong,) = figures.all("replies_wrong", "shm", **conditions)
    assert received.value == received.detail["requests"]
    assert wrong.value == 0


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason
