"""Requests and replies work too: each reply reaches its requester, with its request id."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("services")


@pytest.mark.parametrize(
    ("requesters", "outstanding", "services", "sessions"),
    ((1, 1, 1, 1), (1, 4, 1, 1), (1, 16, 1, 1), (3, 4, 1, 1), (2, 4, 2, 1), (2, 4, 1, 2)),
)
def test_every_request_has_its_reply(
    figures: Figures, requesters: int, outstanding: int, services: int, sessions: int
) -> None:
    conditions = {"requesters": requesters, "outstanding": outstanding, "services": services, "sessions": sessions}
    received = figures.measured("replies_received", "shm", **conditions)
    if not received:
        pytest.skip("the middleware has no second session")
    (wrong,) = figures.all("replies_wrong", "shm", **conditions)
    assert received[0].value == received[0].detail["requests"]
    assert wrong.value == 0


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason
