"""Entities and sessions may come and go: nothing leaks, nobody else suffers."""

import pytest

from rig.claims import Figures
from rig.records import ClaimResult, Verdict

pytestmark = pytest.mark.rig_claim("lifecycle")


AMID_SAMPLES = "reader deleted while samples wait for it"


@pytest.mark.parametrize("case", ("rounds", "deleted reader", AMID_SAMPLES, "closed session"))
@pytest.mark.parametrize("metric", ("samples_lost", "samples_doubled"))
def test_each_sample_comes_once(rig_figures: Figures, metric: str, case: str) -> None:
    found = rig_figures.measured(metric, "shm", case=case)
    if not found:
        pytest.skip("not supported by this middleware")
    assert [m.value for m in found] == [0], found[0].detail


@pytest.mark.parametrize("metric", ("entities_leaked", "buffers_leaked"))
def test_nothing_is_left(rig_figures: Figures, metric: str) -> None:
    found = rig_figures.measured(metric, "shm")
    if not found:
        pytest.skip("the middleware does not tell")
    assert [m.value for m in found] == [0]


@pytest.mark.parametrize("case", ("deleted reader", AMID_SAMPLES))
def test_a_deleted_reader_gets_nothing(rig_figures: Figures, case: str) -> None:
    found = rig_figures.measured("samples_stray", "shm", case=case)
    if not found:
        pytest.skip("not supported by this middleware")
    assert [m.value for m in found] == [0]


def test_the_claim_is_confirmed(rig_verdict: ClaimResult) -> None:
    assert rig_verdict.verdict is Verdict.CONFIRMED, rig_verdict.reason
