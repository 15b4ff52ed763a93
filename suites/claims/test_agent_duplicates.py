"""The Agent does not send back what was delivered inside the MCU."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("agent-duplicates")


@pytest.mark.parametrize("sessions", (1, 2))
@pytest.mark.parametrize("agent", ("steady", "with a reader elsewhere", "that reader gone", "silent", "restarted"))
@pytest.mark.parametrize("metric", ("samples_doubled", "samples_lost", "data_echoed"))
def test_nothing_is_doubled_lost_or_echoed(rig_figures: Figures, metric: str, agent: str, sessions: int) -> None:
    found = next(iter(rig_figures.measured(metric, "shm", agent=agent, sessions=sessions)), None)
    if found is None:
        pytest.skip("not measured: a quick run, or the middleware has no second session")
    assert found.value == 0, found.detail


@pytest.mark.parametrize("sessions", (1, 2))
@pytest.mark.parametrize("metric", ("remote_lost", "remote_doubled"))
def test_a_reader_elsewhere_gets_each_sample_once(rig_figures: Figures, metric: str, sessions: int) -> None:
    found = next(iter(rig_figures.measured(metric, "shm", sessions=sessions)), None)
    if found is None:
        pytest.skip("this Agent serves the board's line alone, or the middleware has no second session")
    assert found.value == 0, found.detail


def test_what_comes_back_would_be_seen(rig_figures: Figures) -> None:
    (control,) = rig_figures.measured("data_echoed", "network")
    assert control.value > 0


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
