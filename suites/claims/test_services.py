"""Requests and replies work too: each reply reaches its requester, with its request id."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("services")


@pytest.mark.parametrize(
    ("requesters", "outstanding", "services", "sessions"),
    ((1, 1, 1, 1), (1, 4, 1, 1), (1, 16, 1, 1), (3, 4, 1, 1), (2, 4, 2, 1), (2, 4, 1, 2)),
)
def test_every_request_has_its_reply(
    rig_figures: Figures, requesters: int, outstanding: int, services: int, sessions: int
) -> None:
    conditions = {"requesters": requesters, "outstanding": outstanding, "services": services, "sessions": sessions}
    received = rig_figures.measured("replies_received", "shm", **conditions)
    if not received:
        pytest.skip("the middleware has no second session")
    (wrong,) = rig_figures.all("replies_wrong", "shm", **conditions)
    assert received[0].value == received[0].detail["requests"]
    assert wrong.value == 0


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
