"""The Agent does not send back what was delivered inside the MCU."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.claim("agent-duplicates")


@pytest.mark.parametrize("sessions", (1, 2))
@pytest.mark.parametrize("agent", ("steady", "restarted", "silent"))
@pytest.mark.parametrize("metric", ("samples_doubled", "samples_lost", "data_echoed"))
def test_nothing_is_doubled_lost_or_echoed(figures: Figures, metric: str, agent: str, sessions: int) -> None:
    found = next(iter(figures.measured(metric, "shm", agent=agent, sessions=sessions)), None)
    if found is None:
        pytest.skip("not measured: a quick run, or the middleware has no second session")
    assert found.value == 0, found.detail


def test_the_claim_is_confirmed(verdict: ClaimResult) -> None:
    assert verdict.verdict is Verdict.CONFIRMED, verdict.reason
